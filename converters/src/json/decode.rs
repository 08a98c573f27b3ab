//! JSON to values, led by the schema.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use bytestring::ByteString;
use connect_api::data::{Schema, SchemaRef, Struct, Type, Value, logical};

use super::entries::Entries;
use super::plan::type_name;
use super::reader::{Kind, Reader};
use crate::failure::Failure;
use crate::java::decimal::Decimal;
use crate::java::to_string::scale;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How to read values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoder {
    pub(super) replace_null_with_default: bool,
}

type Decoded = Result<Value, Failure>;

impl Decoder {
    /// Reads the next value as one of `schema`.
    pub(super) fn value(self, reader: &mut Reader<'_>, schema: &SchemaRef) -> Decoded {
        let kind = reader.kind()?;
        if kind == Kind::Null {
            reader.null()?;
            return self.null(schema);
        }
        match schema.kind() {
            Type::Struct => self.structure(reader, kind, schema),
            Type::Array => self.array(reader, kind, schema),
            Type::Map => self.map(reader, kind, schema),
            scalar => scalar_value(reader, kind, scalar, schema),
        }
    }

    fn null(self, schema: &Schema) -> Decoded {
        match schema.default_value() {
            Some(default) if self.replace_null_with_default => Ok(default.clone()),
            _ if schema.is_optional() => Ok(Value::Null),
            _ => Err(Failure::new(format!(
                "Invalid null value for required {} field",
                type_name(schema.kind())
            ))),
        }
    }

    fn structure(self, reader: &mut Reader<'_>, kind: Kind, schema: &SchemaRef) -> Decoded {
        if kind != Kind::Object {
            return Err(Failure::new(format!(
                "Structs should be encoded as JSON objects, but found {}",
                kind.name()
            )));
        }
        let fields = schema.fields();
        // Most writers keep the schema's order; what comes out of it is kept until the end.
        let mut values: Vec<Value> = Vec::with_capacity(fields.len());
        let mut early: Vec<Option<Value>> = Vec::new();
        reader.object(|reader, name| {
            let next = values.len();
            let field = match fields.get(next) {
                Some(field) if field.name == *name => field,
                _ => match schema.field(&name) {
                    Some(field) => field,
                    None => return reader.skip().map(drop),
                },
            };
            let value = self
                .value(reader, &field.schema)
                .map_err(|failure| failure.in_field(&field.name))?;
            if field.index == next {
                values.push(value);
            } else if let Some(again) = values.get_mut(field.index) {
                *again = value;
            } else {
                early.resize(fields.len(), None);
                early[field.index] = Some(value);
            }
            Ok(())
        })?;
        for field in &fields[values.len()..] {
            let value = early.get_mut(field.index).and_then(Option::take);
            values.push(match value {
                Some(value) => value,
                None => self
                    .null(&field.schema)
                    .map_err(|failure| failure.in_field(&field.name))?,
            });
        }
        let value = Struct::from_values(schema.clone(), values);
        value
            .map(Value::Struct)
            .map_err(|error| Failure::new(error.message()))
    }

    fn array(self, reader: &mut Reader<'_>, kind: Kind, schema: &SchemaRef) -> Decoded {
        if kind != Kind::Array {
            return Err(Failure::new(format!(
                "Arrays should be encoded as JSON arrays, but found {}",
                kind.name()
            )));
        }
        let mut items = Vec::new();
        reader.array(|reader| {
            items.push(self.item(reader, schema.value_schema())?);
            Ok(())
        })?;
        Ok(Value::Array(items))
    }

    /// A string-keyed map is an object, any other an array of pairs.
    fn map(self, reader: &mut Reader<'_>, kind: Kind, schema: &SchemaRef) -> Decoded {
        let key_schema = schema.key_schema();
        let has_string_keys = key_schema.is_none_or(|key| key.kind() == Type::String);
        let mut entries = Entries::default();
        if has_string_keys {
            if kind != Kind::Object {
                return Err(Failure::new(format!(
                    "Maps with string fields should be encoded as JSON objects, but found {}",
                    kind.name()
                )));
            }
            reader.object(|reader, name| {
                let value = self
                    .item(reader, schema.value_schema())
                    .map_err(|failure| failure.in_field(&name))?;
                entries.insert(byte_string(name), value);
                Ok(())
            })?;
            return Ok(entries.into_map());
        }
        if kind != Kind::Array {
            return Err(Failure::new(format!(
                "Maps with non-string fields should be encoded as JSON array of tuples, but found {}",
                kind.name()
            )));
        }
        let mut pairs = Vec::new();
        reader.array(|reader| {
            pairs.push(self.pair(reader, schema)?);
            Ok(())
        })?;
        Ok(Value::Map(pairs))
    }

    fn pair(self, reader: &mut Reader<'_>, schema: &Schema) -> Result<(Value, Value), Failure> {
        let kind = reader.kind()?;
        if kind != Kind::Array {
            return Err(Failure::new(format!(
                "Found invalid map entry instead of array tuple: {}",
                kind.name()
            )));
        }
        let mut items = Vec::with_capacity(2);
        reader.array(|reader| {
            let schema = match items.len() {
                0 => schema.key_schema(),
                _ => schema.value_schema(),
            };
            items.push(self.item(reader, schema)?);
            Ok(())
        })?;
        let count = items.len();
        match <[Value; 2]>::try_from(items) {
            Ok([key, value]) => Ok((key, value)),
            Err(_) => Err(Failure::new(format!(
                "Found invalid map entry, expected length 2 but found :{count}"
            ))),
        }
    }

