//! Request bodies. A malformed one is answered with 400 and what is wrong,
//! where the real one answers 500 with a Java exception's text.

use connect_api::Props;
use connect_api::record::OffsetMap;
use connect_cluster::TargetState;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::answer::Failure;

/// What a user gives for each setting; none is JSON's null.
pub(crate) type GivenConfig = IndexMap<String, Option<String>>;

/// The body of `POST /connectors`.
#[derive(Debug)]
pub(crate) struct CreateConnector {
    /// Trimmed; empty where it is missing.
    pub(crate) name: String,
    pub(crate) config: GivenConfig,
    pub(crate) initial_state: Option<TargetState>,
}

impl CreateConnector {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let mut object = object(body)?;
        let name = match object.remove("name") {
            None | Some(Value::Null) => String::new(),
            Some(value) => scalar("name", value)?.unwrap_or_default().trim().to_owned(),
        };
        let config = match object.remove("config") {
            Some(Value::Object(config)) => given_config(config)?,
            None | Some(Value::Null) => {
                return Err(Failure::bad_request(
                    "the field \"config\" is missing: it holds the connector's settings",
                ));
            }
            Some(other) => {
                return Err(Failure::bad_request(format!(
                    "the field \"config\" must be an object, not {}",
                    kind(&other)
                )));
            }
        };
        let initial_state = object
            .remove("initial_state")
            .map(initial_state)
            .transpose()?
            .flatten();
        if let Some(unknown) = object.keys().next() {
            return Err(Failure::bad_request(format!(
                "unknown field \"{unknown}\"; known are \"config\", \"name\", \"initial_state\""
            )));
        }
        Ok(Self {
            name,
            config,
            initial_state,
        })
    }
}

fn initial_state(value: Value) -> Result<Option<TargetState>, Failure> {
    let Some(text) = scalar("initial_state", value)? else {
        return Ok(None);
    };
    match text.to_uppercase().as_str() {
        "RUNNING" => Ok(Some(TargetState::Started)),
        "PAUSED" => Ok(Some(TargetState::Paused)),
        "STOPPED" => Ok(Some(TargetState::Stopped)),
        _ => Err(Failure::bad_request(format!(
            "initial_state {text} is not known; known are RUNNING, PAUSED, STOPPED"
        ))),
    }
}

/// The body of `PUT` and `PATCH …/config` and of `PUT …/config/validate`.
pub(crate) fn config(body: &[u8]) -> Result<GivenConfig, Failure> {
    given_config(object(body)?)
}

/// A configuration in which null is no value.
pub(crate) fn without_nulls(given: GivenConfig) -> Result<Props, Failure> {
    let mut props = Props::with_capacity(given.len());
    let mut errors = 0;
    for (name, value) in given {
        match value {
            Some(value) => drop(props.insert(name, value)),
            None => errors += 1,
        }
    }
    if errors == 0 {
        return Ok(props);
    }
    let lines = vec!["Null value can not be supplied as the configuration value."; errors];
    Err(Failure::bad_request(format!(
        "Connector configuration is invalid and contains the following {errors} error(s):\n{}\nYou can also find the above list of errors at the endpoint `/connector-plugins/{{connectorType}}/config/validate`",
        lines.join("\n")
    )))
}

/// The body of an internal `POST …/tasks`: the configuration of each task. A
/// value that is null is as good as none.
pub(crate) fn task_configs(body: &[u8]) -> Result<Vec<Props>, Failure> {
    let configs: Vec<Map<String, Value>> = serde_json::from_slice(body).map_err(|error| {
        Failure::bad_request(format!(
            "the request's body must be a JSON array of task configurations: {error}"
        ))
    })?;
    configs
        .into_iter()
        .map(|config| {
            let given = given_config(config)?;
            Ok(given
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect())
        })
        .collect()
}

/// The body of `PATCH …/offsets`: each partition with its new offset, none to
/// reset it.
pub(crate) fn offsets(body: &[u8]) -> Result<Vec<(OffsetMap, Option<OffsetMap>)>, Failure> {
    let missing = || {
        Failure::bad_request(
            "Partitions / offsets need to be provided for an alter offsets request",
        )
    };
    let mut object = object(body)?;
    let list = match object.remove("offsets") {
        Some(Value::Array(list)) if !list.is_empty() => list,
        None | Some(Value::Null | Value::Array(_)) => return Err(missing()),
        Some(other) => {
            return Err(Failure::bad_request(format!(
                "the field \"offsets\" must be an array, not {}",
                kind(&other)
            )));
        }
    };
    list.into_iter().map(offset).collect()
}

