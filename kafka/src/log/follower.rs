//! The loop that reads: one consumer, one callback, and whoever waits for an end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::progress::{Goal, Positions, Progress};
use super::{Bounds, LogError, LogRecord};
use crate::context::LoggingContext;
use crate::error::{ClientError, ErrorCode, code_of};
use crate::settings::ClientSettings;

pub(super) type LogConsumer = StreamConsumer<LoggingContext>;

/// After this long without a record, a partition that somebody waits for is looked at: its last
/// offsets may hold nothing for us.
const QUIET: Duration = Duration::from_millis(250);
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);
const VERIFY_TIMEOUT: Duration = Duration::from_secs(3);
/// Records between two chances for other tasks of the runtime.
const YIELD_EVERY: u32 = 128;

/// What is being found out about the end of a quiet partition.
#[derive(Debug, Clone, Copy)]
enum Tail {
    /// The last offset that our isolation level can see is being asked for.
    Asked,
    /// It is `visible_end`, far enough; a fetch was started anew at that time, and when it finds no
    /// more records, everything up to there has been read.
    Verifying { visible_end: i64, since: Instant },
}

/// A consumer that reads the given partitions from there. Also the beginnings are given as offsets:
/// librdkafka would look up a logical "beginning" half a second later, when it knows the leaders.
fn open_consumer(
    settings: &ClientSettings,
    topic: &str,
    positions: &Positions,
) -> Result<Arc<LogConsumer>, ClientError> {
    let mut settings = settings.clone();
    // librdkafka lets no consumer assign partitions without a group; it is never joined.
    settings.set_default("group.id", "connect-topic-log");
    settings.set_default("isolation.level", "read_committed");
    settings.set_default("queued.max.messages.kbytes", "4096");
    // A topic that was just created gives errors until its leaders are there.
    settings.set_default("fetch.error.backoff.ms", "50");
    settings.set("auto.offset.reset", "earliest");
    settings.set("enable.auto.commit", "false");
    settings.set("enable.auto.offset.store", "false");
    settings.set("enable.partition.eof", "true");
    let client_id = settings.client_id();
    let create_error = |error: KafkaError| ClientError::create(client_id, &error);
    let context = LoggingContext::new(&settings);
    let consumer = LogConsumer::from_config_and_context(&settings.watched_config(), context)
        .map_err(create_error)?;
    let mut assignment = TopicPartitionList::with_capacity(positions.len());
    for (partition, next) in positions {
        assignment
            .add_partition_offset(topic, *partition, Offset::Offset(*next))
            .map_err(create_error)?;
    }
    consumer.assign(&assignment).map_err(create_error)?;
    Ok(Arc::new(consumer))
}

/// Reads records into a callback and tells who waits how far it is.
pub(super) struct Follower<F> {
    topic: String,
    settings: ClientSettings,
    consumer: Arc<LogConsumer>,
    on_record: F,
    last_error: Arc<Mutex<Option<String>>>,
    has_error: bool,
    progress: Progress,
    tails: BTreeMap<i32, Tail>,
    /// What `behind` partitions had been read up to at the last tick.
    seen: BTreeMap<i32, i64>,
    tick: Interval,
    answers: mpsc::UnboundedReceiver<(i32, Option<i64>)>,
    answer: mpsc::UnboundedSender<(i32, Option<i64>)>,
}

