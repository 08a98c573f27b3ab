use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tracing::warn;

use super::{HistoryRecord, RecordVisitor, SchemaHistoryError, SchemaHistoryStore};

/// A history in a file, one record a line (`io.debezium.storage.file.history.FileSchemaHistory`).
#[derive(Debug)]
pub struct FileSchemaHistory {
    path: PathBuf,
}

impl FileSchemaHistory {
    /// The file of `schema.history.internal.file.filename`, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn error(&self, action: &'static str) -> impl FnOnce(std::io::Error) -> SchemaHistoryError {
        let path = self.path.clone();
        move |source| SchemaHistoryError::File {
            action,
            path,
            source,
        }
    }
}

#[async_trait]
impl SchemaHistoryStore for FileSchemaHistory {
    async fn storage_exists(&self) -> Result<bool, SchemaHistoryError> {
        fs::try_exists(&self.path)
            .await
            .map_err(self.error("looking for"))
    }

    async fn exists(&self) -> Result<bool, SchemaHistoryError> {
        if !self.storage_exists().await? {
            return Ok(false);
        }
        let metadata = fs::metadata(&self.path)
            .await
            .map_err(self.error("looking at"))?;
        Ok(metadata.len() > 0)
    }

    async fn initialize_storage(&self) -> Result<(), SchemaHistoryError> {
        if let Some(folder) = self.path.parent().filter(|folder| *folder != Path::new("")) {
            fs::create_dir_all(folder)
                .await
                .map_err(self.error("creating the folder of"))?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .await
            .map_err(self.error("creating"))?;
        Ok(())
    }

    async fn store(&self, records: &[HistoryRecord]) -> Result<(), SchemaHistoryError> {
        let mut lines = String::new();
        for record in records {
            lines.push_str(&record.to_compact_json());
            lines.push('\n');
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .await
            .map_err(self.error("opening"))?;
        file.write_all(lines.as_bytes())
            .await
            .map_err(self.error("writing"))?;
        file.sync_data().await.map_err(self.error("writing"))
    }

    async fn read_all(&self, visit: &mut RecordVisitor<'_>) -> Result<(), SchemaHistoryError> {
        let file = File::open(&self.path)
            .await
            .map_err(self.error("opening"))?;
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        let mut read = 0;
        for number in 1.. {
            line.clear();
            let length = reader
                .read_line(&mut line)
                .await
                .map_err(self.error("reading"))?;
            if length == 0 {
                break;
            }
            if !line.trim().is_empty() {
                let place = format!("{}, line {number}", self.path.display());
                match HistoryRecord::from_json(&line) {
                    Ok(Some(record)) => visit(record)?,
                    Ok(None) => warn!(place, "invalid schema history record, left out"),
                    Err(reason) if !line.ends_with('\n') => {
                        return self.cut_off(read, &place, &reason).await;
                    }
                    Err(reason) => return Err(SchemaHistoryError::Unreadable { place, reason }),
                }
            }
            read += length as u64;
        }
        Ok(())
    }
}

impl FileSchemaHistory {
    /// Removes a last line that a crash left half written: nobody was told that it is safe, and
    /// the next record would go on in it.
    async fn cut_off(&self, end: u64, place: &str, reason: &str) -> Result<(), SchemaHistoryError> {
        warn!(place, reason, "half a schema history record, removed");
        let file = OpenOptions::new()
            .write(true)
            .open(&self.path)
            .await
            .map_err(self.error("opening"))?;
        file.set_len(end).await.map_err(self.error("shortening"))?;
        file.sync_all().await.map_err(self.error("shortening"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn records_come_back_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let history = FileSchemaHistory::new(folder.path().join("new/history.dat"));
        assert!(!history.storage_exists().await.unwrap());
        assert!(!history.exists().await.unwrap());
        history.initialize_storage().await.unwrap();
        history.initialize_storage().await.unwrap();
        assert!(history.storage_exists().await.unwrap());
        assert!(!history.exists().await.unwrap());
        let record = |ddl: &str| HistoryRecord {
            ddl: Some(ddl.into()),
            ..Default::default()
        };
        history.store(&[record("a\nb")]).await.unwrap();
        history.store(&[record("c"), record("d")]).await.unwrap();
        assert!(history.exists().await.unwrap());
        let mut seen = Vec::new();
        history
            .read_all(&mut |record| {
                seen.extend(record.ddl);
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(seen, ["a\nb", "c", "d"]);
        let text = std::fs::read_to_string(folder.path().join("new/history.dat")).unwrap();
        assert!(text.starts_with("{\"source\":{},\"position\":{},\"ddl\":\"a\\nb\"}\n"));
    }

    #[tokio::test]
    async fn a_broken_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.dat");
        std::fs::write(&path, "{\"ddl\":\"skipped\"}\n{oops}\n").unwrap();
        let error = FileSchemaHistory::new(path)
            .read_all(&mut |_| Ok(()))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("history.dat, line 2"), "{error}");
    }

    #[tokio::test]
    async fn half_a_last_line_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.dat");
        let whole = "{\"source\":{},\"position\":{}}\n";
        std::fs::write(&path, format!("{whole}{{\"source\":{{\"ser")).unwrap();
        let mut count = 0;
        let history = FileSchemaHistory::new(&path);
        history
            .read_all(&mut |_| {
                count += 1;
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(count, 1);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    }
}
