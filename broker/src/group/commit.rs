//! OffsetCommit (`OffsetMetadataManager.commitOffset`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestTopic;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};
use kafka_protocol::protocol::StrBytes;

use super::classic::{Committer, Now};
use super::membership::code;
use super::records::{Entry, OffsetValue};
use super::store::Producer;
use super::{Coordinated, Groups};

/// From this version a group that is not there is told from an old generation.
const GROUP_ID_NOT_FOUND: i16 = 9;
/// What a client sends when it does not say how long to keep its offsets.
const DEFAULT_RETENTION: i64 = -1;

/// One position to commit.
#[derive(Debug, Clone)]
pub(super) struct CommitLine {
    pub(super) topic: StrBytes,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) leader_epoch: i32,
    pub(super) metadata: Option<StrBytes>,
}

/// Who commits, and how.
#[derive(Debug)]
pub(super) struct Commit<'a> {
    pub(super) group: &'a StrBytes,
    pub(super) by: Committer<'a>,
    /// What a member of a group that is not there is told.
    pub(super) without_group: ResponseError,
    pub(super) expires_at: Option<i64>,
    pub(super) producer: Option<Producer>,
}

impl Groups {
    /// Commits positions of a group, whether it has members or not.
    pub(crate) fn commit_offsets(
        &self,
        version: i16,
        request: OffsetCommitRequest,
    ) -> OffsetCommitResponse {
        let retention = request.retention_time_ms;
        let commit = Commit {
            group: &request.group_id,
            by: Committer {
                member_id: &request.member_id,
                instance_id: request.group_instance_id.as_ref(),
                generation: request.generation_id_or_member_epoch,
                transactional: false,
            },
            without_group: match version {
                GROUP_ID_NOT_FOUND.. => ResponseError::GroupIdNotFound,
                _ => ResponseError::IllegalGeneration,
            },
            expires_at: (retention != DEFAULT_RETENTION)
                .then(|| Now::read().wall_ms.saturating_add(retention)),
            producer: None,
        };
        let outcomes = self.commit_lines(&commit, lines(&request.topics));
        let mut outcomes = outcomes.into_iter();
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                OffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code(outcomes.next().unwrap_or(Ok(()))))
            });
            OffsetCommitResponseTopic::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        OffsetCommitResponse::default().with_topics(topics.collect())
    }

    /// What becomes of each line, in their order.
    pub(super) fn commit_lines(
        &self,
        commit: &Commit<'_>,
        lines: Vec<CommitLine>,
    ) -> Vec<Result<(), ResponseError>> {
        let now = Now::read();
        let mut outcomes = Vec::with_capacity(lines.len());
        // Partitions that are not there are refused whoever asks; for them alone the group is
        // not looked at.
        let mut entries = Vec::with_capacity(lines.len());
        for line in lines {
            let entry = self.entry(commit, now, line);
            outcomes.push(entry.as_ref().map(drop).map_err(|error| *error));
            entries.extend(entry.ok());
        }
        let unknown = Err(ResponseError::UnknownTopicOrPartition);
        if outcomes.iter().all(|outcome| *outcome == unknown) {
            return outcomes;
        }
        let mut coordinated = self.lock();
        let written = self
            .check_committer(&mut coordinated, commit)
            .and_then(|()| self.write(&mut coordinated, commit, entries));
        if let Err(error) = written {
            for outcome in outcomes.iter_mut().filter(|outcome| **outcome != unknown) {
                *outcome = Err(error);
            }
        }
        outcomes
    }

    fn entry(
        &self,
        commit: &Commit<'_>,
        now: Now,
        line: CommitLine,
    ) -> Result<Entry, ResponseError> {
        let topic_id = self
            .topic_id(&line.topic, line.partition)
            .ok_or(ResponseError::UnknownTopicOrPartition)?;
        let metadata = line.metadata.unwrap_or_default();
        // Java counts UTF-16 units.
        if metadata.encode_utf16().count() > self.settings.max_offset_metadata {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        Ok(Entry::Offset {
            group: commit.group.clone(),
            topic: line.topic,
            partition: line.partition,
            value: Some(OffsetValue {
                offset: line.offset,
                leader_epoch: line.leader_epoch,
                metadata,
                committed_at: now.wall_ms,
                expires_at: commit.expires_at,
                topic_id,
            }),
        })
    }

    /// A group that is not there comes into being with the first offset of whoever is no member.
    fn check_committer(
        &self,
        coordinated: &mut Coordinated,
        commit: &Commit<'_>,
    ) -> Result<(), ResponseError> {
        let checked = self.with_group_of(coordinated, commit.group, |group, turn| {
            group.check_commit(turn, commit.by)
        });
        match checked {
            Some(outcome) => outcome,
            None if coordinated.closed => Err(ResponseError::CoordinatorNotAvailable),
            None if commit.by.generation < 0 => Ok(()),
            None => Err(commit.without_group),
        }
    }

    fn write(
        &self,
        coordinated: &mut Coordinated,
        commit: &Commit<'_>,
        entries: Vec<Entry>,
    ) -> Result<(), ResponseError> {
        let Some(producer) = commit.producer else {
            return self.commit(coordinated, entries);
        };
        if entries.is_empty() {
            return Ok(());
        }
        let first = self.store.append_in(producer, &entries)?;
        coordinated.take_over(entries, first, Some(producer.id));
        Ok(())
    }
}

fn lines(topics: &[OffsetCommitRequestTopic]) -> Vec<CommitLine> {
    let of_topic = |topic: &OffsetCommitRequestTopic| {
        let name = topic.name.0.clone();
        let partitions = topic.partitions.iter().map(move |partition| CommitLine {
            topic: name.clone(),
            partition: partition.partition_index,
            offset: partition.committed_offset,
            leader_epoch: partition.committed_leader_epoch,
            metadata: partition.committed_metadata.clone(),
        });
        partitions.collect::<Vec<_>>()
    };
    topics.iter().flat_map(of_topic).collect()
}
