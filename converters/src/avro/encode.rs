//! How to write the values of one Connect schema in one Avro schema: made once
//! for each pair, so that a record costs its values only.
//!
//! The Avro schema is the one that was derived from the Connect schema, or the
//! registry's own (`use.latest.version`, `use.schema.id`); fields go by name.

use std::sync::Arc;

use bytestring::ByteString;
use connect_api::data::{Schema, SchemaRef, Struct, Type, Value, logical};

use super::anything;
use super::binary::{write_bytes, write_long};
use super::config::DataOptions;
use super::defaults;
use super::from_connect::{fixed_size, has_string_keys, is_union};
use super::json::Json;
use super::names;
use super::schema::{AvroSchema, Kind, Record, RecordField, TypeId};
use crate::failure::Failure;
use crate::json::type_name;

/// Writes the values of one schema.
#[derive(Debug)]
pub(super) struct Plan {
    node: Node,
    /// Confluent's serializer writes bytes that are a whole record as they are.
    raw_bytes: bool,
}

impl Plan {
    pub(super) fn new(
        schema: &SchemaRef,
        avro: &AvroSchema,
        options: &DataOptions,
    ) -> Result<Self, Failure> {
        let planner = Planner { avro, options };
        Ok(Self {
            node: planner.node(schema, avro.root)?,
            raw_bytes: options.raw_bytes && matches!(avro.kind(avro.root), Kind::Bytes),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, value: &Value) -> Result<(), Failure> {
        match value {
            Value::Bytes(bytes) if self.raw_bytes => {
                out.extend_from_slice(bytes);
                Ok(())
            }
            value => self.node.write(out, value),
        }
    }
}

#[derive(Debug)]
struct Node {
    /// The number of the union's branch, encoded; nothing outside of a union.
    branch: Vec<u8>,
    /// What stands for null; none where it is an error.
    null: Option<Vec<u8>>,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    Boolean,
    /// Any Connect integer of this type as int or long: they are written alike.
    Integer(Type),
    Float(Type),
    Double(Type),
    Bytes,
    String,
    /// Bytes of one size; decimals are padded to it.
    Fixed(usize, bool),
    Enum(Vec<ByteString>),
    Array(Box<Node>),
    Map(Box<Node>),
    /// A map as an array of records.
    Entries(Box<Node>, Box<Node>),
    Struct(SchemaRef, Vec<Step>),
    /// A struct of which one field is set: a union.
    Union(SchemaRef, Vec<Node>),
}

/// One field of an Avro record.
#[derive(Debug)]
enum Step {
    /// The field of the struct at this position.
    Field(usize, ByteString, Node),
    /// A field that the struct does not have: the default of the Avro schema.
    Constant(Vec<u8>),
}

struct Planner<'p> {
    avro: &'p AvroSchema,
    options: &'p DataOptions,
}

impl Planner<'_> {
    fn node(&self, schema: &SchemaRef, id: TypeId) -> Result<Node, Failure> {
        let Kind::Union(branches) = self.avro.kind(id) else {
            let shape = self.shape(schema, id)?;
            return Ok(Node {
                branch: Vec::new(),
                null: None,
                shape,
            });
        };
        let null = branches
            .iter()
            .position(|&branch| matches!(self.avro.kind(branch), Kind::Null));
        let null = null.filter(|_| schema.is_optional()).map(number);
        if schema.kind() == Type::Struct && is_union(schema) {
            let shape = self.union(schema, branches)?;
            return Ok(Node {
                branch: Vec::new(),
                null,
                shape,
            });
        }
        let (branch, shape) = self.branch(schema, branches)?;
        Ok(Node {
            branch: number(branch),
            null,
            shape,
        })
    }

