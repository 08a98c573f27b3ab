use bytes::Bytes;

use connect_api::{Error, ErrorKind, Result};

use super::bytes::{Reader, truncated};

/// What happened to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsKind {
    /// They were inserted: each has an image after.
    Insert,
    /// They were updated: each has an image before and one after.
    Update,
    /// They were deleted: each has an image before.
    Delete,
}

impl RowsKind {
    /// How many images each row has.
    pub(crate) fn images(self) -> usize {
        if self == Self::Update { 2 } else { 1 }
    }
}

/// A `ROWS_EVENT` of version 1 or 2: a statement's changes to rows of one table.
#[derive(Debug, Clone)]
pub struct RowsEvent {
    /// What happened.
    pub kind: RowsKind,
    /// The table's number: see [`super::TableMap`].
    pub table_number: u64,
    /// Whether it is the last of its statement.
    pub ends_statement: bool,
    pub(super) body: Bytes,
    pub(super) column_count: usize,
    /// Where the row images begin.
    pub(super) rows_at: usize,
    /// Whether every image has every column.
    pub(super) full_images: bool,
}

const STATEMENT_END: u16 = 1;

impl RowsEvent {
    /// The kind and version of an event of this type; none if it has no rows.
    ///
    /// An error for `PARTIAL_UPDATE_ROWS_EVENT`.
    pub fn kind_of(event_type: u8) -> Result<Option<(RowsKind, u8)>> {
        Ok(Some(match event_type {
            23 => (RowsKind::Insert, 1),
            24 => (RowsKind::Update, 1),
            25 => (RowsKind::Delete, 1),
            30 => (RowsKind::Insert, 2),
            31 => (RowsKind::Update, 2),
            32 => (RowsKind::Delete, 2),
            39 => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "the binlog has partial JSON updates, which cannot be turned into records: \
                     set binlog_row_value_options='' on the MySQL server",
                ));
            }
            _ => return Ok(None),
        }))
    }

    /// Reads an event's body: without the common header and the checksum.
    pub fn parse(kind: RowsKind, version: u8, body: Bytes) -> Result<Self> {
        Self::read(kind, version, body).ok_or_else(truncated)
    }

    fn read(kind: RowsKind, version: u8, body: Bytes) -> Option<Self> {
        let mut reader = Reader::new(&body, 0);
        let table_number = reader.unsigned(6)?;
        // Two bytes were read.
        let flags = reader.unsigned(2)? as u16;
        if version >= 2 {
            // The length counts itself.
            let extra = reader.unsigned(2)?.saturating_sub(2);
            reader.take(usize::try_from(extra).unwrap_or(usize::MAX))?;
        }
        let column_count = reader.count()?;
        let mut full_images = true;
        for _ in 0..kind.images() {
            full_images &= all_set(reader.take(column_count.div_ceil(8))?, column_count);
        }
        let rows_at = reader.at();
        Some(Self {
            kind,
            table_number,
            ends_statement: flags & STATEMENT_END != 0,
            column_count,
            rows_at,
            full_images,
            body,
        })
    }
}

fn all_set(bitmap: &[u8], count: usize) -> bool {
    let is_set = |index: usize| bitmap[index / 8] >> (index % 8) & 1 == 1;
    (0..count).all(is_set)
}

impl RowsEvent {
    /// Where the row images begin in the body.
    pub(crate) fn rows_at(&self) -> usize {
        self.rows_at
    }

    /// Where they end.
    pub(crate) fn end(&self) -> usize {
        self.body.len()
    }
}
