//! The definition and its answers against golden/rest/196 and 210 to 212.

use connect_api::Props;
use connect_api::config::ConfigKeyInfo;

use super::*;

fn props(pairs: &[(&str, &str)]) -> Props {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn base() -> Props {
    props(&[
        ("database.hostname", "127.0.0.1"),
        ("database.user", "debezium"),
        ("database.password", "dbz"),
        ("database.server.id", "5"),
        ("topic.prefix", "v"),
        (
            "schema.history.internal.kafka.bootstrap.servers",
            "127.0.0.1:9092",
        ),
        ("schema.history.internal.kafka.topic", "v.h"),
    ])
}

fn errors(props: &Props) -> Vec<(String, String)> {
    let of = |value: connect_api::config::ConfigValueInfo| {
        let name = value.name;
        value
            .errors
            .into_iter()
            .map(move |error| (name.clone(), error))
            .collect::<Vec<_>>()
    };
    validate(props).into_iter().flat_map(of).collect()
}

#[test]
fn keys_are_those_of_the_original() {
    // golden/rest/196: group, order, name, type, default, importance, width, display name.
    let definition = definition();
    assert_eq!(definition.check_defaults(), Vec::<String>::new());
    let expected = include_str!("golden_keys.tsv");
    for line in expected.lines() {
        let name = line.split('\t').nth(2).unwrap();
        let key = definition
            .key(name)
            .unwrap_or_else(|| panic!("{name} is missing"));
        let info = ConfigKeyInfo::from(key);
        let found = [
            info.group.unwrap_or_default(),
            info.order_in_group.to_string(),
            info.name,
            info.kind.name().to_owned(),
            info.default_value.unwrap_or_else(|| "null".to_owned()),
            format!("{:?}", info.importance).to_uppercase(),
            format!("{:?}", info.width).to_uppercase(),
            info.display_name,
        ]
        .join("\t");
        assert_eq!(found, line);
    }
}

#[test]
fn required_values() {
    // golden/rest/210; database.server.id has 1.0's random default here.
    let errors = errors(&Props::new());
    let required = |name: &str| format!("The '{name}' value is invalid: A value is required");
    for name in ["topic.prefix", "database.hostname", "database.user"] {
        assert!(
            errors.contains(&(name.to_owned(), required(name))),
            "{name}: {errors:?}"
        );
    }
    assert!(!errors.iter().any(|(name, _)| name == "database.server.id"));
}

#[test]
fn bad_values() {
    // golden/rest/212
    let mut props = base();
    for (name, value) in [
        ("decimal.handling.mode", "bogus"),
        ("snapshot.mode", "bogus"),
        ("table.include.list", "("),
    ] {
        props.insert(name.to_owned(), value.to_owned());
    }
    assert_eq!(
        errors(&props),
        [
            ("decimal.handling.mode", "The 'decimal.handling.mode' value is invalid: Value must be one of string, double, precise"),
            ("snapshot.mode", "The 'snapshot.mode' value is invalid: Value must be one of always, initial_only, configuration_based, when_needed, initial, custom, no_data, recovery"),
            ("table.include.list", "The 'table.include.list' value is invalid: A comma-separated list of valid regular expressions is expected, but Unclosed group near index 1\n("),
        ]
        .map(|(name, error)| (name.to_owned(), error.to_owned()))
    );
}

#[test]
fn keys_against_each_other() {
    let mut props = base();
    for (name, value) in [
        ("database.include.list", "a"),
        ("database.blacklist", "b"),
        ("max.queue.size", "100"),
        ("max.batch.size", "100"),
        ("gtid.source.includes", "a"),
        ("gtid.source.excludes", "b"),
        ("skipped.operations", "none,c"),
        ("poll.interval.ms", "0"),
        ("database.port", "x"),
        ("topic.prefix", "not good"),
    ] {
        props.insert(name.to_owned(), value.to_owned());
    }
    let errors = errors(&props);
    for (name, words) in [
        (
            "database.exclude.list",
            "\"database.include.list\" is already specified",
        ),
        (
            "max.queue.size",
            "Must be larger than the maximum batch size",
        ),
        (
            "gtid.source.excludes",
            "Cannot specify GTID excludes when includes are provided.",
        ),
        (
            "skipped.operations",
            "'none' cannot be specified with other skipped operation types",
        ),
        (
            "poll.interval.ms",
            "A positive, non-zero long value is expected",
        ),
        ("database.port", "An integer is expected"),
        (
            "topic.prefix",
            "only the underscore, hyphen, dot and alphanumeric characters are allowed",
        ),
    ] {
        let found = errors
            .iter()
            .any(|(key, error)| key == name && error.contains(words));
        assert!(found, "{name}: {words}: {errors:#?}");
    }
    assert_eq!(errors.len(), 7, "{errors:#?}");
}

#[test]
fn the_documents_old_configuration_is_taken() {
    // golden f_old_unwrap_from_envelope, without what is the worker's.
    let props = props(&[
        (
            "connector.class",
            "io.debezium.connector.mysql.MySqlConnector",
        ),
        ("tasks.max", "1"),
        ("database.hostname", "mysql"),
        ("database.port", "3306"),
        ("database.user", "debezium"),
        ("database.password", "dbz"),
        ("database.server.name", "dbserver1"),
        ("database.whitelist", "inventory"),
        ("table.blacklist", "inventory.customers"),
        ("database.history.kafka.bootstrap.servers", "kafka:9092"),
        ("database.history.kafka.topic", "dbhistory.inventory"),
        ("snapshot.mode", "schema_only"),
    ]);
    assert_eq!(errors(&props), []);
    let settings = MySqlConnectorSettings::new(&props).unwrap();
    assert_eq!(settings.topic_prefix, "dbserver1");
    assert_eq!(settings.snapshot.mode, SnapshotMode::NoData);
    let captured = |name| {
        settings
            .filters
            .is_captured(&crate::tables::TableId::new("inventory", name))
    };
    assert!(captured("orders") && !captured("customers"));
    let warnings = warnings(&props);
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("use 'table.exclude.list'")),
        "{warnings:?}"
    );
}
