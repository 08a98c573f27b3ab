//! The task: reads whole lines, and waits at the end for more. Like the
//! original it goes on with the open file when another takes over its name.

use std::io::{ErrorKind, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use connect_api::data::{ByteString, Schema, SchemaRef, Type, Value};
use connect_api::plugin::{SourceTask, SourceTaskContext};
use connect_api::record::{OffsetMap, Record, SourceOffset, SourcePosition, SourceRecord};
use connect_api::{Error, Props, Result};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, Stdin};
use tokio_util::sync::CancellationToken;

use super::config::FileSettings;
use super::lines::Lines;

/// The source partition's field: the file's name as it was given.
pub(super) const FILENAME: &str = "filename";
/// The source offset's field: how many bytes were read.
pub(super) const POSITION: &str = "position";

/// How long to wait for a file to be there or to grow, at most, before looking
/// again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Where lines come from.
enum Stream {
    File(File),
    Stdin(Stdin),
}

#[derive(Default)]
pub(super) struct FileStreamSourceTask {
    running: Option<Running>,
}

struct Running {
    settings: FileSettings,
    context: SourceTaskContext,
    topic: ByteString,
    schema: SchemaRef,
    partition: Arc<OffsetMap>,
    positions: Arc<Positions>,
    stream: Option<Stream>,
    lines: Lines,
    told_missing: bool,
}

/// Makes offsets; those of standard input have no position.
struct Positions {
    tracked: bool,
}

impl SourcePosition for Positions {
    fn offset(&self, position: u64) -> OffsetMap {
        let value = if self.tracked {
            position.into()
        } else {
            serde_json::Value::Null
        };
        OffsetMap::from_iter([(POSITION.to_owned(), value)])
    }
}

#[async_trait]
impl SourceTask for FileStreamSourceTask {
    async fn start(&mut self, context: SourceTaskContext, props: &Props) -> Result<()> {
        let settings = FileSettings::parse(props)?;
        let stream = settings
            .file
            .is_none()
            .then(|| Stream::Stdin(tokio::io::stdin()));
        let filename = settings.file.clone();
        let partition = OffsetMap::from_iter([(FILENAME.to_owned(), filename.into())]);
        self.running = Some(Running {
            topic: ByteString::from(settings.topic.as_str()),
            schema: Schema::required(Type::String),
            partition: Arc::new(partition),
            positions: Arc::new(Positions {
                tracked: settings.file.is_some(),
            }),
            stream,
            lines: Lines::default(),
            told_missing: false,
            settings,
            context,
        });
        Ok(())
    }

    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        match &mut self.running {
            Some(running) => running.poll(wait).await,
            None => Err(Error::internal("polled before the start")),
        }
    }

    async fn stop(&mut self) {
        self.running = None;
    }
}

impl Running {
    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        let mut records = Vec::new();
        if !self.open().await? {
            rest(wait, &self.context.cancelled).await;
            return Ok(records);
        }
        loop {
            self.take_lines(&mut records);
            if records.len() >= self.settings.batch_size || !self.read(wait).await? {
                break;
            }
        }
        if records.is_empty() && self.settings.file.is_some() {
            rest(wait, &self.context.cancelled).await;
        }
        Ok(records)
    }

    /// Opens the file where it was left. False if there is none yet.
    async fn open(&mut self) -> Result<bool> {
        let Some(name) = self
            .settings
            .file
            .as_deref()
            .filter(|_| self.stream.is_none())
        else {
            return Ok(true);
        };
        let mut file = match File::open(name).await {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !self.told_missing {
                    tracing::warn!("couldn't find file {name}, waiting for it to be created");
                    self.told_missing = true;
                }
                return Ok(false);
            }
            Err(error) => {
                return Err(Error::config(format!("opening file {name}")).caused_by(error));
            }
        };
        let position = self.stored_position().await?;
        let seeking = |error| Error::config(format!("seeking in file {name}")).caused_by(error);
        let length = file.metadata().await.map_err(seeking)?.len();
        if position > length {
            tracing::warn!(
                "file {name} has {length} bytes, fewer than the {position} that were read before; \
                 waiting for it to grow beyond (reset the connector's offsets to read it anew)"
            );
        }
        if position > 0 {
            file.seek(SeekFrom::Start(position))
                .await
                .map_err(seeking)?;
        }
        tracing::info!("reading file {name} from position {position}");
        self.lines = Lines::at(position);
        self.stream = Some(Stream::File(file));
        Ok(true)
    }

    async fn stored_position(&self) -> Result<u64> {
        let stored = self.context.offsets.offset(&self.partition).await?;
        match stored.as_ref().and_then(|offset| offset.get(POSITION)) {
            None | Some(serde_json::Value::Null) => Ok(0),
            Some(position) => position.as_u64().ok_or_else(|| {
                Error::data(format!("stored offset position {position} is not a number"))
            }),
        }
    }

    fn take_lines(&mut self, records: &mut Vec<SourceRecord>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let timestamp = now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
        while records.len() < self.settings.batch_size {
            let Some(line) = self.lines.next() else {
                return;
            };
            records.push(SourceRecord {
                record: Record {
                    topic: self.topic.clone(),
                    value_schema: Some(self.schema.clone()),
                    value: Value::String(line),
                    timestamp: Some(timestamp),
                    ..Record::default()
                },
                source_partition: self.partition.clone(),
                source_offset: SourceOffset::Position(
                    self.positions.clone(),
                    self.lines.position(),
                ),
            });
        }
    }

    /// Reads more. False if there is no more now.
    async fn read(&mut self, wait: Duration) -> Result<bool> {
        let room = self.lines.room()?;
        let read = match &mut self.stream {
            Some(Stream::File(file)) => file.read_buf(room).await,
            Some(Stream::Stdin(stdin)) => {
                // Dropping this read loses nothing: what arrives stays in `stdin`.
                match tokio::time::timeout(wait.min(LOOK_AGAIN), stdin.read_buf(room)).await {
                    Ok(Ok(0)) => {
                        rest(wait, &self.context.cancelled).await;
                        return Ok(false);
                    }
                    Ok(read) => read,
                    Err(_nothing) => return Ok(false),
                }
            }
            None => return Ok(false),
        };
        let read = read.map_err(|error| {
            let name = self.settings.file.as_deref().unwrap_or("standard input");
            Error::retriable(format!("reading {name}")).caused_by(error)
        })?;
        Ok(read > 0)
    }
}

async fn rest(wait: Duration, cancelled: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(wait.min(LOOK_AGAIN)) => {}
        () = cancelled.cancelled() => {}
    }
}

#[cfg(test)]
mod tests;
