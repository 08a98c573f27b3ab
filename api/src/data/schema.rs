//! Schemas: shared, immutable, compared by pointer first.

use std::collections::HashMap;
use std::sync::Arc;

use bytestring::ByteString;

use super::Value;
use crate::{Error, Result};

/// A shared schema. What is derived from one (its JSON text, field positions,
/// updated copies) is cached by its identity: [`Arc::as_ptr`], holding the
/// `Arc` in the cache so that the address cannot be used again.
pub type SchemaRef = Arc<Schema>;

/// Connect's base types (`org.apache.kafka.connect.data.Schema.Type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Type {
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Boolean,
    String,
    Bytes,
    Array,
    Map,
    Struct,
}

impl Type {
    /// The name in JSON schemas: `int8`, … `struct`.
    pub fn name(self) -> &'static str {
        match self {
            Type::Int8 => "int8",
            Type::Int16 => "int16",
            Type::Int32 => "int32",
            Type::Int64 => "int64",
            Type::Float32 => "float32",
            Type::Float64 => "float64",
            Type::Boolean => "boolean",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Array => "array",
            Type::Map => "map",
            Type::Struct => "struct",
        }
    }
}

/// One field of a struct schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The field's name.
    pub name: ByteString,
    /// Its position among the struct's fields, from 0.
    pub index: usize,
    /// Its schema.
    pub schema: SchemaRef,
}

/// A schema: base type, and what else Connect knows of it.
#[derive(Debug, Clone)]
pub struct Schema {
    kind: Type,
    optional: bool,
    name: Option<ByteString>,
    version: Option<i32>,
    doc: Option<ByteString>,
    default: Option<Value>,
    parameters: Vec<(ByteString, ByteString)>,
    fields: Vec<Field>,
    positions: HashMap<ByteString, usize>,
    key_schema: Option<SchemaRef>,
    value_schema: Option<SchemaRef>,
}

impl Schema {
    /// A required schema of `kind` without name, default or parameters.
    pub fn required(kind: Type) -> SchemaRef {
        SchemaBuilder::new(kind).build()
    }

    /// An optional schema of `kind` without name, default or parameters.
    pub fn optional(kind: Type) -> SchemaRef {
        SchemaBuilder::new(kind).optional().build()
    }

    /// The base type.
    pub fn kind(&self) -> Type {
        self.kind
    }

    /// True if null is allowed.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// The schema's name: for a struct its full name, else a logical type.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The schema's version.
    pub fn version(&self) -> Option<i32> {
        self.version
    }

    /// The schema's documentation.
    pub fn doc(&self) -> Option<&str> {
        self.doc.as_deref()
    }

    /// The default value, in the representation of the base type.
    pub fn default_value(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// The parameters in the order in which they were added.
    pub fn parameters(&self) -> &[(ByteString, ByteString)] {
        &self.parameters
    }

    /// The parameter called `name`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| &**value)
    }

    /// A struct's fields in order; none for other types.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// A struct's field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.positions.get(name).map(|&index| &self.fields[index])
    }

    /// A map's key schema.
    pub fn key_schema(&self) -> Option<&SchemaRef> {
        self.key_schema.as_ref()
    }

    /// An array's or a map's value schema.
    pub fn value_schema(&self) -> Option<&SchemaRef> {
        self.value_schema.as_ref()
    }

    /// A builder that starts as a copy of this schema, fields included.
    pub fn to_builder(&self) -> SchemaBuilder {
        SchemaBuilder {
            schema: self.clone(),
            duplicate: None,
        }
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.kind == other.kind
                && self.optional == other.optional
                && self.name == other.name
                && self.version == other.version
                && self.doc == other.doc
                && self.default == other.default
                && self.fields == other.fields
                && self.key_schema == other.key_schema
                && self.value_schema == other.value_schema
                && same_parameters(&self.parameters, &other.parameters))
    }
}

