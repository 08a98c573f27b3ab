//! What Kafka's own transformations and predicates made of a table of cases
//! (`golden/`, recorded as `recorder/README.md` says), and what ours make of it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod codec;
mod differences;
mod messages;

use std::io::Read as _;
use std::path::Path;

use connect_api::config::{ConfigDef, ConfigKeyInfo};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::Plugins;
use connect_api::{Error, Props, Result};
use serde_json::{Value as Json, json};

fn plugins() -> Plugins {
    let mut transformations = connect_transforms::transformations();
    transformations.push(connect_transforms::insert_header::plugin_made_by(
        new_insert_header,
    ));
    Plugins {
        transformations,
        predicates: connect_transforms::predicates(),
        header_converters: connect_converters::header_converters(),
        ..Plugins::default()
    }
}

fn new_insert_header(props: &Props) -> Result<Box<dyn Transformation>> {
    let plugins = plugins();
    let literals = plugins.header_converter("SimpleHeaderConverter")?;
    let mut literals = (literals.create)(&Props::new())?;
    connect_transforms::insert_header::new(props, &mut *literals)
}

fn golden(name: &str) -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let file = std::fs::File::open(folder.join(format!("{name}.jsonl.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    /// The record, dropped if null.
    Output(Json),
    /// The predicate's answer.
    Holds(bool),
    Error(String),
}

/// What ours makes of a case.
fn run(case: &Json) -> Found {
    match apply(case) {
        Ok(found) => found,
        Err(error) => Found::Error(error.to_string()),
    }
}

fn apply(case: &Json) -> Result<Found> {
    let plugins = plugins();
    let class = case["class"].as_str().unwrap();
    let config = case["config"].as_object().unwrap().iter();
    let config = config.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    let props: Props = config.collect();
    let mut record: Record = codec::decode(&case["input"]);
    if class.contains(".predicates.") {
        let mut predicate = (plugins.predicate(class)?.create)(&props)?;
        return Ok(Found::Holds(predicate.test(&record)?));
    }
    let mut transformation = (plugins.transformation(class)?.create)(&props)?;
    let mut again = record.clone();
    let outcome = transformation.apply(&mut record)?;
    let output = codec::encode(&record);
    // What was kept of the first record must not change the second.
    assert_eq!(transformation.apply(&mut again)?, outcome, "{case}");
    assert_eq!(codec::encode(&again), output, "{case}");
    Ok(Found::Output(match outcome {
        Outcome::Keep => output,
        Outcome::Drop => Json::Null,
    }))
}

/// The cases of a transformation that came out otherwise than in the original.
fn failures(name: &str) -> Vec<String> {
    let mut failures = Vec::new();
    for case in golden(name) {
        let found = run(&case);
        let is_same = if let Some(reason) = differences::known(&case) {
            differences::is_as_known(reason, &case, &found)
        } else {
            is_same(&case, &found)
        };
        if !is_same {
            let theirs = case.get("output").unwrap_or(&case["error"]);
            failures.push(format!(
                "{} {}\n   input: {} {}\n  theirs: {theirs}\n    ours: {found:?}",
                case["class"], case["config"], case["input"]["value"], case["input"]["key"],
            ));
        }
    }
    failures
}

fn is_same(case: &Json, found: &Found) -> bool {
    match (case.get("output"), case.get("holds"), found) {
        (Some(theirs), _, Found::Output(ours)) => theirs == ours,
        (_, Some(theirs), Found::Holds(ours)) => theirs == &json!(ours),
        (None, None, Found::Error(ours)) => messages::is_same(&case["error"], ours),
        _ => false,
    }
}

fn replay(name: &str, count: usize) {
    assert_eq!(golden(name).len(), count, "cases of {name}");
    let failures = failures(name);
    assert!(
        failures.is_empty(),
        "{} of {count} cases of {name} differ:\n{}",
        failures.len(),
        failures[..failures.len().min(40)].join("\n")
    );
}

macro_rules! replayed {
    ($($test:ident: $name:literal, $count:literal;)*) => {
        $(#[test]
        fn $test() {
            replay($name, $count);
        })*
    };
}

replayed! {
    cast: "Cast", 1377;
    drop_headers: "DropHeaders", 10;
    extract_field: "ExtractField", 142;
    filter: "Filter", 2;
    flatten: "Flatten", 50;
    has_header_key: "HasHeaderKey", 15;
    header_from: "HeaderFrom", 85;
    hoist_field: "HoistField", 24;
    insert_field: "InsertField", 35;
    insert_header: "InsertHeader", 38;
    mask_field: "MaskField", 287;
    record_is_tombstone: "RecordIsTombstone", 3;
    regex_router: "RegexRouter", 14;
    replace_field: "ReplaceField", 96;
    set_schema_metadata: "SetSchemaMetadata", 36;
    timestamp_converter: "TimestampConverter", 1509;
    timestamp_router: "TimestampRouter", 25;
    topic_name_matches: "TopicNameMatches", 33;
    value_to_key: "ValueToKey", 71;
}

/// Every class of Kafka's is there, with its keys; documentation is in our own
/// words.
#[test]
fn keys_are_those_of_the_originals() -> Result<(), Error> {
    let plugins = plugins();
    let golden = golden("configs");
    assert_eq!(golden.len(), 29);
    for line in golden {
        let class = line["class"].as_str().unwrap();
        let config: ConfigDef = if class.contains(".predicates.") {
            (plugins.predicate(class)?.config)()
        } else {
            (plugins.transformation(class)?.config)()
        };
        let keys = config.keys().map(|key| {
            let mut info = serde_json::to_value(ConfigKeyInfo::from(key)).unwrap();
            let documentation = info.as_object_mut().unwrap().remove("documentation");
            assert_ne!(documentation.unwrap(), "", "{class} {}", key.name);
            info
        });
        let keys: Json = keys.collect();
        assert_eq!(keys, line["keys"], "{class}");
        assert_eq!(config.check_defaults(), Vec::<String>::new(), "{class}");
    }
    Ok(())
}