    /// The union's branch that takes values of `schema`: one of its name first.
    fn branch(&self, schema: &SchemaRef, branches: &[TypeId]) -> Result<(usize, Shape), Failure> {
        let name = schema
            .name()
            .map(|name| names::full(name, self.options.scrub_names));
        let is_called = |id: TypeId| {
            let avro_name = self.avro.kind(id).name().map(super::schema::Name::full);
            avro_name.is_some() && avro_name == name
        };
        let mut order: Vec<usize> = (0..branches.len()).collect();
        order.sort_by_key(|&position| !is_called(branches[position]));
        let mut last = None;
        for position in order {
            if matches!(self.avro.kind(branches[position]), Kind::Null) {
                continue;
            }
            match self.shape(schema, branches[position]) {
                Ok(shape) => return Ok((position, shape)),
                Err(failure) => last = Some(failure),
            }
        }
        Err(last.unwrap_or_else(|| Failure::new("the Avro schema allows null only")))
    }

    fn union(&self, schema: &SchemaRef, branches: &[TypeId]) -> Result<Shape, Failure> {
        let mut nodes = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let (branch, shape) = self
                .branch(&field.schema, branches)
                .map_err(|failure| failure.in_field(&field.name))?;
            nodes.push(Node {
                branch: number(branch),
                null: None,
                shape,
            });
        }
        Ok(Shape::Union(SchemaRef::clone(schema), nodes))
    }

    fn shape(&self, schema: &SchemaRef, id: TypeId) -> Result<Shape, Failure> {
        let kind = schema.kind();
        Ok(match (kind, self.avro.kind(id)) {
            (Type::Boolean, Kind::Boolean) => Shape::Boolean,
            (Type::Int8 | Type::Int16 | Type::Int32, Kind::Int | Kind::Long)
            | (Type::Int64, Kind::Long) => Shape::Integer(kind),
            (Type::Float32 | Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64, Kind::Float) => {
                Shape::Float(kind)
            }
            (
                Type::Float64
                | Type::Float32
                | Type::Int8
                | Type::Int16
                | Type::Int32
                | Type::Int64,
                Kind::Double,
            ) => Shape::Double(kind),
            (Type::Bytes, Kind::Bytes) if fixed_size(schema)?.is_none() => Shape::Bytes,
            (Type::Bytes, Kind::Fixed(fixed)) => {
                let is_decimal = schema
                    .name()
                    .is_some_and(|name| name.eq_ignore_ascii_case(logical::DECIMAL));
                Shape::Fixed(fixed.size, is_decimal)
            }
            (Type::String, Kind::String) => Shape::String,
            (Type::String, Kind::Enum(symbols)) => {
                Shape::Enum(symbols.symbols.iter().map(|s| s.as_str().into()).collect())
            }
            (Type::Array, Kind::Array(items)) => {
                Shape::Array(Box::new(self.child(schema.value_schema(), *items)?))
            }
            (Type::Map, Kind::Map(values)) if has_string_keys(schema, self.options) => {
                Shape::Map(Box::new(self.child(schema.value_schema(), *values)?))
            }
            (Type::Map, Kind::Array(entry)) => self.entries(schema, *entry)?,
            (Type::Struct, Kind::Record(record)) if !is_union(schema) => {
                self.record(schema, record)?
            }
            (_, avro) => {
                return Err(Failure::new(format!(
                    "a value of type {} does not fit Avro's {}{}",
                    type_name(kind),
                    avro.type_name(),
                    avro.name()
                        .map_or_else(String::new, |name| format!(" {}", name.full())),
                )));
            }
        })
    }

    fn child(&self, schema: Option<&SchemaRef>, id: TypeId) -> Result<Node, Failure> {
        match schema {
            Some(schema) => self.node(schema, id),
            None => Err(Failure::new("a schema of items without their schema")),
        }
    }

    fn entries(&self, schema: &Schema, entry: TypeId) -> Result<Shape, Failure> {
        let Kind::Record(record) = self.avro.kind(entry) else {
            return Err(Failure::new("a map does not fit Avro's array"));
        };
        let field = |name: &str| record.fields.iter().find(|field| field.name == name);
        let (Some(key), Some(value)) = (field(names::KEY_FIELD), field(names::VALUE_FIELD)) else {
            return Err(Failure::new("a map does not fit Avro's array of records"));
        };
        Ok(Shape::Entries(
            Box::new(self.child(schema.key_schema(), key.schema)?),
            Box::new(self.child(schema.value_schema(), value.schema)?),
        ))
    }

    fn record(&self, schema: &SchemaRef, record: &Record) -> Result<Shape, Failure> {
        let mut steps = Vec::with_capacity(record.fields.len());
        for avro_field in &record.fields {
            let field = schema.fields().iter().find(|field| {
                *names::name(&field.name, self.options.scrub_names) == *avro_field.name
            });
            let step = match field {
                Some(field) => self
                    .field(&field.schema, avro_field)
                    .map(|node| Step::Field(field.index, field.name.clone(), node)),
                None => self.constant(avro_field).map(Step::Constant),
            };
            steps.push(step.map_err(|failure| failure.in_field(&avro_field.name))?);
        }
        Ok(Shape::Struct(SchemaRef::clone(schema), steps))
    }

    /// A field's node: null becomes the default of the Connect schema, as
    /// `Struct.get` has it.
    fn field(&self, schema: &SchemaRef, avro_field: &RecordField) -> Result<Node, Failure> {
        let mut node = self.node(schema, avro_field.schema)?;
        if let Some(default) = schema.default_value()
            && !self.options.ignore_default_for_nullables
        {
            let mut bytes = Vec::new();
            node.write(&mut bytes, default)?;
            node.null = Some(bytes);
        }
        Ok(node)
    }

    fn constant(&self, field: &RecordField) -> Result<Vec<u8>, Failure> {
        let Some(default) = &field.default else {
            return Err(Failure::new(
                "the registry's schema has this field without a default, but the record has not",
            ));
        };
        let mut out = Vec::new();
        self.write_json(&mut out, field.schema, default)?;
        Ok(out)
    }

    fn write_json(&self, out: &mut Vec<u8>, id: TypeId, json: &Json) -> Result<(), Failure> {
        let invalid = || Failure::new(format!("not a default of its type: {}", json.to_text()));
        match self.avro.kind(id) {
            Kind::Null => {}
            Kind::Boolean => out.push(json.as_bool().ok_or_else(invalid)?.into()),
            Kind::Int | Kind::Long => write_long(out, json.as_i64().ok_or_else(invalid)?),
            Kind::Float => {
                let value = json.as_f64().ok_or_else(invalid)? as f32;
                out.extend_from_slice(&value.to_le_bytes());
            }
            Kind::Double => {
                out.extend_from_slice(&json.as_f64().ok_or_else(invalid)?.to_le_bytes());
            }
            Kind::String => write_bytes(out, json.as_str().ok_or_else(invalid)?.as_bytes()),
            Kind::Bytes => write_bytes(out, &latin1(json.as_str().ok_or_else(invalid)?)),
            Kind::Fixed(_) => {
                out.extend_from_slice(&latin1(json.as_str().ok_or_else(invalid)?));
            }
            Kind::Enum(symbols) => {
                let symbol = json.as_str().ok_or_else(invalid)?;
                let position = symbols.symbols.iter().position(|s| s == symbol);
                write_long(out, position.ok_or_else(invalid)? as i64);
            }
            Kind::Array(items) => {
                let list = json.items().ok_or_else(invalid)?;
                begin_block(out, list.len());
                for item in list {
                    self.write_json(out, *items, item)?;
                }
                end_block(out, list.len());
            }
            Kind::Map(values) => {
                let Json::Object(members) = json else {
                    return Err(invalid());
                };
                begin_block(out, members.len());
                for (name, value) in members {
                    write_bytes(out, name.as_bytes());
                    self.write_json(out, *values, value)?;
                }
                end_block(out, members.len());
            }
            Kind::Union(branches) => {
                let fits = |&branch: &TypeId| defaults::is_valid(&self.avro.types, branch, json);
                let position = branches.iter().position(fits).ok_or_else(invalid)?;
                write_long(out, position as i64);
                self.write_json(out, branches[position], json)?;
            }
            Kind::Record(record) => {
                for field in &record.fields {
                    let value = json.get(&field.name).or(field.default.as_ref());
                    self.write_json(out, field.schema, value.ok_or_else(invalid)?)?;
                }
            }
        }
        Ok(())
    }
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(c).unwrap_or(b'?'))
        .collect()
}

