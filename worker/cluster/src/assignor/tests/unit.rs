use std::collections::BTreeMap;

use connect_runtime::ConnectorTaskId;

use super::simulation::{Event, Group};
use crate::assignor::{AssignError, Configured, Memory, Round, plan};
use crate::protocol::{Assignment, ConnectProtocol, WorkerState};

fn member(offset: i64) -> WorkerState {
    WorkerState {
        url: "http://w:8083/".to_owned(),
        offset,
        assignment: None,
    }
}

#[test]
fn a_leader_that_is_behind_shares_out_nothing() {
    let members = BTreeMap::from([("a".to_owned(), member(4)), ("b".to_owned(), member(7))]);
    let configured = Configured {
        offset: 6,
        connectors: ["c".to_owned()].into(),
        tasks: [ConnectorTaskId::new("c", 0)].into(),
    };
    for protocol in [ConnectProtocol::Eager, ConnectProtocol::Sessioned] {
        let round = Round {
            protocol,
            generation: 1,
            last_completed_generation: -1,
            leader: "a",
            members: &members,
            configured: &configured,
            now_ms: 0,
            max_delay_ms: 0,
        };
        let plan = plan(&Memory::default(), &round).unwrap();
        assert_eq!(plan.owners, None);
        assert_eq!(plan.memory, Memory::default());
        for told in plan.assignments.values() {
            assert_eq!(told.error, Assignment::CONFIG_MISMATCH);
            assert_eq!(told.offset, 7);
            assert!(told.connectors.is_empty() && told.tasks.is_empty());
        }
    }
}

#[test]
fn a_leader_has_to_be_a_member() {
    let members = BTreeMap::from([("a".to_owned(), member(4))]);
    let round = Round {
        protocol: ConnectProtocol::Sessioned,
        generation: 1,
        last_completed_generation: -1,
        leader: "b",
        members: &members,
        configured: &Configured::default(),
        now_ms: 0,
        max_delay_ms: 0,
    };
    assert_eq!(
        plan(&Memory::default(), &round).unwrap_err(),
        AssignError::LeaderUnknown("b".to_owned())
    );
}

/// KAFKA-17049: the original gives the second worker all tasks of two connectors.
#[test]
fn a_worker_that_joins_gets_some_tasks_of_each_connector() {
    let mut group = Group::of(1);
    for name in 0..3 {
        group.happen(&Event::Configure(name, 4));
    }
    group.settle();
    group.happen(&Event::Join(1));
    group.settle();
    group.check_settled();
    for worker in group.running() {
        for name in ["c0", "c1", "c2"] {
            let tasks = worker.tasks.iter().filter(|task| task.connector == name);
            assert_eq!(tasks.count(), 2, "{worker:?}");
        }
    }
}

/// The original gives it to the first of the three.
#[test]
fn a_task_more_goes_where_the_connector_has_none() {
    let mut group = Group::of(3);
    for name in 0..3 {
        group.happen(&Event::Configure(name, 1));
    }
    group.settle();
    group.happen(&Event::Configure(0, 2));
    group.settle();
    let first = &group.running()[0];
    assert_eq!(first.tasks, [ConnectorTaskId::new("c0", 0)]);
}

/// A lost worker's tasks wait as long as the setting says, and no longer.
#[test]
fn lost_work_waits_for_its_worker_where_that_is_set() {
    let mut group = Group::of(2);
    group.max_delay_ms = 10_000;
    group.happen(&Event::Configure(0, 4));
    group.settle();
    group.happen(&Event::Crash(1));
    let told = |group: &mut Group| {
        let plan = group.round(0);
        let told = &plan.assignments["w0"];
        (told.tasks.len(), told.delay_ms)
    };
    assert_eq!(told(&mut group), (0, 10_000));
    group.happen(&Event::Sleep(4_000));
    assert_eq!(told(&mut group), (0, 6_000));
    group.happen(&Event::Sleep(6_000));
    assert_eq!(told(&mut group), (2, 0));
}
