//! What a produce request's records have to be (Kafka's `ProduceRequest.validateRecords`,
//! `UnifiedLog.analyzeAndValidateRecords`, `LogValidator`).

use bytes::BufMut;

use super::PartitionSettings;
use super::error::{ProduceError, RecordError};
use crate::log::batch::{
    ATTRIBUTES_AT, LOG_APPEND_TIME, NO_TIMESTAMP, set_log_append_time, verify_crc, write_crc,
};
use crate::log::{BatchError, BatchHeader, BatchRecords};

/// Record errors that an answer lists at most; the first is what people read.
const MAX_RECORD_ERRORS: usize = 100;

/// Where a batch has its maximum timestamp (`DefaultRecordBatch.MAX_TIMESTAMP_OFFSET`).
const MAX_TIMESTAMP_AT: usize = 35;

/// What the topic asks of its records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) settings: PartitionSettings,
    /// A compacted topic's records must have keys.
    pub(super) keys_required: bool,
    pub(super) now_ms: i64,
}

/// A batch that may be appended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validated {
    pub(super) header: BatchHeader,
    /// The latest of the records' timestamps, whatever the header says.
    max_timestamp: i64,
}

impl Validated {
    /// Writes into the batch the timestamps that the topic keeps: the broker's, or the records'
    /// where the header does not say so (`DefaultRecordBatch.setMaxTimestamp`).
    pub(super) fn stamp(
        mut self,
        batch: &mut [u8],
        rules: &Rules,
    ) -> Result<BatchHeader, ProduceError> {
        if rules.settings.log_append_time {
            return set_log_append_time(batch, rules.now_ms).map_err(refused);
        }
        if self.header.max_timestamp == self.max_timestamp && !self.header.is_log_append_time() {
            return Ok(self.header);
        }
        self.header.attributes &= !LOG_APPEND_TIME;
        self.header.max_timestamp = self.max_timestamp;
        (&mut batch[ATTRIBUTES_AT..]).put_i16(self.header.attributes);
        (&mut batch[MAX_TIMESTAMP_AT..]).put_i64(self.max_timestamp);
        write_crc(batch);
        BatchHeader::parse(batch).map_err(refused)
    }
}

/// Checks the records of one partition of a produce request, which are one batch.
pub(super) fn validate(records: &[u8], rules: &Rules) -> Result<Validated, ProduceError> {
    let header = one_batch(records)?;
    if header.base_offset != 0 {
        return Err(ProduceError::invalid(format!(
            "the base offset of the record batch should be 0, but it is {}",
            header.base_offset
        )));
    }
    let max = rules.settings.max_message_bytes as usize;
    if records.len() > max {
        return Err(ProduceError::TooLarge {
            size: records.len(),
            max,
        });
    }
    verify_crc(&header, records).map_err(refused)?;
    check_header(&header)?;
    let max_timestamp = check_records(records, &header, rules)?;
    Ok(Validated {
        header,
        max_timestamp,
    })
}

fn one_batch(records: &[u8]) -> Result<BatchHeader, ProduceError> {
    if records.is_empty() {
        return Err(ProduceError::invalid(
            "there must be one record batch per partition: none came",
        ));
    }
    let header = BatchHeader::parse(records).map_err(refused)?;
    if header.size() > records.len() {
        return Err(ProduceError::Corrupt(format!(
            "it says that it has {} bytes, {} came",
            header.size(),
            records.len()
        )));
    }
    if header.size() < records.len() {
        return Err(ProduceError::invalid(
            "there must be exactly one record batch per partition: several came",
        ));
    }
    Ok(header)
}

/// `LogValidator.validateBatch`
fn check_header(header: &BatchHeader) -> Result<(), ProduceError> {
    if header.records_count < 1 {
        return Err(ProduceError::invalid(format!(
            "invalid reported count for record batch: {}",
            header.records_count
        )));
    }
    if i64::from(header.last_offset_delta) + 1 != i64::from(header.records_count) {
        return Err(ProduceError::invalid(format!(
            "inconsistent batch offset range [{}, {}] and count of records {}",
            header.base_offset,
            header.last_offset(),
            header.records_count
        )));
    }
    if header.is_control() {
        return Err(ProduceError::invalid(
            "clients are not allowed to write control records",
        ));
    }
    if header.has_producer() && header.base_sequence < 0 {
        return Err(ProduceError::invalid(format!(
            "invalid sequence number {} in record batch with producerId {}",
            header.base_sequence, header.producer_id
        )));
    }
    if header.is_transactional() && !header.has_producer() {
        return Err(ProduceError::invalid(
            "a transactional record batch must have a producerId",
        ));
    }
    Ok(())
}

/// `LogValidator.validateRecord`; answers the latest timestamp.
fn check_records(batch: &[u8], header: &BatchHeader, rules: &Rules) -> Result<i64, ProduceError> {
    let records = BatchRecords::open(batch).map_err(refused)?;
    let mut without_key = Vec::new();
    let mut out_of_time = Vec::new();
    let mut max_timestamp = NO_TIMESTAMP;
    for (index, record) in records.iter().enumerate() {
        let record = record.map_err(refused)?;
        // One batch of a request has fewer records than bytes.
        let index = index as i32;
        if record.offset != header.base_offset + i64::from(index) {
            return Err(ProduceError::invalid(format!(
                "record {index} of the batch has offset {}",
                record.offset
            )));
        }
        max_timestamp = max_timestamp.max(record.timestamp);
        if rules.keys_required && record.key.is_none() {
            let message = "Compacted topic cannot accept message without key".to_owned();
            note(&mut without_key, RecordError { index, message });
        } else if let Some(message) = time_error(header, record.timestamp, rules) {
            note(&mut out_of_time, RecordError { index, message });
        }
    }
    if !out_of_time.is_empty() {
        return Err(ProduceError::InvalidTimestamp(out_of_time));
    }
    if let Some(first) = without_key.first() {
        let message = format!(
            "one or more records have been rejected, the first is record {}: {}",
            first.index, first.message
        );
        return Err(ProduceError::Invalid {
            message,
            records: without_key,
        });
    }
    Ok(max_timestamp)
}

fn note(errors: &mut Vec<RecordError>, error: RecordError) {
    if errors.len() < MAX_RECORD_ERRORS {
        errors.push(error);
    }
}

/// `LogValidator.validateTimestamp`
fn time_error(header: &BatchHeader, timestamp: i64, rules: &Rules) -> Option<String> {
    let settings = rules.settings;
    if settings.log_append_time || timestamp == NO_TIMESTAMP {
        return header
            .is_log_append_time()
            .then(|| "Producer should not set timestamp type to LogAppendTime".to_owned());
    }
    let earliest = rules
        .now_ms
        .saturating_sub(settings.timestamp_before_max_ms);
    let latest = rules.now_ms.saturating_add(settings.timestamp_after_max_ms);
    (timestamp < earliest || timestamp > latest).then(|| {
        format!("Timestamp {timestamp} is out of range: it should be within [{earliest}, {latest}]")
    })
}

fn refused(error: BatchError) -> ProduceError {
    match error {
        BatchError::Crc { .. }
        | BatchError::Truncated { .. }
        | BatchError::Length(_)
        | BatchError::Decompress { .. } => ProduceError::Corrupt(error.to_string()),
        other => ProduceError::invalid(other.to_string()),
    }
}
