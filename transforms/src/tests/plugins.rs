//! The list of plugins, and their settings as the originals report them.

use connect_api::config::{ConfigDef, ConfigKeyInfo};

use super::*;

/// A Connect 4.3.1 worker's answer to `GET /connector-plugins/{class}/config`;
/// documentation is in our own words.
#[test]
fn settings_are_those_of_the_originals() {
    for (class, golden) in [
        (
            "org.apache.kafka.connect.transforms.InsertField$Value",
            include_str!("../../tests/data/InsertField-config.json"),
        ),
        (
            "io.debezium.transforms.ExtractNewRecordState",
            include_str!("../../tests/data/ExtractNewRecordState-config.json"),
        ),
    ] {
        let plugins = plugins();
        let def = (plugins.transformation(class).unwrap().config)();
        let golden: Vec<serde_json::Value> = serde_json::from_str(golden).unwrap();
        assert_eq!(described(&def), without_documentation(golden));
    }
}

fn described(def: &ConfigDef) -> Vec<serde_json::Value> {
    let infos = def.keys().map(ConfigKeyInfo::from);
    without_documentation(
        infos
            .map(|info| serde_json::to_value(info).unwrap())
            .collect(),
    )
}

fn without_documentation(mut keys: Vec<serde_json::Value>) -> Vec<serde_json::Value> {
    for key in &mut keys {
        let documentation = key
            .as_object_mut()
            .unwrap()
            .remove("documentation")
            .unwrap();
        assert!(!documentation.as_str().unwrap().is_empty());
    }
    keys
}

#[test]
fn defaults_pass_their_own_checks() {
    let plugins = plugins();
    let transformations = plugins
        .transformations
        .iter()
        .map(|plugin| (plugin.config)());
    let predicates = plugins.predicates.iter().map(|plugin| (plugin.config)());
    for def in transformations.chain(predicates) {
        assert_eq!(def.check_defaults(), Vec::<String>::new());
    }
}

#[test]
fn aliases_find_their_plugin() {
    let plugins = plugins();
    for name in [
        "RegexRouter",
        "InsertField$Value",
        "ExtractField$Key",
        "ExtractNewRecordState",
        "io.debezium.transforms.UnwrapFromEnvelope",
    ] {
        assert!(plugins.transformation(name).is_ok(), "{name}");
    }
    assert!(plugins.predicate("TopicNameMatches").is_ok());
}
