//! `org.apache.kafka.connect.transforms.Cast$Key` and `$Value`: the whole or
//! single fields as another type.

mod spec;
mod value;

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_api::data::{Schema, SchemaBuilder, SchemaCache, SchemaRef, Struct, Type, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use self::spec::Spec;
use self::value::cast;
use crate::keys::{REPLACE_NULL_WITH_DEFAULT, plugin};
use crate::record_part::{Part, not_a_struct, require_map};
use crate::schemas::{copy_basics, defaults, empty_copy, replace_nulls};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.Cast$Key",
    config_def,
    |props| Ok(Box::new(Cast::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.Cast$Value",
    config_def,
    |props| Ok(Box::new(Cast::new(Part::Value, props)?)),
);

const SPEC: Key<Vec<String>> = Key::new("spec").high().check(Check::Custom(is_spec)).doc(
    "What is cast to what: a list of field:type, or one type for the whole. The types are int8, \
     int16, int32, int64, float32, float64, boolean and string. Bytes can become a string only, in \
     Base64.",
);

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&SPEC)
        .with(&REPLACE_NULL_WITH_DEFAULT)
}

fn is_spec(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::List(parts) => Spec::parse(parts).map(drop),
        _ => Ok(()),
    }
}

const PURPOSE: &str = "cast types";

/// A field to cast.
#[derive(Debug)]
struct FieldCast {
    name: ByteString,
    position: usize,
    schema: SchemaRef,
    target: Type,
}

/// What becomes of the data of one schema.
#[derive(Debug)]
struct Plan {
    schema: SchemaRef,
    casts: Vec<FieldCast>,
    defaults: Vec<(usize, Value)>,
}

impl Plan {
    fn new(schema: &SchemaRef, spec: &Spec, replace_nulls: bool) -> Result<Self> {
        match spec {
            Spec::Whole(target) => Ok(Self {
                schema: with_default_of(schema, copy_basics(schema, *target), *target)?,
                casts: Vec::new(),
                defaults: Vec::new(),
            }),
            Spec::Fields(_) if schema.kind() != Type::Struct => {
                Err(Error::data("Cannot list fields on non-struct type")
                    .with("type", schema.kind().name()))
            }
            Spec::Fields(targets) => Self::of_fields(schema, targets, replace_nulls),
        }
    }

    fn of_fields(
        schema: &SchemaRef,
        targets: &[(ByteString, Type)],
        replace_nulls: bool,
    ) -> Result<Self> {
        let mut builder = empty_copy(schema);
        let mut casts = Vec::new();
        for field in schema.fields() {
            let target = targets.iter().find(|(name, _)| *name == field.name);
            let Some((_, target)) = target else {
                builder = builder.field(field.name.clone(), field.schema.clone());
                continue;
            };
            let new = with_default_of(&field.schema, SchemaBuilder::new(*target), *target)
                .map_err(|error| error.with("field", &field.name))?;
            builder = builder.field(field.name.clone(), new);
            casts.push(FieldCast {
                name: field.name.clone(),
                position: field.index,
                schema: field.schema.clone(),
                target: *target,
            });
        }
        Ok(Self {
            schema: with_default_of(schema, builder, Type::Struct)?,
            casts,
            defaults: if replace_nulls {
                defaults(schema)
            } else {
                Vec::new()
            },
        })
    }
}

/// `builder` as optional as `schema`, with its default cast to `target`.
fn with_default_of(schema: &Schema, builder: SchemaBuilder, target: Type) -> Result<SchemaRef> {
    let default = match schema.default_value() {
        Some(default) => cast(Some(schema), default.clone(), target)?,
        None => Value::Null,
    };
    let builder = builder.with_optional(schema.is_optional());
    Ok(builder.default_value(default).build())
}

#[derive(Debug)]
struct Cast {
    part: Part,
    spec: Spec,
    replace_null_with_default: bool,
    plans: SchemaCache<Plan>,
}

impl Cast {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        Ok(Self {
            part,
            spec: Spec::parse(&settings.get(&SPEC)?).map_err(Error::config)?,
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            plans: SchemaCache::new(64),
        })
    }

    fn cast_with_schema(&mut self, schema: &SchemaRef, value: Value) -> Result<(SchemaRef, Value)> {
        let (spec, replace) = (&self.spec, self.replace_null_with_default);
        let plan = self
            .plans
            .get_or_make(schema, |schema| Plan::new(schema, spec, replace))?;
        if let Spec::Whole(target) = spec {
            let value = cast(Some(schema), value, *target)?;
            return Ok((plan.schema.clone(), value));
        }
        let Value::Struct(value) = value else {
            return Err(not_a_struct(PURPOSE, &value));
        };
        let mut values = value.into_values();
        replace_nulls(&mut values, &plan.defaults);
        for field in &plan.casts {
            let Some(place) = values.get_mut(field.position) else {
                break;
            };
            *place = cast(Some(&field.schema), std::mem::take(place), field.target)
                .map_err(|error| error.with("field", &field.name))?;
        }
        let value = Struct::from_values(plan.schema.clone(), values)?;
        Ok((plan.schema.clone(), value.into()))
    }

    fn cast_schemaless(&self, value: Value) -> Result<Value> {
        let targets = match &self.spec {
            Spec::Whole(target) => return cast(None, value, *target),
            Spec::Fields(targets) => targets,
        };
        let mut entries = require_map(PURPOSE, value)?;
        for (name, target) in targets {
            let mut known = entries.iter_mut();
            match known.find(|(key, _)| key.as_str() == Some(name)) {
                Some((_, value)) => {
                    *value = cast(None, std::mem::take(value), *target)
                        .map_err(|error| error.with("field", name))?;
                }
                None => entries.push((Value::String(name.clone()), Value::Null)),
            }
        }
        Ok(Value::Map(entries))
    }
}

impl Transformation for Cast {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let part = self.part;
        if part.value(record).is_null() {
            return Ok(Outcome::Keep);
        }
        let value = part.take(record);
        let (schema, value) = match part.schema(record).cloned() {
            Some(schema) => {
                let (schema, value) = self.cast_with_schema(&schema, value)?;
                (Some(schema), value)
            }
            None => (None, self.cast_schemaless(value)?),
        };
        part.set(record, schema, value);
        Ok(Outcome::Keep)
    }
}
