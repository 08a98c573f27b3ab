//! Reading the files that the command line names.

use std::path::Path;

use connect_api::{Error, Props, Result};
use serde_json::Value;

use crate::properties;

/// A properties file.
pub fn properties(path: &Path) -> Result<Props> {
    properties::parse(&read(path)?).map_err(|error| in_file(path, &error))
}

/// A connector's configuration: a properties file, or JSON either as one POSTs
/// it (`{"name":…,"config":{…}}`) or as one PUTs it (`{"connector.class":…}`).
pub fn connector(path: &Path) -> Result<Props> {
    let text = read(path)?;
    if !text.trim_start().starts_with('{') {
        return properties::parse(&text).map_err(|error| in_file(path, &error));
    }
    let json: Value = serde_json::from_str(&text).map_err(|error| in_file(path, &error))?;
    connector_json(json).map_err(|message| in_file(path, &message))
}

fn connector_json(json: Value) -> std::result::Result<Props, String> {
    let Value::Object(mut object) = json else { return Err("not a JSON object".to_owned()) };
    let Some(Value::Object(config)) = object.remove("config") else {
        return object.into_iter().map(setting).collect();
    };
    let mut props = config.into_iter().map(setting).collect::<std::result::Result<Props, String>>()?;
    if let Some(name) = object.remove("name") {
        let (_, name) = setting(("name".to_owned(), name))?;
        props.entry("name".to_owned()).or_insert(name);
    }
    Ok(props)
}

fn setting((name, value): (String, Value)) -> std::result::Result<(String, String), String> {
    match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(number) => Ok((name, number.to_string())),
        Value::Bool(value) => Ok((name, value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("the value of \"{name}\" must be a string, number or boolean"))
        }
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Error::config(format!("cannot read {}", path.display())).caused_by(error))
}

fn in_file(path: &Path, error: &impl std::fmt::Display) -> Error {
    Error::config(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_connector_are_read() {
        for json in [
            r#"{"name":"a","config":{"connector.class":"X","tasks.max":1}}"#,
            r#"{"connector.class":"X","tasks.max":"1","name":"a"}"#,
        ] {
            let props = connector_json(serde_json::from_str(json).unwrap()).unwrap();
            assert_eq!((props["name"].as_str(), props["tasks.max"].as_str()), ("a", "1"), "{json}");
        }
        let nested = serde_json::json!({"config": {"a": [1]}});
        assert!(connector_json(nested).unwrap_err().contains("\"a\""));
    }
}