/// The encoded number of a union's branch.
fn number(position: usize) -> Vec<u8> {
    let mut out = Vec::new();
    write_long(&mut out, position as i64);
    out
}

impl Node {
    fn write(&self, out: &mut Vec<u8>, value: &Value) -> Result<(), Failure> {
        if value.is_null() {
            let Some(null) = &self.null else {
                return Err(Failure::new("Found null value for non-optional schema"));
            };
            out.extend_from_slice(null);
            return Ok(());
        }
        out.extend_from_slice(&self.branch);
        match (&self.shape, value) {
            (Shape::Boolean, Value::Boolean(value)) => out.push((*value).into()),
            (Shape::Integer(Type::Int8), Value::Int8(value)) => write_long(out, (*value).into()),
            (Shape::Integer(Type::Int16), Value::Int16(value)) => write_long(out, (*value).into()),
            (Shape::Integer(Type::Int32), Value::Int32(value)) => write_long(out, (*value).into()),
            (Shape::Integer(Type::Int64), Value::Int64(value)) => write_long(out, *value),
            (Shape::Float(_), value) => {
                let value = self.as_f32(value)?;
                out.extend_from_slice(&value.to_le_bytes());
            }
            (Shape::Double(_), value) => {
                let value = self.as_f64(value)?;
                out.extend_from_slice(&value.to_le_bytes());
            }
            (Shape::Bytes, Value::Bytes(value)) => write_bytes(out, value),
            (Shape::String, Value::String(value)) => write_bytes(out, value.as_bytes()),
            (Shape::Fixed(size, is_decimal), Value::Bytes(value)) => {
                write_fixed(out, value, *size, *is_decimal)?;
            }
            (Shape::Enum(symbols), Value::String(value)) => write_symbol(out, symbols, value)?,
            (Shape::Array(node), Value::Array(items)) => {
                begin_block(out, items.len());
                for item in items {
                    node.write(out, item)?;
                }
                end_block(out, items.len());
            }
            (Shape::Map(node), Value::Map(entries)) => write_map(out, node, entries)?,
            (Shape::Entries(key_node, value_node), Value::Map(entries)) => {
                begin_block(out, entries.len());
                for (key, value) in entries {
                    key_node.write(out, key)?;
                    value_node.write(out, value)?;
                }
                end_block(out, entries.len());
            }
            (Shape::Struct(schema, steps), Value::Struct(value)) => {
                write_struct(out, schema, steps, value)?;
            }
            (Shape::Union(schema, nodes), Value::Struct(value)) => {
                write_union(out, schema, nodes, self.null.as_deref(), value)?;
            }
            (_, value) => return Err(self.wrong_type(value)),
        }
        Ok(())
    }

