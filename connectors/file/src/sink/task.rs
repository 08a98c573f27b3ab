//! The task: appends each record's value as a line, in the text that Java's
//! `toString` gives it.

use async_trait::async_trait;
use connect_api::java::to_string;
use connect_api::plugin::{PartitionOffsets, SinkTask, SinkTaskContext};
use connect_api::record::SinkRecord;
use connect_api::{Error, Props, Result};
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, Stdout};

use super::config::SinkSettings;

/// How much text is gathered for one write. Several tasks may append to the
/// file: each write ends with a whole line.
const WRITE_SIZE: usize = 256 << 10;

/// Where lines go.
enum Stream {
    File(File),
    Stdout(Stdout),
}

#[derive(Default)]
pub(super) struct FileStreamSinkTask {
    running: Option<Running>,
}

struct Running {
    /// The file, as errors name it.
    name: String,
    stream: Stream,
    /// Lines that are not written yet; empty between calls.
    lines: Vec<u8>,
}

#[async_trait]
impl SinkTask for FileStreamSinkTask {
    async fn start(&mut self, _context: SinkTaskContext, props: &Props) -> Result<()> {
        let settings = SinkSettings::parse(props)?;
        let (name, stream) = match settings.file {
            None => (
                "standard output".to_owned(),
                Stream::Stdout(tokio::io::stdout()),
            ),
            Some(name) => {
                let stream = Stream::File(open(&name).await?);
                (format!("file {name}"), stream)
            }
        };
        self.running = Some(Running {
            name,
            stream,
            lines: Vec::new(),
        });
        Ok(())
    }

    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        self.running()?.put(records).await
    }

    /// What was put is with the system already; a file's is on the disk after.
    async fn pre_commit(&mut self, put: PartitionOffsets) -> Result<PartitionOffsets> {
        self.running()?.sync().await?;
        Ok(put)
    }

    async fn stop(&mut self) {
        self.running = None;
    }
}

impl FileStreamSinkTask {
    fn running(&mut self) -> Result<&mut Running> {
        let running = self.running.as_mut();
        running.ok_or_else(|| Error::internal("called before the start"))
    }
}

async fn open(name: &str) -> Result<File> {
    let mut options = File::options();
    let opened = options.create(true).append(true).open(name).await;
    opened.map_err(|error| {
        Error::config(format!(
            "couldn't find or create file '{name}' for FileStreamSinkTask"
        ))
        .caused_by(error)
    })
}

impl Running {
    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        // After an error these records are put again: nothing of them is kept.
        self.lines.clear();
        for SinkRecord { record, .. } in records {
            to_string::append(
                &mut self.lines,
                record.value_schema.as_deref(),
                &record.value,
            );
            self.lines.push(b'\n');
            if self.lines.len() >= WRITE_SIZE {
                self.write().await?;
            }
        }
        self.write().await
    }

    /// Hands the gathered lines to the system.
    async fn write(&mut self) -> Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let written = match &mut self.stream {
            Stream::File(file) => append(file, &self.lines).await,
            Stream::Stdout(stdout) => append(stdout, &self.lines).await,
        };
        self.lines.clear();
        written
            .map_err(|error| Error::retriable(format!("writing to {}", self.name)).caused_by(error))
    }

    async fn sync(&mut self) -> Result<()> {
        let Stream::File(file) = &mut self.stream else {
            return Ok(());
        };
        let synced = async {
            // Pipes and terminals have no disk.
            if file.metadata().await?.is_file() {
                file.sync_data().await?;
            }
            Ok::<(), std::io::Error>(())
        };
        synced.await.map_err(|error| {
            Error::retriable(format!("writing {} to the disk", self.name)).caused_by(error)
        })
    }
}

/// The end of a write to a file is known only when it is flushed.
async fn append(stream: &mut (impl AsyncWriteExt + Unpin), lines: &[u8]) -> std::io::Result<()> {
    stream.write_all(lines).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests;
