//! What a log remembers beside its segments: a small text file that is replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::error::LogError;

const FILE: &str = "checkpoint";
/// The last line, without which the file was cut off.
const LAST_LINE: &str = "end";

/// A log's offsets that its segments do not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkpoint {
    /// Records before this offset are deleted.
    pub(super) start: i64,
    /// Segments that end before this offset are on the disk for certain (the recovery point).
    pub(super) recovery: i64,
    /// Where compaction has not been (the cleaner's first dirty offset).
    pub(super) dirty: i64,
    /// Before this offset compaction may have taken offsets out; after it they follow each other.
    pub(super) gaps: i64,
    /// The earliest time at which a kept tombstone or marker may go.
    pub(super) horizon: Option<i64>,
    /// The log was closed in order and not changed since.
    pub(super) clean: bool,
}

impl Checkpoint {
    /// A new log's.
    pub(super) fn new() -> Self {
        Self {
            start: 0,
            recovery: 0,
            dirty: 0,
            gaps: 0,
            horizon: None,
            clean: false,
        }
    }

    /// What a log must go by whose file is damaged or gone: nothing is certain.
    pub(super) fn unknown() -> Self {
        Self {
            gaps: i64::MAX,
            ..Self::new()
        }
    }

    /// None where there is no file.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, LogError> {
        let path = dir.join(FILE);
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LogError::io("reading", &path)(error)),
        };
        Ok(Some(Self::parse(&text).unwrap_or_else(|| {
            tracing::warn!(file = %path.display(), "damaged checkpoint, the log is recovered");
            Self::unknown()
        })))
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        let [version, lines @ .., crc, last] = &lines[..] else {
            return None;
        };
        if *version != "version 2" || *last != LAST_LINE || *crc != crc_line(lines) {
            return None;
        }
        let mut checkpoint = Self::unknown();
        for line in lines {
            let (name, value) = line.split_once(' ')?;
            let value: i64 = value.parse().ok()?;
            match name {
                "start" => checkpoint.start = value,
                "recovery" => checkpoint.recovery = value,
                "dirty" => checkpoint.dirty = value,
                "gaps" => checkpoint.gaps = value,
                "horizon" => checkpoint.horizon = Some(value),
                "clean" => checkpoint.clean = value == 1,
                _ => return None,
            }
        }
        Some(checkpoint)
    }

    /// Replaces the file. A crash of the machine may lose this without `durable`.
    pub(super) fn write(&self, dir: &Path, durable: bool) -> Result<(), LogError> {
        let path = dir.join(FILE);
        let new = dir.join("checkpoint.tmp");
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(self.text().as_bytes())?;
            if durable {
                file.sync_data()?;
            }
            fs::rename(&new, &path)?;
            if durable {
                File::open(dir)?.sync_all()
            } else {
                Ok(())
            }
        };
        write().map_err(LogError::io("writing", &path))
    }

    fn text(&self) -> String {
        let Self {
            start,
            recovery,
            dirty,
            gaps,
            horizon,
            clean,
        } = self;
        let mut lines = vec![
            format!("start {start}"),
            format!("recovery {recovery}"),
            format!("dirty {dirty}"),
            format!("gaps {gaps}"),
            format!("clean {}", i32::from(*clean)),
        ];
        lines.extend(horizon.map(|ms| format!("horizon {ms}")));
        let crc = crc_line(&lines);
        format!("version 2\n{}\n{crc}\n{LAST_LINE}\n", lines.join("\n"))
    }
}

/// The checksum of the lines that say something: one wrong digit could delete a log.
fn crc_line<L: AsRef<str>>(lines: &[L]) -> String {
    let crc = (lines.iter()).fold(0, |crc, line| {
        crc32c::crc32c_append(crc, format!("{}\n", line.as_ref()).as_bytes())
    });
    format!("crc {crc:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_and_a_cut_one_is_known_as_damaged() {
        let checkpoint = Checkpoint {
            start: 3,
            recovery: 9,
            dirty: 5,
            gaps: 7,
            horizon: Some(1_700_000_000_000),
            clean: true,
        };
        let text = checkpoint.text();
        assert_eq!(Checkpoint::parse(&text), Some(checkpoint));
        for cut in 0..text.len() - 1 {
            assert_eq!(Checkpoint::parse(&text[..cut]), None, "{cut}");
        }
        for at in 0..text.len() - 1 {
            let mut other = text.clone().into_bytes();
            other[at] ^= 1;
            let other = String::from_utf8(other).expect("text");
            assert_eq!(Checkpoint::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn a_damaged_file_is_taken_as_knowing_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(Checkpoint::read(dir.path()).expect("reads"), None);
        fs::write(dir.path().join(FILE), b"version 1\nstart \xff").expect("writes");
        assert_eq!(
            Checkpoint::read(dir.path()).expect("reads"),
            Some(Checkpoint::unknown())
        );
    }
}
