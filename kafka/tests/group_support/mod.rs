//! A member whose work is text: each says who it is, and the leader tells each who is there.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use connect_kafka::Props;
use connect_kafka::group::{
    AssignError, Generation, GroupHandler, GroupMember, GroupOptions, Joining, LastAnswered, Lost,
    Next,
};
use connect_kafka::wire::Connection;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{FindCoordinatorRequest, GroupId, LeaveGroupRequest};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::worker_props;

/// The shortest that a broker allows unless told otherwise (`group.min.session.timeout.ms`).
pub(crate) const SESSION: Duration = Duration::from_secs(6);
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(500);

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) fn options(group: &str, pairs: &[(&str, &str)]) -> GroupOptions {
    let mut props: Props = worker_props();
    for (key, value) in [
        ("group.id", group),
        ("session.timeout.ms", "6000"),
        ("heartbeat.interval.ms", "500"),
        ("rebalance.timeout.ms", "30000"),
    ]
    .iter()
    .chain(pairs)
    {
        props.insert((*key).to_owned(), (*value).to_owned());
    }
    GroupOptions::from_props(&props, "connectd-test", "kafka-crate-tests").unwrap()
}

pub(crate) fn kind(options: &GroupOptions, protocol_type: &str) -> GroupOptions {
    let mut options = options.clone();
    protocol_type.clone_into(&mut options.protocol_type);
    options
}

/// Takes a member out of its group, as an administrator does.
pub(crate) async fn remove(options: &GroupOptions, member_id: &str) {
    let broker = &options.wire.bootstrap()[0];
    let mut connection = Connection::open(&options.wire, broker).await.unwrap();
    let group = StrBytes::from_string(options.group_id.clone());
    let limit = Duration::from_secs(10);
    let find = FindCoordinatorRequest::default().with_coordinator_keys(vec![group.clone()]);
    assert_eq!(
        connection.send(&find, limit).await.unwrap().coordinators[0].error_code,
        0
    );
    let member_id = StrBytes::from_string(member_id.to_owned());
    let leave = LeaveGroupRequest::default()
        .with_group_id(GroupId(group))
        .with_members(vec![MemberIdentity::default().with_member_id(member_id)]);
    assert_eq!(connection.send(&leave, limit).await.unwrap().error_code, 0);
}

/// An assignment as the handler got it.
#[derive(Debug, Clone)]
pub(crate) struct Assigned {
    pub(crate) generation: Generation,
    pub(crate) work: String,
    pub(crate) reason: String,
    pub(crate) previous: Option<i32>,
}

#[derive(Debug, Clone)]
pub(crate) enum Event {
    Assigned(Assigned),
    /// With whether the proof of membership was gone by then.
    Lost(Lost, bool),
}

/// What a test tells the handler.
#[derive(Debug, Default)]
struct Wishes {
    name: String,
    slow: Duration,
    rejoin: Option<String>,
    failures: u32,
    last_answered: Option<LastAnswered>,
}

struct TestHandler {
    wishes: Arc<Mutex<Wishes>>,
    events: mpsc::UnboundedSender<Event>,
    joining: (String, Option<i32>),
}

pub(crate) struct TestMember {
    pub(crate) handle: GroupMember,
    wishes: Arc<Mutex<Wishes>>,
    events: mpsc::UnboundedReceiver<Event>,
    seen: Vec<Event>,
    removed_before_lost: bool,
}

impl TestMember {
    pub(crate) fn start(options: &GroupOptions, name: &str) -> Self {
        Self::start_failing(options, name, 0)
    }

    /// Whose handler cannot make the first so many assignments.
    pub(crate) fn start_failing(options: &GroupOptions, name: &str, failures: u32) -> Self {
        let wishes = Arc::new(Mutex::new(Wishes {
            name: name.to_owned(),
            failures,
            ..Wishes::default()
        }));
        let (sender, events) = mpsc::unbounded_channel();
        let handler = TestHandler {
            wishes: Arc::clone(&wishes),
            events: sender,
            joining: (String::new(), None),
        };
        let handle = GroupMember::start(options.clone(), handler);
        wishes.lock().unwrap().last_answered = Some(handle.last_answered());
        Self {
            handle,
            wishes,
            events,
            seen: Vec::new(),
            removed_before_lost: false,
        }
    }

