//! The task: takes a snapshot where one is needed, then streams
//! (`MySqlConnectorTask`).

mod plan;
mod reader;
mod run;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connect_api::plugin::{SourceTask, SourceTaskContext};
use connect_api::record::SourceRecord;
use connect_api::{Error, ErrorKind, Props, Result};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use self::reader::{Reader, SharedReader};
use crate::config::MySqlConnectorSettings;
use crate::queue::{QueueReceiver, Received, queue, stopped};

/// Reads one MySQL server.
#[derive(Debug, Default)]
pub(crate) struct MySqlConnectorTask {
    running: Option<Running>,
}

/// The reader and the queue that it fills.
#[derive(Debug)]
struct Running {
    receiver: QueueReceiver,
    reader: Arc<SharedReader>,
    cancelled: CancellationToken,
    _keeper: AbortOnDropHandle<()>,
}

#[async_trait]
impl SourceTask for MySqlConnectorTask {
    async fn start(&mut self, context: SourceTaskContext, props: &Props) -> Result<()> {
        let settings = Arc::new(MySqlConnectorSettings::new(props)?);
        let cancelled = context.cancelled.child_token();
        let (sender, receiver) = queue(settings.queue);
        let starting = run::Start::new(settings, &context, cancelled.clone());
        let run = tokio::select! {
            biased;
            () = context.cancelled.cancelled() => return Err(stopped()),
            prepared = starting.prepare(sender) => prepared?,
        };
        let reader = Arc::new(SharedReader::new(Box::pin(run.run())));
        self.running = Some(Running {
            receiver,
            _keeper: AbortOnDropHandle::new(tokio::spawn(Arc::clone(&reader).keep_running())),
            reader,
            cancelled,
        });
        Ok(())
    }

    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        let Some(running) = &mut self.running else {
            return Err(Error::internal("the task is polled before it is started"));
        };
        let mut reader = running.reader.take().await;
        let received = tokio::select! {
            biased;
            received = running.receiver.receive(wait) => received,
            never = reader.drive() => match never {},
        };
        drop(reader);
        match received {
            Received::Records(records) => Ok(records),
            Received::Ended => running.ended(wait).await,
        }
    }

    async fn stop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        running.cancelled.cancel();
        let ended = async {
            if let Reader::Runs(reader) = &mut *running.reader.take().await {
                // It was told to end; its result is of no use any more.
                reader.await.ok();
            }
        };
        tokio::time::timeout(STOP_TIMEOUT, ended).await.ok();
    }
}

/// A task that the worker has given up is dropped without being stopped.
impl Drop for Running {
    fn drop(&mut self) {
        self.cancelled.cancel();
    }
}

const STOP_TIMEOUT: Duration = Duration::from_secs(3);

impl Running {
    /// The reader has ended: with an error, or because nothing is to be
    /// streamed (`snapshot.mode=initial_only`).
    async fn ended(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        let ended = std::mem::replace(&mut *self.reader.take().await, Reader::Gone);
        match ended {
            Reader::Ended(Err(error)) => Err(final_error(error)),
            _ => {
                tokio::time::sleep(wait).await;
                Ok(Vec::new())
            }
        }
    }
}

/// The reader has done its retries: the error is the task's end.
fn final_error(error: Error) -> Error {
    if error.is_retriable() {
        let message = error.message().to_owned();
        return Error::new(ErrorKind::Internal, message).caused_by(error);
    }
    error
}
