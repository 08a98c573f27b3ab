//! Records that wait here, and not in librdkafka's queue, while earlier ones are in flight.
//!
//! An idempotent librdkafka producer builds no request for a partition that has five records or
//! more in flight (`rd_kafka_toppar_producer_serve`: `RD_KAFKA_IDEMP_MAX_INFLIGHT` less the
//! *messages* in flight). If a record in the partition's queue is older than `linger.ms` then, the
//! broker's thread does not sleep: `rd_kafka_msgq_allow_wakeup_at` has told it to wake up at once,
//! and it polls until the acknowledgement comes. Under load that is most of the time, and more CPU
//! than all the rest of producing.
//!
//! So records go to librdkafka in **rounds**, each no longer than what it takes into one request
//! per partition, and handed over within a part of `linger.ms`. What comes later is held until the
//! round is acknowledged; then it is the next round. While little is in flight nothing is held.
//!
//! Nothing depends on a round's limits but CPU: the order is librdkafka's, and records are handed
//! over in the order of their sends, by the sender itself or by the serving thread.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::message::OwnedHeaders;

use super::delivery::Outstanding;
use super::held::HeldRecords;
use super::record::OutgoingRecord;
use crate::settings::ClientSettings;

/// With fewer records than this in flight librdkafka builds another request
/// (`RD_KAFKA_IDEMP_MAX_INFLIGHT`).
const FEW: usize = 5;

/// A round that is not acknowledged after this time holds up nothing more: one partition's
/// leader may be away while the others are there.
pub(super) const PATIENCE: Duration = Duration::from_millis(250);

/// What a record takes in a request beside its key and value, generously
/// (`RD_KAFKAP_MESSAGE_V2_MAX_OVERHEAD` is 36).
const OVERHEAD: usize = 40;

/// librdkafka's defaults.
const LINGER_MS: f64 = 5.0;
const BATCH_BYTES: usize = 1_000_000;
const BATCH_RECORDS: usize = 10_000;
const QUEUE_RECORDS: usize = 100_000;

/// How much a round may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long after its first record.
    window: Duration,
    /// What a request of one partition holds.
    batch_bytes: usize,
    batch_records: usize,
    /// What a round, and what is held, may be in all.
    bytes: usize,
    records: usize,
}

impl Limits {
    /// None where a lane is of no use: without idempotence, or with so little to linger, to batch
    /// or to queue that the user wants something else than throughput.
    pub(super) fn of(settings: &ClientSettings) -> Option<Self> {
        fn number<T: std::str::FromStr>(settings: &ClientSettings, names: &[&str], or: T) -> T {
            let text = names.iter().find_map(|name| settings.get(name));
            text.and_then(|text| text.parse().ok()).unwrap_or(or)
        }
        let linger: f64 = number(
            settings,
            &["queue.buffering.max.ms", "linger.ms"],
            LINGER_MS,
        );
        let largest = number(settings, &["message.max.bytes"], usize::MAX);
        let batch_bytes = number(settings, &["batch.size"], BATCH_BYTES).min(largest);
        let batch_records = number(settings, &["batch.num.messages"], BATCH_RECORDS);
        let limits = Self {
            window: Duration::from_secs_f64(linger.max(0.0) / 1000.0).mul_f64(0.6),
            batch_bytes,
            batch_records,
            bytes: number(settings, &["queue.buffering.max.kbytes"], usize::MAX >> 10) * 1024 / 4,
            records: number(settings, &["queue.buffering.max.messages"], QUEUE_RECORDS) / 4,
        };
        let wanted = settings.get("enable.idempotence") == Some("true")
            && settings.get("transactional.id").is_none()
            && linger >= 1.0
            && batch_records >= 100
            && batch_bytes >= 10_000
            && limits.bytes >= batch_bytes
            && limits.records >= 100;
        wanted.then_some(limits)
    }

    /// A round over so many partitions. Several get unequal parts.
    fn round(&self, began: Instant, partitions: usize) -> Round {
        let share = if partitions == 1 {
            0.9
        } else {
            0.75 * partitions as f64
        };
        let of = |batch: usize, most: usize| ((batch as f64 * share) as usize).min(most);
        Round {
            began,
            until: began + self.window,
            fresh: true,
            bytes: of(self.batch_bytes, self.bytes),
            records: of(self.batch_records, self.records),
        }
    }
}

/// What may still go to librdkafka before the next acknowledgement.
#[derive(Debug, Clone, Copy)]
struct Round {
    began: Instant,
    until: Instant,
    /// It always takes its first record, however large or late.
    fresh: bool,
    bytes: usize,
    records: usize,
}

impl Round {
    /// Counts a record if it fits.
    fn takes(&mut self, bytes: usize, now: Instant) -> bool {
        let open = self.records > 0 && self.bytes > 0 && now < self.until;
        if !open && !self.fresh {
            return false;
        }
        self.fresh = false;
        self.records = self.records.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes + OVERHEAD);
        true
    }
}

#[derive(Debug)]
struct State {
    round: Round,
    waiting: HeldRecords,
    /// What may wait: about a round.
    most_bytes: usize,
    most_records: usize,
}

impl State {
    fn begin(&mut self, round: Round) {
        (self.most_bytes, self.most_records) = (round.bytes, round.records);
        self.round = round;
    }

