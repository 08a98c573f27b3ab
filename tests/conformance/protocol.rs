//! What every request is before it is one: frames, versions, the order of answers.

use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, DescribeClusterRequest, ListGroupsRequest, MetadataRequest,
};
use serde_json::{Map, Value, json};

use crate::compare::behaviours;
use crate::target::Target;
use crate::wire::{Wire, error, text};

behaviours![
    apis_of_clients_are_there,
    an_unknown_version_of_api_versions_is_answered_in_the_oldest,
    a_client_has_to_have_a_proper_name,
    what_is_no_request_ends_its_connection,
    answers_come_in_order,
    the_cluster_describes_itself,
];

/// Those that clients use.
const APIS: [ApiKey; 33] = [
    ApiKey::Produce,
    ApiKey::Fetch,
    ApiKey::ListOffsets,
    ApiKey::Metadata,
    ApiKey::OffsetCommit,
    ApiKey::OffsetFetch,
    ApiKey::FindCoordinator,
    ApiKey::JoinGroup,
    ApiKey::Heartbeat,
    ApiKey::LeaveGroup,
    ApiKey::SyncGroup,
    ApiKey::DescribeGroups,
    ApiKey::ListGroups,
    ApiKey::ApiVersions,
    ApiKey::CreateTopics,
    ApiKey::DeleteTopics,
    ApiKey::DeleteRecords,
    ApiKey::InitProducerId,
    ApiKey::AddPartitionsToTxn,
    ApiKey::AddOffsetsToTxn,
    ApiKey::EndTxn,
    ApiKey::TxnOffsetCommit,
    ApiKey::DescribeConfigs,
    ApiKey::AlterConfigs,
    ApiKey::CreatePartitions,
    ApiKey::DeleteGroups,
    ApiKey::IncrementalAlterConfigs,
    ApiKey::OffsetDelete,
    ApiKey::DescribeCluster,
    ApiKey::DescribeTopicPartitions,
    ApiKey::OffsetForLeaderEpoch,
    ApiKey::SaslHandshake,
    ApiKey::SaslAuthenticate,
];

async fn apis_of_clients_are_there(target: &Target) -> Value {
    let mut observed = Map::new();
    for version in 0..=4 {
        let mut wire = Wire::open(target).await;
        let request = ApiVersionsRequest::default()
            .with_client_software_name(text("conformance"))
            .with_client_software_version(text("1"));
        let answer = wire.ask(version, &request).await;
        let lowest = |api: ApiKey| {
            let found = answer
                .api_keys
                .iter()
                .find(|found| found.api_key == api as i16);
            json!(found.map(|found| found.min_version))
        };
        let known: Map<String, Value> = (APIS.iter())
            .map(|api| (format!("{api:?}"), lowest(*api)))
            .collect();
        let answer = json!({ "error": error(answer.error_code), "lowest versions": known });
        observed.insert(version.to_string(), answer);
    }
    observed.into()
}

async fn an_unknown_version_of_api_versions_is_answered_in_the_oldest(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut header = header(ApiKey::ApiVersions as i16, 99, 7);
    // No tags: headers of such versions have them.
    header.put_u8(0);
    wire.say_bytes(&header).await;
    let mut answer = wire.hear_bytes().await.expect("an answer");
    let correlation = answer.get_i32();
    let code = answer.get_i16();
    let apis: Vec<i16> = (0..answer.get_i32())
        .map(|_| {
            let api = answer.get_i16();
            answer.advance(4);
            api
        })
        .collect();
    let next = wire.ask(0, &ApiVersionsRequest::default()).await;
    json!({
        "correlation": correlation, "error": error(code), "apis": apis, "rest": answer.len(),
        "next": error(next.error_code),
    })
}

async fn a_client_has_to_have_a_proper_name(target: &Target) -> Value {
    let mut observed = Map::new();
    for (name, version) in [
        ("", "1"),
        ("a b", "1"),
        ("a", ""),
        ("-a", "1"),
        ("a.b-c", "1.0-x"),
    ] {
        let mut wire = Wire::open(target).await;
        let request = ApiVersionsRequest::default()
            .with_client_software_name(text(name))
            .with_client_software_version(text(version));
        let answer = wire.ask(3, &request).await;
        observed.insert(format!("{name}/{version}"), error(answer.error_code).into());
    }
    observed.into()
}

