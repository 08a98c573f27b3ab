use uuid::Uuid;

use super::*;
use crate::group::records::{Entry, GroupValue, MemberValue, OffsetValue};
use crate::group::store::partition_of;
use crate::group::wire::Malformed;
use crate::log::{BatchRecords, split_batches};

fn offset(value: OffsetValue) -> Entry {
    Entry::Offset {
        group: text("g"),
        topic: text("t"),
        partition: 3,
        value: Some(value),
    }
}

fn reread(entry: &Entry) -> Entry {
    Entry::decode(entry.key().unwrap(), entry.value().unwrap()).unwrap()
}

// OffsetCommitKey.json, OffsetCommitValue.json: version 4
#[test]
fn an_offset_is_written_in_version_4_with_the_topics_id() {
    let entry = offset(OffsetValue {
        offset: 258,
        leader_epoch: 1,
        metadata: text("m"),
        committed_at: 2,
        expires_at: None,
        topic_id: Uuid::from_bytes([9; 16]),
    });
    assert_eq!(
        entry.key().unwrap(),
        Bytes::from_static(b"\0\x01\0\x01g\0\x01t\0\0\0\x03")
    );
    let mut expected =
        b"\0\x04\0\0\0\0\0\0\x01\x02\0\0\0\x01\x02m\0\0\0\0\0\0\0\x02\x01\0\x10".to_vec();
    expected.extend([9; 16]);
    assert_eq!(entry.value().unwrap().unwrap(), expected);
    assert_eq!(reread(&entry), entry);
}

// GroupCoordinatorRecordHelpers.offsetCommitValueVersion: version 1
#[test]
fn an_offset_that_expires_is_written_in_version_1() {
    let entry = offset(OffsetValue {
        offset: 1,
        leader_epoch: -1,
        metadata: text(""),
        committed_at: 2,
        expires_at: Some(3),
        topic_id: Uuid::nil(),
    });
    let expected = b"\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03";
    assert_eq!(entry.value().unwrap().unwrap(), expected[..]);
    assert_eq!(reread(&entry), entry);
}

// OffsetCommitValue.json: version 3, LegacyOffsetCommitValue.json
#[test]
fn older_offsets_are_read() {
    let key = Bytes::from_static(b"\0\0\0\x01g\0\x01t\0\0\0\x03");
    let version_3 = b"\0\x03\0\0\0\0\0\0\0\x07\0\0\0\x05\0\x01m\0\0\0\0\0\0\0\x02";
    let read = Entry::decode(key, Some(Bytes::from_static(version_3))).unwrap();
    let expected = offset(OffsetValue {
        offset: 7,
        leader_epoch: 5,
        metadata: text("m"),
        committed_at: 2,
        expires_at: None,
        topic_id: Uuid::nil(),
    });
    assert_eq!(read, expected);
}

// GroupMetadataValue.json: version 3
#[test]
fn a_group_is_written_in_version_3() {
    let entry = Entry::Group {
        group: text("g"),
        value: Some(GroupValue {
            protocol_type: text("connect"),
            generation: 4,
            protocol: Some(text("p")),
            leader: None,
            state_since: 5,
            members: vec![MemberValue {
                member_id: text("m"),
                instance_id: None,
                client_id: text("c"),
                client_host: text("/h"),
                rebalance_timeout_ms: 6,
                session_timeout_ms: 7,
                subscription: Bytes::from_static(b"s"),
                assignment: Bytes::from_static(b"a"),
            }],
        }),
    };
    assert_eq!(entry.key().unwrap(), Bytes::from_static(b"\0\x02\0\x01g"));
    let expected: [&[u8]; 6] = [
        b"\0\x03\0\x07connect\0\0\0\x04\0\x01p\xff\xff\0\0\0\0\0\0\0\x05",
        b"\0\0\0\x01\0\x01m\xff\xff\0\x01c\0\x02/h",
        b"\0\0\0\x06\0\0\0\x07",
        b"\0\0\0\x01s",
        b"\0\0\0\x01a",
        b"",
    ];
    assert_eq!(entry.value().unwrap().unwrap(), expected.concat());
    assert_eq!(reread(&entry), entry);
}

