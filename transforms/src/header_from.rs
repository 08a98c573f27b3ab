//! `org.apache.kafka.connect.transforms.HeaderFrom$Key` and `$Value`: fields
//! moved or copied into headers.

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_api::data::{SchemaCache, SchemaRef, Struct, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::{Headers, Record};
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::keys::{REPLACE_NULL_WITH_DEFAULT, plugin};
use crate::record_part::{Part, not_a_map, not_a_struct};
use crate::schemas::{defaults, empty_copy, replace_nulls};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.HeaderFrom$Key",
    config_def,
    |props| Ok(Box::new(HeaderFrom::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.HeaderFrom$Value",
    config_def,
    |props| Ok(Box::new(HeaderFrom::new(Part::Value, props)?)),
);

const FIELDS: Key<Vec<String>> = Key::new("fields")
    .high()
    .check(Check::Custom(is_not_empty))
    .doc("The fields whose values become headers.");

const HEADERS: Key<Vec<String>> = Key::new("headers")
    .high()
    .check(Check::Custom(is_not_empty))
    .doc("The headers' names, as many as 'fields' has and in its order.");

const OPERATION: Key<String> = Key::new("operation")
    .high()
    .check(Check::OneOf(&["move", "copy"]))
    .doc("move: the fields are taken away from the record. copy: they stay.");

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&FIELDS)
        .with(&HEADERS)
        .with(&OPERATION)
        .with(&REPLACE_NULL_WITH_DEFAULT)
}

/// `NonEmptyListValidator`.
fn is_not_empty(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::List(items) if items.is_empty() => Err("Empty list".to_owned()),
        _ => Ok(()),
    }
}

/// A field's value and what its header is called.
#[derive(Debug)]
struct Mapping {
    field: String,
    header: ByteString,
}

/// What becomes of the structs of one schema.
#[derive(Debug)]
struct Plan {
    /// Of each mapping's field.
    sources: Vec<(usize, SchemaRef)>,
    defaults: Vec<(usize, Value)>,
    /// Of a move: what the rest is, and which fields it has, in order.
    rest: Option<(SchemaRef, Vec<usize>)>,
}

#[derive(Debug)]
struct HeaderFrom {
    part: Part,
    mappings: Vec<Mapping>,
    moves: bool,
    purpose: &'static str,
    replace_null_with_default: bool,
    plans: SchemaCache<Plan>,
}

impl HeaderFrom {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        let (fields, headers) = (settings.get(&FIELDS)?, settings.get(&HEADERS)?);
        if fields.len() != headers.len() {
            return Err(Error::config(format!(
                "'{}' config must have the same number of elements as '{}' config.",
                FIELDS.name(),
                HEADERS.name()
            )));
        }
        let moves = settings.get(&OPERATION)? == "move";
        let mappings = fields.into_iter().zip(headers);
        Ok(Self {
            part,
            mappings: mappings
                .map(|(field, header)| Mapping {
                    field,
                    header: header.into(),
                })
                .collect(),
            moves,
            purpose: if moves { "header move" } else { "header copy" },
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            plans: SchemaCache::new(64),
        })
    }

    fn take_from_struct(
        &mut self,
        headers: &mut Headers,
        schema: &SchemaRef,
        value: Struct,
    ) -> Result<(SchemaRef, Value)> {
        let (mappings, moves, replace) =
            (&self.mappings, self.moves, self.replace_null_with_default);
        let plan = self
            .plans
            .get_or_make(schema, |schema| Plan::new(schema, mappings, moves, replace))?;
        let mut value = value;
        if value.values().len() != schema.fields().len() {
            return Err(Error::data(
                "the record's struct has fewer fields than the record's schema",
            ));
        }
        for (mapping, (position, field)) in mappings.iter().zip(&plan.sources) {
            let mut found = value.values()[*position].clone();
            if found.is_null() && replace {
                found = field.default_value().cloned().unwrap_or_default();
            }
            headers.add(mapping.header.clone(), Some(field.clone()), found);
        }
        let Some((rest, positions)) = &plan.rest else {
            return Ok((schema.clone(), Value::Struct(value)));
        };
        replace_nulls(value.values_mut(), &plan.defaults);
        let mut values = value.into_values();
        for (to, from) in positions.iter().enumerate() {
            values.swap(to, *from);
        }
        values.truncate(positions.len());
        let rest_value = Struct::from_values(rest.clone(), values)?;
        Ok((rest.clone(), Value::Struct(rest_value)))
    }

    fn take_from_map(&self, headers: &mut Headers, entries: &mut Vec<(Value, Value)>) {
        for mapping in &self.mappings {
            let found = entries
                .iter()
                .find(|(key, _)| key.as_str() == Some(&mapping.field));
            let value = found.map_or(Value::Null, |(_, value)| value.clone());
            headers.add(mapping.header.clone(), None, value);
        }
        if self.moves {
            let is_moved = |key: &Value| {
                let mut mappings = self.mappings.iter();
                mappings.any(|mapping| key.as_str() == Some(&mapping.field))
            };
            entries.retain(|(key, _)| !is_moved(key));
        }
    }
}

impl Plan {
    fn new(schema: &SchemaRef, mappings: &[Mapping], moves: bool, replace: bool) -> Result<Self> {
        let mut sources = Vec::with_capacity(mappings.len());
        for mapping in mappings {
            let Some(field) = schema.field(&mapping.field) else {
                return Err(Error::data(format!("Unknown field: {}", mapping.field))
                    .with("setting", FIELDS.name()));
            };
            sources.push((field.index, field.schema.clone()));
        }
        let rest = moves.then(|| {
            let mut builder = empty_copy(schema);
            let mut positions = Vec::new();
            for field in schema.fields() {
                if sources.iter().all(|(position, _)| *position != field.index) {
                    builder = builder.field(field.name.clone(), field.schema.clone());
                    positions.push(field.index);
                }
            }
            (builder.build(), positions)
        });
        Ok(Self {
            sources,
            defaults: if replace {
                defaults(schema)
            } else {
                Vec::new()
            },
            rest,
        })
    }
}

impl Transformation for HeaderFrom {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let mut headers = std::mem::take(&mut record.headers);
        let schema = self.part.schema(record).cloned();
        let (schema, value) = match (schema, self.part.take(record)) {
            (Some(schema), Value::Struct(value)) => {
                let (schema, value) = self.take_from_struct(&mut headers, &schema, value)?;
                (Some(schema), value)
            }
            (Some(_), other) => return Err(not_a_struct(self.purpose, &other)),
            (None, Value::Map(mut entries)) => {
                self.take_from_map(&mut headers, &mut entries);
                (None, Value::Map(entries))
            }
            (None, other) => return Err(not_a_map(self.purpose, &other)),
        };
        record.headers = headers;
        self.part.set(record, schema, value);
        Ok(Outcome::Keep)
    }
}
