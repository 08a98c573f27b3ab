//! `RegexRouter` and the predicates.

use connect_api::record::Header;

use super::*;

const ROUTER: &str = "org.apache.kafka.connect.transforms.RegexRouter";

fn routed(regex: &str, replacement: &str, topic: &str) -> String {
    let record = Record {
        topic: topic.into(),
        ..Record::default()
    };
    let settings = [("regex", regex), ("replacement", replacement)];
    kept(ROUTER, &settings, record).topic.to_string()
}

/// Kafka's `RegexRouterTest`, and the routes of common pipelines.
#[test]
fn routes() {
    let cases = [
        ("foo", "bar", "foo", "bar"),
        ("foo", "bar", "orig", "orig"),
        ("(.*)", "$1", "orig", "orig"),
        ("(.+)", "prefix-$1", "orig", "prefix-orig"),
        ("(.+)", "$1-suffix", "orig", "orig-suffix"),
        (
            "(.*)-(\\d\\d\\d\\d\\d\\d\\d\\d)",
            "$1",
            "index-20160117",
            "index",
        ),
        (
            r"([^.]+)\.([^.]+)\.([^.]+)",
            "dc01_$3",
            "dbserver1.inventory.customers",
            "dc01_customers",
        ),
        (
            r"([^.]+)\.([^.]+)\.([^.]+)",
            "dc01_$3",
            "dbserver1.inventory",
            "dbserver1.inventory",
        ),
        (
            r"(?<server>\w+)\.(?!sys)(?<rest>.*)",
            "${rest}",
            "s.inventory.book",
            "inventory.book",
        ),
        (
            r"(?<server>\w+)\.(?!sys)(?<rest>.*)",
            "${rest}",
            "s.sys.book",
            "s.sys.book",
        ),
    ];
    for (regex, replacement, topic, expected) in cases {
        assert_eq!(
            routed(regex, replacement, topic),
            expected,
            "{regex} on {topic}"
        );
    }
}

#[test]
fn one_router_routes_many_topics() {
    let mut router = create(ROUTER, &[("regex", "a(.)"), ("replacement", "b$1")]).unwrap();
    for round in 0..3 {
        for (topic, expected) in [("a1", "b1"), ("a2", "b2"), ("c", "c")] {
            let mut record = Record {
                topic: topic.into(),
                ..Record::default()
            };
            router.apply(&mut record).unwrap();
            assert_eq!(record.topic, expected, "round {round}");
        }
    }
}

#[test]
fn errors_name_the_setting() {
    let cases = [
        (
            "(",
            "x",
            "configuration regex: Invalid regex '(': Unclosed group",
        ),
        (
            "(a)",
            "$2",
            "configuration replacement: Invalid replacement '$2': No group 2",
        ),
        (
            r"\p{InGreek}",
            "x",
            r"\p{InGreek} of Java's syntax is not supported",
        ),
    ];
    for (regex, replacement, reason) in cases {
        let error = create(ROUTER, &[("regex", regex), ("replacement", replacement)])
            .err()
            .unwrap();
        assert!(error.to_string().contains(reason), "{error}");
    }
}

fn test(class: &str, settings: &[(&str, &str)], record: &Record) -> Result<bool> {
    let plugins = plugins();
    let mut predicate = (plugins.predicate(class)?.create)(&props(settings))?;
    predicate.test(record)
}

/// Kafka's `TopicNameMatchesTest` and `HasHeaderKeyTest`.
#[test]
fn predicates() {
    let mut record = record_of(None, Value::Null);
    record.topic = "my-prefix-foo".into();
    for (pattern, expected) in [
        ("my-prefix-.*", true),
        ("my-prefix", false),
        ("(?i)MY-.*", true),
    ] {
        let holds = test("TopicNameMatches", &[("pattern", pattern)], &record).unwrap();
        assert_eq!(holds, expected, "{pattern}");
    }
    assert!(test("RecordIsTombstone", &[], &record).unwrap());
    assert!(!test("HasHeaderKey", &[("name", "foo")], &record).unwrap());
    record.headers = [Header {
        key: "foo".into(),
        schema: None,
        value: Value::Null,
    }]
    .into_iter()
    .collect();
    record.value = Value::Int8(1);
    assert!(test("HasHeaderKey", &[("name", "foo")], &record).unwrap());
    assert!(!test("HasHeaderKey", &[("name", "bar")], &record).unwrap());
    assert!(!test("RecordIsTombstone", &[], &record).unwrap());
}

#[test]
fn predicates_refuse_bad_settings() {
    let record = Record::default();
    for (class, settings, reason) in [
        (
            "TopicNameMatches",
            &[("pattern", "*")][..],
            "configuration pattern: Invalid regex '*'",
        ),
        (
            "TopicNameMatches",
            &[("pattern", "")],
            "String must be non-empty",
        ),
        (
            "TopicNameMatches",
            &[],
            "Missing required configuration \"pattern\"",
        ),
        (
            "HasHeaderKey",
            &[("name", "")],
            "configuration name: String must be non-empty",
        ),
    ] {
        let error = test(class, settings, &record).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
