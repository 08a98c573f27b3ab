//! Producer ids, each given out once in the life of a data folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::BrokerError;

/// Ids taken from the file at a time; those of a block that were not given out are left out
/// (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const BLOCK: i64 = 1000;
const FILE: &str = "producer-ids";

/// Gives out producer ids (Kafka's `ProducerIdManager`, with a file for the controller).
#[derive(Debug)]
pub(super) struct ProducerIds {
    path: PathBuf,
    left: Mutex<Left>,
}

#[derive(Debug)]
struct Left {
    next: i64,
    block_end: i64,
}

impl ProducerIds {
    /// Opens the file, which says where the next block begins.
    pub(super) fn open(data: &Path) -> Result<Self, BrokerError> {
        let path = data.join(FILE);
        let next = match fs::read_to_string(&path) {
            Ok(text) => first_free(&text).ok_or_else(|| BrokerError::Corrupt {
                path: path.display().to_string(),
                problem: format!("{text:?} is not the first producer id that is free"),
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(BrokerError::file("reading", &path)(error)),
        };
        Ok(Self {
            path,
            left: Mutex::new(Left {
                next,
                block_end: next,
            }),
        })
    }

    /// An id that nobody has.
    pub(super) fn next(&self) -> Result<i64, BrokerError> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.next == left.block_end {
            let block_end = left.next + BLOCK;
            self.save(block_end)?;
            left.block_end = block_end;
        }
        let id = left.next;
        left.next += 1;
        Ok(id)
    }

    fn save(&self, next: i64) -> Result<(), BrokerError> {
        let temporary = self.path.with_extension("tmp");
        let write = || {
            let mut file = File::create(&temporary)?;
            writeln!(file, "{next}")?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)
        };
        write().map_err(BrokerError::file("writing", &self.path))
    }
}

/// What the file says, if it can be.
fn first_free(text: &str) -> Option<i64> {
    let id = text.trim().parse().ok()?;
    (0..=i64::MAX / 2).contains(&id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_given_out_twice_even_after_a_restart() {
        let dir = tempfile::tempdir().expect("a folder");
        let ids = ProducerIds::open(dir.path()).expect("opening");
        let mut last = -1;
        for _ in 0..BLOCK + 1 {
            let id = ids.next().expect("an id");
            assert_eq!(id, last + 1);
            last = id;
        }
        drop(ids);
        let ids = ProducerIds::open(dir.path()).expect("opening again");
        assert_eq!(ids.next().expect("an id"), 2 * BLOCK);
    }

    #[test]
    fn a_file_that_is_something_else_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join(FILE), "many").expect("writing");
        let error = ProducerIds::open(dir.path())
            .expect_err("refused")
            .to_string();
        assert!(
            error.contains("producer-ids") && error.contains("many"),
            "{error}"
        );
    }
}
