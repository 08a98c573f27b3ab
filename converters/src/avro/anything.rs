//! Values without schema: a record with a field for each type, of which one is
//! set (`AvroData.ANYTHING_SCHEMA`).

use connect_api::data::Value;

use super::binary::{Input, write_bytes, write_long};
use super::encode::{begin_block, end_block};
use crate::failure::Failure;

/// The schema that such values are registered with.
pub(super) const SCHEMA: &str = concat!(
    r#"{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":["#,
    r#"{"name":"boolean","type":["null","boolean"],"default":null},"#,
    r#"{"name":"bytes","type":["null","bytes"],"default":null},"#,
    r#"{"name":"double","type":["null","double"],"default":null},"#,
    r#"{"name":"float","type":["null","float"],"default":null},"#,
    r#"{"name":"int","type":["null","int"],"default":null},"#,
    r#"{"name":"long","type":["null","long"],"default":null},"#,
    r#"{"name":"string","type":["null","string"],"default":null},"#,
    r#"{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},"#,
    r#"{"name":"map","type":["null",{"type":"array","items":"#,
    r#"{"type":"record","name":"MapEntry","fields":["#,
    r#"{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}"#,
    r#"]}"#
);

/// How many fields there are, and the place of each.
const FIELDS: usize = 9;
const BOOLEAN: usize = 0;
const BYTES: usize = 1;
const DOUBLE: usize = 2;
const FLOAT: usize = 3;
const INT: usize = 4;
const LONG: usize = 5;
const STRING: usize = 6;
const ARRAY: usize = 7;
const MAP: usize = 8;

/// How deep values may stand in each other: a hostile record must not end the worker.
const DEPTH: usize = 200;

/// All fields are null.
const NULL: [u8; FIELDS] = [0; FIELDS];

pub(super) fn write(out: &mut Vec<u8>, value: &Value) -> Result<(), Failure> {
    let position = match value {
        Value::Null => {
            out.extend_from_slice(&NULL);
            return Ok(());
        }
        Value::Boolean(_) => BOOLEAN,
        Value::Bytes(_) => BYTES,
        Value::Float64(_) => DOUBLE,
        Value::Float32(_) => FLOAT,
        Value::Int8(_) | Value::Int16(_) | Value::Int32(_) => INT,
        Value::Int64(_) => LONG,
        Value::String(_) => STRING,
        Value::Array(_) => ARRAY,
        Value::Map(_) => MAP,
        Value::Struct(_) => {
            return Err(Failure::new(
                "a struct cannot be written without its schema",
            ));
        }
    };
    out.extend_from_slice(&NULL[..position]);
    write_long(out, 1);
    match value {
        Value::Boolean(value) => out.push((*value).into()),
        Value::Bytes(value) => write_bytes(out, value),
        Value::Float64(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Float32(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::String(value) => write_bytes(out, value.as_bytes()),
        Value::Array(items) => {
            begin_block(out, items.len());
            for item in items {
                write(out, item)?;
            }
            end_block(out, items.len());
        }
        Value::Map(entries) => {
            begin_block(out, entries.len());
            for (key, value) in entries {
                write(out, key)?;
                write(out, value)?;
            }
            end_block(out, entries.len());
        }
        value => write_long(out, value.as_i64().unwrap_or_default()),
    }
    out.extend_from_slice(&NULL[position + 1..]);
    Ok(())
}

pub(super) fn read(input: &mut Input<'_>) -> Result<Value, Failure> {
    read_at(input, 0)
}

/// The first field that is set, as the original looks for it.
fn read_at(input: &mut Input<'_>, depth: usize) -> Result<Value, Failure> {
    if depth > DEPTH {
        return Err(Failure::new(format!(
            "values stand in each other more than {DEPTH} deep"
        )));
    }
    let mut found = Value::Null;
    for position in 0..FIELDS {
        match input.long()? {
            0 => continue,
            1 => {}
            branch => {
                return Err(Failure::new(format!(
                    "a union of two has no branch {branch}"
                )));
            }
        }
        let value = match position {
            BOOLEAN => Value::Boolean(input.boolean()?),
            BYTES => Value::Bytes(input.sized()?),
            DOUBLE => Value::Float64(input.double()?),
            FLOAT => Value::Float32(input.float()?),
            INT => Value::Int32(input.int()?),
            LONG => Value::Int64(input.long()?),
            STRING => super::decode::string(input)?,
            ARRAY => read_array(input, depth)?,
            _ => read_map(input, depth)?,
        };
        if found.is_null() {
            found = value;
        }
    }
    Ok(found)
}

fn read_array(input: &mut Input<'_>, depth: usize) -> Result<Value, Failure> {
    let mut items = Vec::new();
    loop {
        let count = input.block()?;
        if count == 0 {
            return Ok(Value::Array(items));
        }
        for _ in 0..count {
            items.push(read_at(input, depth + 1)?);
        }
    }
}

fn read_map(input: &mut Input<'_>, depth: usize) -> Result<Value, Failure> {
    let mut entries = Vec::new();
    loop {
        let count = input.block()?;
        if count == 0 {
            return Ok(Value::Map(entries));
        }
        for _ in 0..count {
            let key = read_at(input, depth + 1)?;
            let value = read_at(input, depth + 1)?;
            entries.push((key, value));
        }
    }
}
