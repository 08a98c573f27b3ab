//! What a produce request's records have to be (Kafka's `ProduceRequest.validateRecords`,
//! `UnifiedLog.analyzeAndValidateRecords`, `LogValidator`).

use super::PartitionSettings;
use super::error::{ProduceError, RecordError};
use crate::log::batch::verify_crc;
use crate::log::{BatchError, BatchHeader, BatchRecords};

/// Record errors that an answer lists at most; the first is what people read.
const MAX_RECORD_ERRORS: usize = 100;

/// What the topic asks of its records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) settings: PartitionSettings,
    /// A compacted topic's records must have keys.
    pub(super) keys_required: bool,
    pub(super) now_ms: i64,
}

/// Checks the records of one partition of a produce request, which are one batch.
pub(super) fn validate(records: &[u8], rules: &Rules) -> Result<BatchHeader, ProduceError> {
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
    check_records(records, &header, rules)?;
    Ok(header)
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

/// `LogValidator.validateRecord`
fn check_records(batch: &[u8], header: &BatchHeader, rules: &Rules) -> Result<(), ProduceError> {
    let records = BatchRecords::open(batch).map_err(refused)?;
    let mut without_key = Vec::new();
    let mut out_of_time = Vec::new();
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
    Ok(())
}

fn note(errors: &mut Vec<RecordError>, error: RecordError) {
    if errors.len() < MAX_RECORD_ERRORS {
        errors.push(error);
    }
}

/// `LogValidator.validateTimestamp`
fn time_error(header: &BatchHeader, timestamp: i64, rules: &Rules) -> Option<String> {
    let settings = rules.settings;
    if settings.log_append_time || timestamp == -1 {
        return None;
    }
    if header.is_log_append_time() {
        return Some("Producer should not set timestamp type to LogAppendTime".to_owned());
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
