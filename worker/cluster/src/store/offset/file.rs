//! Offsets in a file (`offset.storage.file.filename`), for a standalone worker.
//!
//! The file holds one line for each partition: `{"key":["src",{…}],"value":{…}}`.
//! It is replaced as a whole, so that it is never half written. The JVM's file
//! is read too (see [`java_map`]) and replaced by ours at the first write.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use connect_api::{Error, Result};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use super::java_map;
use crate::store::json;
use crate::store::log::{LogReader, LogRecord, OnFailure, RecordLog};

type Entries = IndexMap<Vec<u8>, Vec<u8>>;

#[derive(Serialize, Deserialize)]
struct Line {
    key: Value,
    value: Value,
}

/// A log that remembers the last value of each key in a file.
pub(crate) struct FileLog {
    path: PathBuf,
    reader: Arc<dyn LogReader>,
    entries: Arc<Mutex<Entries>>,
}

impl FileLog {
    pub(crate) fn new(path: PathBuf, reader: Arc<dyn LogReader>) -> Self {
        Self {
            path,
            reader,
            entries: Arc::default(),
        }
    }
}

#[async_trait]
impl RecordLog for FileLog {
    async fn start(&self) -> Result<()> {
        let path = self.path.clone();
        let read = blocking(move || load(&path)).await?;
        for (offset, (key, value)) in (0..).zip(&read) {
            self.reader.read(offset, key, Some(value));
        }
        *self.entries.lock().await = read;
        Ok(())
    }

    async fn append(&self, records: Vec<LogRecord>) -> Result<()> {
        let path = self.path.clone();
        let mut entries = Arc::clone(&self.entries).lock_owned().await;
        let mut next = entries.clone();
        for record in &records {
            match &record.value {
                Some(value) => next.insert(record.key.clone(), value.clone()),
                None => next.shift_remove(&record.key),
            };
        }
        let next = blocking(move || save(&path, &next).map(|()| next)).await?;
        *entries = next;
        for (offset, record) in (0..).zip(&records) {
            self.reader
                .read(offset, &record.key, record.value.as_deref());
        }
        Ok(())
    }

    /// Offsets are always waited for; this is for the sake of the trait.
    fn send(&self, _record: LogRecord, failed: OnFailure) {
        failed(Error::internal(
            "offsets in a file are stored by append, not by send",
        ));
    }

    async fn read_to_end(&self) -> Result<()> {
        Ok(())
    }

    async fn stop(&self) {}
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::internal("a file operation ended").caused_by(error)))
}

fn load(path: &Path) -> Result<Entries> {
    let failed = |error: io::Error| {
        Error::config(format!(
            "cannot read the offsets file '{}' (offset.storage.file.filename)",
            path.display()
        ))
        .caused_by(error)
    };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Entries::new()),
        Err(error) => return Err(failed(error)),
    };
    if java_map::is_java(&bytes) {
        let entries = java_map::read(&bytes).map_err(|error| {
            error.while_doing(format!(
                "reading the offsets file '{}' of a JVM worker (offset.storage.file.filename)",
                path.display()
            ))
        })?;
        return Ok(entries.into_iter().collect());
    }
    let mut entries = Entries::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let line: Line = serde_json::from_slice(line).map_err(|error| {
            Error::config(format!(
                "line {} of the offsets file '{}' (offset.storage.file.filename) is not an \
                 offset; correct it, or remove the file to start from the beginning",
                number + 1,
                path.display()
            ))
            .caused_by(error)
        })?;
        entries.insert(json::to_bytes(&line.key), json::to_bytes(&line.value));
    }
    Ok(entries)
}

fn save(path: &Path, entries: &Entries) -> Result<()> {
    write_and_replace(path, entries).map_err(|error| {
        Error::retriable(format!(
            "cannot write the offsets file '{}' (offset.storage.file.filename)",
            path.display()
        ))
        .caused_by(error)
    })
}

fn write_and_replace(path: &Path, entries: &Entries) -> io::Result<()> {
    let mut text = Vec::new();
    for (key, value) in entries {
        let line = Line {
            key: serde_json::from_slice(key)?,
            value: serde_json::from_slice(value)?,
        };
        text.extend(json::to_bytes(&line));
        text.push(b'\n');
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    let mut file = File::create(&beside)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The new name must survive a crash too.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