    fn is_full(&self) -> bool {
        let full =
            self.waiting.bytes() >= self.most_bytes || self.waiting.len() >= self.most_records;
        full && !self.waiting.is_empty()
    }
}

/// What became of a record on its way into the lane.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way<E> {
    /// It went on to librdkafka, which said this.
    Direct(Result<(), E>),
    /// It is held.
    Held,
    /// Too many are held: it was not taken.
    Full,
}

/// How librdkafka took a record that was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is dealt with.
    Yes,
    /// Its queue is full: later.
    NotYet,
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Lane {
    limits: Limits,
    /// Something is held, so that nothing may overtake it.
    behind: AtomicBool,
    /// The highest partition acknowledged in this round.
    highest: AtomicI32,
    state: Mutex<State>,
    /// What is being handed over, older than all that waits. Locked before `state`.
    leaving: Mutex<HeldRecords>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lane {
    pub(super) fn new(limits: Limits) -> Self {
        let round = limits.round(Instant::now(), 1);
        Self {
            limits,
            behind: AtomicBool::new(false),
            highest: AtomicI32::new(0),
            state: Mutex::new(State {
                round,
                waiting: HeldRecords::default(),
                most_bytes: round.bytes,
                most_records: round.records,
            }),
            leaving: Mutex::default(),
        }
    }

    /// Sends a record to librdkafka by `direct`, or holds it.
    pub(super) fn send<E>(
        &self,
        outstanding: &Outstanding,
        record: &OutgoingRecord<'_>,
        headers: Option<OwnedHeaders>,
        token: u64,
        direct: impl FnOnce(Option<OwnedHeaders>) -> Result<(), E>,
    ) -> Way<E> {
        let mut state = lock(&self.state);
        if !self.behind.load(Ordering::SeqCst) {
            if self.passes(&mut state, record.bytes(), outstanding) {
                return Way::Direct(direct(headers));
            }
        } else if state.is_full() {
            outstanding.want_next_round();
            return Way::Full;
        }
        state.waiting.push(record, headers, token);
        Way::Held
    }

    /// Whether a record that comes while nothing is held passes at once.
    fn passes(&self, state: &mut State, bytes: usize, outstanding: &Outstanding) -> bool {
        let now = Instant::now();
        if state.round.takes(bytes, now) {
            return true;
        }
        // In this order, and the reverse in `is_due`: one of the two sees the other.
        self.behind.store(true, Ordering::SeqCst);
        if outstanding.in_librdkafka() >= FEW {
            return false;
        }
        self.behind.store(false, Ordering::SeqCst);
        state.begin(self.next_round(now));
        state.round.takes(bytes, now)
    }

    fn next_round(&self, now: Instant) -> Round {
        let highest = self.highest.swap(0, Ordering::Relaxed);
        self.limits
            .round(now, usize::try_from(highest).unwrap_or(0) + 1)
    }

    /// Notes where a record was written.
    pub(super) fn acknowledged(&self, partition: i32) {
        // Only the serving thread writes, but for the beginning of a round.
        if partition > self.highest.load(Ordering::Relaxed) {
            self.highest.store(partition, Ordering::Relaxed);
        }
    }

    /// Whether records are held.
    pub(super) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::SeqCst)
    }

    /// Whether it is time to [hand over](Self::hand_over) what is held. To be asked after each
    /// record that librdkafka has reported.
    pub(super) fn is_due(&self, outstanding: &Outstanding) -> bool {
        self.is_behind() && outstanding.in_librdkafka() < FEW
    }

    /// Whether it is time to do so although the last round is not acknowledged.
    pub(super) fn is_late(&self) -> bool {
        self.is_behind() && lock(&self.state).round.began.elapsed() >= PATIENCE
    }

    /// Hands over the next round by `send`. Only the serving thread does.
    pub(super) fn hand_over(
        &self,
        outstanding: &Outstanding,
        mut send: impl FnMut(&OutgoingRecord<'_>, Option<OwnedHeaders>, u64) -> Taken,
    ) {
        let mut leaving = lock(&self.leaving);
        let now = Instant::now();
        let mut round = self.next_round(now);
        lock(&self.state).begin(round);
        loop {
            let Some((record, token)) = leaving.first() else {
                let mut state = lock(&self.state);
                state.round = round;
                if state.waiting.is_empty() {
                    self.behind.store(false, Ordering::SeqCst);
                    return;
                }
                std::mem::swap(&mut state.waiting, &mut *leaving);
                outstanding.next_round_has_room();
                continue;
            };
            // At each record: this thread may have had to wait for a processor.
            if !round.takes(record.bytes(), Instant::now())
                || send(&record, leaving.first_headers(), token) == Taken::NotYet
            {
                lock(&self.state).round = round;
                return;
            }
            leaving.drop_first();
        }
    }

    /// Takes out all that is held, to be given up.
    pub(super) fn give_up(&self, mut record: impl FnMut(&OutgoingRecord<'_>, u64)) {
        let mut leaving = lock(&self.leaving);
        let mut state = lock(&self.state);
        for held in [&mut *leaving, &mut state.waiting] {
            while let Some((first, token)) = held.first() {
                record(&first, token);
                held.drop_first();
            }
        }
        self.behind.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
#[path = "lane_tests.rs"]
mod tests;
