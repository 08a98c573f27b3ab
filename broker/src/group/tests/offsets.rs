use super::*;

// OffsetMetadataManager.commitOffset, fetchOffsets, replay
#[tokio::test]
async fn what_is_committed_is_fetched_also_after_a_restart() {
    let fixture = Fixture::new();
    assert_eq!(fixture.commit("group", 0, 5), None);
    assert_eq!(fixture.commit("group", 0, 6), None);
    assert_eq!(fixture.commit("other", 0, 9), None);
    assert_eq!(fixture.fetch("group", 0, true), (6, None));
    assert_eq!(fixture.fetch("group", 1, true), (-1, None));
    assert_eq!(fixture.fetch("nobody", 0, true), (-1, None));
    let fixture = fixture.reopened();
    assert_eq!(fixture.fetch("group", 0, true), (6, None));
    assert_eq!(fixture.fetch("other", 0, true), (9, None));
}

// KafkaApis.handleOffsetCommitRequest: UNKNOWN_TOPIC_OR_PARTITION; isMetadataInvalid
#[tokio::test]
async fn each_partition_has_its_own_answer() {
    let fixture = Fixture::new();
    let mut request = commit_request("group", 0, 1);
    let mut absent = request.topics[0].partitions[0].clone();
    absent.partition_index = 2;
    let mut wordy = request.topics[0].partitions[0].clone();
    wordy.partition_index = 1;
    wordy.committed_metadata = Some(text(&"x".repeat(4097)));
    request.topics[0].partitions.extend([absent, wordy]);
    let mut unknown = request.topics[0].clone();
    unknown.name = topic_name("unknown");
    request.topics.push(unknown);

    let response = fixture.groups.commit_offsets(8, request);
    let errors: Vec<Vec<_>> = response
        .topics
        .iter()
        .map(|topic| {
            let partitions = topic.partitions.iter();
            partitions
                .map(|one| ResponseError::try_from_code(one.error_code))
                .collect()
        })
        .collect();
    let unknown = Some(ResponseError::UnknownTopicOrPartition);
    let too_large = Some(ResponseError::OffsetMetadataTooLarge);
    assert_eq!(errors, [[None, unknown, too_large], [unknown; 3]]);
    assert_eq!(fixture.fetch("group", 0, false).0, 1);
    assert_eq!(fixture.fetch("group", 1, false).0, -1);
}

// OffsetMetadataManager.validateOffsetCommit without a group
#[tokio::test]
async fn a_member_of_a_group_that_is_not_there_is_refused() {
    let fixture = Fixture::new();
    for (version, error) in [
        (8, ResponseError::IllegalGeneration),
        (9, ResponseError::GroupIdNotFound),
    ] {
        let request = commit_request("group", 0, 1).with_generation_id_or_member_epoch(3);
        let response = fixture.groups.commit_offsets(version, request);
        let code = response.topics[0].partitions[0].error_code;
        assert_eq!(ResponseError::try_from_code(code), Some(error));
    }
}

// ClassicGroup.validateOffsetCommit
#[tokio::test]
async fn a_group_with_members_takes_commits_of_its_members_only() {
    let fixture = Fixture::new();
    let member = fixture.lone_member("group", "consumer", Bytes::new()).await;
    assert_eq!(
        fixture.commit("group", 0, 1),
        Some(ResponseError::UnknownMemberId)
    );
    let request = commit_request("group", 0, 2)
        .with_generation_id_or_member_epoch(1)
        .with_member_id(member);
    let response = fixture.groups.commit_offsets(9, request.clone());
    assert_eq!(response.topics[0].partitions[0].error_code, 0);
    let stale = request.with_generation_id_or_member_epoch(0);
    let response = fixture.groups.commit_offsets(9, stale);
    assert_eq!(
        ResponseError::try_from_code(response.topics[0].partitions[0].error_code),
        Some(ResponseError::IllegalGeneration)
    );
    assert_eq!(fixture.fetch("group", 0, true), (2, None));
}

// OffsetMetadataManager.fetchAllOffsets; OffsetFetchResponse.Builder.build before version 8
#[tokio::test]
async fn all_that_a_group_has_can_be_asked_for() {
    let fixture = Fixture::new();
    fixture.commit("group", 1, 11);
    fixture.commit("group", 0, 10);
    let request = OffsetFetchRequest::default()
        .with_group_id(group_id("group"))
        .with_topics(None);
    let response = fixture.groups.fetch_offsets(7, request);
    assert!(response.groups.is_empty());
    assert_eq!(response.topics[0].name, topic_name(TOPIC));
    let partitions = response.topics[0].partitions.iter();
    let found: Vec<_> = partitions
        .map(|one| {
            (
                one.partition_index,
                one.committed_offset,
                one.committed_leader_epoch,
                one.metadata.clone(),
            )
        })
        .collect();
    let metadata = Some(text("so far"));
    assert_eq!(found, [(0, 10, 7, metadata.clone()), (1, 11, 7, metadata)]);

    let groups = ["group", "nobody"].map(|id| {
        OffsetFetchRequestGroup::default()
            .with_group_id(group_id(id))
            .with_topics(None)
    });
    let request = OffsetFetchRequest::default().with_groups(groups.to_vec());
    let response = fixture.groups.fetch_offsets(8, request);
    assert_eq!(response.groups[0].topics[0].partitions.len(), 2);
    assert!(response.groups[1].topics.is_empty());
    assert_eq!(response.groups[1].error_code, 0);
}

// OffsetMetadataManager.onTopicsDeleted
#[tokio::test]
async fn offsets_go_with_their_topic() {
    let fixture = Fixture::new();
    fixture.commit("group", 0, 1);
    fixture.commit("other", 1, 2);
    fixture.groups.topics_deleted(&["another".to_owned()]);
    assert_eq!(fixture.fetch("group", 0, true).0, 1);
    fixture.groups.topics_deleted(&[TOPIC.to_owned()]);
    assert_eq!(fixture.fetch("group", 0, true).0, -1);
    let fixture = fixture.reopened();
    assert_eq!(fixture.fetch("other", 1, true).0, -1);
}
