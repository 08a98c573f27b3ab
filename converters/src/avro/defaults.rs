//! Default values: Connect's as JSON, and JSON as Connect's.

use bytes::Bytes;
use connect_api::data::{Schema, SchemaRef, Struct, Type, Value};

use super::config::DataOptions;
use super::from_connect::{has_string_keys, is_union};
use super::json::Json;
use super::names;
use super::schema::{AvroSchema, AvroType, Kind, Record, TypeId};
use crate::failure::Failure;
use crate::json::type_name;

/// A Connect value as Avro writes it in a schema (`defaultValueFromConnect`).
pub(super) fn to_json(
    schema: &Schema,
    value: &Value,
    options: &DataOptions,
) -> Result<Json, Failure> {
    Ok(match (schema.kind(), value) {
        (_, Value::Null) => Json::Null,
        (Type::Int8, Value::Int8(value)) => Json::Int((*value).into()),
        (Type::Int16, Value::Int16(value)) => Json::Int((*value).into()),
        (Type::Int32, Value::Int32(value)) => Json::Int((*value).into()),
        (Type::Int64, Value::Int64(value)) => Json::Int(*value),
        (Type::Float32, Value::Float32(value)) => Json::Float(*value),
        (Type::Float64, Value::Float64(value)) => Json::Double(*value),
        (Type::Boolean, Value::Boolean(value)) => Json::Bool(*value),
        (Type::String, Value::String(value)) => Json::text(&**value),
        (Type::Bytes, Value::Bytes(value)) => Json::Text(latin1(value)),
        (Type::Array, Value::Array(items)) => {
            let item_schema = child(schema.value_schema())?;
            let items = items.iter().map(|item| to_json(item_schema, item, options));
            Json::Array(items.collect::<Result<_, Failure>>()?)
        }
        (Type::Map, Value::Map(entries)) => map_to_json(schema, entries, options)?,
        (Type::Struct, Value::Struct(value)) => struct_to_json(schema, value, options)?,
        (kind, value) => {
            return Err(Failure::new(format!(
                "Invalid type used for default value of {} field: {}",
                type_name(kind),
                value.kind().map_or_else(|| "null".to_owned(), type_name)
            )));
        }
    })
}

fn child(schema: Option<&SchemaRef>) -> Result<&SchemaRef, Failure> {
    schema.ok_or_else(|| Failure::new("a schema of items without their schema"))
}

fn map_to_json(
    schema: &Schema,
    entries: &[(Value, Value)],
    options: &DataOptions,
) -> Result<Json, Failure> {
    let (keys, values) = (child(schema.key_schema())?, child(schema.value_schema())?);
    if has_string_keys(schema, options) {
        let mut members = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = key.as_str().unwrap_or_default().to_owned();
            members.push((key, to_json(values, value, options)?));
        }
        return Ok(Json::Object(members));
    }
    let mut pairs = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let pair = vec![
            to_json(keys, key, options)?,
            to_json(values, value, options)?,
        ];
        pairs.push(Json::Array(pair));
    }
    Ok(Json::Array(pairs))
}

fn struct_to_json(schema: &Schema, value: &Struct, options: &DataOptions) -> Result<Json, Failure> {
    let mut members = Vec::with_capacity(schema.fields().len());
    for (field, value) in schema.fields().iter().zip(value.values()) {
        let value = match field.schema.default_value() {
            Some(default) if value.is_null() => default,
            _ => value,
        };
        let json = to_json(&field.schema, value, options)?;
        if is_union(schema) {
            return Ok(json);
        }
        let name = names::name(&field.name, options.scrub_names).into_owned();
        members.push((name, json));
    }
    Ok(Json::Object(members))
}

/// Bytes as Avro has them in JSON: a character for each (ISO 8859-1).
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn from_latin1(text: &str) -> Bytes {
    // Java writes a question mark for what ISO 8859-1 does not have.
    let bytes = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
    bytes.collect::<Vec<u8>>().into()
}

/// True if Avro takes `json` as the default of a field of this type
/// (`Schema.isValidDefault`).
pub(super) fn is_valid(types: &[AvroType], id: TypeId, json: &Json) -> bool {
    match &types[id].kind {
        Kind::String | Kind::Bytes | Kind::Enum(_) | Kind::Fixed(_) => json.as_str().is_some(),
        Kind::Int => json
            .as_i64()
            .is_some_and(|value| i32::try_from(value).is_ok()),
        Kind::Long => json.as_i64().is_some(),
        Kind::Float | Kind::Double => json.as_f64().is_some(),
        Kind::Boolean => json.as_bool().is_some(),
        Kind::Null => *json == Json::Null,
        Kind::Array(items) => json
            .items()
            .is_some_and(|list| list.iter().all(|item| is_valid(types, *items, item))),
        Kind::Map(values) => match json {
            Json::Object(members) => members
                .iter()
                .all(|(_, value)| is_valid(types, *values, value)),
            _ => false,
        },
        Kind::Union(branches) => branches.iter().any(|&branch| is_valid(types, branch, json)),
        Kind::Record(record) => {
            matches!(json, Json::Object(_)) && is_valid_record(types, record, json)
        }
    }
}

