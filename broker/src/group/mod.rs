//! Group membership and the offsets of groups: the group coordinator.
//!
//! [`Groups`] answers requests. What a group does is decided in [`classic`], a state machine
//! without time and without I/O; what it has committed is in [`offsets`]; both are written to the
//! offsets topic ([`store`], in the format of [`records`]) before they count, and read from there
//! at the start. All groups share one lock, which is never held while anybody waits.

mod admin;
mod classic;
mod commit;
mod fetch;
mod find;
mod membership;
mod offsets;
mod records;
mod settings;
mod store;
mod transactional;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::Notify;
use uuid::Uuid;

use self::classic::{ClassicGroup, Journal as _, Now, Turn};
use self::offsets::{Offsets, Position};
use self::records::Entry;
use self::store::{Found, Store};
use crate::error::BrokerError;
use crate::topics::Topics;

pub(crate) use self::find::find_coordinator;
pub(crate) use self::settings::GroupSettings;
pub(crate) use self::store::OFFSETS_TOPIC;

/// The versions of what is answered here. Those of the offsets' messages end where
/// kafka-protocol's do; TxnOffsetCommit is dispatched, and bounded, by the transactions.
pub(crate) const API_VERSIONS: &[(ApiKey, i16, i16)] = &[
    (ApiKey::OffsetCommit, 2, 9),
    (ApiKey::OffsetFetch, 1, 9),
    (ApiKey::FindCoordinator, 0, 6),
    (ApiKey::JoinGroup, 0, 9),
    (ApiKey::Heartbeat, 0, 4),
    (ApiKey::LeaveGroup, 0, 5),
    (ApiKey::SyncGroup, 0, 5),
    (ApiKey::DescribeGroups, 0, 6),
    (ApiKey::ListGroups, 0, 5),
    (ApiKey::DeleteGroups, 0, 2),
    (ApiKey::OffsetDelete, 0, 0),
];

/// The group coordinator.
#[derive(Debug)]
pub(crate) struct Groups {
    topics: Arc<Topics>,
    store: Store,
    settings: GroupSettings,
    coordinated: Mutex<Coordinated>,
    /// Told when something is due earlier than the task of the time-outs knows.
    earlier: Arc<Notify>,
}

/// What the coordinator knows.
#[derive(Debug, Default)]
struct Coordinated {
    groups: HashMap<StrBytes, ClassicGroup>,
    offsets: Offsets,
    /// When the task of the time-outs looks again by itself.
    looks_at: Option<Instant>,
    closed: bool,
}

impl Groups {
    /// Creates the offsets topic if it is not there, reads it, and starts the task of the
    /// time-outs, for which it needs a tokio runtime.
    pub(crate) fn open(
        topics: Arc<Topics>,
        settings: GroupSettings,
    ) -> Result<Arc<Self>, BrokerError> {
        let store = Store::open(&topics, settings.offsets_partitions)?;
        let now = Now::read();
        let mut coordinated = Coordinated::default();
        store.read(|found| coordinated.replay(found, now))?;
        if !settings.members_outlive_restart {
            for group in coordinated.groups.values_mut() {
                group.forget_members(now);
            }
        }
        let groups = Arc::new(Self {
            topics,
            store,
            settings,
            coordinated: Mutex::new(coordinated),
            earlier: Arc::new(Notify::new()),
        });
        tokio::spawn(watch_time(Arc::downgrade(&groups)));
        Ok(groups)
    }

    /// The partition of the offsets topic that a group's records are in.
    pub(crate) fn offsets_partition(&self, group_id: &str) -> i32 {
        self.store.partition_of(group_id)
    }

    /// Answers every held join and sync, and refuses what comes after.
    pub(crate) fn close(&self) {
        let now = Now::read();
        let mut coordinated = self.lock();
        coordinated.closed = true;
        for group in coordinated.groups.values_mut() {
            group.close(now);
        }
        self.earlier.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Coordinated> {
        // Whoever panicked had its own request; a group is whole between the steps of a change.
        self.coordinated
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, now: Now) -> Turn<'_> {
        Turn {
            now,
            settings: &self.settings,
            journal: &self.store,
        }
    }