    fn as_f32(&self, value: &Value) -> Result<f32, Failure> {
        match (&self.shape, value) {
            (Shape::Float(Type::Float32), Value::Float32(value)) => Ok(*value),
            (Shape::Float(kind), value) if value.kind() == Some(*kind) => value
                .as_i64()
                .map(|value| value as f32)
                .ok_or_else(|| self.wrong_type(value)),
            _ => Err(self.wrong_type(value)),
        }
    }

    fn as_f64(&self, value: &Value) -> Result<f64, Failure> {
        match (&self.shape, value) {
            (Shape::Double(Type::Float64), Value::Float64(value)) => Ok(*value),
            (Shape::Double(Type::Float32), Value::Float32(value)) => Ok((*value).into()),
            (Shape::Double(kind), value) if value.kind() == Some(*kind) => value
                .as_i64()
                .map(|value| value as f64)
                .ok_or_else(|| self.wrong_type(value)),
            _ => Err(self.wrong_type(value)),
        }
    }

    #[cold]
    fn wrong_type(&self, value: &Value) -> Failure {
        let expected = match &self.shape {
            Shape::Boolean => Type::Boolean,
            Shape::Integer(kind) | Shape::Float(kind) | Shape::Double(kind) => *kind,
            Shape::Bytes | Shape::Fixed(..) => Type::Bytes,
            Shape::String | Shape::Enum(_) => Type::String,
            Shape::Array(_) => Type::Array,
            Shape::Map(_) | Shape::Entries(..) => Type::Map,
            Shape::Struct(..) | Shape::Union(..) => Type::Struct,
        };
        let found = value.kind().map_or_else(|| "null".to_owned(), type_name);
        Failure::new(format!(
            "Invalid type for {}: the value is of type {found}",
            type_name(expected)
        ))
    }
}

