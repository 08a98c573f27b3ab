//! Which requests are answered, in which versions: what ApiVersions says, and nothing else.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::VersionRange;

use crate::group;

/// The first version in which a client says what it is.
const WITH_CLIENT: i16 = 3;

/// What is answered here, beside the groups' own. Transactions are those of before KIP-890's second
/// part (`transaction.version` 1), hence the bounds of Produce, EndTxn and the like.
static OWN: &[(ApiKey, i16, i16)] = &[
    (ApiKey::Produce, 3, 13),
    (ApiKey::Fetch, 4, 17),
    (ApiKey::ListOffsets, 1, 10),
    (ApiKey::Metadata, 0, 13),
    (ApiKey::SaslHandshake, 0, 1),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::CreateTopics, 2, 7),
    (ApiKey::DeleteTopics, 1, 6),
    (ApiKey::DeleteRecords, 0, 2),
    (ApiKey::InitProducerId, 0, 5),
    (ApiKey::OffsetForLeaderEpoch, 2, 4),
    (ApiKey::AddPartitionsToTxn, 0, 3),
    (ApiKey::AddOffsetsToTxn, 0, 4),
    (ApiKey::EndTxn, 0, 4),
    (ApiKey::TxnOffsetCommit, 0, 4),
    (ApiKey::DescribeConfigs, 1, 4),
    (ApiKey::AlterConfigs, 0, 2),
    (ApiKey::SaslAuthenticate, 0, 2),
    (ApiKey::CreatePartitions, 0, 3),
    (ApiKey::IncrementalAlterConfigs, 0, 1),
    (ApiKey::DescribeCluster, 0, 2),
    (ApiKey::DescribeTopicPartitions, 0, 0),
];

/// Every request that is answered, and its versions.
pub(crate) fn all() -> impl Iterator<Item = (ApiKey, VersionRange)> {
    let own = |key: &ApiKey| OWN.iter().any(|(known, ..)| known == key);
    let groups = group::API_VERSIONS
        .iter()
        .filter(move |(key, ..)| !own(key));
    OWN.iter()
        .chain(groups)
        .map(|&(key, min, max)| (key, VersionRange { min, max }))
}

/// The versions of a request that is answered.
pub(crate) fn of(key: ApiKey) -> Option<VersionRange> {
    all()
        .find(|(known, _)| *known == key)
        .map(|(_, range)| range)
}

/// What is answered to a client that asks what it may ask for, and says what it is (KIP-511).
pub(crate) fn answer(version: i16, request: &ApiVersionsRequest) -> ApiVersionsResponse {
    let names = [
        &request.client_software_name,
        &request.client_software_version,
    ];
    if version >= WITH_CLIENT && !names.iter().all(|name| is_proper(name)) {
        return ApiVersionsResponse::default()
            .with_error_code(ResponseError::InvalidRequest.code());
    }
    let mut api_keys: Vec<_> = all().map(advertised).map(entry).collect();
    api_keys.sort_by_key(|entry| entry.api_key);
    // There is no feature to finalize: epoch 0 says that this has been read (KIP-584).
    ApiVersionsResponse::default()
        .with_api_keys(api_keys)
        .with_finalized_features_epoch(0)
}

/// Old librdkafkas compress only where Produce 0 is known, which nobody uses any more (KAFKA-18659).
fn advertised((key, range): (ApiKey, VersionRange)) -> (ApiKey, VersionRange) {
    match key {
        ApiKey::Produce => (key, VersionRange { min: 0, ..range }),
        _ => (key, range),
    }
}

/// Letters, digits, and dots and dashes between them (`ApiVersionsRequest.isValid`).
fn is_proper(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-');
    let outer = |c: Option<&u8>| c.is_some_and(u8::is_ascii_alphanumeric);
    let name = name.as_bytes();
    outer(name.first()) && outer(name.last()) && name.iter().all(|c| inner(*c))
}

/// What is answered, in version 0, to a client that asked in a version of the future: it tries
/// again with what is named here (`ApiVersionsRequest.getErrorResponse`).
pub(crate) fn answer_to_the_future() -> ApiVersionsResponse {
    let this = all().filter(|(key, _)| *key == ApiKey::ApiVersions);
    ApiVersionsResponse::default()
        .with_error_code(ResponseError::UnsupportedVersion.code())
        .with_api_keys(this.map(entry).collect())
}

fn entry((key, range): (ApiKey, VersionRange)) -> ApiVersion {
    ApiVersion::default()
        .with_api_key(key as i16)
        .with_min_version(range.min)
        .with_max_version(range.max)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn what_is_advertised_can_be_decoded() {
        let mut seen = HashSet::new();
        for (key, range) in all() {
            let valid = key.valid_versions();
            assert!(valid.min <= range.min && range.max <= valid.max, "{key:?}");
            assert!(seen.insert(key as i16), "{key:?} twice");
        }
    }
}