fn is_valid_record(types: &[AvroType], record: &Record, json: &Json) -> bool {
    record.fields.iter().all(|field| {
        json.get(&field.name)
            .or(field.default.as_ref())
            .is_some_and(|value| is_valid(types, field.schema, value))
    })
}

/// The Connect value of a default in an Avro schema.
pub(super) fn from_json(
    avro: &AvroSchema,
    id: TypeId,
    schema: &SchemaRef,
    json: &Json,
    options: &DataOptions,
) -> Result<Value, Failure> {
    let invalid = || Failure::new(format!("not a default of its type: {}", json.to_text()));
    Ok(match (avro.kind(id), json) {
        (_, Json::Null) => Value::Null,
        (Kind::Int, Json::Int(value)) => match schema.kind() {
            // As Java narrows.
            Type::Int8 => Value::Int8(*value as i8),
            Type::Int16 => Value::Int16(*value as i16),
            _ => Value::Int32(*value as i32),
        },
        (Kind::Long, Json::Int(value)) => Value::Int64(*value),
        (Kind::Float, json) => Value::Float32(json.as_f64().ok_or_else(invalid)? as f32),
        (Kind::Double, json) => Value::Float64(json.as_f64().ok_or_else(invalid)?),
        (Kind::Boolean, Json::Bool(value)) => Value::Boolean(*value),
        (Kind::String | Kind::Enum(_), Json::Text(text)) => Value::from(text.clone()),
        (Kind::Bytes | Kind::Fixed(_), Json::Text(text)) => Value::Bytes(from_latin1(text)),
        (Kind::Array(entry), Json::Array(items)) if schema.kind() == Type::Map => {
            entries_from_json(avro, *entry, schema, items, options)?
        }
        (Kind::Array(of), Json::Array(items)) => {
            let item_schema = child(schema.value_schema())?;
            let items = items
                .iter()
                .map(|item| from_json(avro, *of, item_schema, item, options));
            Value::Array(items.collect::<Result<_, Failure>>()?)
        }
        (Kind::Map(of), Json::Object(members)) => {
            let value_schema = child(schema.value_schema())?;
            let mut entries = Vec::with_capacity(members.len());
            for (name, value) in members {
                let value = from_json(avro, *of, value_schema, value, options)?;
                entries.push((Value::from(name.clone()), value));
            }
            Value::Map(entries)
        }
        (Kind::Record(record), Json::Object(_)) => {
            record_from_json(avro, record, schema, json, options)?
        }
        (Kind::Union(branches), json) => union_from_json(avro, branches, schema, json, options)?,
        _ => return Err(invalid()),
    })
}

fn entries_from_json(
    avro: &AvroSchema,
    entry: TypeId,
    schema: &SchemaRef,
    items: &[Json],
    options: &DataOptions,
) -> Result<Value, Failure> {
    let (keys, values) = (child(schema.key_schema())?, child(schema.value_schema())?);
    let Kind::Record(record) = avro.kind(entry) else {
        return Err(Failure::new("entries of a map that are no records"));
    };
    let [key_field, value_field] = &*record.fields else {
        return Err(Failure::new("entries of a map without key and value"));
    };
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        let (Some(key), Some(value)) = (item.get(&key_field.name), item.get(&value_field.name))
        else {
            return Err(Failure::new("an entry of a map without key or value"));
        };
        entries.push((
            from_json(avro, key_field.schema, keys, key, options)?,
            from_json(avro, value_field.schema, values, value, options)?,
        ));
    }
    Ok(Value::Map(entries))
}

fn record_from_json(
    avro: &AvroSchema,
    record: &Record,
    schema: &SchemaRef,
    json: &Json,
    options: &DataOptions,
) -> Result<Value, Failure> {
    let mut values = Vec::with_capacity(record.fields.len());
    for (avro_field, field) in record.fields.iter().zip(schema.fields()) {
        let value = match json.get(&avro_field.name) {
            Some(json) => from_json(avro, avro_field.schema, &field.schema, json, options)
                .map_err(|failure| failure.in_field(&field.name))?,
            None => field.schema.default_value().cloned().unwrap_or_default(),
        };
        values.push(value);
    }
    Struct::from_values(SchemaRef::clone(schema), values)
        .map(Value::Struct)
        .map_err(|error| Failure::new(error.to_string()))
}

/// A union's default is of its first branch, except that of an optional type.
fn union_from_json(
    avro: &AvroSchema,
    branches: &[TypeId],
    schema: &SchemaRef,
    json: &Json,
    options: &DataOptions,
) -> Result<Value, Failure> {
    if !is_union(schema) {
        let branch = branches
            .iter()
            .find(|&&branch| !matches!(avro.kind(branch), Kind::Null));
        return match branch {
            Some(&branch) => from_json(avro, branch, schema, json, options),
            None => Ok(Value::Null),
        };
    }
    match branches.first() {
        Some(&first) if !matches!(avro.kind(first), Kind::Null) => {
            let Some(field) = schema.fields().first() else {
                return Ok(Value::Null);
            };
            let mut value = Struct::new(SchemaRef::clone(schema));
            value.values_mut()[0] = from_json(avro, first, &field.schema, json, options)?;
            Ok(Value::Struct(value))
        }
        _ => Ok(Value::Null),
    }
}
