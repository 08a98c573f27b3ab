use connect_api::Props;

use super::*;

fn props(pairs: &[(&str, &str)]) -> Props {
    let mut props = Props::new();
    props.insert(
        "connection.url".to_owned(),
        "jdbc:postgresql://localhost/x".to_owned(),
    );
    for (name, value) in pairs {
        props.insert((*name).to_owned(), (*value).to_owned());
    }
    props
}

fn errors(flavor: Flavor, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    validate(flavor, &props(pairs))
        .into_iter()
        .flat_map(|value| {
            let name = value.name.clone();
            value
                .errors
                .into_iter()
                .map(move |error| (name.clone(), error))
        })
        .collect()
}

fn error(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[test]
fn defaults_fit_their_checks() {
    for flavor in [Flavor::Confluent, Flavor::Debezium, Flavor::Aiven] {
        assert_eq!(config_def(flavor).check_defaults(), Vec::<String>::new());
    }
}

#[test]
fn the_url_is_required() {
    for flavor in [Flavor::Confluent, Flavor::Aiven] {
        let values = validate(flavor, &Props::new());
        let url = values
            .iter()
            .find(|value| value.name == "connection.url")
            .unwrap();
        assert_eq!(
            url.errors,
            ["Missing required configuration \"connection.url\" which has no default value."]
        );
    }
}

#[test]
fn deletes_need_the_records_key() {
    let conflict = "Deletes are only supported for pk.mode record_key";
    let deletes = [("delete.enabled", "true"), ("pk.mode", "record_value")];
    let found = errors(Flavor::Confluent, &deletes);
    assert_eq!(
        found,
        [
            error("delete.enabled", conflict),
            error("pk.mode", conflict)
        ]
    );
    assert_eq!(
        errors(Flavor::Aiven, &deletes),
        [error(
            "delete.enabled",
            "Delete support only works with pk.mode=record_key"
        )]
    );
    let debezium = [
        ("connection.username", "x"),
        ("delete.enabled", "true"),
        ("primary.key.mode", "kafka"),
    ];
    let found = errors(Flavor::Debezium, &debezium);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .1
            .contains("'primary.key.mode' option must be set to 'record_key'"),
        "{found:?}"
    );
    let good = [("delete.enabled", "true"), ("pk.mode", "record_key")];
    assert_eq!(errors(Flavor::Confluent, &good), []);
}

#[test]
fn aivens_key_fields_fit_the_mode() {
    assert_eq!(
        errors(Flavor::Aiven, &[("pk.mode", "none"), ("pk.fields", "id")]),
        [error(
            "pk.fields",
            "Primary key fields should not be set when pkMode is 'none'."
        )]
    );
    assert_eq!(errors(Flavor::Aiven, &[("pk.mode", "kafka")]).len(), 1);
    assert_eq!(
        errors(
            Flavor::Aiven,
            &[("pk.mode", "kafka"), ("pk.fields", "a,b,c")]
        ),
        []
    );
}

#[test]
fn values_that_no_key_takes_are_refused_by_name() {
    for (name, value) in [
        ("insert.mode", "merge"),
        ("pk.mode", "record_header"),
        ("batch.size", "-1"),
        ("db.timezone", "Mars/Olympus"),
        ("dialect.name", "OracleDatabaseDialect"),
        ("table.types", "SEQUENCE"),
        ("jdbc.credentials.provider.class", "com.example.Mine"),
        ("quote.sql.identifiers", "sometimes"),
    ] {
        let found = errors(Flavor::Confluent, &[(name, value)]);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(found[0].0, name);
    }
}

#[test]
fn debeziums_old_names_still_work() {
    let settings = SinkSettings::parse(
        Flavor::Debezium,
        &props(&[
            ("connection.username", "x"),
            ("table.name.format", "sink_${topic}"),
            ("database.time_zone", "Europe/Paris"),
        ]),
    )
    .unwrap();
    assert_eq!(settings.table_format, "sink_${topic}");
    assert_ne!(settings.style.zone, crate::values::Zone::UTC);
    assert_eq!(settings.batch_size, 500);
    assert_eq!(settings.max_retries, 5);
}

#[test]
fn settings_without_effect_are_named() {
    let found = warnings(
        Flavor::Debezium,
        &props(&[
            ("connection.username", "x"),
            ("connection.pool.max_size", "3"),
        ]),
    );
    assert_eq!(
        found,
        ["'connection.pool.max_size' has no effect: each task has one connection"]
    );
}

/// Values of `DeleteEnabledRecommender`, `PrimaryKeyModeRecommender`,
/// `DatabaseDialectRecommender` and `EnumRecommender`.
#[test]
fn values_are_recommended_as_the_originals_do() {
    let recommended = |flavor, pairs: &[(&str, &str)], name: &str| {
        let values = validate(flavor, &props(pairs));
        let value = values.into_iter().find(|value| value.name == name).unwrap();
        (value.recommended_values.join(","), value.visible)
    };
    let modes = "none,kafka,record_key,record_value";
    for (pairs, name, values, visible) in [
        (&[][..], "delete.enabled", "false", false),
        (
            &[("pk.mode", "record_key")],
            "delete.enabled",
            "true,false",
            true,
        ),
        (&[], "pk.mode", modes, true),
        (&[("delete.enabled", "true")], "pk.mode", "record_key", true),
        (&[], "table.types", "table,partitioned table,view", true),
        (&[], "insert.mode", "", true),
    ] {
        let found = recommended(Flavor::Confluent, pairs, name);
        assert_eq!(found, (values.to_owned(), visible), "{name} {pairs:?}");
    }
    let (dialects, _) = recommended(Flavor::Confluent, &[], "dialect.name");
    assert!(dialects.starts_with(",PostgreSql"), "{dialects}");
    for name in ["pk.mode", "delete.enabled", "insert.mode"] {
        let found = recommended(Flavor::Aiven, &[], name);
        assert_eq!(found, (String::new(), true), "{name}");
    }
}

#[test]
fn no_key_is_dropped_in_silence() {
    let given = [
        ("hibernate.c3p0.timeout", "1"),
        ("connection.username", "x"),
    ];
    assert_eq!(
        warnings(Flavor::Debezium, &props(&given)),
        ["'hibernate.c3p0.timeout' has no effect: there is no Hibernate here"]
    );
    let given = [
        ("connection.socketFactory", "x"),
        ("connection.ApplicationName", "y"),
    ];
    assert_eq!(
        warnings(Flavor::Confluent, &props(&given)),
        ["'connection.socketFactory' has no effect: the driver has no such property here"]
    );
    let found = errors(Flavor::Confluent, &[("table.types", "")]);
    assert!(
        found[0].1.contains("At least one value must be specified"),
        "{found:?}"
    );
    assert_eq!(found[0].0, "table.types");
}

#[test]
fn duplicates_by_mode() {
    use crate::buffer::Duplicates;
    let of = |pairs: &[(&str, &str)]| {
        let mut all = props(pairs);
        all.insert("connection.username".to_owned(), "x".to_owned());
        SinkSettings::parse(Flavor::Debezium, &all)
            .unwrap()
            .duplicates
    };
    let passes = ("keyed.message.batch.mode", "passthrough");
    assert_eq!(of(&[]), Duplicates::Kept);
    assert_eq!(
        of(&[("use.reduction.buffer", "true")]),
        Duplicates::LastOnly
    );
    assert_eq!(of(&[("insert.mode", "upsert")]), Duplicates::LastOnly);
    assert_eq!(of(&[("insert.mode", "upsert"), passes]), Duplicates::Split);
}
