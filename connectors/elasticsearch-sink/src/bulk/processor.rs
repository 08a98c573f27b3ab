//! Fills requests and sends them: when they are full, when they have lingered,
//! and before a commit.

use std::fmt;
use std::hash::RandomState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connect_api::plugin::{ErrantRecordReporter, PartitionOffsets};
use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::{Error, ErrorKind, Result};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::batch::{Action, Batch, BulkRequest, Target, hash_of};
use super::conflicts::LostWrites;
use super::delivery::Delivery;
use super::flight::Flight;
use crate::client::Client;
use crate::config::Settings;

/// Takes documents and writes them.
///
/// Several requests are under way at once. Two changes of one document that
/// has no external version are never: the second one's request waits.
pub(crate) struct BulkProcessor {
    shared: Arc<Shared>,
    hashes: RandomState,
}

struct Shared {
    delivery: Delivery,
    limits: Limits,
    state: Mutex<State>,
    /// A request has ended.
    ended: Notify,
    cancelled: CancellationToken,
    /// The task is over: requests under way are dropped.
    stopped: CancellationToken,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    batch_size: usize,
    bulk_bytes: usize,
    in_flight: usize,
    buffered: usize,
    linger: Duration,
    room_timeout: Option<Duration>,
}

impl Limits {
    fn is_full(&self, batch: &Batch) -> bool {
        batch.len() >= self.batch_size || batch.bytes() >= self.bulk_bytes
    }
}

#[derive(Default)]
struct State {
    current: Batch,
    /// Counts requests that were taken, so that a timer knows its own.
    taken: u64,
    /// True while a timer runs for `current`.
    has_timer: bool,
    /// True if `current` has lingered and waits for others to end.
    is_due: bool,
    flight: Flight,
    failure: Option<Error>,
    has_failed: bool,
}

impl fmt::Debug for BulkProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkProcessor").finish_non_exhaustive()
    }
}

impl BulkProcessor {
    pub(crate) fn new(
        settings: &Settings,
        client: Arc<Client>,
        reporter: Arc<dyn ErrantRecordReporter>,
        cancelled: CancellationToken,
    ) -> Self {
        let shared = Shared {
            delivery: Delivery {
                client,
                reporter,
                on_malformed: settings.on_malformed,
                max_retries: settings.retries.max,
                lost: LostWrites::default(),
                resumes_at: Mutex::new(None),
            },
            limits: Limits {
                batch_size: settings.batch_size,
                bulk_bytes: settings.bulk_bytes,
                in_flight: settings.max_in_flight,
                buffered: settings.max_buffered,
                linger: settings.linger,
                room_timeout: settings.room_timeout,
            },
            state: Mutex::new(State::default()),
            ended: Notify::new(),
            stopped: cancelled.child_token(),
            cancelled,
        };
        Self {
            shared: Arc::new(shared),
            hashes: RandomState::new(),
        }
    }

    /// Records are about to be added, maybe none.
    pub(crate) fn begin(&self, records: &[SinkRecord]) -> Result<()> {
        self.shared.delivery.lost.put(records);
        self.shared.delivery.lost.tell();
        self.shared.lock().check()
    }

