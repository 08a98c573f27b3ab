//! `Worker::validate` against the answers of Connect 4.3.1.
//!
//! The plugins of the recorded worker differ from those here: what is equal in
//! spite of that is compared, so `recommended_values` (the list of its plugins)
//! are not, and the list of known classes at the end of an error is ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod support;

use std::collections::BTreeMap;
use std::io::Read;

use connect_api::{ErrorKind, Props};
use serde_json::Value;
use support::{TestWorker, props, worker_props};

struct Exchange {
    path: String,
    request: Value,
    response: Value,
}

fn exchanges() -> BTreeMap<u64, Exchange> {
    let compressed = include_bytes!("data/validation-4.3.1.jsonl.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&compressed[..])
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| {
            let exchange: Value = serde_json::from_str(line).unwrap();
            (
                exchange["n"].as_u64().unwrap(),
                Exchange {
                    path: exchange["path"].as_str().unwrap().to_owned(),
                    request: exchange["request"].clone(),
                    response: exchange["response"].clone(),
                },
            )
        })
        .collect()
}

fn worker() -> TestWorker {
    TestWorker::new(&worker_props("nowhere:9092", &[]))
}

/// The config of a request: its own, or that of a POST with the name in it.
fn config(request: &Value) -> Props {
    let config = request.get("config").unwrap_or(request);
    let mut props: Props = config
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    if let Some(name) = request.get("config").and(request.get("name")) {
        props.insert("name".to_owned(), name.as_str().unwrap().to_owned());
    }
    props
}