    /// Lets a group act, and sees to it that its time-outs are noticed; `None` when there is no
    /// such group.
    fn with_group<T>(
        &self,
        id: &StrBytes,
        act: impl FnOnce(&mut ClassicGroup, Turn<'_>) -> T,
    ) -> Option<T> {
        let mut coordinated = self.lock();
        self.with_group_of(&mut coordinated, id, act)
    }

    fn with_group_of<T>(
        &self,
        coordinated: &mut Coordinated,
        id: &StrBytes,
        act: impl FnOnce(&mut ClassicGroup, Turn<'_>) -> T,
    ) -> Option<T> {
        let group = coordinated.groups.get_mut(id)?;
        let outcome = act(group, self.turn(Now::read()));
        let due = group.next_deadline();
        if due.is_some_and(|due| coordinated.looks_at.is_none_or(|looks_at| due < looks_at)) {
            coordinated.looks_at = due;
            self.earlier.notify_one();
        }
        Some(outcome)
    }

    /// A group that comes into being with its first member.
    fn create_group(
        &self,
        coordinated: &mut Coordinated,
        id: &StrBytes,
    ) -> Result<(), ResponseError> {
        let group = ClassicGroup::new(id.clone(), Now::read());
        self.store.append(&[group.first_record()])?;
        coordinated.groups.insert(id.clone(), group);
        Ok(())
    }

    /// Writes entries of one group and takes them over.
    fn commit(
        &self,
        coordinated: &mut Coordinated,
        entries: Vec<Entry>,
    ) -> Result<(), ResponseError> {
        if entries.is_empty() {
            return Ok(());
        }
        let first = self.store.append(&entries)?;
        coordinated.take_over(entries, first, None);
        Ok(())
    }

    /// Does what is due, and says when to look again.
    fn expire(&self) -> Option<Instant> {
        let mut coordinated = self.lock();
        let turn = self.turn(Now::read());
        let mut next: Option<Instant> = None;
        for group in coordinated.groups.values_mut() {
            group.expire(turn);
            if let Some(due) = group.next_deadline() {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
        coordinated.looks_at = next;
        next
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        self.earlier.notify_one();
    }
}

impl Coordinated {
    /// Takes over what is found in the offsets topic.
    fn replay(&mut self, found: Found, now: Now) {
        match found {
            Found::End {
                producer,
                committed,
            } => self.offsets.finish(producer, committed),
            Found::Entry {
                entry,
                offset,
                producer,
            } => match entry {
                Entry::Group { group, value: None } => {
                    self.groups.remove(&group);
                }
                Entry::Group {
                    group,
                    value: Some(value),
                } => {
                    let restored = ClassicGroup::restored(group.clone(), value, now);
                    self.groups.insert(group, restored);
                }
                Entry::Unknown { kind } => {
                    tracing::warn!(offset, kind, "{OFFSETS_TOPIC}: a record of an unknown kind");
                }
                entry @ Entry::Offset { .. } => self.take_over(vec![entry], offset, producer),
            },
        }
    }

    /// Takes over entries that have been written from an offset on.
    fn take_over(&mut self, entries: Vec<Entry>, first: i64, producer: Option<i64>) {
        for (offset, entry) in (first..).zip(entries) {
            match entry {
                Entry::Offset {
                    group,
                    topic,
                    partition,
                    value,
                } => {
                    if value.is_some() {
                        self.simple_group(&group);
                    }
                    let at = Position {
                        group,
                        topic,
                        partition,
                    };
                    self.offsets.replay(at, value, offset, producer);
                }
                Entry::Group { group, value: None } => {
                    self.groups.remove(&group);
                }
                Entry::Group { .. } | Entry::Unknown { .. } => {}
            }
        }
    }

    /// Whoever commits without being a member has a group nevertheless.
    fn simple_group(&mut self, id: &StrBytes) {
        if !self.groups.contains_key(id) {
            let group = ClassicGroup::new(id.clone(), Now::read());
            self.groups.insert(id.clone(), group);
        }
    }
}

/// What the coordinator asks about topics.
impl Groups {
    /// The id of the topic, where it has the partition.
    fn topic_id(&self, topic: &str, partition: i32) -> Option<Uuid> {
        self.topics.get(topic, partition)?;
        self.topics.topic_id(topic)
    }
}

/// Lets time act on groups for as long as the coordinator is there.
async fn watch_time(groups: Weak<Groups>) {
    loop {
        let Some(coordinator) = groups.upgrade() else {
            return;
        };
        let earlier = Arc::clone(&coordinator.earlier);
        let next = coordinator.expire();
        if coordinator.lock().closed {
            return;
        }
        drop(coordinator);
        match next {
            Some(at) => {
                let at = tokio::time::Instant::from_std(at);
                tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = earlier.notified() => {}
                }
            }
            None => earlier.notified().await,
        }
    }
}
