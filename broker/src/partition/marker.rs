//! The control record that ends a transaction (`EndTransactionMarker`, `ControlRecordType`).

use bytes::{Buf, BufMut, BytesMut};

use super::producers::Marker;
use crate::log::batch::{CONTROL, TRANSACTIONAL};
use crate::log::{BatchOptions, BatchRecords, NewRecord, build_batch};

const VERSION: i16 = 0;
const ABORT: i16 = 0;
const COMMIT: i16 = 1;

/// A batch of one marker.
pub(super) fn batch(
    producer_id: i64,
    producer_epoch: i16,
    marker: Marker,
    now_ms: i64,
) -> BytesMut {
    let mut key = BytesMut::with_capacity(4);
    key.put_i16(VERSION);
    key.put_i16(if marker.commit { COMMIT } else { ABORT });
    let mut value = BytesMut::with_capacity(6);
    value.put_i16(VERSION);
    value.put_i32(marker.coordinator_epoch);
    let record = NewRecord {
        key: Some(key.freeze()),
        value: Some(value.freeze()),
        headers: Vec::new(),
    };
    let options = BatchOptions {
        timestamp: now_ms,
        attributes: TRANSACTIONAL | CONTROL,
        producer_id,
        producer_epoch,
        base_sequence: -1,
    };
    build_batch(&[record], &options)
}

/// The marker in a control batch; none where compaction has removed it, or where it is a control
/// record of another kind.
pub(super) fn read(batch: &[u8]) -> Option<Marker> {
    let records = BatchRecords::open(batch).ok()?;
    let record = records.iter().next()?.ok()?;
    let mut key = record.key?;
    let version = key.try_get_i16().ok()?;
    let commit = match (version, key.try_get_i16().ok()?) {
        (0.., ABORT) => false,
        (0.., COMMIT) => true,
        _ => return None,
    };
    let mut value = record.value?;
    let version = value.try_get_i16().ok()?;
    let coordinator_epoch = value.try_get_i32().ok()?;
    (version >= VERSION).then_some(Marker {
        commit,
        coordinator_epoch,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // EndTransactionMarker.serializeValue and ControlRecordType.recordKey
    #[test]
    fn a_marker_is_read_as_it_was_written() {
        for commit in [false, true] {
            let marker = Marker {
                commit,
                coordinator_epoch: 7,
            };
            let bytes = batch(4000, 3, marker, 1_700_000_000_000);
            assert_eq!(read(&bytes), Some(marker));
            let records = BatchRecords::open(&bytes).expect("a batch");
            let header = records.header();
            assert!(header.is_control() && header.is_transactional());
            assert_eq!((header.producer_id, header.producer_epoch), (4000, 3));
            assert_eq!((header.base_sequence, header.records_count), (-1, 1));
            let record = records
                .iter()
                .next()
                .expect("a record")
                .expect("a good one");
            assert_eq!(record.key, Some(&[0, 0, 0, u8::from(commit)][..]));
            assert_eq!(record.value, Some(&[0, 0, 0, 0, 0, 7][..]));
        }
    }
}