/// Without what depends on which plugins there are.
fn comparable(mut answer: Value) -> Value {
    for config in answer["configs"].as_array_mut().unwrap() {
        config["value"]
            .as_object_mut()
            .unwrap()
            .remove("recommended_values");
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn file_stream_s_answers_are_the_recorded_ones() {
    let worker = worker().worker;
    let exchanges = exchanges();
    for number in [203, 206] {
        let exchange = &exchanges[&number];
        let infos = worker
            .validate(&config(&exchange.request), false)
            .await
            .unwrap();
        let ours = comparable(serde_json::to_value(&infos).unwrap());
        let theirs = comparable(exchange.response.clone());
        let pairs = ours["configs"].as_array().unwrap().iter();
        for (ours, theirs) in pairs.zip(theirs["configs"].as_array().unwrap()) {
            assert_eq!(ours, theirs, "exchange {number}");
        }
        assert_eq!(ours, theirs, "exchange {number}");
        // serde_json compares objects whatever their order: the text has it.
        assert_eq!(ours.to_string(), theirs.to_string());
    }
}

/// The recorded answers have no keys of ours.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_our_own_are_listed_only_where_one_is_set() {
    let worker = worker().worker;
    let mut props = config(&exchanges()[&203].request);
    let before = worker.validate(&props, false).await.unwrap();
    let policy = "errors.restart.policy".to_owned();
    props.insert(policy, "sometimes".to_owned());
    let after = worker.validate(&props, false).await.unwrap();
    assert_eq!(after.groups, before.groups);
    assert_eq!(after.error_count, before.error_count + 1);
    let (same, more) = after.configs.split_at(before.configs.len());
    assert_eq!(
        serde_json::to_value(same).unwrap(),
        serde_json::to_value(&before.configs).unwrap()
    );
    let more: Vec<&str> = more.iter().map(|it| it.value.name.as_str()).collect();
    assert_eq!(
        more,
        [
            "errors.restart.policy",
            "errors.restart.delay.ms",
            "errors.restart.delay.max.ms",
            "errors.restart.max.attempts",
            "errors.restart.reset.ms",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_s_keys_are_the_recorded_ones() {
    let worker = worker().worker;
    let keys = worker.plugin_config("FileStreamSource").unwrap();
    let ours = serde_json::to_value(&keys).unwrap();
    assert_eq!(ours, exchanges()[&195].response);

    let unknown = worker.plugin_config("com.acme.Nope").unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert_eq!(unknown.message(), exchanges()[&202].response["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_aliases_are_the_recorded_ones() {
    let theirs = &exchanges()[&213];
    let mut props = config(&theirs.request);
    props.insert("connector.class".to_owned(), "FileStreamSource".to_owned());
    props.insert("topic".to_owned(), "t".to_owned());
    let infos = worker().worker.validate(&props, false).await.unwrap();
    let ours = serde_json::to_value(&infos).unwrap();
    let definitions = |answer: &Value| -> Vec<Value> {
        answer["configs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|config| config["definition"].clone())
            .filter(|definition| {
                let name = definition["name"].as_str().unwrap();
                name.starts_with("transforms.t.") || name.starts_with("predicates.p.")
            })
            .collect()
    };
    assert_eq!(definitions(&ours), definitions(&theirs.response));
    let errors: Vec<&str> = infos.errors().collect();
    assert!(
        errors.contains(
            &"Missing required configuration \"predicates.p.pattern\" which has no default value."
        ),
        "{errors:?}"
    );
    // Only we tell of it now; the original's tasks fail later.
    assert!(
        errors
            .iter()
            .any(|error| error.contains("no such alias in 'predicates'"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_recorded_texts() {
    let worker = worker().worker;
    let exchanges = exchanges();
    for number in [45, 46, 47, 53, 54, 57, 58] {
        let exchange = &exchanges[&number];
        assert_eq!(exchange.path, "/connectors");
        let infos = worker
            .validate(&config(&exchange.request), false)
            .await
            .unwrap();
        let message = exchange.response["message"].as_str().unwrap();
        let theirs: Vec<&str> = message
            .lines()
            .skip(1)
            .filter(|line| !line.starts_with("You can also find"))
            .collect();
        let ours: Vec<&str> = infos
            .errors()
            .map(|error| error.split(" Known ").next().unwrap())
            .collect();
        assert_eq!(ours, theirs, "exchange {number}");
        assert_eq!(infos.error_count, theirs.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_is_not_there_is_refused_with_those_that_are() {
    let worker = worker().worker;
    let exchanges = exchanges();
    for number in [41, 44] {
        let exchange = &exchanges[&number];
        let error = worker
            .validate(&config(&exchange.request), false)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let theirs = exchange.response["message"].as_str().unwrap();
        let gist = theirs.split("PluginDesc").next().unwrap();
        assert!(error.message().starts_with(gist), "{}", error.message());
        assert!(error.message().contains(
            "PluginDesc{klass=class org.apache.kafka.connect.file.FileStreamSourceConnector, \
             name='org.apache.kafka.connect.file.FileStreamSourceConnector', version='4.3.1', \
             encodedVersion=4.3.1, type=source, typeName='source', location="
        ));
    }
    let exchange = &exchanges[&40];
    let error = worker
        .validate(&config(&exchange.request), false)
        .await
        .unwrap_err();
    assert_eq!(error.message(), exchange.response["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converter_s_own_keys_are_checked_where_the_connector_names_it() {
    let mut given = props(&[
        ("name", "x"),
        ("connector.class", "FileStreamSource"),
        ("topic", "t"),
        ("value.converter.schemas.enable", "maybe"),
    ]);
    let worker = worker().worker;
    let infos = worker.validate(&given, false).await.unwrap();
    assert_eq!(
        infos.error_count,
        0,
        "{:?}",
        infos.errors().collect::<Vec<_>>()
    );

    given.insert("value.converter".to_owned(), "JsonConverter".to_owned());
    let infos = worker.validate(&given, false).await.unwrap();
    let row = infos
        .configs
        .iter()
        .find(|info| info.value.name == "value.converter.schemas.enable")
        .unwrap();
    assert_eq!(row.value.errors.len(), 1, "{row:?}");
    assert_eq!(infos.error_count, 1);
    let class = infos
        .configs
        .iter()
        .find(|info| info.value.name == "value.converter")
        .unwrap();
    assert_eq!(
        class.value.value.as_deref(),
        Some(support::plugins::JSON_CONVERTER)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_errors_come_at_once() {
    let given = props(&[
        ("name", "a/b"),
        ("connector.class", "FileStreamSource"),
        ("connector.plugin.version", "[1.0]"),
        ("tasks.max", "0"),
        ("transforms", "a,a"),
        ("transforms.a.type", "test.Mark"),
        ("transforms.a.negate", "true"),
        ("topic.creation.default.partitions", "0"),
        ("exactly.once.support", "required"),
        ("producer.override.acks", "most"),
    ]);
    let infos = worker().worker.validate(&given, false).await.unwrap();
    let errors: Vec<&str> = infos.errors().collect();
    for part in [
        "Invalid value a/b for configuration name",
        "version range [1.0], available versions: [4.3.1]",
        "configuration tasks.max: Value must be at least 1",
        "Duplicate alias provided.",
        "Config 'transforms.a.negate' was provided but there is no config",
        "topic.creation.default.replication.factor",
        "Number of partitions must be positive",
        "exactly-once",
        "acks",
        "Missing required configuration \"topic\"",
    ] {
        assert!(
            errors.iter().any(|error| error.contains(part)),
            "{part}: {errors:#?}"
        );
    }
    assert_eq!(infos.error_count, errors.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_override_policy_refuses_by_name() {
    for (policy, allowed) in [("None", false), ("Principal", false), ("All", true)] {
        let worker_props = worker_props(
            "nowhere:9092",
            &[("connector.client.config.override.policy", policy)],
        );
        let given = props(&[
            ("name", "x"),
            ("connector.class", "FileStreamSource"),
            ("topic", "t"),
            ("producer.override.linger.ms", "5"),
        ]);
        let worker = TestWorker::new(&worker_props).worker;
        let infos = worker.validate(&given, false).await.unwrap();
        let errors: Vec<&str> = infos.errors().collect();
        let expected = format!(
            "The '{policy}' policy does not allow 'linger.ms' to be overridden in the connector \
             configuration."
        );
        assert_eq!(errors.contains(&expected.as_str()), !allowed, "{errors:?}");
    }
}
