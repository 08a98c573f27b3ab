//! What the tour of Confluent's registry (`http::tests`) does not reach.

use super::json::double_text;
use super::{AvroSchema, Strictness, incompatibilities};

fn parse(text: &str) -> AvroSchema {
    AvroSchema::parse(text, &[], Strictness::New).unwrap()
}

/// Values of Java's `Double.toString`.
#[test]
fn numbers_are_written_as_java_does() {
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.001, "0.001"),
        (0.000_99, "9.9E-4"),
        (9_999_999.0, "9999999.0"),
        (10_000_000.0, "1.0E7"),
        (1.5e300, "1.5E300"),
        (-12.25, "-12.25"),
    ] {
        assert_eq!(double_text(value), text);
    }
}

#[test]
fn a_schema_that_is_nested_too_deeply_is_refused() {
    for (open, close) in [
        (r#"{"type":"array","items":"#, "}"),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"f","type":"#,
            "}]}",
        ),
    ] {
        let depth = 5000;
        let text = format!("{}\"int\"{}", open.repeat(depth), close.repeat(depth));
        assert!(AvroSchema::parse(&text, &[], Strictness::Known).is_err());
    }
}

/// Flat texts whose names make them deep, or without end.
#[test]
fn names_cannot_make_a_schema_too_deep() {
    let chain: Vec<String> = (0..50_000)
        .map(|number| {
            let next = number + 1;
            format!(
                r#"{{"type":"record","name":"R{number}","fields":[{{"name":"n","type":["null","R{next}"]}}]}}"#
            )
        })
        .collect();
    let text = format!(
        r#"[{},{{"type":"fixed","name":"R50000","size":1}}]"#,
        chain.join(",")
    );
    let error = AvroSchema::parse(&text, &[], Strictness::New).unwrap_err();
    assert_eq!(error.0, "the schema is nested deeper than 200 levels");

    let endless = r#"{"type":"record","name":"R","fields":[{"name":"r","type":"R","default":{}}]}"#;
    let user = r#"{"type":"record","name":"U","fields":[{"name":"r","type":"R","default":{}}]}"#;
    let error = AvroSchema::parse(user, &[endless.to_owned()], Strictness::New).unwrap_err();
    assert!(
        error.0.starts_with("Invalid default for field r"),
        "{error}"
    );
}

#[test]
fn the_canonical_text_is_its_own() {
    for text in [
        r#"{"type":"record","name":"a.R","fields":[{"name":"f","type":["null","R"],"default":null}]}"#,
        r#"{"type":"enum","name":"E","symbols":["A"],"doc":"é\u0001\"","default":"A","x":[1.0,{}]}"#,
    ] {
        let canonical = parse(text).canonical_text();
        assert_eq!(parse(&canonical).canonical_text(), canonical);
        let normalized = parse(&parse(text).normalized_text()).normalized_text();
        assert_eq!(parse(&normalized).normalized_text(), normalized);
    }
}

/// Each record refers to the other, so a comparison without a memory would not end.
#[test]
fn schemas_that_refer_to_each_other_are_compared() {
    let schema = |kind: &str| {
        parse(&format!(
            r#"{{"type":"record","name":"A","fields":[{{"name":"b","type":["null",{{"type":"record","name":"B","fields":[{{"name":"a","type":["null","A"]}},{{"name":"v","type":"{kind}"}}]}}]}}]}}"#
        ))
    };
    let (int, long) = (schema("int"), schema("long"));
    assert!(incompatibilities(&long, &int, "new", "old").is_empty());
    assert!(!incompatibilities(&int, &long, "new", "old").is_empty());
    assert!(!int.is_equivalent(&long));
    assert!(int.is_equivalent(&schema("int")));
}

/// A pair of types is compared once, however often it occurs: without that, this would be 2^30
/// comparisons.
#[test]
fn a_schema_that_uses_each_type_twice_is_compared_in_time() {
    let mut text = r#"{"type":"record","name":"R0","fields":[]}"#.to_owned();
    for level in 1..30 {
        let inner = level - 1;
        text = format!(
            r#"{{"type":"record","name":"R{level}","fields":[{{"name":"a","type":{text}}},{{"name":"b","type":"R{inner}"}}]}}"#
        );
    }
    let (one, other) = (parse(&text), parse(&text));
    assert!(incompatibilities(&one, &other, "new", "old").is_empty());
    assert!(one.is_equivalent(&other));
}
