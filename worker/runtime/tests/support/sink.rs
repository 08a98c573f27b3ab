//! A sink that keeps what it is given in memory, and does what a test says.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connect_api::config::ConfigDef;
use connect_api::plugin::{
    Connector, ConnectorContext, PartitionOffsets, SinkTask, SinkTaskContext,
};
use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::registry::{ConnectorPlugin, PluginClass, TaskFactory};
use connect_api::{Error, Props, Result};
use tokio::sync::Notify;

use super::stores::PATIENCE;

pub const LIST_SINK: &str = "test.ListSinkConnector";

pub const PLUGIN: ConnectorPlugin = ConnectorPlugin {
    name: PluginClass {
        class: LIST_SINK,
        other_classes: &[],
        version: "4.3.1",
    },
    task_class: "test.ListSinkTask",
    create: || Box::new(ListSinkConnector::default()),
    task: TaskFactory::Sink(|| Box::new(ListSinkTask::default())),
};

/// What happened to a sink, of all its tasks.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Started(usize),
    Opened(usize, Vec<TopicPartition>),
    Closed(usize, Vec<TopicPartition>),
    Stopped(usize),
}

/// A record that the sink took.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken {
    pub origin: TopicPartition,
    pub offset: i64,
    pub key: Option<String>,
    pub value: Option<String>,
    pub task: usize,
}

/// One connector's sink: shared by its tasks and the test.
#[derive(Default)]
pub struct Sink {
    pub taken: Mutex<Vec<Taken>>,
    pub events: Mutex<Vec<Event>>,
    pub batches: Mutex<Vec<usize>>,
    /// Puts fail for a passing reason.
    pub is_away: AtomicBool,
    /// Those that did.
    pub refused: AtomicU64,
    /// A put takes so many milliseconds.
    pub slow_ms: AtomicU64,
    /// What it says of the size of batches, unless it is 0.
    pub batch_size: AtomicUsize,
    /// Starts fail so often for a passing reason.
    pub start_fails: AtomicU64,
    /// Opening fails for a passing reason.
    pub cannot_open: AtomicBool,
    /// Records whose value contains this are reported.
    pub report: Mutex<Option<String>>,
    /// What a report returns is swallowed.
    pub swallows: AtomicBool,
    /// A put of such a record fails.
    pub fail: Mutex<Option<String>>,
    /// Where to start.
    pub open_at: Mutex<PartitionOffsets>,
    /// No higher offset may be committed.
    pub safe_up_to: Mutex<Option<i64>>,
    pub changed: Notify,
}

static SINKS: Mutex<BTreeMap<String, Arc<Sink>>> = Mutex::new(BTreeMap::new());

/// The sink of a connector.
pub fn sink(connector: &str) -> Arc<Sink> {
    let mut sinks = SINKS.lock().unwrap();
    sinks.entry(connector.to_owned()).or_default().clone()
}

impl Sink {
    pub fn values(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken.iter().filter_map(|it| it.value.clone()).collect()
    }

    pub fn count(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    /// Waits until something holds of what the sink took.
    pub async fn wait_for(&self, what: &str, wanted: impl Fn(&Sink) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let changed = self.changed.notified();
                if wanted(self) {
                    return;
                }
                tokio::time::timeout(Duration::from_millis(100), changed)
                    .await
                    .ok();
            }
        });
        if waited.await.is_err() {
            panic!(
                "not within {PATIENCE:?}: {what}; {} records taken, {:?}",
                self.count(),
                self.events.lock().unwrap()
            );
        }
    }

    pub async fn wait_for_count(&self, count: usize) {
        self.wait_for(&format!("{count} records"), |sink| sink.count() >= count)
            .await;
    }

    fn note(&self, event: Event) {
        self.events.lock().unwrap().push(event);
        self.changed.notify_waiters();
    }
}

#[derive(Default)]
struct ListSinkConnector(Props);

#[async_trait]
impl Connector for ListSinkConnector {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    async fn start(&mut self, _context: ConnectorContext, props: &Props) -> Result<()> {
        self.0 = props.clone();
        Ok(())
    }

