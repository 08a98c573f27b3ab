//! How to read the values of one Avro schema as Connect's: made once for each
//! schema.

use bytestring::ByteString;
use connect_api::data::{SchemaRef, Struct, Value};

use super::binary::Input;
use crate::failure::Failure;

/// Reads the values of one type.
#[derive(Debug)]
pub(super) enum Node {
    Boolean,
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Bytes,
    String,
    Fixed(usize),
    Enum(Vec<ByteString>),
    Array(Box<Node>),
    Map(Box<Node>),
    /// A map as an array of records; true if the key comes first.
    Entries(Box<Node>, Box<Node>, bool),
    Struct(SchemaRef, Vec<(ByteString, Node)>),
    /// A union of null, at this place, and another type.
    Optional(i64, Box<Node>),
    /// A union of one type.
    Single(Box<Node>),
    /// Any other union, with the struct's field for each branch; none is null.
    Union(SchemaRef, Vec<Option<(usize, Node)>>),
}

impl Node {
    pub(super) fn read(&self, input: &mut Input<'_>) -> Result<Value, Failure> {
        Ok(match self {
            Node::Boolean => Value::Boolean(input.boolean()?),
            // As Java narrows.
            Node::Int8 => Value::Int8(input.int()? as i8),
            Node::Int16 => Value::Int16(input.int()? as i16),
            Node::Int32 => Value::Int32(input.int()?),
            Node::Int64 => Value::Int64(input.long()?),
            Node::Float32 => Value::Float32(input.float()?),
            Node::Float64 => Value::Float64(input.double()?),
            Node::Bytes => Value::Bytes(input.sized()?),
            Node::String => string(input)?,
            Node::Fixed(size) => Value::Bytes(input.shared(*size)?),
            Node::Enum(symbols) => {
                let position = input.long()?;
                let symbol = usize::try_from(position).ok().and_then(|p| symbols.get(p));
                match symbol {
                    Some(symbol) => Value::String(symbol.clone()),
                    None => {
                        return Err(Failure::new(format!(
                            "an enum of {} symbols has no symbol {position}",
                            symbols.len()
                        )));
                    }
                }
            }
            Node::Array(items) => {
                let mut list = Vec::new();
                blocks(input, |input| {
                    list.push(items.read(input)?);
                    Ok(())
                })?;
                Value::Array(list)
            }
            Node::Map(values) => read_map(input, values)?,
            Node::Entries(keys, values, key_first) => {
                let mut entries = Vec::new();
                blocks(input, |input| {
                    entries.push(if *key_first {
                        (keys.read(input)?, values.read(input)?)
                    } else {
                        let value = values.read(input)?;
                        (keys.read(input)?, value)
                    });
                    Ok(())
                })?;
                Value::Map(entries)
            }
            Node::Struct(schema, fields) => read_struct(input, schema, fields)?,
            Node::Optional(null, node) => match input.long()? {
                branch if branch == *null => Value::Null,
                branch if branch == 1 - *null => node.read(input)?,
                branch => return Err(no_branch(2, branch)),
            },
            Node::Single(node) => match input.long()? {
                0 => node.read(input)?,
                branch => return Err(no_branch(1, branch)),
            },
            Node::Union(schema, branches) => read_union(input, schema, branches)?,
        })
    }
}

/// A string, sharing the record's bytes.
pub(super) fn string(input: &mut Input<'_>) -> Result<Value, Failure> {
    ByteString::try_from(input.sized()?)
        .map(Value::String)
        .map_err(|_| {
            Failure::new("a string that is not UTF-8: the record is no Avro of its schema")
        })
}

fn blocks(
    input: &mut Input<'_>,
    mut each: impl FnMut(&mut Input<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let count = input.block()?;
        if count == 0 {
            return Ok(());
        }
        for _ in 0..count {
            each(input)?;
        }
    }
}

fn read_map(input: &mut Input<'_>, values: &Node) -> Result<Value, Failure> {
    let mut entries = Vec::new();
    blocks(input, |input| {
        let key = string(input)?;
        match values.read(input) {
            Ok(value) => entries.push((key, value)),
            Err(failure) => return Err(failure.in_field(key.as_str().unwrap_or_default())),
        }
        Ok(())
    })?;
    Ok(Value::Map(entries))
}

fn read_struct(
    input: &mut Input<'_>,
    schema: &SchemaRef,
    fields: &[(ByteString, Node)],
) -> Result<Value, Failure> {
    let mut values = Vec::with_capacity(fields.len());
    for (name, node) in fields {
        match node.read(input) {
            Ok(value) => values.push(value),
            Err(failure) => return Err(failure.in_field(name)),
        }
    }
    Struct::from_values(SchemaRef::clone(schema), values)
        .map(Value::Struct)
        .map_err(|error| Failure::new(error.to_string()))
}

fn read_union(
    input: &mut Input<'_>,
    schema: &SchemaRef,
    branches: &[Option<(usize, Node)>],
) -> Result<Value, Failure> {
    let position = input.long()?;
    let branch = usize::try_from(position).ok().and_then(|p| branches.get(p));
    match branch {
        None => Err(no_branch(branches.len(), position)),
        Some(None) => Ok(Value::Null),
        Some(Some((index, node))) => {
            let mut value = Struct::new(SchemaRef::clone(schema));
            value.values_mut()[*index] = node.read(input)?;
            Ok(Value::Struct(value))
        }
    }
}

#[cold]
fn no_branch(count: usize, branch: i64) -> Failure {
    Failure::new(format!(
        "a union of {count} has no branch {branch}: the record is no Avro of its schema"
    ))
}
