//! `org.apache.kafka.connect.transforms.ReplaceField$Key` and `$Value`: fields
//! left out or renamed.

use std::collections::HashMap;

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_api::data::{SchemaCache, SchemaRef, Struct, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Props, Result};

use crate::keys::{REPLACE_NULL_WITH_DEFAULT, are_names, plugin, split_at_colons};
use crate::record_part::{Part, not_a_struct, require_map};
use crate::schemas::{defaults, empty_copy, replace_nulls};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.ReplaceField$Key",
    config_def,
    |props| Ok(Box::new(ReplaceField::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.ReplaceField$Value",
    config_def,
    |props| Ok(Box::new(ReplaceField::new(Part::Value, props)?)),
);

// The old names were taken until Kafka 4.0.
const EXCLUDE: Key<Vec<String>> = Key::new("exclude")
    .default("")
    .medium()
    .aliases(&["blacklist"])
    .check(Check::Custom(are_names))
    .doc("The fields to leave out. It wins over 'include'.");

const INCLUDE: Key<Vec<String>> = Key::new("include")
    .default("")
    .medium()
    .aliases(&["whitelist"])
    .check(Check::Custom(are_names))
    .doc("The fields to keep, all others being left out; empty keeps all.");

const RENAMES: Key<Vec<String>> = Key::new("renames")
    .default("")
    .medium()
    .check(Check::Custom(are_renames))
    .doc("Fields that get another name: a list of old:new.");

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&EXCLUDE)
        .with(&INCLUDE)
        .with(&RENAMES)
        .with(&REPLACE_NULL_WITH_DEFAULT)
}

fn are_renames(value: &ConfigValue) -> std::result::Result<(), String> {
    let ConfigValue::List(renames) = value else {
        return Ok(());
    };
    match renames.iter().find(|text| split_at_colons(text).len() != 2) {
        Some(text) => Err(format!("Invalid rename mapping: {text}")),
        None => Ok(()),
    }
}

const PURPOSE: &str = "field replacement";

/// What becomes of the structs of one schema.
#[derive(Debug)]
struct Update {
    schema: SchemaRef,
    /// The old positions of the fields that stay, in order.
    positions: Vec<usize>,
    defaults: Vec<(usize, Value)>,
}

/// Which fields stay, and under what names.
#[derive(Debug)]
struct Rules {
    exclude: Vec<String>,
    include: Vec<String>,
    renames: HashMap<String, ByteString>,
}

impl Rules {
    fn keep(&self, field: &str) -> bool {
        let has = |names: &[String]| names.iter().any(|name| name == field);
        !has(&self.exclude) && (self.include.is_empty() || has(&self.include))
    }

    fn update(&self, schema: &SchemaRef, replace_nulls: bool) -> Result<Update> {
        let mut builder = empty_copy(schema);
        let mut positions = Vec::new();
        for field in schema
            .fields()
            .iter()
            .filter(|field| self.keep(&field.name))
        {
            let name = self.renames.get(&*field.name).unwrap_or(&field.name);
            builder = builder.field(name.clone(), field.schema.clone());
            positions.push(field.index);
        }
        Ok(Update {
            schema: builder.try_build()?,
            positions,
            defaults: if replace_nulls {
                defaults(schema)
            } else {
                Vec::new()
            },
        })
    }
}

#[derive(Debug)]
struct ReplaceField {
    part: Part,
    rules: Rules,
    replace_null_with_default: bool,
    updates: SchemaCache<Update>,
}

impl ReplaceField {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        let renames = settings.get(&RENAMES)?;
        let renames = renames.iter().filter_map(|text| {
            let parts = split_at_colons(text);
            let (old, new) = (parts.first()?, parts.get(1)?);
            Some(((*old).to_owned(), ByteString::from(*new)))
        });
        Ok(Self {
            part,
            rules: Rules {
                exclude: settings.get(&EXCLUDE)?,
                include: settings.get(&INCLUDE)?,
                renames: renames.collect(),
            },
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            updates: SchemaCache::new(64),
        })
    }

    fn replace(&mut self, value: Struct) -> Result<Struct> {
        let (rules, replace) = (&self.rules, self.replace_null_with_default);
        let update = self
            .updates
            .get_or_make(value.schema(), |schema| rules.update(schema, replace))?;
        let mut values = value.into_values();
        replace_nulls(&mut values, &update.defaults);
        // The positions ascend, so that none is read after it was written.
        for (to, &from) in update.positions.iter().enumerate() {
            values.swap(to, from);
        }
        values.truncate(update.positions.len());
        Struct::from_values(update.schema.clone(), values)
    }

    fn replace_in_map(&self, entries: &mut Vec<(Value, Value)>) {
        entries.retain(|(key, _)| key.as_str().is_none_or(|key| self.rules.keep(key)));
        if self.rules.renames.is_empty() {
            return;
        }
        for (key, _) in entries {
            if let Some(new) = key.as_str().and_then(|key| self.rules.renames.get(key)) {
                *key = Value::String(new.clone());
            }
        }
    }
}

impl Transformation for ReplaceField {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        if self.part.value(record).is_null() {
            return Ok(Outcome::Keep);
        }
        let has_schema = self.part.schema(record).is_some();
        match self.part.take(record) {
            Value::Struct(value) if has_schema => {
                let value = self.replace(value)?;
                let schema = value.schema().clone();
                self.part.set(record, Some(schema), value.into());
            }
            value if has_schema => return Err(not_a_struct(PURPOSE, &value)),
            value => {
                let mut entries = require_map(PURPOSE, value)?;
                self.replace_in_map(&mut entries);
                self.part.set(record, None, Value::Map(entries));
            }
        }
        Ok(Outcome::Keep)
    }
}
