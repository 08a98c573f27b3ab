//! Whether every line has arrived everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::lines::{Line, last_states};
use super::{Workload, keeps_all};
use crate::kafka::Kafka;
use crate::topics::read_topic;
use crate::wait::eventually_within;

const LIMIT: Duration = Duration::from_secs(60);

/// What came of the lines.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    /// How many lines each file had.
    pub lines: u32,
    /// How many records of the topics repeat a line.
    pub repeated: usize,
    /// How many stored offsets were followed by an earlier one that had been held up.
    pub went_back: usize,
}

impl Workload {
    /// Stops writing and waits until every line is in its topic, and in every file and table that
    /// the topic is copied to, the last of each key last; and sees that no stored offset was ever
    /// followed by an earlier one, unless that had been held up.
    ///
    /// # Panics
    /// If one is missing, or an offset went back.
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
        let went_back = self.offsets_that_went_back().await.len();
        Arrived {
            lines,
            repeated,
            went_back,
        }
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
}

/// A file's lines without a last one whose end is not there yet.
fn whole_lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(str::to_owned).collect()
}
