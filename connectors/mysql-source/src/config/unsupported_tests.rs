use super::*;

fn props(pairs: &[(&str, &str)]) -> Props {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn what_changes_the_capture_is_refused() {
    assert!(refusal("signal.data.collection", "a.b").is_some());
    assert!(refusal("snapshot.mode", "CUSTOM").is_some());
    assert!(refusal("provide.transaction.metadata", "false").is_none());
    assert_eq!(
        refused_without_definition(&props(&[("snapshot.new.tables", "parallel")])).len(),
        1
    );
}

#[test]
fn what_does_not_is_warned_about_by_name() {
    let warnings = warnings(&props(&[
        ("snapshot.max.threads", "4"),
        ("driver.useCompression", "true"),
        ("database.allowPublicKeyRetrieval", "true"),
        ("database.server.name", "x"),
        ("database.history.producer.acks", "all"),
        ("snapshot.fetch.size", "100"),
        ("database.history.kafka.recovery.attempts", "4"),
        ("poll.interval.ms", "500"),
        ("database.port", "3306"),
    ]));
    let named = |name: &str| {
        warnings
            .iter()
            .any(|warning| warning.contains(&format!("'{name}'")))
    };
    for name in [
        "snapshot.max.threads",
        "driver.useCompression",
        "database.allowPublicKeyRetrieval",
        "database.server.name",
        "snapshot.fetch.size",
        "database.history.kafka.recovery.attempts",
    ] {
        assert!(named(name), "{name}: {warnings:?}");
    }
    // The old names also with their new ones.
    assert_eq!(warnings.len(), 7, "{warnings:?}");
}
