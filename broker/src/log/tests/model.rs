//! Compaction against a model: whatever is written, a consumer gets the same before and after.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::compaction::{DAY_MS, clean, compacted, contents, end_transaction, of_producer, packed};
use super::*;
use crate::log::CleanBounds;
use crate::log::batch::{Compression, TRANSACTIONAL};

/// A step of the model.
#[derive(Debug, Clone)]
enum Step {
    Put {
        keys: Vec<u8>,
        tombstone: bool,
        codec: Compression,
    },
    PutTransactional {
        producer_id: i64,
        keys: Vec<u8>,
    },
    End {
        producer_id: i64,
        commit: bool,
    },
    Clean {
        later_ms: i64,
    },
    Restart {
        orderly: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let keys = || prop::collection::vec(0_u8..6, 1..4);
    let codec = prop::sample::select(vec![
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ]);
    prop_oneof![
        6 => (keys(), any::<bool>(), codec)
            .prop_map(|(keys, tombstone, codec)| Step::Put { keys, tombstone, codec }),
        4 => (0_i64..3, keys())
            .prop_map(|(producer_id, keys)| Step::PutTransactional { producer_id, keys }),
        3 => (0_i64..3, any::<bool>())
            .prop_map(|(producer_id, commit)| Step::End { producer_id, commit }),
        2 => (0..2 * DAY_MS as i64).prop_map(|later_ms| Step::Clean { later_ms }),
        1 => any::<bool>().prop_map(|orderly| Step::Restart { orderly }),
    ]
}

type Entries = Vec<(i64, String, Option<String>)>;

/// A log, and every committed record that was ever written to it.
struct Model {
    dir: tempfile::TempDir,
    log: Log,
    now_ms: i64,
    written: usize,
    committed: Entries,
    open: BTreeMap<i64, Entries>,
}

impl Model {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let log = Log::open(dir.path(), Self::config()).expect("opens");
        let (committed, open) = (Vec::new(), BTreeMap::new());
        Self {
            dir,
            log,
            now_ms: 0,
            written: 0,
            committed,
            open,
        }
    }

    fn config() -> LogConfig {
        LogConfig {
            segment_bytes: 300,
            index_interval_bytes: 100,
            ..compacted()
        }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Put {
                keys,
                tombstone,
                codec,
            } => {
                let entries = self.put(&keys, tombstone, &BatchOptions::plain(1000), codec);
                self.committed.extend(entries);
            }
            Step::PutTransactional { producer_id, keys } => {
                let options = of_producer(producer_id, TRANSACTIONAL);
                let entries = self.put(&keys, false, &options, Compression::None);
                self.open.entry(producer_id).or_default().extend(entries);
            }
            Step::End {
                producer_id,
                commit,
            } => self.end(producer_id, commit),
            Step::Clean { later_ms } => {
                self.now_ms += later_ms;
                let first_open = self.open.values().filter_map(|entries| entries.first());
                let last_stable = first_open
                    .map(|entry| entry.0)
                    .min()
                    .unwrap_or(self.log.end_offset());
                let bounds = CleanBounds {
                    last_stable,
                    ..CleanBounds::default()
                };
                clean(&mut self.log, self.now_ms, bounds);
            }
            Step::Restart { orderly } => {
                if orderly {
                    self.log.close().expect("closes");
                }
                let end = self.log.end_offset();
                self.log = Log::open(self.dir.path(), Self::config()).expect("opens");
                assert_eq!(self.log.end_offset(), end);
            }
        }
    }

    fn put(
        &mut self,
        keys: &[u8],
        tombstone: bool,
        options: &BatchOptions,
        codec: Compression,
    ) -> Entries {
        self.written += 1;
        let value = (!tombstone).then(|| format!("value {}", self.written));
        let keys: Vec<String> = keys.iter().map(|key| format!("key {key}")).collect();
        let new: Vec<NewRecord> = keys
            .iter()
            .map(|key| record(key, value.as_deref()))
            .collect();
        let base = append(&mut self.log, &packed(&build_batch(&new, options), codec));
        (base..)
            .zip(keys)
            .map(|(offset, key)| (offset, key, value.clone()))
            .collect()
    }

    fn end(&mut self, producer_id: i64, commit: bool) {
        if let Some(entries) = self.open.remove(&producer_id) {
            end_transaction(&mut self.log, producer_id, commit);
            if commit {
                self.committed.extend(entries);
            }
        }
    }

    /// The last value of every key, tombstones left out.
    fn state(mut entries: Entries) -> BTreeMap<String, (i64, String)> {
        entries.sort();
        let mut state = BTreeMap::new();
        for (offset, key, value) in entries {
            match value {
                Some(value) => state.insert(key, (offset, value)),
                None => state.remove(&key),
            };
        }
        state
    }

    /// What a consumer of committed records gets from the log.
    fn read_committed(&self) -> Entries {
        let all = read_all(&self.log);
        let mut committed = Vec::new();
        let mut open: HashMap<i64, Entries> = HashMap::new();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        for (range, header) in split_batches(&all).expect("whole batches") {
            let rows = rows(&all[range]);
            if header.is_control() {
                let ended = open.remove(&header.producer_id).unwrap_or_default();
                // A marker's key is a version and 1 for a commit, both of 16 bits.
                if rows
                    .iter()
                    .any(|row| row.2.as_deref() == Some(&[0, 0, 0, 1]))
                {
                    committed.extend(ended);
                }
                continue;
            }
            let entries = rows.into_iter().map(|(offset, _, key, value)| {
                (offset, text(key.expect("a key")), value.map(text))
            });
            match header.is_transactional() {
                true => open.entry(header.producer_id).or_default().extend(entries),
                false => committed.extend(entries),
            }
        }
        assert!(open.is_empty(), "a transaction without its marker");
        committed
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_consumer_gets_the_same_state_before_and_after(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut model = Model::new();
        for step in steps {
            model.run(step);
        }
        for producer_id in 0..3 {
            model.end(producer_id, false);
        }
        let expected = Model::state(model.committed.clone());
        prop_assert_eq!(&Model::state(model.read_committed()), &expected);

        // Two records fill the segments, so that all before them can be cleaned; three rounds take
        // records, then tombstones and markers away.
        for _ in 0..3 {
            for key in [6, 7] {
                let codec = Compression::None;
                model.run(Step::Put { keys: vec![key; 8], tombstone: false, codec });
            }
            model.run(Step::Clean { later_ms: 2 * DAY_MS as i64 });
        }
        let mut state = Model::state(model.read_committed());
        state.retain(|key, _| key != "key 6" && key != "key 7");
        prop_assert_eq!(state, expected);
        let dirty = model.log.checkpoint.dirty;
        let mut keys = Vec::new();
        for (offset, key, value) in contents(&model.log) {
            if offset < dirty {
                prop_assert!(value.is_some(), "a tombstone is left at {}", offset);
                keys.push(key);
            }
        }
        let count = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), count, "a key is left twice");
    }
}
