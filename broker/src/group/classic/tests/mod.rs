//! Each test names the place in Kafka's sources whose rule it holds us to.

mod anything;
mod joining;
mod leaving;
mod rebalancing;
mod sessions;
mod statics;
mod syncing;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot::{self, Receiver};

use super::{ClassicGroup, Joining, Journal, Now, State, Syncing, Turn};
use crate::group::records::{Entry, GroupValue};
use crate::group::settings::GroupSettings;

const SESSION: Duration = Duration::from_secs(10);
const REBALANCE: Duration = Duration::from_secs(60);

/// A journal in memory, which can be made to fail.
#[derive(Debug, Default)]
struct Memory {
    entries: RefCell<Vec<Entry>>,
    fails: RefCell<Option<ResponseError>>,
}

impl Journal for Memory {
    fn append(&self, entries: &[Entry]) -> Result<i64, ResponseError> {
        if let Some(error) = *self.fails.borrow() {
            return Err(error);
        }
        let mut written = self.entries.borrow_mut();
        let first = i64::try_from(written.len()).unwrap();
        written.extend_from_slice(entries);
        Ok(first)
    }
}

/// A group, and the time that passes when a test says so.
struct Fixture {
    group: ClassicGroup,
    settings: GroupSettings,
    journal: Memory,
    now: Now,
}

type Joined = Receiver<JoinGroupResponse>;
type Synced = Receiver<SyncGroupResponse>;

impl Fixture {
    fn new() -> Self {
        Self::with(GroupSettings::default())
    }

    fn with(settings: GroupSettings) -> Self {
        let now = Now {
            at: Instant::now(),
            wall_ms: 1_000_000,
        };
        Self {
            group: ClassicGroup::new(text("the-group"), now),
            settings,
            journal: Memory::default(),
            now,
        }
    }

    fn act<T>(&mut self, act: impl FnOnce(&mut ClassicGroup, Turn<'_>) -> T) -> T {
        let turn = Turn {
            now: self.now,
            settings: &self.settings,
            journal: &self.journal,
        };
        act(&mut self.group, turn)
    }

    fn join(&mut self, joining: Joining) -> Joined {
        let (answer, answered) = oneshot::channel();
        self.act(|group, turn| group.join(turn, joining, answer));
        answered
    }

    fn sync(&mut self, syncing: Syncing) -> Synced {
        let (answer, answered) = oneshot::channel();
        self.act(|group, turn| group.sync(turn, syncing, answer));
        answered
    }

    fn heartbeat(&mut self, member_id: &str, generation: i32) -> Result<(), ResponseError> {
        self.act(|group, turn| group.heartbeat(turn, &text(member_id), None, generation))
    }

    fn pass(&mut self, time: Duration) {
        self.now.at += time;
        self.now.wall_ms += i64::try_from(time.as_millis()).unwrap();
        self.act(ClassicGroup::expire);
    }

    /// A stable group of so many members: the first leads. Their ids.
    fn stable(&mut self, members: usize) -> Vec<String> {
        let mut first = self.join(by_old_client("c"));
        let mut ids = vec![id_of(&answer(&mut first))];
        while ids.len() < members {
            let mut newcomer = self.join(by_old_client("c"));
            let mut others: Vec<Joined> = ids.iter().map(|id| self.join(rejoining(id))).collect();
            ids.push(id_of(&answer(&mut newcomer)));
            others.iter_mut().for_each(|other| drop(answer(other)));
        }
        let generation = self.group.generation;
        let leader = self.group.leader.clone().unwrap().to_string();
        self.sync(assigning(&leader, generation, &ids));
        for id in ids.iter().filter(|id| **id != leader) {
            assert_eq!(
                answer(&mut self.sync(syncing(id, generation))).error_code,
                0
            );
        }
        assert_eq!(self.group.state(), State::Stable);
        ids.sort_by_key(|id| *id != leader);
        ids
    }

    fn last_record(&self) -> GroupValue {
        match self.journal.entries.borrow().last().cloned() {
            Some(Entry::Group {
                value: Some(value), ..
            }) => value,
            other => panic!("no group was written last, but {other:?}"),
        }
    }

    fn fail_writing(&self, error: Option<ResponseError>) {
        *self.journal.fails.borrow_mut() = error;
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn protocols(names: &[&str]) -> super::member::Protocols {
    let protocols = names.iter();
    protocols
        .map(|name| (text(name), Bytes::from(format!("metadata of {name}"))))
        .collect()
}

/// A client of the time when a new member's first join counted.
fn by_old_client(client_id: &str) -> Joining {
    Joining {
        version: 3,
        client_id: text(client_id),
        client_host: text("/127.0.0.1"),
        member_id: StrBytes::new(),
        instance_id: None,
        session_timeout: SESSION,
        rebalance_timeout: REBALANCE,
        protocol_type: text("connect"),
        protocols: protocols(&["sessioned", "compatible"]),
        reason: text("a test"),
    }
}

fn rejoining(member_id: &str) -> Joining {
    Joining {
        version: 9,
        member_id: text(member_id),
        ..by_old_client("c")
    }
}

fn syncing(member_id: &str, generation: i32) -> Syncing {
    Syncing {
        member_id: text(member_id),
        instance_id: None,
        generation,
        protocol_type: Some(text("connect")),
        protocol: Some(text("sessioned")),
        assignments: BTreeMap::new(),
    }
}

fn assigning(leader: &str, generation: i32, members: &[String]) -> Syncing {
    let members = members.iter();
    Syncing {
        assignments: members
            .map(|id| (text(id), Bytes::from(format!("work of {id}"))))
            .collect(),
        ..syncing(leader, generation)
    }
}

/// An answer that has come.
fn answer<T>(receiver: &mut Receiver<T>) -> T {
    receiver.try_recv().expect("there is no answer yet")
}

/// There is none yet.
fn is_held<T>(receiver: &mut Receiver<T>) -> bool {
    matches!(
        receiver.try_recv(),
        Err(oneshot::error::TryRecvError::Empty)
    )
}

fn id_of(joined: &JoinGroupResponse) -> String {
    assert_eq!(joined.error_code, 0);
    joined.member_id.to_string()
}

fn error_of(code: i16) -> Option<ResponseError> {
    ResponseError::try_from_code(code)
}