impl<F: FnMut(LogRecord<'_>) + Send> Follower<F> {
    /// Opens a consumer that reads from the beginnings.
    pub(super) fn open(
        topic: &str,
        settings: &ClientSettings,
        bounds: &Bounds,
        on_record: F,
        last_error: Arc<Mutex<Option<String>>>,
    ) -> Result<Self, ClientError> {
        let progress = Progress::starting_at(bounds);
        let consumer = open_consumer(settings, topic, progress.positions())?;
        let (answer, answers) = mpsc::unbounded_channel();
        let mut tick = interval(QUIET);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            topic: topic.to_owned(),
            settings: settings.clone(),
            consumer,
            on_record,
            last_error,
            has_error: false,
            progress,
            tails: BTreeMap::new(),
            seen: BTreeMap::new(),
            tick,
            answers,
            answer,
        })
    }

    /// Follows the topic until nobody can ask for an end any more.
    pub(super) async fn run(mut self, mut goals: mpsc::UnboundedReceiver<Goal>) {
        let mut steps = 0_u32;
        loop {
            tokio::select! {
                biased;
                goal = goals.recv() => match goal {
                    Some(goal) => self.add_goal(goal),
                    None => break,
                },
                () = self.step() => {}
            }
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(YIELD_EVERY) {
                tokio::task::yield_now().await;
            }
        }
        self.close().await;
    }

    /// Reads until the goal is reached.
    pub(super) async fn read_until(
        &mut self,
        goal: Goal,
        reached: &mut oneshot::Receiver<Result<(), LogError>>,
    ) -> Result<(), LogError> {
        self.add_goal(goal);
        let mut steps = 0_u32;
        loop {
            match reached.try_recv() {
                Ok(result) => return result,
                Err(oneshot::error::TryRecvError::Closed) => {
                    return Err(LogError::Stopped {
                        topic: self.topic.clone(),
                    });
                }
                Err(oneshot::error::TryRecvError::Empty) => self.step().await,
            }
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(YIELD_EVERY) {
                tokio::task::yield_now().await;
            }
        }
    }

    fn add_goal(&mut self, goal: Goal) {
        if !self.progress.has_goals() {
            self.seen.clear();
        }
        self.progress.add(goal);
    }

    /// Ends the consumer, which takes a moment and would hold up a runtime thread.
    pub(super) async fn close(self) {
        let consumer = self.consumer;
        tokio::task::spawn_blocking(move || drop(consumer))
            .await
            .ok();
    }

    /// Waits for one thing to happen and deals with it. Cancel safe: nothing is taken before the
    /// last await.
    async fn step(&mut self) {
        let consumer = Arc::clone(&self.consumer);
        tokio::select! {
            biased;
            message = consumer.recv() => self.on_message(message),
            Some((partition, visible_end)) = self.answers.recv() => {
                self.on_visible_end(partition, visible_end);
            }
            _ = self.tick.tick(), if self.progress.has_goals() => self.look_at_quiet_partitions(),
            () = consumer.context().watch().stranded() => self.reopen(),
        }
    }

    /// Goes on with a new consumer after one that has lost its brokers for good.
    fn reopen(&mut self) {
        tracing::warn!(
            topic = self.topic,
            "the consumer of the topic has lost all its brokers: going on with a new one"
        );
        match open_consumer(&self.settings, &self.topic, self.progress.positions()) {
            Ok(consumer) => {
                let old = std::mem::replace(&mut self.consumer, consumer);
                self.tails.clear();
                tokio::task::spawn_blocking(move || drop(old));
            }
            // The next statistics call again.
            Err(error) => self.set_error(Some(error.to_string())),
        }
    }

    fn on_message(&mut self, message: KafkaResult<BorrowedMessage<'_>>) {
        match message {
            Ok(message) => {
                (self.on_record)(log_record(&message));
                self.tails.remove(&message.partition());
                self.progress
                    .advance(message.partition(), message.offset() + 1);
                if self.has_error {
                    self.set_error(None);
                }
            }
            Err(KafkaError::PartitionEOF(partition)) => self.on_end_of_partition(partition),
            Err(error) => self.on_error(&error),
        }
    }

    fn on_end_of_partition(&mut self, partition: i32) {
        if let Some(Tail::Verifying { visible_end, .. }) = self.tails.get(&partition).copied() {
            self.tails.remove(&partition);
            let next = self.progress.next(partition).max(visible_end);
            self.progress.advance(partition, next);
        }
    }

    fn on_error(&mut self, error: &KafkaError) {
        let code = code_of(error);
        // The group is not ours to join, so it does not matter who may.
        if code == ErrorCode::GroupAuthorizationFailed {
            return;
        }
        self.set_error(Some(error.to_string()));
        if code == ErrorCode::TopicAuthorizationFailed {
            let topic = self.topic.clone();
            self.progress.fail(&LogError::Unauthorized { topic, code });
        }
    }

    fn set_error(&mut self, error: Option<String>) {
        self.has_error = error.is_some();
        *self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// Starts to ask for the visible end of each partition that somebody waits for and that has
    /// given no record since the last look.
    fn look_at_quiet_partitions(&mut self) {
        let behind = self.progress.behind();
        let mut seen = BTreeMap::new();
        for partition in behind.into_keys() {
            let next = self.progress.next(partition);
            let quiet = self.seen.get(&partition) == Some(&next);
            seen.insert(partition, next);
            self.forget_lost_fetch(partition);
            if quiet && !self.tails.contains_key(&partition) {
                self.ask_for_visible_end(partition);
            }
        }
        self.seen = seen;
    }

    /// A broker that goes down takes the fetch of a seek with it, and neither a record nor the end
    /// of the partition comes: it is asked for anew.
    fn forget_lost_fetch(&mut self, partition: i32) {
        if let Some(Tail::Verifying { since, .. }) = self.tails.get(&partition)
            && since.elapsed() > VERIFY_TIMEOUT
        {
            self.tails.remove(&partition);
        }
    }

    fn ask_for_visible_end(&mut self, partition: i32) {
        self.tails.insert(partition, Tail::Asked);
        let (consumer, topic) = (Arc::clone(&self.consumer), self.topic.clone());
        let answer = self.answer.clone();
        tokio::task::spawn_blocking(move || {
            let bounds = consumer.fetch_watermarks(&topic, partition, LOOKUP_TIMEOUT);
            drop(consumer);
            // The follower may have ended meanwhile.
            answer
                .send((partition, bounds.ok().map(|(_, end)| end)))
                .ok();
        });
    }

    fn on_visible_end(&mut self, partition: i32, visible_end: Option<i64>) {
        // A record came meanwhile.
        if !matches!(self.tails.get(&partition), Some(Tail::Asked)) {
            return;
        }
        self.tails.remove(&partition);
        let wanted = self.progress.behind().get(&partition).copied();
        let (Some(visible_end), Some(wanted)) = (visible_end, wanted) else {
            return;
        };
        if visible_end < wanted {
            // A transaction is open before it: look again at the next tick.
            return;
        }
        // An end that is announced now could be an old one, from before `wanted` was written. A
        // seek discards what was announced, and its fetch begins after.
        let next = Offset::Offset(self.progress.next(partition));
        if self
            .consumer
            .seek(&self.topic, partition, next, Duration::ZERO)
            .is_ok()
        {
            let since = Instant::now();
            self.tails
                .insert(partition, Tail::Verifying { visible_end, since });
        }
    }
}

fn log_record<'a>(message: &'a BorrowedMessage<'_>) -> LogRecord<'a> {
    LogRecord {
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis(),
        key: message.key(),
        value: message.payload(),
        headers: message.headers(),
    }
}
