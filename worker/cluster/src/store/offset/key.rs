//! Keys of source offsets: `["connector",{partition}]`, and how two of them are
//! the same though their bytes differ.

use connect_api::record::OffsetMap;
use connect_api::{Error, Result};
use serde_json::Value;

use crate::store::json;

/// The key's bytes for a partition that has none yet.
pub(super) fn bytes(connector: &str, partition: &OffsetMap) -> Vec<u8> {
    json::to_bytes(&(connector, partition))
}

/// The connector and partition that a key is for.
pub(super) fn parse(key: &[u8]) -> Result<(String, OffsetMap)> {
    let value: Value = serde_json::from_slice(key)
        .map_err(|error| Error::data("the key is not JSON").caused_by(error))?;
    let Value::Array(parts) = value else {
        return Err(Error::data("the key is not an array"));
    };
    match <[Value; 2]>::try_from(parts) {
        Ok([Value::String(connector), Value::Object(partition)]) => Ok((connector, partition)),
        Ok(_) => Err(Error::data(
            "the key's elements are not a connector's name and a partition's object",
        )),
        Err(parts) => Err(Error::data(format!(
            "the key has {} elements instead of 2",
            parts.len()
        ))),
    }
}

/// A text that is the same for partitions that differ only in the order of
/// their names. Java's hash maps decide that order in what a JVM worker writes.
pub(super) fn canonical(partition: &OffsetMap) -> String {
    let mut text = String::with_capacity(64);
    write_object(&mut text, partition);
    text
}

fn write_object(text: &mut String, object: &OffsetMap) {
    let mut names: Vec<&String> = object.keys().collect();
    names.sort();
    text.push('{');
    for name in names {
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write_value(text, &object[name]);
        text.push(',');
    }
    text.push('}');
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Object(object) => write_object(text, object),
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_value(text, item);
                text.push(',');
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}