    fn item(self, reader: &mut Reader<'_>, schema: Option<&SchemaRef>) -> Decoded {
        match schema {
            Some(schema) => self.value(reader, schema),
            None => schemaless(reader),
        }
    }
}

/// Reads the next value by what it is itself: integers as int64, other numbers
/// as float64, objects as maps.
pub(super) fn schemaless(reader: &mut Reader<'_>) -> Decoded {
    Ok(match reader.kind()? {
        Kind::Null => {
            reader.null()?;
            Value::Null
        }
        Kind::Boolean => Value::Boolean(reader.boolean()?),
        Kind::String => Value::String(byte_string(reader.string()?)),
        Kind::Number => {
            let text = reader.number()?;
            if text.contains(['.', 'e', 'E']) {
                Value::Float64(parse(text, "FLOAT64")?)
            } else {
                Value::Int64(parse(text, "INT64")?)
            }
        }
        Kind::Array => {
            let mut items = Vec::new();
            reader.array(|reader| {
                items.push(schemaless(reader)?);
                Ok(())
            })?;
            Value::Array(items)
        }
        Kind::Object => {
            let mut entries = Entries::default();
            reader.object(|reader, name| {
                let value = schemaless(reader).map_err(|failure| failure.in_field(&name))?;
                entries.insert(byte_string(name), value);
                Ok(())
            })?;
            entries.into_map()
        }
    })
}

fn byte_string(text: Cow<'_, str>) -> ByteString {
    match text {
        Cow::Borrowed(text) => text.into(),
        Cow::Owned(text) => text.into(),
    }
}

fn scalar_value(reader: &mut Reader<'_>, kind: Kind, scalar: Type, schema: &Schema) -> Decoded {
    let is_decimal = schema.name() == Some(logical::DECIMAL) && scalar == Type::Bytes;
    Ok(match (scalar, kind) {
        (Type::Boolean, Kind::Boolean) => Value::Boolean(reader.boolean()?),
        (Type::Int8, Kind::Number) => Value::Int8(integer(reader.number()?, "INT8")?),
        (Type::Int16, Kind::Number) => Value::Int16(integer(reader.number()?, "INT16")?),
        (Type::Int32, Kind::Number) => Value::Int32(integer(reader.number()?, "INT32")?),
        (Type::Int64, Kind::Number) => Value::Int64(integer(reader.number()?, "INT64")?),
        (Type::Float32, Kind::Number) => Value::Float32(parse(reader.number()?, "FLOAT32")?),
        (Type::Float64, Kind::Number) => Value::Float64(parse(reader.number()?, "FLOAT64")?),
        // Written in quotes by the converter itself.
        (Type::Float32, Kind::String) => Value::Float32(not_finite(&reader.string()?)? as f32),
        (Type::Float64, Kind::String) => Value::Float64(not_finite(&reader.string()?)?),
        (Type::String, Kind::String) => Value::String(byte_string(reader.string()?)),
        (Type::Bytes, Kind::String) => {
            let decoded = BASE64.decode(reader.string()?.as_bytes());
            let what = if is_decimal {
                "Invalid bytes for Decimal field"
            } else {
                "Invalid bytes field"
            };
            Value::Bytes(Bytes::from(
                decoded.map_err(|error| Failure::new(format!("{what}: {error}")))?,
            ))
        }
        (Type::Bytes, Kind::Number) if is_decimal => decimal(reader.number()?, schema)?,
        (scalar, kind) => return Err(wrong_kind(scalar, schema, kind)),
    })
}

/// An integer's text, also one that is written with a point or an exponent.
fn integer<T: std::str::FromStr>(text: &str, kind: &str) -> Result<T, Failure> {
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    Decimal::parse(text)
        .and_then(|number| number.with_scale(0))
        .and_then(|number| number.to_text().parse().ok())
        .ok_or_else(|| Failure::new(format!("Invalid value {text} for type {kind}")))
}

fn parse<T: std::str::FromStr>(text: &str, kind: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|_| Failure::new(format!("Invalid value {text} for type {kind}")))
}

fn not_finite(text: &str) -> Result<f64, Failure> {
    match text {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        other => Err(Failure::new(format!(
            "Invalid value \"{other}\" for a floating point type"
        ))),
    }
}

fn decimal(text: &str, schema: &Schema) -> Decoded {
    let Some(scale) = scale(schema) else {
        return Err(Failure::new(
            "Invalid Decimal schema: scale parameter not found.",
        ));
    };
    let number = Decimal::parse(text).and_then(|number| number.with_scale(scale));
    match number {
        Some(number) => Ok(Value::Bytes(Bytes::from(number.to_unscaled()))),
        None => Err(Failure::new(format!(
            "Decimal {text} does not fit its schema's scale {scale}"
        ))),
    }
}

#[cold]
fn wrong_kind(scalar: Type, schema: &Schema, kind: Kind) -> Failure {
    let expected = match scalar {
        Type::Boolean => "boolean",
        Type::String => "text",
        Type::Bytes if schema.name() == Some(logical::DECIMAL) => "numeric or bytes",
        Type::Bytes => "Base64 text",
        Type::Float32 | Type::Float64 => "numeric",
        _ => "integer",
    };
    let name = match schema.name() {
        Some(name) => name.rsplit('.').next().unwrap_or(name).to_owned(),
        None => type_name(scalar),
    };
    Failure::new(format!(
        "Invalid type for {name}, underlying representation should be {expected} but was {}",
        kind.name()
    ))
}
