//! What the sources have stored of their positions, and whether it ever went back.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Workload;
use crate::topics::{Record, read_topic};
use crate::wait::eventually_within;

const LIMIT: Duration = Duration::from_secs(60);

/// What was sent so long before it was held up may still have been on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// A stored offset that was followed by an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepBack {
    /// The source's file.
    pub file: String,
    /// What was stored.
    pub before: u64,
    /// What came after it.
    pub position: u64,
    /// When that was sent.
    pub sent: Timestamp,
    /// Where it is in the topic of offsets: the partition and the offset.
    pub place: (i32, i64),
}

/// A time of which what was sent came late.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldUp {
    from: Timestamp,
    to: Timestamp,
}

impl HeldUp {
    fn explains(self, step: &StepBack) -> bool {
        self.from - ON_ITS_WAY <= step.sent && step.sent <= self.to
    }
}

impl Workload {
    /// What a worker sent to Kafka at that time came late: its connections were held up, or it fell
    /// asleep then. What was on its way arrives when they are let go, or the worker wakes up, after
    /// what the tasks' next workers have written since, and no client can take it back: so an offset
    /// of that time may go back, which repeats records and loses none.
    pub fn sends_were_held_up(&mut self, from: Timestamp, to: Timestamp) {
        self.held_up.push(HeldUp { from, to });
    }

    /// The stored offsets that were followed by earlier ones that had been held up.
    ///
    /// # Panics
    /// If one was followed by an earlier one that had not.
    pub async fn offsets_that_went_back(&self) -> Vec<StepBack> {
        let steps = positions(&self.stored().await).1;
        let of_nothing = steps
            .iter()
            .find(|step| !self.held_up.iter().any(|time| time.explains(step)));
        assert!(
            of_nothing.is_none(),
            "went back: {of_nothing:?}, held up: {:?}",
            self.held_up
        );
        steps
    }

    /// Waits until each source's last offset is its file's end.
    pub(super) async fn offsets_are_stored(&self) {
        let ends: BTreeMap<String, u64> = (self.lines.paths().iter())
            .map(|path| {
                let length = std::fs::metadata(path).expect("a file").len();
                (path.display().to_string(), length)
            })
            .collect();
        let mut last = BTreeMap::new();
        let waited = async || {
            last = positions(&self.stored().await).0;
            (last == ends).then_some(())
        };
        let waited = tokio::time::timeout(LIMIT, eventually_within(LIMIT * 2, "", waited)).await;
        assert!(
            waited.is_ok(),
            "the offsets {last:?} are not the files' ends {ends:?}"
        );
    }

    async fn stored(&self) -> Vec<Record> {
        read_topic(&format!("{}-offsets", self.group)).await
    }
}

/// The last stored position of each file, and every one that came after a later one.
fn positions(records: &[Record]) -> (BTreeMap<String, u64>, Vec<StepBack>) {
    let (mut last, mut steps) = (BTreeMap::new(), Vec::new());
    for record in records {
        let key: Value = serde_json::from_str(&record.key_text()).expect("a key");
        let Some(file) = key[1]["filename"].as_str() else {
            continue;
        };
        let value: Value = serde_json::from_str(&record.text()).expect("an offset");
        let position = value["position"].as_u64().expect("a position");
        let before = last.insert(file.to_owned(), position);
        if let Some(before) = before.filter(|before| *before > position) {
            let sent = record.timestamp.expect("a time");
            steps.push(StepBack {
                file: file.to_owned(),
                before,
                position,
                sent: Timestamp::from_millisecond(sent).expect("a time"),
                place: (record.partition, record.offset),
            });
        }
    }
    (last, steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64, position: u64) -> Record {
        Record {
            partition: 0,
            offset,
            timestamp: Some(1000 * offset),
            key: Some(br#"["c",{"filename":"/f"}]"#.to_vec()),
            value: Some(format!(r#"{{"position":{position}}}"#).into_bytes()),
            headers: Vec::new(),
        }
    }

    #[test]
    fn the_last_position_counts() {
        let (last, steps) = positions(&[record(0, 3), record(1, 3), record(2, 9)]);
        assert_eq!(last, [("/f".to_owned(), 9)].into());
        assert_eq!(steps, []);
    }

    #[test]
    fn an_offset_that_goes_back_is_found_and_explained_by_nothing_but_its_time() {
        let (last, steps) = positions(&[record(10, 9), record(11, 3), record(12, 4)]);
        assert_eq!(last, [("/f".to_owned(), 4)].into());
        assert_eq!(steps.len(), 1);
        assert_eq!(
            (steps[0].before, steps[0].position, steps[0].place),
            (9, 3, (0, 11))
        );
        let at = |second| Timestamp::from_second(second).unwrap();
        let explains = |from, to| {
            let (from, to) = (at(from), at(to));
            HeldUp { from, to }.explains(&steps[0])
        };
        assert!(explains(12, 20) && explains(5, 11));
        assert!(!explains(13, 20) && !explains(5, 10));
    }
}
