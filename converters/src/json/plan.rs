//! How to write the values of one schema: made once for each schema, so that a
//! record costs its values only.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytestring::ByteString;
use connect_api::data::{Field, Schema, SchemaRef, Struct, Type, Value, logical};

use super::Options;
use super::schema_text::write_schema;
use crate::failure::Failure;
use crate::java::decimal::Decimal;
use crate::java::float;
use crate::java::json::write_string;
use crate::java::to_string::{append_integer, scale};

/// A schema's values, with the text of the schema around them if it is wanted.
#[derive(Debug)]
pub(super) struct Plan {
    before: Vec<u8>,
    after: &'static [u8],
    node: Node,
}

impl Plan {
    pub(super) fn new(schema: &SchemaRef, options: &Options) -> Result<Self, Failure> {
        let node = Node::new(schema, options)?;
        let mut before = Vec::new();
        let mut after: &[u8] = b"";
        if options.schemas_enable {
            before.extend_from_slice(b"{\"schema\":");
            write_schema(&mut before, schema, None, options)?;
            before.extend_from_slice(b",\"payload\":");
            after = b"}";
        }
        Ok(Self {
            before,
            after,
            node,
        })
    }

    pub(super) fn write(&mut self, out: &mut Vec<u8>, value: &Value) -> Result<(), Failure> {
        out.reserve(self.before.len() + 128);
        out.extend_from_slice(&self.before);
        self.node.write(out, value)?;
        out.extend_from_slice(self.after);
        Ok(())
    }
}

/// How to write a value of one schema.
#[derive(Debug)]
pub(super) struct Node {
    shape: Shape,
    /// What stands for null; none where it is an error.
    null: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Shape {
    Scalar(Type),
    /// A `Decimal` of this scale as a JSON number.
    Number(i32),
    Array(Box<Node>),
    /// A map with string keys: a JSON object.
    Object(Box<Node>, Box<Node>),
    /// Any other map: an array of pairs.
    Pairs(Box<Node>, Box<Node>),
    Struct(StructShape),
}

#[derive(Debug)]
struct StructShape {
    schema: SchemaRef,
    fields: Vec<FieldNode>,
    /// The values that were shared by the last records, and their text.
    shared: Option<(Arc<[Value]>, Vec<u8>)>,
}

#[derive(Debug)]
struct FieldNode {
    name: ByteString,
    /// What stands before the value: a brace or a comma, the name, a colon.
    before: Vec<u8>,
    node: Node,
}

impl Node {
    pub(super) fn new(schema: &SchemaRef, options: &Options) -> Result<Self, Failure> {
        let mut node = Self {
            shape: Shape::new(schema, options)?,
            null: None,
        };
        node.null = match schema.default_value() {
            Some(default) if options.replace_null_with_default => {
                let mut text = Vec::new();
                node.write(&mut text, default)?;
                Some(text)
            }
            _ if schema.is_optional() => Some(b"null".to_vec()),
            _ => None,
        };
        Ok(node)
    }

    pub(super) fn write(&mut self, out: &mut Vec<u8>, value: &Value) -> Result<(), Failure> {
        match (&mut self.shape, value) {
            (_, Value::Null) => return self.write_null(out),
            (Shape::Scalar(Type::Int8), Value::Int8(value)) => append_integer(out, *value),
            (Shape::Scalar(Type::Int16), Value::Int16(value)) => append_integer(out, *value),
            (Shape::Scalar(Type::Int32), Value::Int32(value)) => append_integer(out, *value),
            (Shape::Scalar(Type::Int64), Value::Int64(value)) => append_integer(out, *value),
            (Shape::Scalar(Type::String), Value::String(text)) => write_string(out, text),
            (Shape::Scalar(Type::Boolean), Value::Boolean(value)) => write_boolean(out, *value),
            (Shape::Scalar(Type::Float32), Value::Float32(value)) => write_float(out, *value),
            (Shape::Scalar(Type::Float64), Value::Float64(value)) => write_double(out, *value),
            (Shape::Scalar(Type::Bytes), Value::Bytes(bytes)) => write_base64(out, bytes),
            (Shape::Number(scale), Value::Bytes(bytes)) => {
                Decimal::from_unscaled(bytes, *scale).append_to(out);
            }
            (Shape::Struct(shape), Value::Struct(value)) => return shape.write(out, value),
            (Shape::Array(node), Value::Array(items)) => {
                return write_list(out, items, |out, item| node.write(out, item));
            }
            (Shape::Object(key, node), Value::Map(entries)) => {
                return write_object(out, entries, key, node);
            }
            (Shape::Pairs(key, node), Value::Map(entries)) => {
                return write_list(out, entries, |out, (entry_key, value)| {
                    out.push(b'[');
                    key.write(out, entry_key)?;
                    out.push(b',');
                    node.write(out, value)?;
                    out.push(b']');
                    Ok(())
                });
            }
            (shape, value) => return Err(wrong_type(shape.kind(), value)),
        }
        Ok(())
    }

