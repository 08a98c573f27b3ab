//! Tests of the whole log, on folders of their own.

mod compaction;
mod golden;
mod model;
mod reading;
mod recovery;
mod retention;

use std::path::Path;

use bytes::{Bytes, BytesMut};

use super::batch::{self, BatchHeader, split_batches};
use super::{BatchOptions, BatchRecords, Log, LogConfig, NewRecord, build_batch};

/// A record's offset, timestamp, key and value.
type Row = (i64, i64, Option<Vec<u8>>, Option<Vec<u8>>);

fn record(key: &str, value: Option<&str>) -> NewRecord {
    NewRecord {
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
        headers: Vec::new(),
    }
}

/// A batch of so many records, with values of so many bytes.
fn batch_of(records: usize, value_size: usize, timestamp: i64) -> BytesMut {
    let value = Bytes::from(vec![b'v'; value_size]);
    let record = NewRecord {
        value: Some(value),
        ..NewRecord::default()
    };
    build_batch(&vec![record; records], &BatchOptions::plain(timestamp))
}

fn append(log: &mut Log, batch: &BytesMut) -> i64 {
    let mut batch = batch.clone();
    let header = BatchHeader::parse(&batch).expect("a batch");
    log.append(&mut batch, &header).expect("appends")
}

/// Everything in the log, read in pieces as a consumer does.
fn read_all(log: &Log) -> Vec<u8> {
    let mut all = Vec::new();
    let mut offset = log.start_offset();
    while offset < log.end_offset() {
        let batches = log.read(offset, log.end_offset(), 1000).expect("reads");
        let split = split_batches(&batches).expect("whole batches");
        let Some((_, last)) = split.last() else { break };
        offset = last.next_offset();
        all.extend_from_slice(&batches);
    }
    all
}

fn rows(batches: &[u8]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (range, _) in split_batches(batches).expect("whole batches") {
        for record in BatchRecords::open(&batches[range])
            .expect("decompresses")
            .iter()
        {
            let record = record.expect("a record");
            let (key, value) = (
                record.key.map(<[u8]>::to_vec),
                record.value.map(<[u8]>::to_vec),
            );
            rows.push((record.offset, record.timestamp, key, value));
        }
    }
    rows
}

/// Segments of a few batches.
fn small_segments() -> LogConfig {
    LogConfig {
        segment_bytes: 2000,
        index_interval_bytes: 100,
        ..LogConfig::default()
    }
}

fn segment_files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| name.ends_with(".log"))
        .collect();
    names.sort();
    names
}
