//! The settings of its worker.

use connect_api::Props;

const JSON_CONVERTER: &str = "org.apache.kafka.connect.json.JsonConverter";
const BOOTSTRAP_SERVERS: &str = "bootstrap.servers";

/// What a worker has that nobody set up.
const DEFAULTS: &[(&str, &str)] = &[
    ("group.id", "connectd-dev"),
    ("config.storage.topic", "connectd-dev-configs"),
    ("config.storage.replication.factor", "1"),
    ("offset.storage.topic", "connectd-dev-offsets"),
    ("offset.storage.replication.factor", "1"),
    ("status.storage.topic", "connectd-dev-statuses"),
    ("status.storage.replication.factor", "1"),
    ("key.converter", JSON_CONVERTER),
    ("value.converter", JSON_CONVERTER),
    ("listeners", "http://127.0.0.1:8083"),
];

/// A worker's settings, and the Kafka that was given and is not used.
pub(super) struct WorkerProps {
    pub(super) props: Props,
    pub(super) replaced: Option<String>,
}

/// The defaults, then what was `given`; the Kafka is the broker of this process. `rest` is the
/// address that the command line gives the REST API.
pub(super) fn props(given: Props, bootstrap: &str, rest: Option<&str>) -> WorkerProps {
    let mut props: Props = DEFAULTS
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    props.extend(given);
    if let Some(address) = rest {
        props.insert("listeners".to_owned(), format!("http://{address}"));
    }
    let replaced = props
        .insert(BOOTSTRAP_SERVERS.to_owned(), bootstrap.to_owned())
        .filter(|given| given != bootstrap);
    WorkerProps { props, replaced }
}

/// What to say of a Kafka that was given.
pub(super) fn warnings(replaced: &Option<String>) -> Vec<String> {
    let warning = |given: &String| {
        format!(
            "'{BOOTSTRAP_SERVERS}' ({given}) has no effect: the Kafka is the one of this process; \
             `connectd distributed` runs a worker on another"
        )
    };
    replaced.iter().map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_goes_before_the_defaults_but_for_the_kafka() {
        let given = [
            (
                "value.converter",
                "org.apache.kafka.connect.storage.StringConverter",
            ),
            ("listeners", "http://0.0.0.0:1"),
            ("bootstrap.servers", "kafka:9092"),
        ];
        let given: Props = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let settings = props(given.clone(), "127.0.0.1:7", None);
        assert_eq!(settings.props["key.converter"], JSON_CONVERTER);
        assert_eq!(settings.props["value.converter"], given["value.converter"]);
        assert_eq!(settings.props["listeners"], "http://0.0.0.0:1");
        assert_eq!(settings.props["bootstrap.servers"], "127.0.0.1:7");
        let warnings = warnings(&settings.replaced);
        assert!(warnings[0].contains("(kafka:9092)"), "{warnings:?}");

        let settings = props(Props::new(), "127.0.0.1:7", Some("127.0.0.1:0"));
        assert_eq!(settings.props["listeners"], "http://127.0.0.1:0");
        assert!(super::warnings(&settings.replaced).is_empty());
    }
}
