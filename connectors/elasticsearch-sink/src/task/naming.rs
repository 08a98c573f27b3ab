//! What Elasticsearch's names are made of topics.

use crate::config::{DataStream, Resources};

/// Where the documents of a topic go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What is made sure of before the first document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An index that we create.
    Index,
    /// A data stream that we create.
    DataStream,
    /// What is there.
    External,
}

/// The resource of a topic; none where a mapping leaves it out.
pub(super) fn resource(resources: &Resources, topic: &str) -> Option<Resource> {
    let (name, kind) = match resources {
        Resources::Indices(map) => match map.get(topic) {
            Some(index) => (index.clone(), Kind::Index),
            None => (index_name(topic), Kind::Index),
        },
        Resources::DataStreams(stream) => (data_stream_name(stream, topic), Kind::DataStream),
        Resources::External { topics, .. } => (topics.get(topic)?.clone(), Kind::External),
    };
    Some(Resource { name, kind })
}

/// `convertTopicToIndexName`: lower case, at most 255 characters, without a
/// leading `-` or `_`; `.` and `..` have words.
fn index_name(topic: &str) -> String {
    let lower: String = topic.to_lowercase().chars().take(255).collect();
    let name = lower.strip_prefix(['-', '_']).unwrap_or(&lower);
    match name {
        "." => "dot".to_owned(),
        ".." => "dotdot".to_owned(),
        other => other.to_owned(),
    }
}

/// `convertTopicToDataStreamName`: `{type}-{dataset}-{namespace}`.
fn data_stream_name(stream: &DataStream, topic: &str) -> String {
    let namespace = stream.namespace.replace("${topic}", &topic.to_lowercase());
    let namespace: String = namespace.chars().take(100).collect();
    format!("{}-{}-{namespace}", stream.kind, stream.dataset)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn indices_are_named_as_by_the_original() {
        let long = "a".repeat(300);
        let cases = [
            ("PURCHASE_ENRICHED", "purchase_enriched"),
            ("-dash", "dash"),
            ("_underscore", "underscore"),
            ("__two", "_two"),
            (".", "dot"),
            ("..", "dotdot"),
            (&long, &long[..255]),
        ];
        for (topic, expected) in cases {
            assert_eq!(index_name(topic), expected);
        }
        let map = HashMap::from([("T".to_owned(), "Other".to_owned())]);
        let found = resource(&Resources::Indices(map), "T").unwrap();
        assert_eq!(found.name, "Other");
    }

    #[test]
    fn data_streams_have_three_parts() {
        let mut stream = DataStream {
            kind: "logs".to_owned(),
            dataset: "dataset".to_owned(),
            namespace: "${topic}".to_owned(),
            timestamp_fields: Vec::new(),
        };
        assert_eq!(data_stream_name(&stream, "Topic"), "logs-dataset-topic");
        stream.namespace = "a_${topic}_b".to_owned();
        let name = data_stream_name(&stream, &"T".repeat(200));
        assert_eq!(name, format!("logs-dataset-a_{}", "t".repeat(98)));
    }
}
