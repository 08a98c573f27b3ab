use connect_api::Props;

use super::*;

fn props(more: &[(&str, &str)]) -> Props {
    let url = [("connection.url", "http://localhost:9200")];
    let all = url.iter().chain(more);
    all.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// Each key that has errors, with the first of them.
fn errors(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let values = validate(&props(more));
    let wrong = values.into_iter().filter(|value| !value.errors.is_empty());
    wrong
        .map(|value| (value.name, value.errors[0].clone()))
        .collect()
}

fn wrong_keys(more: &[(&str, &str)]) -> Vec<String> {
    errors(more).into_iter().map(|(key, _)| key).collect()
}

#[test]
fn defaults_fit_their_checks() {
    assert_eq!(definition().check_defaults(), Vec::<String>::new());
    assert_eq!(errors(&[]), []);
}

/// Settings, and the keys that are wrong then: mostly the cases of the
/// original's `ValidatorTest`.
const TOGETHER: &[(&str, &str)] = &[
    (
        "connection.username=u",
        "connection.username connection.password",
    ),
    (
        "connection.username=u;connection.password=p;connection.api.key=k",
        "connection.username connection.api.key",
    ),
    (
        "key.ignore=true;topic.key.ignore=t",
        "key.ignore topic.key.ignore",
    ),
    (
        "schema.ignore=true;topic.schema.ignore=t",
        "schema.ignore topic.schema.ignore",
    ),
    (
        "linger.ms=2000;flush.timeout.ms=1000",
        "linger.ms flush.timeout.ms",
    ),
    (
        "max.buffered.records=9999",
        "batch.size max.in.flight.requests max.buffered.records",
    ),
    ("proxy.username=u", "proxy.host proxy.username"),
    (
        "proxy.host=h;proxy.username=u",
        "proxy.username proxy.password",
    ),
    (
        "elastic.https.ssl.truststore.location=ca.pem",
        "elastic.security.protocol",
    ),
    ("elastic.security.protocol=SSL", "elastic.security.protocol"),
    ("kerberos.user.principal=p", "kerberos.user.principal"),
    ("kerberos.keytab.path=f", "kerberos.keytab.path"),
    (
        "data.stream.type=logs",
        "data.stream.type data.stream.dataset",
    ),
    (
        "data.stream.type=logs;data.stream.dataset=d;write.method=upsert",
        "write.method",
    ),
    (
        "data.stream.type=logs;data.stream.dataset=d;behavior.on.null.values=delete",
        "behavior.on.null.values",
    ),
    (
        "data.stream.type=logs;data.stream.dataset=d;topic.index.map=a:b",
        "topic.index.map",
    ),
    (
        "data.stream.timestamp.field=f",
        "data.stream.timestamp.field",
    ),
    (
        "external.resource.usage=INDEX",
        "external.resource.usage topic.to.external.resource.mapping",
    ),
    (
        "topics=a,b;external.resource.usage=INDEX;topic.to.external.resource.mapping=a:x",
        "topic.to.external.resource.mapping",
    ),
    (
        "topics=a,b;external.resource.usage=INDEX;topic.to.external.resource.mapping=a:x,b:x",
        "topic.to.external.resource.mapping",
    ),
    ("topic.index.map=a", "topic.index.map"),
];

#[test]
fn keys_are_checked_against_each_other() {
    for (given, expected) in TOGETHER {
        let given: Vec<(&str, &str)> = given
            .split(';')
            .filter_map(|setting| setting.split_once('='))
            .collect();
        assert_eq!(wrong_keys(&given).join(" "), *expected, "{given:?}");
        assert!(Settings::parse(&props(&given)).is_err(), "{given:?}");
    }
}

#[test]
fn values_are_checked_alone() {
    for (key, value, part) in [
        (
            "connection.url",
            "ftp://host",
            "'ftp://host' is not a valid url",
        ),
        (
            "connection.url",
            "http://a b",
            "'http://a b' is not a valid url",
        ),
        ("connection.url", "", "at least one URL"),
        ("batch.size", "0", "at least 1"),
        ("behavior.on.null.values", "drop", "must be one of"),
        ("write.method", "merge", "must be one of"),
        ("data.stream.dataset", "Upper", "lowercase"),
        ("data.stream.namespace", "a-b", "characters of"),
    ] {
        let errors = errors(&[(key, value)]);
        let found = errors.iter().find(|(name, _)| name == key);
        let (_, text) = found.unwrap_or_else(|| panic!("{key}={value}: {errors:?}"));
        assert!(text.contains(part), "{key}={value}: {text}");
    }
}

#[test]
fn java_stores_are_refused_by_name() {
    let given = [
        ("elastic.security.protocol", "SSL"),
        ("elastic.https.ssl.truststore.location", "/etc/trust.jks"),
        ("elastic.https.ssl.truststore.password", "secret"),
    ];
    let (key, text) = errors(&given).remove(0);
    assert_eq!(key, "elastic.security.protocol");
    assert!(text.contains("'elastic.https.ssl.truststore.location' is /etc/trust.jks: a JKS"));
    assert!(!text.contains("secret"));
}

#[test]
fn urls_are_of_one_scheme() {
    let urls = "a:9200, https://user:pw@b:9243/es/,c";
    let settings = Settings::parse(&props(&[("connection.url", urls)])).unwrap();
    let shown: Vec<String> = settings.urls.iter().map(crate::client::shown).collect();
    assert_eq!(shown, ["https://a:9200", "https://b:9243/es", "https://c"]);
}

/// The configuration of the slides, and of the bookstore: settings of 5.5.
#[test]
fn settings_of_old_versions_mean_what_they_meant() {
    let given = props(&[
        ("type.name", "type.name=kafkaconnect"),
        ("topic.index.map", "PURCHASE_ENRICHED:purchase_enriched"),
        ("key.ignore", "true"),
        ("auto.create.indices.at.start", "true"),
    ]);
    let settings = Settings::parse(&given).unwrap();
    assert_eq!(settings.type_name, "type.name=kafkaconnect");
    assert_eq!(settings.on_null, OnNull::Ignore);
    assert!(settings.create_at_start);
    assert!(settings.ignores_key("t") && !settings.ignores_schema("t"));
    let warnings = warnings(&given).join("\n");
    assert!(warnings.contains("'behavior.on.null.values' is taken as 'ignore'"));
    assert!(warnings.contains("'topic.index.map' is an old setting"));
    let new = Settings::parse(&props(&[])).unwrap();
    assert_eq!(new.on_null, OnNull::Fail);
}

#[test]
fn limits_that_are_given_hold_for_outages() {
    let settings = Settings::parse(&props(&[])).unwrap();
    assert!(!settings.retries.limits_outages && settings.room_timeout.is_none());
    let given = props(&[("max.retries", "5"), ("flush.timeout.ms", "10000")]);
    let settings = Settings::parse(&given).unwrap();
    assert!(settings.retries.limits_outages && settings.room_timeout.is_some());
}
