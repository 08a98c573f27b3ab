//! The task: takes a snapshot where one is needed, then streams
//! (`MySqlConnectorTask`).

mod plan;
mod run;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connect_api::plugin::{SourceTask, SourceTaskContext};
use connect_api::record::SourceRecord;
use connect_api::{Error, ErrorKind, Props, Result};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::MySqlConnectorSettings;
use crate::queue::{QueueReceiver, Received, queue, stopped};

/// Reads one MySQL server.
#[derive(Debug, Default)]
pub(crate) struct MySqlConnectorTask {
    running: Option<Running>,
}

/// The reader, which runs beside `poll`.
#[derive(Debug)]
struct Running {
    receiver: QueueReceiver,
    reader: Option<JoinHandle<Result<()>>>,
    cancelled: CancellationToken,
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
            reader: Some(tokio::spawn(run.run())),
            cancelled,
        });
        Ok(())
    }

    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        let Some(running) = &mut self.running else {
            return Err(Error::internal("the task is polled before it is started"));
        };
        match running.receiver.receive(wait).await {
            Received::Records(records) => Ok(records),
            Received::Ended => running.ended(wait).await,
        }
    }

    async fn stop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        running.cancelled.cancel();
        if let Some(reader) = running.reader.take() {
            let abort = reader.abort_handle();
            if tokio::time::timeout(STOP_TIMEOUT, reader).await.is_err() {
                abort.abort();
            }
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

impl Running {
    /// The reader has ended: with an error, or because nothing is to be
    /// streamed (`snapshot.mode=initial_only`).
    async fn ended(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        let Some(reader) = self.reader.take() else {
            tokio::time::sleep(wait).await;
            return Ok(Vec::new());
        };
        match reader.await {
            Ok(Ok(())) => {
                tokio::time::sleep(wait).await;
                Ok(Vec::new())
            }
            Ok(Err(error)) => Err(final_error(error)),
            Err(failed) => {
                Err(Error::internal("the MySQL reader has broken down").caused_by(failed))
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