    fn write_null(&self, out: &mut Vec<u8>) -> Result<(), Failure> {
        match &self.null {
            Some(text) => {
                out.extend_from_slice(text);
                Ok(())
            }
            None => Err(Failure::new(
                "Conversion error: null value for field that is required and has no default value",
            )),
        }
    }
}

impl Shape {
    fn new(schema: &SchemaRef, options: &Options) -> Result<Self, Failure> {
        let child = |schema: Option<&SchemaRef>| match schema {
            Some(schema) => Node::new(schema, options).map(Box::new),
            None => Err(Failure::new(format!(
                "a schema of type {} lacks the schema of its items",
                type_name(Type::Array)
            ))),
        };
        Ok(match schema.kind() {
            Type::Bytes if options.numeric_decimals && schema.name() == Some(logical::DECIMAL) => {
                Shape::Number(scale(schema).ok_or_else(|| {
                    Failure::new("Invalid Decimal schema: scale parameter not found.")
                })?)
            }
            Type::Array => Shape::Array(child(schema.value_schema())?),
            Type::Map => {
                let (key, value) = (child(schema.key_schema())?, child(schema.value_schema())?);
                let has_string_keys = schema
                    .key_schema()
                    .is_some_and(|key| key.kind() == Type::String);
                if has_string_keys {
                    Shape::Object(key, value)
                } else {
                    Shape::Pairs(key, value)
                }
            }
            Type::Struct => {
                let mut fields = Vec::with_capacity(schema.fields().len());
                for field in schema.fields() {
                    fields.push(FieldNode::new(field, options)?);
                }
                Shape::Struct(StructShape {
                    schema: schema.clone(),
                    fields,
                    shared: None,
                })
            }
            scalar => Shape::Scalar(scalar),
        })
    }

    fn kind(&self) -> Type {
        match self {
            Shape::Scalar(kind) => *kind,
            Shape::Number(_) => Type::Bytes,
            Shape::Array(_) => Type::Array,
            Shape::Object(..) | Shape::Pairs(..) => Type::Map,
            Shape::Struct(..) => Type::Struct,
        }
    }
}

impl FieldNode {
    fn new(field: &Field, options: &Options) -> Result<Self, Failure> {
        let mut before = vec![if field.index == 0 { b'{' } else { b',' }];
        write_string(&mut before, &field.name);
        before.push(b':');
        let node = Node::new(&field.schema, options);
        Ok(Self {
            name: field.name.clone(),
            before,
            node: node.map_err(|failure| failure.in_field(&field.name))?,
        })
    }
}

impl StructShape {
    fn write(&mut self, out: &mut Vec<u8>, value: &Struct) -> Result<(), Failure> {
        let is_same = Arc::ptr_eq(&self.schema, value.schema()) || self.schema == *value.schema();
        if !is_same {
            return Err(mismatching(&self.schema, value.schema()));
        }
        let Some(shared) = value.shared_values() else {
            return self.write_fields(out, value.values());
        };
        if let Some((values, text)) = &self.shared
            && Arc::ptr_eq(values, shared)
        {
            out.extend_from_slice(text);
            return Ok(());
        }
        let start = out.len();
        self.write_fields(out, shared)?;
        self.shared = Some((Arc::clone(shared), out[start..].to_vec()));
        Ok(())
    }

    fn write_fields(&mut self, out: &mut Vec<u8>, values: &[Value]) -> Result<(), Failure> {
        if self.fields.is_empty() {
            out.push(b'{');
        }
        for (field, value) in self.fields.iter_mut().zip(values) {
            out.extend_from_slice(&field.before);
            if let Err(failure) = field.node.write(out, value) {
                return Err(failure.in_field(&field.name));
            }
        }
        out.push(b'}');
        Ok(())
    }
}

#[cold]
fn mismatching(expected: &Schema, found: &Schema) -> Failure {
    let name = |schema: &Schema| schema.name().unwrap_or("without a name").to_owned();
    Failure::new(format!(
        "Mismatching schema. Expected struct {} but the value is of another struct {}",
        name(expected),
        name(found)
    ))
}

fn write_object(
    out: &mut Vec<u8>,
    entries: &[(Value, Value)],
    key: &mut Node,
    node: &mut Node,
) -> Result<(), Failure> {
    out.push(b'{');
    for (position, (entry_key, value)) in entries.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        match entry_key {
            // A null key that is allowed becomes the text of JSON's null.
            Value::Null if key.null.as_deref() == Some(b"null") => {
                out.extend_from_slice(b"\"null\"");
            }
            entry_key => key.write(out, entry_key)?,
        }
        out.push(b':');
        node.write(out, value)?;
    }
    out.push(b'}');
    Ok(())
}

pub(super) fn write_list<T>(
    out: &mut Vec<u8>,
    items: &[T],
    mut write: impl FnMut(&mut Vec<u8>, &T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    out.push(b'[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write(out, item)?;
    }
    out.push(b']');
    Ok(())
}

pub(super) fn write_boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Jackson quotes what is not a number (`QUOTE_NON_NUMERIC_NUMBERS`).
pub(super) fn write_double(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        float::write_f64(out, value);
    } else {
        out.push(b'"');
        float::write_f64(out, value);
        out.push(b'"');
    }
}

pub(super) fn write_float(out: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        float::write_f32(out, value);
    } else {
        write_double(out, f64::from(value));
    }
}

/// Standard Base64 with padding, without line breaks (Jackson's default).
pub(super) fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    let room = bytes.len().div_ceil(3) * 4;
    out.resize(start + room, 0);
    // The room is exact, so that this cannot fail.
    let written = STANDARD
        .encode_slice(bytes, &mut out[start..])
        .unwrap_or_default();
    out.truncate(start + written);
    out.push(b'"');
}

#[cold]
fn wrong_type(expected: Type, value: &Value) -> Failure {
    let found = value.kind().map_or_else(|| "null".to_owned(), type_name);
    Failure::new(format!(
        "Invalid type for {}: the value is of type {found}",
        type_name(expected)
    ))
}

/// A type's name as Java's enum prints it.
pub(crate) fn type_name(kind: Type) -> String {
    kind.name().to_uppercase()
}
