//! Structs: a schema and a value for each of its fields, by position.

use std::sync::Arc;

use super::{SchemaRef, Value};
use crate::{Error, Result};

/// A struct: its schema and one value for each field, by position.
#[derive(Debug, Clone)]
pub struct Struct {
    schema: SchemaRef,
    values: Values,
}

/// Most structs have their values to themselves; what is the same for many records is shared
/// until somebody changes it.
#[derive(Debug, Clone)]
enum Values {
    Own(Vec<Value>),
    Shared(Arc<[Value]>),
}

impl Values {
    fn as_slice(&self) -> &[Value] {
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => values,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [Value] {
        if let Self::Shared(values) = self {
            *self = Self::Own(values.to_vec());
        }
        match self {
            Self::Own(values) => values,
            // Made its own just above.
            Self::Shared(_) => &mut [],
        }
    }
}

impl Struct {
    /// A struct of `schema` whose fields are all null.
    pub fn new(schema: SchemaRef) -> Self {
        let values = vec![Value::Null; schema.fields().len()];
        Self {
            schema,
            values: Values::Own(values),
        }
    }

    /// A struct of `schema` with `values` by position.
    ///
    /// `values` has as many entries as the schema has fields: an internal
    /// error otherwise.
    pub fn from_values(schema: SchemaRef, values: Vec<Value>) -> Result<Self> {
        if values.len() != schema.fields().len() {
            return Err(Error::internal(format!(
                "struct {} has {} fields but {} values were given",
                schema.name().unwrap_or("without a name"),
                schema.fields().len(),
                values.len()
            )));
        }
        Ok(Self {
            schema,
            values: Values::Own(values),
        })
    }

    /// The same struct with its values shared, so that its clones copy nothing, and converters can
    /// keep what they made of it (see [`shared_values`](Self::shared_values)).
    pub fn into_shared(self) -> Self {
        let values = match self.values {
            Values::Own(values) => values.into(),
            Values::Shared(values) => values,
        };
        Self {
            schema: self.schema,
            values: Values::Shared(values),
        }
    }

    /// The values where they are shared. A cache by their address must hold a clone, so that the
    /// address stays taken.
    pub fn shared_values(&self) -> Option<&Arc<[Value]>> {
        match &self.values {
            Values::Own(_) => None,
            Values::Shared(values) => Some(values),
        }
    }

    /// The struct's schema.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The values by position.
    pub fn values(&self) -> &[Value] {
        self.values.as_slice()
    }

    /// The values by position, to change in place.
    pub fn values_mut(&mut self) -> &mut [Value] {
        self.values.as_mut_slice()
    }

    /// The values by position, taken out.
    pub fn into_values(self) -> Vec<Value> {
        match self.values {
            Values::Own(values) => values,
            Values::Shared(values) => values.to_vec(),
        }
    }

    /// The value of the field called `name`, as it is stored: null where it
    /// was not set, whatever the schema's default.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.schema
            .field(name)
            .map(|field| &self.values()[field.index])
    }

    /// Sets the field called `name`.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<()> {
        let Some(field) = self.schema.field(name) else {
            return Err(Error::data(format!("{name} is not a valid field name"))
                .with("struct", self.schema.name().unwrap_or("without a name")));
        };
        let index = field.index;
        self.values_mut()[index] = value.into();
        Ok(())
    }

    /// Checks that each value fits its field's schema: type, and null only
    /// where it is allowed or a default stands in.
    pub fn validate(&self) -> Result<()> {
        for (field, value) in self.schema.fields().iter().zip(self.values()) {
            let schema = &field.schema;
            match value.kind() {
                None if schema.is_optional() || schema.default_value().is_some() => {}
                None => {
                    return Err(Error::data(format!(
                        "invalid value: null used for required field: \"{}\", schema type: {}",
                        field.name,
                        schema.kind().name()
                    )));
                }
                Some(kind) if kind == schema.kind() => {}
                Some(kind) => {
                    return Err(Error::data(format!(
                        "invalid value of type {} for field \"{}\" of type {}",
                        kind.name(),
                        field.name,
                        schema.kind().name()
                    )));
                }
            }
        }
        Ok(())
    }
}

impl PartialEq for Struct {
    fn eq(&self, other: &Self) -> bool {
        (Arc::ptr_eq(&self.schema, &other.schema) || self.schema == other.schema)
            && self.values() == other.values()
    }
}
