//! `org.apache.kafka.connect.transforms.TimestampConverter$Key` and `$Value`:
//! the whole or a field as another kind of timestamp.

mod config;
mod convert;

use connect_api::data::{SchemaCache, SchemaRef, Struct, Type, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use self::config::{FIELD, config_def};
use self::convert::{Conversion, Kind};
use crate::keys::{REPLACE_NULL_WITH_DEFAULT, plugin};
use crate::record_part::{Part, not_a_struct, require_map};
use crate::schemas::{defaults, empty_copy, replace_nulls};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.TimestampConverter$Key",
    config_def,
    |props| Ok(Box::new(TimestampConverter::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.TimestampConverter$Value",
    config_def,
    |props| Ok(Box::new(TimestampConverter::new(Part::Value, props)?)),
);

const PURPOSE: &str = "converting timestamp formats";

/// What becomes of the data of one schema.
#[derive(Debug)]
enum Plan {
    /// The whole is a timestamp.
    Whole { schema: SchemaRef, kind: Kind },
    /// A struct, with the field that is one, if it has it. That the field's
    /// type is none of a timestamp is an error only when there is a struct.
    Field {
        schema: SchemaRef,
        field: Option<(usize, std::result::Result<Kind, String>)>,
        defaults: Vec<(usize, Value)>,
    },
}

#[derive(Debug)]
struct TimestampConverter {
    part: Part,
    /// Empty: the whole.
    field: String,
    conversion: Conversion,
    replace_null_with_default: bool,
    plans: SchemaCache<Plan>,
}

impl TimestampConverter {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        Ok(Self {
            part,
            field: settings.get(&FIELD)?,
            conversion: config::conversion(&settings)?,
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            plans: SchemaCache::new(64),
        })
    }

    fn convert(&mut self, schema: &SchemaRef, value: Value) -> Result<(SchemaRef, Value)> {
        let conversion = &self.conversion;
        if !self.field.is_empty() && !matches!(value, Value::Null | Value::Struct(_)) {
            return Err(not_a_struct(PURPOSE, &value));
        }
        let planner = Planner {
            field: &self.field,
            conversion,
            replace_nulls: self.replace_null_with_default,
        };
        let plan = self
            .plans
            .get_or_make(schema, |schema| planner.plan(schema))?;
        match plan {
            Plan::Whole { schema, kind } => {
                Ok((schema.clone(), conversion.convert(Some(*kind), value)?))
            }
            Plan::Field {
                schema,
                field,
                defaults,
            } => {
                let Value::Struct(value) = value else {
                    return Ok((schema.clone(), Value::Null));
                };
                let mut values = value.into_values();
                replace_nulls(&mut values, defaults);
                convert_field(conversion, field.as_ref(), &mut values)
                    .map_err(|error| error.with("field", &self.field))?;
                let value = Struct::from_values(schema.clone(), values)?;
                Ok((schema.clone(), value.into()))
            }
        }
    }

    fn convert_schemaless(&self, value: Value) -> Result<Value> {
        if self.field.is_empty() || value.is_null() {
            return self.conversion.convert(None, value);
        }
        let mut entries = require_map(PURPOSE, value)?;
        let mut known = entries.iter_mut();
        match known.find(|(key, _)| key.as_str() == Some(&self.field)) {
            Some((_, value)) => {
                *value = self
                    .conversion
                    .convert(None, std::mem::take(value))
                    .map_err(|error| error.with("field", &self.field))?;
            }
            None => entries.push((Value::from(self.field.clone()), Value::Null)),
        }
        Ok(Value::Map(entries))
    }
}

fn convert_field(
    conversion: &Conversion,
    field: Option<&(usize, std::result::Result<Kind, String>)>,
    values: &mut [Value],
) -> Result<()> {
    let Some((position, kind)) = field else {
        return Ok(());
    };
    let kind = kind
        .as_ref()
        .map_err(|reason| Error::data(reason.clone()))?;
    if let Some(value) = values.get_mut(*position) {
        *value = conversion.convert(Some(*kind), std::mem::take(value))?;
    }
    Ok(())
}

/// Makes plans.
struct Planner<'t> {
    field: &'t str,
    conversion: &'t Conversion,
    replace_nulls: bool,
}

impl Planner<'_> {
    fn plan(&self, schema: &SchemaRef) -> Result<Plan> {
        if self.field.is_empty() {
            return Ok(Plan::Whole {
                schema: self.conversion.schema(schema.is_optional()),
                kind: Kind::of_schema(schema).map_err(Error::data)?,
            });
        }
        if schema.kind() != Type::Struct {
            return Err(Error::data("Cannot list fields on non-struct type")
                .with("type", schema.kind().name()));
        }
        let mut builder = empty_copy(schema).with_optional(schema.is_optional());
        let mut converted = None;
        for field in schema.fields() {
            let new = if *field.name == *self.field {
                converted = Some((field.index, Kind::of_schema(&field.schema)));
                self.conversion.schema(field.schema.is_optional())
            } else {
                field.schema.clone()
            };
            builder = builder.field(field.name.clone(), new);
        }
        let defaults = if self.replace_nulls {
            defaults(schema)
        } else {
            Vec::new()
        };
        let mut new = builder.build();
        if let Some(default) = schema.default_value().and_then(Value::as_struct) {
            let mut values = default.values().to_vec();
            replace_nulls(&mut values, &defaults);
            convert_field(self.conversion, converted.as_ref(), &mut values)?;
            let default = Struct::from_values(new.clone(), values)?;
            new = new.to_builder().default_value(default.into()).build();
        }
        Ok(Plan::Field {
            schema: new,
            field: converted,
            defaults,
        })
    }
}

impl Transformation for TimestampConverter {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let value = self.part.take(record);
        let (schema, value) = match self.part.schema(record).cloned() {
            Some(schema) => {
                let (schema, value) = self.convert(&schema, value)?;
                (Some(schema), value)
            }
            None => (None, self.convert_schemaless(value)?),
        };
        self.part.set(record, schema, value);
        Ok(Outcome::Keep)
    }
}