/// Java compares parameters as maps: their order does not count.
fn same_parameters(left: &[(ByteString, ByteString)], right: &[(ByteString, ByteString)]) -> bool {
    left.len() == right.len() && left.iter().all(|pair| right.contains(pair))
}

/// Builds a [`Schema`].
#[derive(Debug)]
pub struct SchemaBuilder {
    schema: Schema,
    duplicate: Option<ByteString>,
}

impl SchemaBuilder {
    /// A required schema of `kind`.
    pub fn new(kind: Type) -> Self {
        let schema = Schema {
            kind,
            optional: false,
            name: None,
            version: None,
            doc: None,
            default: None,
            parameters: Vec::new(),
            fields: Vec::new(),
            positions: HashMap::new(),
            key_schema: None,
            value_schema: None,
        };
        Self {
            schema,
            duplicate: None,
        }
    }

    /// A struct without fields yet.
    pub fn structure() -> Self {
        Self::new(Type::Struct)
    }

    /// An array of `items`.
    pub fn array(items: SchemaRef) -> Self {
        let mut builder = Self::new(Type::Array);
        builder.schema.value_schema = Some(items);
        builder
    }

    /// A map from `keys` to `values`.
    pub fn map(keys: SchemaRef, values: SchemaRef) -> Self {
        let mut builder = Self::new(Type::Map);
        builder.schema.key_schema = Some(keys);
        builder.schema.value_schema = Some(values);
        builder
    }

    /// Allows null.
    #[must_use]
    pub fn optional(self) -> Self {
        self.with_optional(true)
    }

    /// Allows or forbids null.
    #[must_use]
    pub fn with_optional(mut self, optional: bool) -> Self {
        self.schema.optional = optional;
        self
    }

    /// Names the schema.
    #[must_use]
    pub fn name(mut self, name: impl Into<ByteString>) -> Self {
        self.schema.name = Some(name.into());
        self
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: i32) -> Self {
        self.schema.version = Some(version);
        self
    }

    /// Sets the documentation.
    #[must_use]
    pub fn doc(mut self, doc: impl Into<ByteString>) -> Self {
        self.schema.doc = Some(doc.into());
        self
    }

    /// Sets the default value; [`Value::Null`] means none.
    #[must_use]
    pub fn default_value(mut self, value: Value) -> Self {
        self.schema.default = if value.is_null() { None } else { Some(value) };
        self
    }

    /// Adds a parameter, or replaces it where it stands.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<ByteString>, value: impl Into<ByteString>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self
            .schema
            .parameters
            .iter_mut()
            .find(|(key, _)| *key == name)
        {
            Some(parameter) => parameter.1 = value,
            None => self.schema.parameters.push((name, value)),
        }
        self
    }

    /// Adds a field at the end of a struct. A name that is there already makes
    /// [`try_build`](Self::try_build) fail and [`build`](Self::build) keep the first.
    #[must_use]
    pub fn field(mut self, name: impl Into<ByteString>, schema: SchemaRef) -> Self {
        let name = name.into();
        let index = self.schema.fields.len();
        if self.schema.positions.contains_key(&name) {
            self.duplicate = Some(name);
            return self;
        }
        self.schema.positions.insert(name.clone(), index);
        self.schema.fields.push(Field {
            name,
            index,
            schema,
        });
        self
    }

    /// Takes all fields away: for a copy with other fields.
    #[must_use]
    pub fn without_fields(mut self) -> Self {
        self.schema.fields.clear();
        self.schema.positions.clear();
        self
    }

    /// The schema.
    pub fn build(self) -> SchemaRef {
        Arc::new(self.schema)
    }

    /// The schema, unless two of its fields have one name.
    pub fn try_build(self) -> Result<SchemaRef> {
        match self.duplicate {
            Some(name) => Err(Error::data(format!(
                "cannot create field because of field name duplication {name}"
            ))),
            None => Ok(Arc::new(self.schema)),
        }
    }
}