/// A request's header and nothing else.
fn header(api: i16, version: i16, correlation: i32) -> BytesMut {
    let mut header = BytesMut::new();
    header.put_i16(api);
    header.put_i16(version);
    header.put_i32(correlation);
    header.put_i16(-1);
    header
}

async fn what_is_no_request_ends_its_connection(target: &Target) -> Value {
    let frame = |body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&length[..], body].concat()
    };
    let cases = [
        ("an unknown api", frame(&header(9999, 0, 1))),
        ("a negative api", frame(&header(-1, 0, 1))),
        (
            "an api of controllers",
            frame(&header(ApiKey::Vote as i16, 0, 1)),
        ),
        (
            "a version to come",
            frame(&header(ApiKey::Metadata as i16, 99, 1)),
        ),
        (
            "a version that is gone",
            frame(&header(ApiKey::Produce as i16, 0, 1)),
        ),
        (
            "a negative version",
            frame(&header(ApiKey::Metadata as i16, -1, 1)),
        ),
        (
            "a request without its body",
            frame(&header(ApiKey::Fetch as i16, 4, 1)),
        ),
        ("half a header", frame(&[0, 3, 0])),
        ("an empty frame", frame(&[])),
        ("a negative length", vec![0xff; 4]),
        ("a length of 2 GB", vec![0x7f, 0xff, 0xff, 0xff]),
        ("a request of the web", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ];
    let mut beside = Wire::open(target).await;
    let mut observed = Map::new();
    for (name, bytes) in cases {
        let mut wire = Wire::open(target).await;
        wire.say_anything(&bytes).await;
        let answer = wire.hear_bytes().await;
        let seen = answer.map_or_else(|| json!("closed"), |answer| json!(answer.len()));
        observed.insert(name.to_owned(), seen);
    }
    let answer = beside.ask(3, &ListGroupsRequest::default()).await;
    observed.insert("beside".to_owned(), error(answer.error_code).into());
    observed.into()
}

async fn answers_come_in_order(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    for _ in 0..10 {
        wire.say(4, &MetadataRequest::default().with_topics(Some(Vec::new())))
            .await;
        wire.say(0, &ApiVersionsRequest::default()).await;
    }
    for number in 0..10 {
        wire.hear_numbered::<MetadataRequest>(4, number * 2 + 1)
            .await;
        wire.hear_numbered::<ApiVersionsRequest>(0, number * 2 + 2)
            .await;
    }
    json!({ "and then nothing": wire.is_silent(Duration::from_millis(300)).await })
}

async fn the_cluster_describes_itself(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for version in 0..=2 {
        let request = DescribeClusterRequest::default().with_endpoint_type(1);
        let answer = wire.ask(version, &request).await;
        let brokers = answer.brokers.iter();
        let brokers: Vec<Value> = brokers
            .map(|broker| {
                json!([
                    broker.broker_id.0,
                    format!("{}:{}", broker.host, broker.port),
                    broker.rack.as_ref().map(ToString::to_string),
                    broker.is_fenced
                ])
            })
            .collect();
        let seen = json!({
            "error": error(answer.error_code), "controller": answer.controller_id.0,
            "brokers": brokers, "cluster": answer.cluster_id.len(),
            "operations": answer.cluster_authorized_operations, "endpoints": answer.endpoint_type,
        });
        observed.insert(format!("DescribeCluster {version}"), seen);
    }
    for version in 0..=13 {
        let request = MetadataRequest::default().with_topics(Some(Vec::new()));
        // In version 0 no topics are all topics.
        let answer = wire.ask(version, &request).await;
        let brokers = answer.brokers.iter();
        let brokers: Vec<Value> = brokers
            .map(|broker| json!([broker.node_id.0, format!("{}:{}", broker.host, broker.port)]))
            .collect();
        let seen = json!({
            "brokers": brokers, "controller": answer.controller_id.0,
            "cluster": answer.cluster_id.map(|id| id.len()),
            "operations": answer.cluster_authorized_operations,
            "topics": if version == 0 { 0 } else { answer.topics.len() },
        });
        observed.insert(format!("Metadata {version}"), seen);
    }
    observed.into()
}
