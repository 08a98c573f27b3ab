//! Leaves out the fields that a header lists.

use connect_api::Result;
use connect_api::data::{ByteString, SchemaCache, SchemaRef, Struct, Value};
use connect_api::record::Record;

use super::config::DropFields;
use crate::schemas::{defaults, empty_copy, replace_nulls};

/// Keeps what was derived for each schema and the last list of names.
#[derive(Debug)]
pub(super) struct FieldDropper {
    reductions: SchemaCache<Reduction>,
}

/// A schema without the fields of a list.
#[derive(Debug, Clone)]
struct Reduction {
    names: Vec<ByteString>,
    /// None if no field is left out.
    schema: Option<SchemaRef>,
    kept: Vec<usize>,
    defaults: Vec<(usize, Value)>,
}

impl FieldDropper {
    pub(super) fn new() -> Self {
        Self {
            reductions: SchemaCache::new(64),
        }
    }

    /// Leaves out of value and key what the record's header lists.
    pub(super) fn apply(&mut self, record: &mut Record, settings: &DropFields) -> Result<()> {
        let Some(names) = listed(record, &settings.header) else {
            return Ok(());
        };
        if settings.from_key {
            let key = std::mem::take(&mut record.key);
            record.key = self.reduce(key, &mut record.key_schema, &names, settings)?;
        }
        let value = std::mem::take(&mut record.value);
        record.value = self.reduce(value, &mut record.value_schema, &names, settings)?;
        Ok(())
    }

    fn reduce(
        &mut self,
        value: Value,
        schema: &mut Option<SchemaRef>,
        names: &[ByteString],
        settings: &DropFields,
    ) -> Result<Value> {
        let (value, schema) = match (value, schema) {
            (Value::Struct(value), Some(schema)) => (value, schema),
            (other, _) => return Ok(other),
        };
        let make = |schema: &SchemaRef| Reduction::new(schema, names, settings.only_optional);
        let cached = self
            .reductions
            .get_or_make(value.schema(), |schema| Ok(make(schema)))?;
        if cached.names != names {
            *cached = make(value.schema());
        }
        let Some(reduced) = &cached.schema else {
            return Ok(Value::Struct(value));
        };
        let mut values = value.into_values();
        replace_nulls(&mut values, &cached.defaults);
        let kept = cached.kept.iter();
        let values = kept.map(|&at| std::mem::take(&mut values[at])).collect();
        *schema = reduced.clone();
        Struct::from_values(reduced.clone(), values).map(Value::Struct)
    }
}

impl Reduction {
    fn new(schema: &SchemaRef, names: &[ByteString], only_optional: bool) -> Self {
        let mut builder = empty_copy(schema);
        let mut kept = Vec::new();
        for field in schema.fields() {
            let is_dropped =
                names.contains(&field.name) && (field.schema.is_optional() || !only_optional);
            if !is_dropped {
                builder = builder.field(field.name.clone(), field.schema.clone());
                kept.push(field.index);
            }
        }
        let is_reduced = kept.len() < schema.fields().len();
        Self {
            names: names.to_vec(),
            schema: is_reduced.then(|| builder.build()),
            kept,
            defaults: defaults(schema),
        }
    }
}

/// The names in the first header called `header`; none if it is not a list of
/// at least one.
fn listed(record: &Record, header: &str) -> Option<Vec<ByteString>> {
    let header = record.headers.iter().find(|known| known.key == header)?;
    let Value::Array(items) = &header.value else {
        return None;
    };
    let names: Vec<ByteString> = items
        .iter()
        .filter_map(|item| match item {
            Value::String(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    if names.is_empty() { None } else { Some(names) }
}
