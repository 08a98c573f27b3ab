//! The task: takes a snapshot where one is needed, then streams
//! (`MySqlConnectorTask`).

mod plan;
mod run;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connect_api::plugin::{SourceTask, SourceTaskContext};
use connect_api::record::SourceRecord;
use connect_api::{Error, ErrorKind, Props, Result};
use tokio_util::sync::CancellationToken;

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
    reader: Reader,
    cancelled: CancellationToken,
}

/// The reader runs within `poll`, on the task's own thread: what it allocates is freed there, and
/// the counts of what records share are touched by one core only. That takes less CPU than two
/// threads that read and send at the same time.
enum Reader {
    Runs(Pin<Box<dyn Future<Output = Result<()>> + Send>>),
    Ended(Result<()>),
    /// Its end has been told.
    Gone,
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
        self.running = Some(Running {
            receiver,
            reader: Reader::Runs(Box::pin(run.run())),
            cancelled,
        });
        Ok(())
    }

    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        let Some(running) = &mut self.running else {
            return Err(Error::internal("the task is polled before it is started"));
        };
        let received = tokio::select! {
            biased;
            received = running.receiver.receive(wait) => received,
            never = running.reader.drive() => match never {},
        };
        match received {
            Received::Records(records) => Ok(records),
            Received::Ended => running.ended(wait).await,
        }
    }

    async fn stop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        running.cancelled.cancel();
        if let Reader::Runs(reader) = &mut running.reader {
            tokio::time::timeout(STOP_TIMEOUT, reader).await.ok();
        }
    }
}

/// A task that the worker has given up is dropped without being stopped.
impl Drop for Running {
    fn drop(&mut self) {
        self.cancelled.cancel();
    }
}

const STOP_TIMEOUT: Duration = Duration::from_secs(3);

impl Reader {
    /// Runs the reader. Its end closes the queue, which is how `poll` learns of it after all that
    /// was sent.
    async fn drive(&mut self) -> Infallible {
        if let Self::Runs(reader) = self {
            let result = reader.await;
            *self = Self::Ended(result);
        }
        std::future::pending().await
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Runs(_) => "Runs",
            Self::Ended(_) => "Ended",
            Self::Gone => "Gone",
        })
    }
}

impl Running {
    /// The reader has ended: with an error, or because nothing is to be
    /// streamed (`snapshot.mode=initial_only`).
    async fn ended(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        match std::mem::replace(&mut self.reader, Reader::Gone) {
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