    /// Adds a document; `document` appends its JSON. False if no more may be
    /// added: then [`make_room`](Self::make_room) is next. An error is the
    /// record's.
    pub(crate) fn add(
        &self,
        record: &SinkRecord,
        target: &Target<'_>,
        document: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<bool> {
        // Versions keep the order elsewhere, and ids of offsets come once.
        let id_hash = match (target.action, target.version, target.id) {
            (Action::Update { .. } | Action::Delete, None, Some(id)) => {
                Some(hash_of(&self.hashes, target.index, id))
            }
            _ => None,
        };
        let mut state = self.shared.lock();
        state.current.add(record, target, id_hash, document)?;
        Ok(self.shared.has_room(&state))
    }

    /// Sends the present request if it is full, as soon as one more may be
    /// under way, and waits until the task holds less than it may.
    pub(crate) async fn make_room(&self) -> Result<()> {
        let limit = self.shared.limits.room_timeout;
        let sending = async {
            loop {
                let ended = self.shared.ended.notified();
                if self.shared.is_full() {
                    self.shared.try_send()?;
                }
                if self.shared.check_room()? {
                    return Ok(());
                }
                self.wait(ended).await?;
            }
        };
        match limit {
            None => sending.await,
            Some(limit) => match tokio::time::timeout(limit, sending).await {
                Ok(sent) => sent,
                Err(_) => Err(Error::new(
                    ErrorKind::Internal,
                    format!(
                        "no room for more records within {limit:?} (flush.timeout.ms): \
                         Elasticsearch does not take them fast enough, or does not answer"
                    ),
                )),
            },
        }
    }

    /// All records of a `put` are added: what is left is sent after
    /// `linger.ms`.
    pub(crate) fn linger(&self) {
        let mut state = self.shared.lock();
        if state.current.len() == 0 || state.has_timer || state.is_due {
            return;
        }
        if self.shared.limits.linger.is_zero() {
            state.is_due = true;
            self.shared.send_if_due(&mut state);
            return;
        }
        state.has_timer = true;
        let (shared, taken) = (Arc::clone(&self.shared), state.taken);
        let timer = async move {
            tokio::time::sleep(shared.limits.linger).await;
            let mut state = shared.lock();
            if state.taken == taken {
                state.has_timer = false;
                state.is_due = true;
                shared.send_if_due(&mut state);
            }
        };
        // The log names the task, whoever runs it.
        tokio::spawn(timer.in_current_span());
    }

    /// Sends all and waits, at most `wait`, until nothing is under way. True if
    /// that came to be.
    pub(crate) async fn flush(&self, wait: Duration) -> Result<bool> {
        let flushing = async {
            loop {
                let ended = self.shared.ended.notified();
                let sent = self.shared.try_send()?;
                if sent && self.shared.lock().flight.len() == 0 {
                    return self.shared.lock().check();
                }
                self.wait(ended).await?;
            }
        };
        match tokio::time::timeout(wait, flushing).await {
            Ok(flushed) => flushed.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// Lowers `offsets` to those before which all is written.
    pub(crate) fn lower(&self, offsets: &mut PartitionOffsets) -> Result<()> {
        let mut state = self.shared.lock();
        state.check()?;
        state.flight.lower(offsets, state.current.firsts());
        Ok(())
    }

    /// `partitions` are another task's now.
    pub(crate) fn forget(&self, partitions: &[TopicPartition]) {
        let mut state = self.shared.lock();
        for partition in partitions {
            state.flight.forget(partition);
            state.current.forget(partition);
            self.shared.delivery.lost.forget(partition);
        }
    }

    /// Drops what is under way.
    pub(crate) fn stop(&self) {
        self.shared.stopped.cancel();
    }

    async fn wait(&self, ended: impl Future<Output = ()>) -> Result<()> {
        tokio::select! {
            () = ended => Ok(()),
            () = self.shared.cancelled.cancelled() => Err(stopped()),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in writing a document leaves a request that is never sent
        // beyond its last whole item.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, state: &State) -> bool {
        let buffered = state.current.len() + state.flight.records();
        !self.limits.is_full(&state.current) && buffered < self.limits.buffered
    }

    fn check_room(&self) -> Result<bool> {
        let mut state = self.lock();
        state.check()?;
        Ok(self.has_room(&state))
    }

    fn is_full(&self) -> bool {
        self.limits.is_full(&self.lock().current)
    }

    /// Sends the present request if there is any and it may go. False if it
    /// has to wait.
    fn try_send(self: &Arc<Self>) -> Result<bool> {
        let mut state = self.lock();
        state.check()?;
        if state.current.len() == 0 {
            return Ok(true);
        }
        let waits = state.flight.len() >= self.limits.in_flight
            || state.flight.has_any(state.current.ids());
        if !waits {
            self.launch(&mut state);
        }
        Ok(!waits)
    }

    /// Sends a request that has lingered, once no other one is under way: until
    /// then it fills up, for large requests cost the server least.
    fn send_if_due(self: &Arc<Self>, state: &mut State) {
        let may_go = state.is_due && state.flight.len() == 0 && !state.has_failed;
        if may_go && state.current.len() > 0 {
            self.launch(state);
        }
    }

    fn launch(self: &Arc<Self>, state: &mut State) {
        let mut full = state.current.take();
        state.taken += 1;
        state.has_timer = false;
        state.is_due = false;
        let number = state.flight.begin(&mut full);
        let shared = Arc::clone(self);
        let run = async move { shared.run(number, full.request).await };
        tokio::spawn(run.in_current_span());
    }

    async fn run(self: Arc<Self>, number: u64, request: BulkRequest) {
        let shared = Arc::clone(&self);
        // In a task of its own, so that a panic is an error like others.
        let delivery = async move {
            tokio::select! {
                delivered = shared.delivery.deliver(request) => delivered,
                () = shared.stopped.cancelled() => Err(stopped()),
            }
        };
        let delivered = tokio::spawn(delivery.in_current_span())
            .await
            .unwrap_or_else(|error| Err(Error::internal("a bulk request").caused_by(error)));
        let mut state = self.lock();
        match delivered {
            Ok(()) => {
                state.flight.end(number);
                self.send_if_due(&mut state);
            }
            // The request stays: what is not written is not committed.
            Err(error) => state.fail(error),
        }
        drop(state);
        self.ended.notify_waiters();
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "the task is being stopped")
}

impl State {
    fn fail(&mut self, error: Error) {
        if !self.has_failed {
            self.has_failed = true;
            self.failure = Some(error);
        }
    }

    /// The first failure of a request, once; later that there was one.
    fn check(&mut self) -> Result<()> {
        if !self.has_failed {
            return Ok(());
        }
        Err(self
            .failure
            .take()
            .unwrap_or_else(|| Error::internal("a bulk request has failed")))
    }
}
