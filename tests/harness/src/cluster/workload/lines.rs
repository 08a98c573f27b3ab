//! Files that grow, line by line, and what should have become of the lines.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// How many keys the lines of a file have.
const KEYS: u32 = 7;

/// A line: a row with its schema, so that JSON's converter can read it, of which the key is `id`
/// and the state `v`. The `v` of a file's lines count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The file's index.
    pub file: u32,
    /// The line's number in it.
    pub v: u32,
}

impl Line {
    /// The line's key.
    pub fn id(self) -> u32 {
        self.v % KEYS
    }

    fn text(self) -> String {
        let field = |name| format!(r#"{{"type":"int32","optional":false,"field":"{name}"}}"#);
        let fields = [field("f"), field("id"), field("v")].join(",");
        let (file, id, v) = (self.file, self.id(), self.v);
        format!(
            r#"{{"schema":{{"type":"struct","optional":false,"fields":[{fields}]}},"payload":{{"f":{file},"id":{id},"v":{v}}}}}"#
        )
    }

    /// Reads a line.
    ///
    /// # Panics
    /// If it is none.
    pub fn parse(text: &str) -> Self {
        let row: Value = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("not a line ({error}): {text}"));
        let field = |name| {
            let number = row["payload"][name].as_u64();
            number.and_then(|number| u32::try_from(number).ok())
        };
        let (Some(file), Some(v)) = (field("f"), field("v")) else {
            panic!("not a line: {text}");
        };
        Self { file, v }
    }
}

/// The state of each key after so many lines of a file.
pub(super) fn last_states(lines: u32) -> BTreeMap<u32, u32> {
    (0..lines).map(|v| (v % KEYS, v)).collect()
}

/// Files to each of which a line is added again and again, until it is stopped.
#[derive(Debug)]
pub struct Lines {
    paths: Vec<PathBuf>,
    written: Arc<AtomicU32>,
    resting: Arc<AtomicBool>,
    stopped: Arc<AtomicBool>,
    writer: Option<JoinHandle<()>>,
}

impl Lines {
    /// So many files in a folder, each with a new line after every `interval`.
    ///
    /// # Panics
    /// If they cannot be made.
    pub fn start(folder: &Path, files: usize, interval: Duration) -> Self {
        let paths: Vec<PathBuf> = (0..files)
            .map(|file| folder.join(format!("lines-{file}.txt")))
            .collect();
        let mut open: Vec<File> = (paths.iter())
            .map(|path| File::create(path).expect("a file"))
            .collect();
        let written = Arc::new(AtomicU32::new(0));
        let (resting, stopped) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (count, rest, stop) = (written.clone(), Arc::clone(&resting), stopped.clone());
        let writer = std::thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                if !AtomicBool::load(&rest, Ordering::Acquire) {
                    let v = count.load(Ordering::Acquire);
                    for (file, open) in (0..).zip(&mut open) {
                        let line = Line { file, v }.text() + "\n";
                        open.write_all(line.as_bytes()).expect("written");
                    }
                    count.store(v + 1, Ordering::Release);
                }
                std::thread::sleep(interval);
            }
        });
        Self {
            paths,
            written,
            resting,
            stopped,
            writer: Some(writer),
        }
    }

    /// The files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// How many lines each file has, at least.
    pub fn written(&self) -> u32 {
        self.written.load(Ordering::Acquire)
    }

    /// Writes nothing for the time being, or goes on. A line may still come right after.
    pub fn rest(&self, rests: bool) {
        self.resting.store(rests, Ordering::Release);
    }

    /// Stops for good; how many lines each file has.
    ///
    /// # Panics
    /// If the writer could not write.
    pub fn stop(&mut self) -> u32 {
        self.stopped.store(true, Ordering::Release);
        if let Some(writer) = self.writer.take() {
            writer.join().expect("the writer ended well");
        }
        self.written()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_grow_and_lines_are_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = Lines::start(folder.path(), 2, Duration::from_millis(1));
        while lines.written() < 10 {
            std::thread::yield_now();
        }
        let written = lines.stop();
        let text = std::fs::read_to_string(&lines.paths()[1]).unwrap();
        let read: Vec<Line> = text.lines().map(Line::parse).collect();
        let expected: Vec<Line> = (0..written).map(|v| Line { file: 1, v }).collect();
        assert_eq!(read, expected);
        let value: Value = serde_json::from_str(text.lines().nth(9).unwrap()).unwrap();
        assert_eq!(value["payload"]["id"], 2);
    }

    #[test]
    fn the_last_line_of_a_key_is_its_state() {
        let states = last_states(9);
        assert_eq!(states.len(), 7);
        assert_eq!((states[&0], states[&1], states[&2]), (7, 8, 2));
    }
}
