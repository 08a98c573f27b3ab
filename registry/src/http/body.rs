//! Request bodies. What this registry does not know is refused by name; a member that no registry
//! knows is ignored, as by Confluent's.

use serde_json::{Map, Value};

use crate::error::Failure;
use crate::level::{CompatibilityLevel, Mode};
use crate::service::{ConfigChange, Registration, Sent, SentReference, Setting};

type Object = Map<String, Value>;

/// Members of a registration that Confluent's registry acts on.
const UNSUPPORTED: [&str; 5] = [
    "metadata",
    "ruleSet",
    "schemaTagsToAdd",
    "schemaTagsToRemove",
    "propagateSchemaTags",
];
/// Settings that Confluent's registry acts on.
const UNSUPPORTED_SETTINGS: [&str; 9] = [
    "alias",
    "aliasForDeks",
    "validateRules",
    "compatibilityPolicy",
    "compatibilityGroup",
    "defaultMetadata",
    "overrideMetadata",
    "defaultRuleSet",
    "overrideRuleSet",
];

/// A schema to be registered, looked up or checked.
pub(super) fn registration(body: &[u8]) -> Result<Registration, Failure> {
    let object = object(body)?;
    refuse(&object, &UNSUPPORTED)?;
    let sent = Sent {
        schema_type: text(&object, "schemaType")?.unwrap_or_else(|| "AVRO".to_owned()),
        schema: text(&object, "schema")?.unwrap_or_default(),
        references: references(&object)?,
    };
    Ok(Registration {
        sent,
        version: number(&object, "version")?,
        id: number(&object, "id")?,
    })
}

fn references(object: &Object) -> Result<Vec<SentReference>, Failure> {
    match object.get("references") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(reference).collect(),
        Some(other) => Err(wrong("references", "an array", other)),
    }
}

fn reference(value: &Value) -> Result<SentReference, Failure> {
    let Value::Object(object) = value else {
        return Err(wrong("references", "an array of objects", value));
    };
    Ok(SentReference {
        name: text(object, "name")?,
        subject: text(object, "subject")?,
        version: number(object, "version")?,
    })
}

/// Settings to be changed.
pub(super) fn config(body: &[u8]) -> Result<ConfigChange, Failure> {
    let object = object(body)?;
    let level = match object.get("compatibility") {
        None => Setting::Keep,
        Some(Value::Null) => Setting::Clear,
        Some(_) => {
            let name = text(&object, "compatibility")?.unwrap_or_default();
            Setting::Set(CompatibilityLevel::of(&name).ok_or(Failure::InvalidLevel)?)
        }
    };
    refuse(&object, &UNSUPPORTED_SETTINGS)?;
    Ok(ConfigChange {
        level,
        normalize: flag(&object, "normalize")?,
        validate_fields: flag(&object, "validateFields")?,
        validate_new_schemas: flag(&object, "validateNewSchemas")?,
    })
}

/// A mode to be set, or none to take it away; as it was given, for the answer.
pub(super) fn mode(body: &[u8]) -> Result<(Option<Mode>, Value), Failure> {
    let object = object(body)?;
    if !object.contains_key("mode") {
        return Err(Failure::InvalidMode(
            "\"mode\" is missing: READWRITE, READONLY or IMPORT, or null to take the mode away"
                .to_owned(),
        ));
    }
    let mode = text(&object, "mode")?
        .map(|name| {
            Mode::of(&name).ok_or_else(|| {
                Failure::InvalidMode(
                    "Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD."
                        .to_owned(),
                )
            })
        })
        .transpose()?;
    if mode == Some(Mode::Forward) {
        return Err(Failure::InvalidMode(
            "mode FORWARD is not supported by this registry: it forwards to no other".to_owned(),
        ));
    }
    let mut shown = Object::new();
    if let Some(given) = object.get("mode") {
        shown.insert("mode".to_owned(), given.clone());
    }
    Ok((mode, Value::Object(shown)))
}

fn object(body: &[u8]) -> Result<Object, Failure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::request(
            422,
            "the request has no body: a JSON object is expected",
        ));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Err(Failure::request(
            422,
            "the request's body is null: a JSON object is expected",
        )),
        Ok(other) => Err(Failure::request(
            400,
            format!("the request's body must be a JSON object, not {other}"),
        )),
        Err(error) => Err(Failure::request(
            400,
            format!("the request's body is not valid JSON: {error}"),
        )),
    }
}

fn refuse(object: &Object, names: &[&str]) -> Result<(), Failure> {
    let given = names.iter().find(|name| {
        object
            .get(**name)
            .is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)))
    });
    match given {
        None => Ok(()),
        Some(name) => Err(Failure::Unsupported(format!(
            "'{name}' is not supported by this registry; leave it out"
        ))),
    }
}

fn text(object: &Object, name: &str) -> Result<Option<String>, Failure> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
        Some(other) => Err(wrong(name, "a string", other)),
    }
}

fn number(object: &Object, name: &str) -> Result<Option<i32>, Failure> {
    let value = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(value) => value.as_i64().and_then(|number| i32::try_from(number).ok()),
    };
    let expected = "a number of 32 bits";
    value
        .map(Some)
        .ok_or_else(|| wrong(name, expected, object.get(name).unwrap_or(&Value::Null)))
}

fn flag(object: &Object, name: &str) -> Result<Setting<bool>, Failure> {
    match object.get(name) {
        None => Ok(Setting::Keep),
        Some(Value::Null) => Ok(Setting::Clear),
        Some(Value::Bool(value)) => Ok(Setting::Set(*value)),
        Some(Value::String(text)) if text == "true" => Ok(Setting::Set(true)),
        Some(Value::String(text)) if text == "false" => Ok(Setting::Set(false)),
        Some(other) => Err(wrong(name, "true or false", other)),
    }
}

fn wrong(name: &str, expected: &str, given: &Value) -> Failure {
    Failure::request(400, format!("\"{name}\" must be {expected}, not {given}"))
}