    async fn task_props(&self, max_tasks: usize) -> Result<Vec<Props>> {
        Ok(vec![
            Props::from_iter([("own".to_owned(), "x".to_owned())]);
            max_tasks
        ])
    }

    async fn stop(&mut self) {}
}

#[derive(Default)]
struct ListSinkTask {
    context: Option<SinkTaskContext>,
    sink: Arc<Sink>,
}

impl ListSinkTask {
    fn number(&self) -> usize {
        self.context.as_ref().unwrap().task
    }
}

fn contains(record: &SinkRecord, text: &Mutex<Option<String>>) -> bool {
    let text = text.lock().unwrap();
    let value = record.record.value.as_str().unwrap_or_default();
    text.as_ref().is_some_and(|text| value.contains(text))
}

#[async_trait]
impl SinkTask for ListSinkTask {
    async fn start(&mut self, context: SinkTaskContext, _props: &Props) -> Result<()> {
        self.sink = sink(&context.connector);
        if self.sink.start_fails.load(Ordering::SeqCst) > 0 {
            self.sink.start_fails.fetch_sub(1, Ordering::SeqCst);
            return Err(Error::retriable("the target is away").after(Duration::from_millis(10)));
        }
        self.context = Some(context);
        self.sink.note(Event::Started(self.number()));
        Ok(())
    }

    fn batch_size(&self) -> Option<usize> {
        Some(self.sink.batch_size.load(Ordering::SeqCst)).filter(|size| *size > 0)
    }

    async fn open(&mut self, partitions: &[TopicPartition]) -> Result<PartitionOffsets> {
        self.sink
            .note(Event::Opened(self.number(), partitions.to_vec()));
        if self.sink.cannot_open.load(Ordering::SeqCst) {
            return Err(Error::retriable("the target cannot be asked"));
        }
        let open_at = self.sink.open_at.lock().unwrap();
        let known = open_at.iter().filter(|(it, _)| partitions.contains(it));
        Ok(known.map(|(it, offset)| (it.clone(), *offset)).collect())
    }

    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        if !records.is_empty() {
            let slow = self.sink.slow_ms.load(Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(slow)).await;
        }
        if self.sink.is_away.load(Ordering::SeqCst) {
            self.sink.refused.fetch_add(1, Ordering::SeqCst);
            self.sink.changed.notify_waiters();
            return Err(Error::retriable("the target is away").after(Duration::from_millis(50)));
        }
        for record in records {
            if contains(record, &self.sink.fail) {
                return Err(Error::data("the target is broken"));
            }
            if contains(record, &self.sink.report) {
                let error = Error::data("the target refuses the record");
                let reported = self
                    .context
                    .as_ref()
                    .unwrap()
                    .reporter
                    .report(record, error);
                if !self.sink.swallows.load(Ordering::SeqCst) {
                    reported?;
                }
                continue;
            }
            let text = |value: &connect_api::data::Value| value.as_str().map(str::to_owned);
            self.sink.taken.lock().unwrap().push(Taken {
                origin: record.origin.clone(),
                offset: record.offset,
                key: text(&record.record.key),
                value: text(&record.record.value),
                task: self.number(),
            });
        }
        self.sink.batches.lock().unwrap().push(records.len());
        self.sink.changed.notify_waiters();
        Ok(())
    }

    async fn pre_commit(&mut self, put: PartitionOffsets) -> Result<PartitionOffsets> {
        let safe = self.sink.safe_up_to.lock().unwrap().unwrap_or(i64::MAX);
        Ok(put
            .into_iter()
            .map(|(partition, offset)| (partition, offset.min(safe)))
            .collect())
    }

    async fn close(&mut self, partitions: &[TopicPartition]) {
        self.sink
            .note(Event::Closed(self.number(), partitions.to_vec()));
    }

    async fn stop(&mut self) {
        if self.context.is_some() {
            self.sink.note(Event::Stopped(self.number()));
        }
    }
}
