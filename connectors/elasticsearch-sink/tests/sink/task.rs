//! A task as the runtime drives it.

use std::sync::{Arc, Mutex};

use connect_api::plugin::{
    Connector, ErrantRecordReporter, PartitionOffsets, SinkTask, SinkTaskContext,
};
use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::registry::TaskFactory;
use connect_api::{Error, Props, Result};
use connect_elasticsearch_sink::SINK;
use tokio_util::sync::CancellationToken;

/// What is reported, and whether it is tolerated.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    tolerates: bool,
    reported: Mutex<Vec<(i64, String)>>,
}

impl ErrantRecordReporter for Reports {
    fn report(&self, record: &SinkRecord, error: Error) -> Result<()> {
        let text = error.trace();
        self.reported.lock().unwrap().push((record.offset, text));
        if self.tolerates { Ok(()) } else { Err(error) }
    }
}

/// A task that runs.
pub(crate) struct Task {
    task: Box<dyn SinkTask>,
    reports: Arc<Reports>,
    pub(crate) cancelled: CancellationToken,
    next: PartitionOffsets,
}

pub(crate) fn props(url: &str, more: &[(&str, &str)]) -> Props {
    let url = [("connection.url", url)];
    let all = url.iter().chain(more);
    all.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// The connector, for its checks against the outside.
pub(crate) fn connector() -> Box<dyn Connector> {
    (SINK.create)()
}

impl Task {
    /// Starts a task; errors are tolerated if `tolerates`.
    pub(crate) async fn try_start(props: &Props, tolerates: bool) -> Result<Self> {
        let TaskFactory::Sink(make) = SINK.task else {
            panic!("not a sink");
        };
        let reports = Arc::new(Reports {
            tolerates,
            ..Reports::default()
        });
        let cancelled = CancellationToken::new();
        let context = SinkTaskContext {
            connector: "test".to_owned(),
            task: 0,
            reporter: Arc::clone(&reports) as _,
            cancelled: cancelled.clone(),
        };
        let mut task = make();
        task.start(context, props).await?;
        Ok(Self {
            task,
            reports,
            cancelled,
            next: PartitionOffsets::new(),
        })
    }

    /// Starts a task that tolerates no errors.
    pub(crate) async fn start(url: &str, more: &[(&str, &str)]) -> Self {
        Self::try_start(&props(url, more), false).await.unwrap()
    }

    /// Starts a task that tolerates errors.
    pub(crate) async fn tolerant(url: &str, more: &[(&str, &str)]) -> Self {
        Self::try_start(&props(url, more), true).await.unwrap()
    }

    pub(crate) async fn open(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        self.task.open(partitions).await.map(drop)
    }

    pub(crate) async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        for record in records {
            self.next.insert(record.origin.clone(), record.offset + 1);
        }
        self.task.put(records).await
    }

    /// The offsets that may be committed.
    pub(crate) async fn commit(&mut self) -> Result<PartitionOffsets> {
        self.task.pre_commit(self.next.clone()).await
    }

    /// Puts records and sees them committed.
    pub(crate) async fn write(&mut self, records: &[SinkRecord]) {
        self.put(records).await.unwrap();
        assert_eq!(self.commit().await.unwrap(), self.next);
    }

    /// Puts records that must fail the task, there or at the commit; why.
    pub(crate) async fn fail(&mut self, records: &[SinkRecord]) -> String {
        if let Err(error) = self.put(records).await {
            return error.trace();
        }
        match self.commit().await {
            Err(error) => error.trace(),
            Ok(offsets) => panic!("committed {offsets:?}, reported {:?}", self.reported()),
        }
    }

    /// The offsets of the records that were reported, and why.
    pub(crate) fn reported(&self) -> Vec<(i64, String)> {
        self.reports.reported.lock().unwrap().clone()
    }

    pub(crate) async fn stop(mut self) {
        self.task.stop().await;
    }
}
