//! JSON as it stands in Avro schemas: with the order of its members, and with
//! numbers as Jackson writes them.

use connect_api::java::float;
use connect_api::java::to_string::append_integer;

use crate::failure::Failure;
use crate::java::json::write_string;
use crate::json::reader::{Kind, Reader};

/// A JSON value. Floats are kept apart from doubles, because Java writes them
/// with fewer digits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f32),
    Double(f64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Json::Text(text.into())
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_i64(&self) -> Option<i64> {
        match *self {
            Json::Int(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match *self {
            Json::Int(value) => Some(value as f64),
            Json::Float(value) => Some(value.into()),
            Json::Double(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match *self {
            Json::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The member called `name` of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members
                .iter()
                .find(|(member, _)| member == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let mut reader = Reader::new(text);
        let value = read(&mut reader)?;
        if reader.is_at_end() {
            Ok(value)
        } else {
            Err(reader.unexpected("the end"))
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Json::Null => out.extend_from_slice(b"null"),
            Json::Bool(true) => out.extend_from_slice(b"true"),
            Json::Bool(false) => out.extend_from_slice(b"false"),
            Json::Int(value) => {
                append_integer(out, *value);
            }
            Json::Float(value) => quoted_unless(value.is_finite(), out, |out| {
                float::write_f32(out, *value);
            }),
            Json::Double(value) => quoted_unless(value.is_finite(), out, |out| {
                float::write_f64(out, *value);
            }),
            Json::Text(text) => write_string(out, text),
            Json::Array(items) => {
                out.push(b'[');
                for (position, item) in items.iter().enumerate() {
                    comma(out, position);
                    item.write(out);
                }
                out.push(b']');
            }
            Json::Object(members) => {
                out.push(b'{');
                for (position, (name, value)) in members.iter().enumerate() {
                    comma(out, position);
                    member(out, name);
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// A comma before every entry but the first.
pub(super) fn comma(out: &mut Vec<u8>, position: usize) {
    if position > 0 {
        out.push(b',');
    }
}

/// A member's name and its colon.
pub(super) fn member(out: &mut Vec<u8>, name: &str) {
    write_string(out, name);
    out.push(b':');
}

/// Jackson quotes what is not a number (`QUOTE_NON_NUMERIC_NUMBERS`).
fn quoted_unless(plain: bool, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    if plain {
        return write(out);
    }
    out.push(b'"');
    write(out);
    out.push(b'"');
}

fn read(reader: &mut Reader<'_>) -> Result<Json, Failure> {
    Ok(match reader.kind()? {
        Kind::Null => {
            reader.null()?;
            Json::Null
        }
        Kind::Boolean => Json::Bool(reader.boolean()?),
        Kind::Number => number(reader.number()?)?,
        Kind::String => Json::Text(reader.string()?.into_owned()),
        Kind::Array => {
            let mut items = Vec::new();
            reader.array(|reader| {
                items.push(read(reader)?);
                Ok(())
            })?;
            Json::Array(items)
        }
        Kind::Object => {
            let mut members: Vec<(String, Json)> = Vec::new();
            reader.object(|reader, name| {
                let value = read(reader)?;
                // A member given twice is the last of them, as Jackson has it.
                match members.iter_mut().find(|(member, _)| *member == name) {
                    Some(member) => member.1 = value,
                    None => members.push((name.into_owned(), value)),
                }
                Ok(())
            })?;
            Json::Object(members)
        }
    })
}

fn number(text: &str) -> Result<Json, Failure> {
    if let Ok(value) = text.parse() {
        return Ok(Json::Int(value));
    }
    text.parse()
        .map(Json::Double)
        .map_err(|_| Failure::new(format!("not a number: {text}")))
}
