use std::collections::HashMap;

use connect_runtime::ConnectorTaskId;
use proptest::prelude::*;

use super::{Assignment, ConnectProtocol, ProtocolError, WorkerState};

/// What Connect 4.1.0 wrote: a description, the size, and the bytes.
const GOLDEN: &str = include_str!("../../tests/data/group-protocol-bytes-4.1.0.txt");

fn golden() -> HashMap<&'static str, Vec<u8>> {
    GOLDEN
        .lines()
        .filter_map(|line| {
            let (description, hex) = line.rsplit_once(' ')?;
            let (name, _size) = description.rsplit_once(" (")?;
            Some((name, unhex(hex)))
        })
        .collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn base() -> Assignment {
    Assignment {
        version: 2,
        leader: "m1".to_owned(),
        leader_url: "http://w1:8083/".to_owned(),
        offset: 5,
        ..Assignment::default()
    }
}

fn state(assignment: Option<Assignment>) -> WorkerState {
    WorkerState {
        url: "http://w1:8083/".to_owned(),
        offset: 5,
        assignment,
    }
}

fn assigned(tasks: usize) -> Assignment {
    Assignment {
        connectors: vec!["c1".to_owned()],
        tasks: (0..tasks)
            .map(|task| ConnectorTaskId::new("c1", task))
            .collect(),
        ..base()
    }
}

fn revoked() -> Assignment {
    let work = assigned(1);
    Assignment {
        revoked_connectors: work.connectors,
        revoked_tasks: work.tasks,
        delay_ms: 300_000,
        ..base()
    }
}

fn mismatch() -> Assignment {
    Assignment {
        error: Assignment::CONFIG_MISMATCH,
        ..base()
    }
}

#[test]
fn metadata_is_that_of_connect_to_the_byte() {
    use ConnectProtocol::{Compatible, Eager, Sessioned};
    let golden = golden();
    assert_eq!(golden.len(), 9);
    let expected = [
        (
            "V0 metadata url=http://w1:8083/ offset=5",
            Eager,
            state(None),
        ),
        (
            "V1 metadata (compatible) no assignment",
            Compatible,
            state(None),
        ),
        (
            "V2 metadata (sessioned) no assignment",
            Sessioned,
            state(None),
        ),
        (
            "V2 metadata with that assignment",
            Sessioned,
            state(Some(assigned(1))),
        ),
    ];
    for (name, protocol, state) in expected {
        let bytes = &golden[name];
        assert_eq!(&state.encode(protocol).unwrap(), bytes, "{name}");
        assert_eq!(WorkerState::decode(bytes).unwrap(), state, "{name}");
    }
}

#[test]
fn assignments_are_those_of_connect_to_the_byte() {
    use ConnectProtocol::{Compatible, Eager, Sessioned};
    let golden = golden();
    let expected = [
        (
            "V0 assignment err0 leader=m1 leaderUrl offset5 connectors[c1] tasks[c1-0,c1-1]",
            Eager,
            assigned(2),
        ),
        (
            "V2 assignment assigned c1,c1-0 no revoked delay0",
            Sessioned,
            assigned(1),
        ),
        (
            "V2 assignment nothing assigned, revoke c1,c1-0, delay 300000",
            Sessioned,
            revoked(),
        ),
        ("V1 assignment same", Compatible, revoked()),
        ("V2 assignment CONFIG_MISMATCH", Sessioned, mismatch()),
    ];
    for (name, protocol, assignment) in expected {
        let bytes = &golden[name];
        assert_eq!(&assignment.encode(protocol).unwrap(), bytes, "{name}");
        let read = Assignment::decode(bytes).unwrap();
        let version = protocol.version();
        assert_eq!(
            read,
            Assignment {
                version,
                ..assignment
            },
            "{name}"
        );
    }
}

#[test]
fn a_worker_offers_what_its_setting_says_the_best_first() {
    let offered = |setting: &str| {
        let protocol: ConnectProtocol = setting.parse().unwrap();
        let metadata = protocol.join_metadata(&state(Some(assigned(1)))).unwrap();
        metadata
            .into_iter()
            .map(|(name, bytes)| (name, bytes[1]))
            .collect::<Vec<_>>()
    };
    assert_eq!(offered("eager"), [("default", 0)]);
    assert_eq!(offered("Compatible"), [("compatible", 1), ("default", 0)]);
    assert_eq!(
        offered("sessioned"),
        [("sessioned", 2), ("compatible", 1), ("default", 0)]
    );
    assert_eq!(
        ConnectProtocol::from_name("default"),
        Ok(ConnectProtocol::Eager)
    );
    assert_eq!(
        "default".parse::<ConnectProtocol>(),
        Err(ProtocolError::UnknownProtocol("default".to_owned()))
    );
}