fn offset(entry: Value) -> Result<(OffsetMap, Option<OffsetMap>), Failure> {
    let Value::Object(mut entry) = entry else {
        return Err(Failure::bad_request(
            "each of \"offsets\" must be an object with the fields \"partition\" and \"offset\"",
        ));
    };
    let partition = match entry.remove("partition") {
        Some(Value::Object(partition)) => partition,
        _ => {
            return Err(Failure::bad_request(
                "each of \"offsets\" must have a field \"partition\" that is an object",
            ));
        }
    };
    match entry.remove("offset") {
        None | Some(Value::Null) => Ok((partition, None)),
        Some(Value::Object(offset)) => Ok((partition, Some(offset))),
        Some(other) => Err(Failure::bad_request(format!(
            "the field \"offset\" must be an object or null, not {}",
            kind(&other)
        ))),
    }
}

/// The body of `PUT /admin/loggers/{logger}`.
pub(crate) fn logger_level(body: &[u8]) -> Result<String, Failure> {
    let mut object = object(body)?;
    let level = object
        .remove("level")
        .map(|value| scalar("level", value))
        .transpose()?
        .flatten();
    level.ok_or_else(|| {
        Failure::bad_request("Desired 'level' parameter was not specified in request.")
    })
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::bad_request(
            "the request has no body: a JSON object is expected",
        ));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(Failure::bad_request(format!(
            "the request's body must be a JSON object, not {}",
            kind(&other)
        ))),
        Err(error) => Err(Failure::bad_request(format!(
            "the request's body is not valid JSON: {error}"
        ))),
    }
}

fn given_config(object: Map<String, Value>) -> Result<GivenConfig, Failure> {
    object
        .into_iter()
        .map(|(name, value)| {
            let text = scalar(&name, value)?;
            Ok((name, text))
        })
        .collect()
}

/// Numbers and booleans are taken as text, as the real one does.
fn scalar(name: &str, value: Value) -> Result<Option<String>, Failure> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Bool(value) => Ok(Some(value.to_string())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Object(_) | Value::Array(_) => Err(Failure::bad_request(format!(
            "the value of \"{name}\" must be a string, number or boolean, not {}",
            kind(&value)
        ))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_booleans_become_text() {
        let config = config(br#"{"a":1,"b":1.5,"c":true,"d":"x","e":null}"#).unwrap();
        let values: Vec<Option<&str>> = config.values().map(Option::as_deref).collect();
        assert_eq!(
            values,
            [Some("1"), Some("1.5"), Some("true"), Some("x"), None]
        );
        let null = without_nulls(config).unwrap_err();
        assert!(format!("{null:?}").contains("Null value can not be supplied"));
    }

    #[test]
    fn mistakes_are_named() {
        for (body, expected) in [
            ("", "no body"),
            ("not json", "not valid JSON"),
            ("[]", "not an array"),
            ("null", "not null"),
            ("{}", "\"config\" is missing"),
            (r#"{"name":"x","config":{"o":{"a":1}}}"#, "\"o\""),
            (r#"{"name":"x","config":{},"bogus":1}"#, "\"bogus\""),
            (
                r#"{"name":"x","config":{},"initial_state":"bogus"}"#,
                "known are RUNNING",
            ),
        ] {
            let failure = format!("{:?}", CreateConnector::parse(body.as_bytes()).unwrap_err());
            assert!(
                failure.contains("400") && failure.contains(&expected.replace('"', "\\\"")),
                "{body}: {failure}"
            );
        }
    }

    #[test]
    fn names_are_trimmed_and_states_taken_in_any_case() {
        let body = br#"{"name":" padded ","config":{"a":"b"},"initial_state":"stopped"}"#;
        let request = CreateConnector::parse(body).unwrap();
        assert_eq!(request.name, "padded");
        assert_eq!(request.initial_state, Some(TargetState::Stopped));
    }

    #[test]
    fn task_configurations_are_read() {
        let configs = task_configs(br#"[{"a":"1","b":null},{}]"#).unwrap();
        assert_eq!(
            configs,
            [
                Props::from([("a".to_owned(), "1".to_owned())]),
                Props::new()
            ]
        );
        for bad in ["", "{}", "[1]", "[{\"a\":[]}]"] {
            assert!(task_configs(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn offsets_are_read() {
        let body = br#"{"offsets":[{"partition":{"f":"x"},"offset":{"p":4}},{"partition":{},"offset":null}]}"#;
        let offsets = offsets(body).unwrap();
        assert_eq!(offsets[0].1.as_ref().unwrap()["p"], 4);
        assert_eq!(offsets[1], (OffsetMap::new(), None));
        for bad in [
            "{}",
            r#"{"offsets":[]}"#,
            r#"{"offsets":[{}]}"#,
            r#"{"offsets":[1]}"#,
        ] {
            assert!(super::offsets(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