#[test]
fn tombstones_and_what_is_unknown() {
    let removed = Entry::Group {
        group: text("g"),
        value: None,
    };
    assert_eq!(removed.value(), Ok(None));
    assert_eq!(reread(&removed), removed);
    // 3 is ConsumerGroupMetadataKey, of the newer protocol.
    let newer = Entry::decode(Bytes::from_static(b"\0\x03\0\x01g"), None);
    assert_eq!(newer, Ok(Entry::Unknown { kind: 3 }));
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    let group = || Bytes::from_static(b"\0\x02\0\x01g");
    let read = |value: &'static [u8]| Entry::decode(group(), Some(Bytes::from_static(value)));
    assert_eq!(
        read(b"\0\x05"),
        Err(Malformed::Version {
            what: "a group's metadata",
            version: 5
        })
    );
    assert_eq!(read(b"\0\x03\0\x07con"), Err(Malformed::Short));
    // So many members are not even looked for.
    let endless = b"\0\x03\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\x7f\xff\xff\xff";
    assert_eq!(read(endless), Err(Malformed::Short));
    assert_eq!(
        Entry::decode(Bytes::from_static(b"\0\x02\0\x05g"), None),
        Err(Malformed::Short)
    );
    let long = Entry::Group {
        group: text(&"g".repeat(32_768)),
        value: None,
    };
    assert_eq!(long.key(), Err(Malformed::TooLong(32_768)));
}

// GroupCoordinatorService.partitionFor: Utils.abs(groupId.hashCode()) % numPartitions
#[test]
fn a_group_is_where_kafka_would_have_it() {
    assert_eq!(partition_of("hello", 50), 99_162_322 % 50);
    // Its hash is the smallest number, which has no absolute value: Utils.abs makes it 0.
    assert_eq!(partition_of("polygenelubricants", 50), 0);
    assert_eq!(partition_of("", 50), 0);
    assert_eq!(partition_of("hello", 1), 0);
}

/// The records of the offsets topic of Kafka 4.3.1, after a console consumer with a
/// `group.instance.id` had read a topic of two partitions, committed, and expired.
const GROUP: &[u8] = include_bytes!("golden/kafka-4.3.1-group.batches");
/// After `kafka-consumer-groups --reset-offsets --to-latest --execute`.
const SIMPLE_GROUP: &[u8] = include_bytes!("golden/kafka-4.3.1-simple-group.batches");

/// The entries of batches, each of which is written again as it was read.
fn golden(bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (range, _) in split_batches(bytes).unwrap() {
        let batch = BatchRecords::open(&bytes[range]).unwrap();
        for record in batch.iter() {
            let record = record.unwrap();
            let key = Bytes::copy_from_slice(record.key.unwrap());
            let value = record.value.map(Bytes::copy_from_slice);
            let entry = Entry::decode(key.clone(), value.clone()).unwrap();
            assert_eq!(entry.key().unwrap(), key);
            assert_eq!(entry.value().unwrap(), value);
            entries.push(entry);
        }
    }
    entries
}

#[test]
fn kafkas_own_groups_are_read_and_written_alike() {
    let entries = golden(GROUP);
    let generations: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Group {
                value: Some(group), ..
            } => Some((group.generation, group.members.len())),
            _ => None,
        })
        .collect();
    assert_eq!(generations, [(0, 0), (1, 1), (2, 0)]);
    let Entry::Group {
        value: Some(group), ..
    } = &entries[1]
    else {
        panic!("{:?} is no group", entries[1]);
    };
    assert_eq!(group.protocol_type, text("consumer"));
    assert_eq!(group.protocol, Some(text("range")));
    let member = &group.members[0];
    assert_eq!(group.leader.as_ref(), Some(&member.member_id));
    assert_eq!(member.instance_id, Some(text("golden-instance")));
    assert_eq!(member.client_id, text("console-consumer"));
    assert_eq!(member.client_host, text("/127.0.0.1"));
    assert_eq!(member.rebalance_timeout_ms, 300_000);
    assert_eq!(member.session_timeout_ms, 45_000);
    let offsets: Vec<_> = entries.iter().filter_map(offset_of).collect();
    assert_eq!(offsets, [(1, 3, 0), (0, 0, -1)]);
}

#[test]
fn kafkas_own_offsets_are_read_and_written_alike() {
    let entries = golden(SIMPLE_GROUP);
    let offsets: Vec<_> = entries.iter().filter_map(offset_of).collect();
    assert_eq!(offsets, [(0, 0, -1)]);
    assert_eq!(partition_of("simple-group", 5), 0);
    assert_eq!(partition_of("golden-group", 5), 4);
}

/// Partition, offset and leader epoch.
fn offset_of(entry: &Entry) -> Option<(i32, i64, i32)> {
    match entry {
        Entry::Offset {
            partition,
            value: Some(value),
            ..
        } => Some((*partition, value.offset, value.leader_epoch)),
        _ => None,
    }
}

proptest::proptest! {
    #[test]
    fn whatever_the_topic_holds_is_read_or_refused(
        kind in 0_i16..4,
        key in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
        version in 0_i16..6,
        value in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120),
    ) {
        let key = [&kind.to_be_bytes()[..], &key].concat();
        let value = [&version.to_be_bytes()[..], &value].concat();
        drop(Entry::decode(Bytes::from(key), Some(Bytes::from(value))));
    }
}