/// All items in one block, as Avro's Java encoder writes them.
pub(super) fn begin_block(out: &mut Vec<u8>, length: usize) {
    if length > 0 {
        write_long(out, length as i64);
    }
}

pub(super) fn end_block(out: &mut Vec<u8>, _length: usize) {
    out.push(0);
}

fn write_map(out: &mut Vec<u8>, node: &Node, entries: &[(Value, Value)]) -> Result<(), Failure> {
    begin_block(out, entries.len());
    for (key, value) in entries {
        let Some(key) = key.as_str() else {
            return Err(Failure::new("a map's key is no string, or null"));
        };
        write_bytes(out, key.as_bytes());
        node.write(out, value)
            .map_err(|failure| failure.in_field(key))?;
    }
    end_block(out, entries.len());
    Ok(())
}

/// Java pads a decimal with its sign; anything else must be of the size.
fn write_fixed(
    out: &mut Vec<u8>,
    bytes: &[u8],
    size: usize,
    is_decimal: bool,
) -> Result<(), Failure> {
    if bytes.len() > size || (bytes.len() < size && !is_decimal) {
        return Err(Failure::new(format!(
            "{} bytes do not fit Avro's fixed of {size}",
            bytes.len()
        )));
    }
    let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let padding = if is_negative { 0xff } else { 0 };
    out.extend(std::iter::repeat_n(padding, size - bytes.len()));
    out.extend_from_slice(bytes);
    Ok(())
}

fn write_symbol(out: &mut Vec<u8>, symbols: &[ByteString], value: &str) -> Result<(), Failure> {
    match symbols.iter().position(|symbol| *symbol == value) {
        Some(position) => {
            write_long(out, position as i64);
            Ok(())
        }
        None => Err(Failure::new(format!(
            "'{value}' is none of the enum's symbols: {}",
            symbols.join(", ")
        ))),
    }
}

fn check_schema(expected: &SchemaRef, found: &SchemaRef) -> Result<(), Failure> {
    if Arc::ptr_eq(expected, found) || expected == found {
        return Ok(());
    }
    let name = |schema: &Schema| schema.name().unwrap_or("without a name").to_owned();
    Err(Failure::new(format!(
        "Mismatching struct schema. Expected struct {} but the value is of another struct {}",
        name(expected),
        name(found)
    )))
}

fn write_struct(
    out: &mut Vec<u8>,
    schema: &SchemaRef,
    steps: &[Step],
    value: &Struct,
) -> Result<(), Failure> {
    check_schema(schema, value.schema())?;
    let values = value.values();
    for step in steps {
        match step {
            Step::Field(index, name, node) => {
                if let Err(failure) = node.write(out, &values[*index]) {
                    return Err(failure.in_field(name));
                }
            }
            Step::Constant(bytes) => out.extend_from_slice(bytes),
        }
    }
    Ok(())
}

fn write_union(
    out: &mut Vec<u8>,
    schema: &SchemaRef,
    nodes: &[Node],
    null: Option<&[u8]>,
    value: &Struct,
) -> Result<(), Failure> {
    check_schema(schema, value.schema())?;
    for (node, value) in nodes.iter().zip(value.values()) {
        if !value.is_null() {
            return node.write(out, value);
        }
    }
    match null {
        Some(null) => {
            out.extend_from_slice(null);
            Ok(())
        }
        None => Err(Failure::new(
            "no field of a struct that stands for a union is set",
        )),
    }
}

/// Writes a value without schema.
pub(super) fn write_schemaless(out: &mut Vec<u8>, value: &Value) -> Result<(), Failure> {
    anything::write(out, value)
}
