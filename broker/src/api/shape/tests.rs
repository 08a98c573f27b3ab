use bytes::{BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    FetchRequest, JoinGroupRequest, MetadataRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::api::versions;

fn encoded<R: Encodable>(request: &R, version: i16) -> Bytes {
    let mut body = BytesMut::new();
    request.encode(&mut body, version).unwrap();
    body.freeze()
}

/// It is well formed as it is, and at no other length.
fn exact<R: Request>(key: ApiKey, version: i16, request: &R) {
    let body = encoded(request, version);
    assert_eq!(check(key, version, &body), Ok(()), "{key:?} {version}");
    let cut = &body[..body.len() - 1];
    assert!(check(key, version, cut).is_err(), "{key:?} {version}");
}

fn name(text: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(text))
}

#[test]
fn every_api_that_is_answered_has_its_shape() {
    for (key, _) in versions::all() {
        assert!(find(key).is_some(), "{key:?}");
    }
}

#[test]
fn well_formed_requests_pass() {
    for version in 3..=13 {
        let partition = PartitionProduceData::default()
            .with_index(3)
            .with_records(Some(Bytes::from_static(b"records")));
        let topic =
            TopicProduceData::default().with_partition_data(vec![partition.clone(), partition]);
        let topic = if version < 13 {
            topic.with_name(name("topic"))
        } else {
            topic.with_topic_id(Uuid::max())
        };
        exact(
            ApiKey::Produce,
            version,
            &ProduceRequest::default().with_topic_data(vec![topic]),
        );
    }
    for version in 4..=17 {
        let mut topic = FetchTopic::default().with_partitions(vec![FetchPartition::default()]);
        topic = if version < 13 {
            topic.with_topic(name("topic"))
        } else {
            topic.with_topic_id(Uuid::max())
        };
        let mut request = FetchRequest::default().with_topics(vec![topic]);
        if version >= 12 {
            request.cluster_id = Some(StrBytes::from_static_str("cluster"));
        }
        if version >= 15 {
            request.replica_state = ReplicaState::default().with_replica_epoch(3);
        }
        exact(ApiKey::Fetch, version, &request);
    }
    for version in 0..=9 {
        let protocol = JoinGroupRequestProtocol::default()
            .with_name(StrBytes::from_static_str("range"))
            .with_metadata(Bytes::from_static(b"metadata"));
        let request = JoinGroupRequest::default().with_protocols(vec![protocol]);
        exact(ApiKey::JoinGroup, version, &request);
    }
    for version in 1..=13 {
        let topic = MetadataRequestTopic::default().with_name(Some(name("topic")));
        let request = MetadataRequest::default().with_topics(Some(vec![topic]));
        exact(ApiKey::Metadata, version, &request);
        let all = MetadataRequest::default().with_topics(None);
        exact(ApiKey::Metadata, version, &all);
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    let mut body = BytesMut::new();
    body.put_i32(i32::MAX);
    assert_eq!(check(ApiKey::Metadata, 1, &body), Err(Malformed::TooShort));
    let mut body = BytesMut::new();
    body.put_i32(-2);
    assert_eq!(
        check(ApiKey::Metadata, 1, &body),
        Err(Malformed::Impossible)
    );
    let mut body = BytesMut::new();
    body.put_i32(2_000_000);
    body.resize(8_000_000, 0);
    assert_eq!(check(ApiKey::Metadata, 1, &body), Err(Malformed::TooMany));
    // A topics array of 2^32 - 2 elements, compact.
    let body = [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0];
    assert_eq!(check(ApiKey::Metadata, 9, &body), Err(Malformed::TooShort));
    let body = [0xff; 8];
    assert_eq!(
        check(ApiKey::Metadata, 9, &body),
        Err(Malformed::Impossible)
    );
}

#[test]
fn a_tag_has_the_size_that_it_says() {
    let request = FetchRequest::default().with_cluster_id(Some(StrBytes::from_static_str("abc")));
    let body = encoded(&request, 12);
    assert_eq!(check(ApiKey::Fetch, 12, &body), Ok(()));
    let mut lies = body.to_vec();
    let size = lies.len() - 5;
    assert_eq!(
        lies[size], 4,
        "the tag's size is before its length and text"
    );
    lies[size] = 3;
    assert_eq!(check(ApiKey::Fetch, 12, &lies), Err(Malformed::Impossible));
}

fn decode(key: ApiKey, version: i16, body: &Bytes) {
    let mut body = body.clone();
    match key {
        ApiKey::Produce => drop(ProduceRequest::decode(&mut body, version)),
        ApiKey::Fetch => drop(FetchRequest::decode(&mut body, version)),
        ApiKey::JoinGroup => drop(JoinGroupRequest::decode(&mut body, version)),
        _ => drop(MetadataRequest::decode(&mut body, version)),
    }
}

proptest! {
    /// What the check lets through, the decoder can be given.
    #[test]
    fn garbage_is_refused_or_decoded(
        body in prop::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..200),
        choice in 0usize..4,
        version in 0i16..18,
    ) {
        let (key, most) = [
            (ApiKey::Produce, 13), (ApiKey::Fetch, 17), (ApiKey::JoinGroup, 9), (ApiKey::Metadata, 13),
        ][choice];
        let version = version.min(most);
        let body = Bytes::from(body);
        if check(key, version, &body).is_ok() {
            decode(key, version, &body);
        }
    }
}