    async fn next(&mut self) -> Event {
        if !self.seen.is_empty() {
            return self.seen.remove(0);
        }
        match timeout(PATIENCE, self.events.recv()).await {
            Ok(event) => event.unwrap(),
            Err(_) => panic!("nothing happened: {:?}", self.handle.health().borrow()),
        }
    }

    pub(crate) async fn assigned(&mut self) -> Assigned {
        match self.next().await {
            Event::Assigned(assigned) => assigned,
            lost => panic!("{lost:?}"),
        }
    }

    pub(crate) async fn lost(&mut self) -> Lost {
        match self.next().await {
            Event::Lost(why, removed) => {
                self.removed_before_lost = removed;
                why
            }
            assigned => panic!("{assigned:?}"),
        }
    }

    /// Whether the proof of membership was gone when the handler was told of the last loss.
    pub(crate) fn removed_before_lost(&self) -> bool {
        self.removed_before_lost
    }

    /// What happened and was not looked at.
    pub(crate) fn events(&mut self) -> &[Event] {
        while let Ok(event) = self.events.try_recv() {
            self.seen.push(event);
        }
        &self.seen
    }

    pub(crate) async fn problem(&self) -> String {
        let mut health = self.handle.health();
        let found = timeout(PATIENCE, health.wait_for(|health| health.problem.is_some())).await;
        let health = found.unwrap().unwrap();
        health.problem.as_ref().unwrap().error.to_string()
    }

    pub(crate) async fn leave(&self) -> bool {
        self.handle
            .leave("the test is done", Duration::from_secs(5))
            .await
    }

    pub(crate) fn say(&self, name: &str) {
        name.clone_into(&mut self.wishes.lock().unwrap().name);
    }

    pub(crate) fn slow_down(&self, slow: Duration) {
        self.wishes.lock().unwrap().slow = slow;
    }

    pub(crate) fn rejoin_after_next(&self, reason: &str) {
        self.wishes.lock().unwrap().rejoin = Some(reason.to_owned());
    }
}

#[async_trait]
impl GroupHandler for TestHandler {
    async fn prepare(&mut self, joining: Joining<'_>) -> Vec<(String, Bytes)> {
        let previous = joining.previous.map(|generation| generation.id);
        self.joining = (joining.reason.to_owned(), previous);
        let slow = self.wishes.lock().unwrap().slow;
        tokio::time::sleep(slow).await;
        let name = Bytes::from(self.wishes.lock().unwrap().name.clone());
        // No other member offers the first.
        vec![
            ("second".to_owned(), name.clone()),
            ("first".to_owned(), name),
        ]
    }

    async fn assign(
        &mut self,
        generation: &Generation,
        members: Vec<(String, Bytes)>,
    ) -> Result<Vec<(String, Bytes)>, AssignError> {
        assert!(generation.is_leader());
        {
            let mut wishes = self.wishes.lock().unwrap();
            if wishes.failures > 0 {
                wishes.failures -= 1;
                return Err(AssignError("no work today".to_owned()));
            }
        }
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let mut names: Vec<String> = members.iter().map(|(_, name)| text(name)).collect();
        names.sort();
        let all = names.join(",");
        Ok(members
            .iter()
            .map(|(id, name)| (id.clone(), format!("of {} with {all}", text(name)).into()))
            .collect())
    }

    async fn assigned(&mut self, generation: &Generation, assignment: Bytes) -> Next {
        let (reason, previous) = self.joining.clone();
        let assigned = Assigned {
            generation: generation.clone(),
            work: String::from_utf8(assignment.to_vec()).unwrap(),
            reason,
            previous,
        };
        self.events.send(Event::Assigned(assigned)).ok();
        match self.wishes.lock().unwrap().rejoin.take() {
            Some(reason) => Next::Rejoin(reason),
            None => Next::Stay,
        }
    }

    async fn lost(&mut self, why: Lost) {
        let wishes = self.wishes.lock().unwrap();
        let answered = wishes.last_answered.as_ref();
        let gone = answered.is_some_and(|answered| answered.sent_at().is_none());
        drop(wishes);
        self.events.send(Event::Lost(why, gone)).ok();
    }
}