#[test]
fn null_lists_and_tails_that_are_missing_are_empty() {
    let full = base().encode(ConnectProtocol::Sessioned).unwrap();
    let head = full.len() - 12;
    // Without the delay, without the revoked, without the assigned.
    for cut in [full.len() - 4, full.len() - 8, head] {
        assert_eq!(Assignment::decode(&full[..cut]).unwrap(), base());
    }
    let mut nulls = full[..head].to_vec();
    nulls.extend([0xff; 8]);
    assert_eq!(Assignment::decode(&nulls).unwrap(), base());
    // In the middle of a field nothing may end.
    for cut in (0..full.len()).filter(|cut| ![full.len() - 4, full.len() - 8, head].contains(cut)) {
        let read = Assignment::decode(&full[..cut]);
        assert!(matches!(read, Err(ProtocolError::TooShort { .. })), "{cut}");
    }
}

#[test]
fn newer_versions_are_read_as_ours_and_negative_ones_refused() {
    let mut bytes = revoked().encode(ConnectProtocol::Sessioned).unwrap();
    bytes[1] = 9;
    bytes.extend(b"something that came with version 9");
    let newer = Assignment {
        version: 9,
        ..revoked()
    };
    assert_eq!(Assignment::decode(&bytes).unwrap(), newer);
    bytes[0] = 0xff;
    assert_eq!(
        Assignment::decode(&bytes),
        Err(ProtocolError::Version(-247))
    );
}

#[test]
fn lengths_that_cannot_be_are_refused_before_they_cost_memory() {
    let full = base().encode(ConnectProtocol::Sessioned).unwrap();
    let mut bytes = full[..full.len() - 12].to_vec();
    bytes.extend(i32::MAX.to_be_bytes());
    assert!(matches!(
        Assignment::decode(&bytes),
        Err(ProtocolError::TooShort {
            field: "assignment",
            ..
        })
    ));
    let mut tasks = full[..full.len() - 12].to_vec();
    tasks.extend([0, 0, 0, 1, 0, 1, b'c']);
    let mut null_tasks = tasks.clone();
    null_tasks.extend((-1_i32).to_be_bytes());
    assert_eq!(
        Assignment::decode(&null_tasks),
        Err(ProtocolError::NegativeLength { field: "tasks" })
    );
    tasks.extend([0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe]);
    assert_eq!(
        Assignment::decode(&tasks),
        Err(ProtocolError::TaskNumber {
            connector: "c".to_owned(),
            task: -2
        })
    );
}

#[test]
fn names_that_the_protocol_cannot_carry_are_refused() {
    let mut long = assigned(1);
    long.connectors = vec!["x".repeat(32_768)];
    assert_eq!(
        long.encode(ConnectProtocol::Sessioned),
        Err(ProtocolError::TooLong {
            field: "connector",
            length: 32_768
        })
    );
}

#[test]
fn a_worker_keeps_what_is_not_revoked() {
    let held = Assignment {
        connectors: vec!["c1".to_owned(), "c2".to_owned()],
        tasks: vec![ConnectorTaskId::new("c1", 0), ConnectorTaskId::new("c2", 0)],
        ..base()
    };
    let came = Assignment {
        connectors: vec!["c3".to_owned()],
        tasks: vec![ConnectorTaskId::new("c2", 0)],
        ..revoked()
    };
    let after = came.clone().added_to(Some(&held));
    assert_eq!(after.connectors, ["c3", "c2"]);
    assert_eq!(after.tasks, [ConnectorTaskId::new("c2", 0)]);
    assert_eq!(after.delay_ms, 300_000);
    assert_eq!(came.clone().added_to(None), came);
}

fn any_work() -> impl Strategy<Value = (Vec<String>, Vec<ConnectorTaskId>)> {
    let names = proptest::sample::subsequence(
        vec!["a", "b", "sink-1", "sink-2", "größe", "日本", "🦀", "a.b c"],
        0..8,
    );
    let tasks = proptest::collection::btree_set((0..8_usize, 0..4_usize), 0..12);
    (names, tasks).prop_map(|(names, tasks)| {
        let all = ["a", "b", "sink-1", "sink-2", "größe", "日本", "🦀", "z"];
        (
            names.into_iter().map(str::to_owned).collect(),
            tasks
                .into_iter()
                .map(|(name, task)| ConnectorTaskId::new(all[name], task))
                .collect(),
        )
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_written_again_the_same(
        assigned in any_work(),
        revoked in any_work(),
        delay_ms in any::<i32>(),
        offset in any::<i64>(),
    ) {
        let assignment = Assignment {
            offset,
            connectors: assigned.0,
            tasks: assigned.1,
            revoked_connectors: revoked.0,
            revoked_tasks: revoked.1,
            delay_ms,
            ..base()
        };
        let bytes = state(Some(assignment.clone())).encode(ConnectProtocol::Sessioned).unwrap();
        let read = WorkerState::decode(&bytes).unwrap();
        prop_assert_eq!(read.encode(ConnectProtocol::Sessioned).unwrap(), bytes);
        let mut read = read.assignment.unwrap();
        let mut wanted = assignment;
        for one in [&mut read, &mut wanted] {
            one.connectors.sort();
            one.tasks.sort();
            one.revoked_tasks.sort();
        }
        prop_assert_eq!(read, wanted);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(WorkerState::decode(&bytes));
        drop(Assignment::decode(&bytes));
    }
}
