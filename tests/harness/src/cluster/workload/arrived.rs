//! Whether every line has arrived everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::lines::{Line, last_states};
use super::{Workload, keeps_all};
use crate::kafka::Kafka;
use crate::topics::{Record, read_topic};
use crate::wait::eventually_within;

const LIMIT: Duration = Duration::from_secs(60);

/// What came of the lines.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    /// How many lines each file had.
    pub lines: u32,
    /// How many records of the topics repeat a line.
    pub repeated: usize,
}

impl Workload {
    /// Stops writing and waits until every line is in its topic, and in every file and table that
    /// the topic is copied to, the last of each key last; and sees that no stored offset was ever
    /// followed by an earlier one.
    ///
    /// # Panics
    /// If one is missing.
    pub async fn arrived(&mut self) -> Arrived {
        let lines = self.lines.stop();
        let mut repeated = 0;
        for source in 0..self.options.sources {
            let records = self.in_topic(source, lines).await;
            repeated += records - lines as usize;
        }
        for sink in 0..self.options.file_sinks {
            self.in_file(sink, lines).await;
        }
        for table in 0..self.options.tables {
            self.in_table(table, lines).await;
        }
        self.offsets_are_stored().await;
        Arrived { lines, repeated }
    }

    /// Waits until a topic has every line; how many records it has.
    async fn in_topic(&self, source: usize, lines: u32) -> usize {
        let (topic, kafka) = (self.topic(source), Kafka::new());
        let mut missing = BTreeSet::new();
        let waited = async || {
            if kafka.count(&topic).await < lines as usize {
                return None;
            }
            let records = read_topic(&topic).await;
            let all: Vec<Line> = records.iter().map(|it| Line::parse(&it.text())).collect();
            let seen: BTreeSet<u32> = all.iter().map(|line| line.v).collect();
            missing = (0..lines).filter(|v| !seen.contains(v)).collect();
            missing.is_empty().then_some(all)
        };
        let waited = tokio::time::timeout(LIMIT, eventually_within(LIMIT * 2, "", waited)).await;
        let Ok(all) = waited else {
            let count = kafka.count(&topic).await;
            panic!("{topic} has {count} records, but not these of {lines} lines: {missing:?}");
        };
        let states: BTreeMap<u32, u32> = all.iter().map(|line| (line.id(), line.v)).collect();
        assert_eq!(
            states,
            last_states(lines),
            "{topic}: the last record of each key"
        );
        all.len()
    }

    async fn in_file(&self, sink: usize, lines: u32) {
        let file = self.file(sink);
        let sources = self
            .sources_of_file(sink)
            .map(|it| u32::try_from(it).expect("small"));
        let expected: BTreeSet<Line> = (sources.iter())
            .flat_map(|file| (0..lines).map(|v| Line { file: *file, v }))
            .collect();
        let mut missing = Vec::new();
        let waited = async || {
            let seen: BTreeSet<Line> = whole_lines(&file)
                .iter()
                .map(|it| Line::parse(it))
                .collect();
            missing = expected.difference(&seen).copied().collect();
            missing.is_empty().then_some(())
        };
        let waited = tokio::time::timeout(LIMIT, eventually_within(LIMIT * 2, "", waited)).await;
        let (count, name) = (missing.len(), file.display());
        assert!(
            waited.is_ok(),
            "{name} misses {count} lines: {:?}",
            missing.first()
        );
    }

    async fn in_table(&self, table: usize, lines: u32) {
        let postgres = self.postgres.as_ref().expect("for the tables");
        let topic = self.topic(self.source_of_table(table));
        if keeps_all(table) {
            let records = Kafka::new().count(&topic).await.to_string();
            let query = format!("SELECT count(*), count(DISTINCT v) FROM t{table}");
            let expected = [records.as_str(), &lines.to_string()];
            postgres.wait_for_rows(&query, &[&expected]).await;
        } else {
            let query = format!("SELECT id, v FROM t{table} ORDER BY id");
            let rows: Vec<[String; 2]> = last_states(lines)
                .into_iter()
                .map(|(id, v)| [id.to_string(), v.to_string()])
                .collect();
            let rows: Vec<[&str; 2]> = rows.iter().map(|[id, v]| [id.as_str(), v]).collect();
            let rows: Vec<&[&str]> = rows.iter().map(<[&str; 2]>::as_slice).collect();
            postgres.wait_for_rows(&query, &rows).await;
        }
    }

    /// Each source's last offset is its file's end, and no offset was followed by an earlier one.
    async fn offsets_are_stored(&self) {
        let topic = format!("{}-offsets", self.group);
        let ends: BTreeMap<String, u64> = (self.lines.paths().iter())
            .map(|path| {
                let length = std::fs::metadata(path).expect("a file").len();
                (path.display().to_string(), length)
            })
            .collect();
        let mut last = BTreeMap::new();
        let waited = async || {
            last = last_positions(&read_topic(&topic).await);
            (last == ends).then_some(())
        };
        let waited = tokio::time::timeout(LIMIT, eventually_within(LIMIT * 2, "", waited)).await;
        assert!(
            waited.is_ok(),
            "the offsets {last:?} are not the files' ends {ends:?}"
        );
    }

    /// Sees that no stored offset was ever followed by an earlier one.
    ///
    /// # Panics
    /// If one was.
    pub async fn offsets_never_go_back(&self) {
        last_positions(&read_topic(&format!("{}-offsets", self.group)).await);
    }
}

/// The last stored position of each file.
fn last_positions(records: &[Record]) -> BTreeMap<String, u64> {
    let mut positions = BTreeMap::new();
    for record in records {
        let key: Value = serde_json::from_str(&record.key_text()).expect("a key");
        let Some(file) = key[1]["filename"].as_str() else {
            continue;
        };
        let value: Value = serde_json::from_str(&record.text()).expect("an offset");
        let position = value["position"].as_u64().expect("a position");
        let before = positions.insert(file.to_owned(), position);
        assert!(
            before.is_none_or(|before| before <= position),
            "{file}: the offset {position} was stored after {before:?} (record {} of partition {})",
            record.offset,
            record.partition,
        );
    }
    positions
}

/// A file's lines without a last one whose end is not there yet.
fn whole_lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64, position: u64) -> Record {
        Record {
            partition: 0,
            offset,
            timestamp: None,
            key: Some(br#"["c",{"filename":"/f"}]"#.to_vec()),
            value: Some(format!(r#"{{"position":{position}}}"#).into_bytes()),
            headers: Vec::new(),
        }
    }

    #[test]
    fn the_last_position_counts() {
        let last = last_positions(&[record(0, 3), record(1, 3), record(2, 9)]);
        assert_eq!(last, [("/f".to_owned(), 9)].into());
    }

    #[test]
    #[should_panic(expected = "the offset 3 was stored after Some(9)")]
    fn an_offset_that_goes_back_is_found() {
        last_positions(&[record(0, 9), record(1, 3)]);
    }
}
