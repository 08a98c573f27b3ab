//! `org.apache.kafka.connect.transforms.MaskField$Key` and `$Value`: fields with
//! their type's empty value, or a fixed one, in their place.

mod mask;

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_api::data::{SchemaCache, SchemaRef, Struct, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::keys::{REPLACE_NULL_WITH_DEFAULT, are_some_names, distinct, plugin};
use crate::record_part::{Part, not_a_map, not_a_struct};
use crate::schemas::{defaults, replace_nulls};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.MaskField$Key",
    config_def,
    |props| Ok(Box::new(MaskField::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.MaskField$Value",
    config_def,
    |props| Ok(Box::new(MaskField::new(Part::Value, props)?)),
);

const FIELDS: Key<Vec<String>> = Key::new("fields")
    .high()
    .check(Check::Custom(are_some_names))
    .doc("The fields to mask.");

const REPLACEMENT: Key<Option<String>> = Key::new("replacement")
    .default_null()
    .check(Check::Custom(is_not_blank))
    .doc(
        "What the masked fields get, numbers and texts alone being allowed; if it is not given, \
         0, false, an empty text or an empty collection.",
    );

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&FIELDS)
        .with(&REPLACEMENT)
        .with(&REPLACE_NULL_WITH_DEFAULT)
}

/// `NonEmptyString`, for a value that may be absent.
fn is_not_blank(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::String(text) if text.trim().is_empty() => {
            Err("String must be non-empty".to_owned())
        }
        _ => Ok(()),
    }
}

const PURPOSE: &str = "mask fields";

/// A field that is masked, with what it gets. That it cannot be masked is an
/// error only for a record in which it is not null.
#[derive(Debug)]
struct Masked {
    name: ByteString,
    position: usize,
    mask: std::result::Result<Value, String>,
}

/// What becomes of the structs of one schema.
#[derive(Debug)]
struct Plan {
    defaults: Vec<(usize, Value)>,
    masked: Vec<Masked>,
}

#[derive(Debug)]
struct MaskField {
    part: Part,
    fields: Vec<String>,
    replacement: Option<String>,
    replace_null_with_default: bool,
    plans: SchemaCache<Plan>,
}

impl MaskField {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        Ok(Self {
            part,
            fields: distinct(settings.get(&FIELDS)?),
            replacement: settings.get(&REPLACEMENT)?,
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            plans: SchemaCache::new(64),
        })
    }

    fn mask_struct(&mut self, value: &mut Struct) -> Result<()> {
        let (fields, replacement) = (&self.fields, self.replacement.as_deref());
        let replace = self.replace_null_with_default;
        let plan = self.plans.get_or_make(value.schema(), |schema| {
            Ok(Plan::new(schema, fields, replacement, replace))
        })?;
        let values = value.values_mut();
        replace_nulls(values, &plan.defaults);
        for masked in &plan.masked {
            let value = &mut values[masked.position];
            if value.is_null() {
                continue;
            }
            match &masked.mask {
                Ok(mask) => *value = mask.clone(),
                Err(reason) => return Err(refused(&masked.name, reason)),
            }
        }
        Ok(())
    }

    fn mask_map(&self, entries: &mut Vec<(Value, Value)>) -> Result<()> {
        for field in &self.fields {
            let known = entries
                .iter_mut()
                .find(|(key, _)| key.as_str() == Some(field));
            match known {
                Some((_, Value::Null)) => {}
                Some((_, value)) => {
                    *value = mask::schemaless(value, self.replacement.as_deref())
                        .map_err(|reason| refused(field, &reason))?;
                }
                None => entries.push((Value::from(field.clone()), Value::Null)),
            }
        }
        Ok(())
    }
}

impl Plan {
    fn new(
        schema: &SchemaRef,
        fields: &[String],
        replacement: Option<&str>,
        replace: bool,
    ) -> Self {
        let masked = fields.iter().filter_map(|name| schema.field(name));
        Self {
            defaults: if replace {
                defaults(schema)
            } else {
                Vec::new()
            },
            masked: masked
                .map(|field| Masked {
                    name: field.name.clone(),
                    position: field.index,
                    mask: mask::of_schema(&field.schema, replacement),
                })
                .collect(),
        }
    }
}

#[cold]
fn refused(field: &str, reason: &str) -> Error {
    Error::data(reason).with("field", field)
}

impl Transformation for MaskField {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let schema = self.part.schema(record).cloned();
        let value = match (&schema, self.part.take(record)) {
            (Some(_), Value::Struct(mut value)) => {
                self.mask_struct(&mut value)?;
                Value::Struct(value)
            }
            (Some(_), other) => return Err(not_a_struct(PURPOSE, &other)),
            (None, Value::Map(mut entries)) => {
                self.mask_map(&mut entries)?;
                Value::Map(entries)
            }
            (None, other) => return Err(not_a_map(PURPOSE, &other)),
        };
        self.part.set(record, schema, value);
        Ok(Outcome::Keep)
    }
}
