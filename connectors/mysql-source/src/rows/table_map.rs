use connect_api::Result;

use super::bytes::{Reader, truncated};
use super::plan::skip_image;
use super::rows_event::RowsEvent;
use super::wire::Wire;
use crate::tables::TableId;

// `enum_field_types` of MySQL's `field_types.h`.
pub(super) const TINY: u8 = 1;
pub(super) const SHORT: u8 = 2;
pub(super) const LONG: u8 = 3;
pub(super) const FLOAT: u8 = 4;
pub(super) const DOUBLE: u8 = 5;
pub(super) const TIMESTAMP: u8 = 7;
pub(super) const LONGLONG: u8 = 8;
pub(super) const INT24: u8 = 9;
pub(super) const DATE: u8 = 10;
pub(super) const TIME: u8 = 11;
pub(super) const DATETIME: u8 = 12;
pub(super) const YEAR: u8 = 13;
pub(super) const NEWDATE: u8 = 14;
pub(super) const VARCHAR: u8 = 15;
pub(super) const BIT: u8 = 16;
pub(super) const TIMESTAMP2: u8 = 17;
pub(super) const DATETIME2: u8 = 18;
pub(super) const TIME2: u8 = 19;
pub(super) const VECTOR: u8 = 242;
pub(super) const JSON: u8 = 245;
pub(super) const NEWDECIMAL: u8 = 246;
pub(super) const ENUM: u8 = 247;
pub(super) const SET: u8 = 248;
pub(super) const TINY_BLOB: u8 = 249;
pub(super) const MEDIUM_BLOB: u8 = 250;
pub(super) const LONG_BLOB: u8 = 251;
pub(super) const BLOB: u8 = 252;
pub(super) const VAR_STRING: u8 = 253;
pub(super) const STRING: u8 = 254;
pub(super) const GEOMETRY: u8 = 255;

/// A `TABLE_MAP_EVENT`: which table a number stands for, and how its columns are stored.
///
/// The optional metadata is not read: the schema history knows signs, character sets and options
/// better (MySQL 8.0.15 counts `YEAR` among the numbers whose signs the event tells; others do
/// not).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMap {
    /// The number in the rows events.
    pub table_number: u64,
    /// The table's name.
    pub table: TableId,
    /// Type and metadata of each column.
    pub(super) columns: Vec<WireColumn>,
}

/// How a column is stored: `enum_field_types` and its metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WireColumn {
    pub(super) kind: u8,
    pub(super) meta: u16,
}

impl TableMap {
    /// Reads an event's body: without the common header and the checksum.
    pub fn parse(body: &[u8]) -> Result<Self> {
        Self::read(body).ok_or_else(truncated)
    }

    fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body, 0);
        let table_number = reader.unsigned(6)?;
        let _flags = reader.take(2)?;
        let database = name(&mut reader)?;
        let table = name(&mut reader)?;
        let count = reader.count()?;
        let types = reader.take(count)?;
        let meta_length = reader.count()?;
        let mut meta = Reader::new(reader.take(meta_length)?, 0);
        let columns = types.iter().map(|kind| WireColumn::read(*kind, &mut meta));
        let columns = columns.collect::<Option<_>>()?;
        Some(Self {
            table_number,
            table: TableId::new(database, table),
            columns,
        })
    }

    /// The number of the table of a `TABLE_MAP_EVENT`'s or rows event's body.
    pub fn table_number(body: &[u8]) -> Result<u64> {
        Reader::new(body, 0).unsigned(6).ok_or_else(truncated)
    }

    /// How many rows the event has, by the storage of the columns alone: no schema is needed.
    /// None if they cannot be told apart, as where images lack columns.
    pub(crate) fn count_rows(&self, event: &RowsEvent) -> Option<u64> {
        let is_whole = event.full_images && event.column_count == self.columns.len();
        let columns = is_whole.then_some(&self.columns)?;
        // The sign makes no difference to the length.
        let wires: Vec<Wire> = columns
            .iter()
            .map(|column| Wire::of(*column, false))
            .collect::<Option<_>>()?;
        let (mut at, mut rows) = (event.rows_at, 0);
        while at < event.body.len() {
            for _ in 0..event.kind.images() {
                at = skip_image(&wires, &event.body, at)?;
            }
            rows += 1;
        }
        Some(rows)
    }

    /// How many columns the table has.
    pub fn column_count(&self) -> usize {
        self.columns.len()
    }
}

fn name(reader: &mut Reader<'_>) -> Option<String> {
    let length = reader.byte()?;
    let name = reader.take(length.into())?;
    reader.take(1)?;
    // MySQL's names are UTF-8.
    Some(String::from_utf8_lossy(name).into_owned())
}

impl WireColumn {
    fn read(kind: u8, meta: &mut Reader<'_>) -> Option<Self> {
        let number = match kind {
            FLOAT | DOUBLE | TIMESTAMP2 | DATETIME2 | TIME2 | JSON | GEOMETRY | TINY_BLOB
            | MEDIUM_BLOB | LONG_BLOB | BLOB | VECTOR => meta.unsigned(1)?,
            VARCHAR | VAR_STRING => meta.unsigned(2)?,
            // Precision and scale; the real type and length of strings, enums and sets; bits and
            // bytes: two bytes each, kept with the first as the high one.
            NEWDECIMAL | STRING | ENUM | SET | BIT => meta.big_endian(2)?,
            _ => 0,
        };
        // At most two bytes were read.
        Some(Self {
            kind,
            meta: number as u16,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows_event::RowsKind;
    use super::*;

    #[test]
    fn rows_are_counted_without_a_schema() {
        // INT, VARCHAR(100), DECIMAL(10,2), ENUM.
        let mut body = vec![5, 1, 0, 0, 0, 0, 1, 0];
        body.extend(b"\x02db\0\x01t\0");
        body.extend([4, LONG, VARCHAR, NEWDECIMAL, STRING]);
        body.extend([6, 100, 0, 10, 2, ENUM, 1]);
        let map = TableMap::parse(&body).unwrap();
        let image = b"\0\x07\0\0\0\x03abc\x80\0\0\x01\x02\x02";
        let with_nulls = b"\x06\x08\0\0\0\x01";
        let event = |kind: RowsKind, bitmap: u8, images: &[&[u8]]| {
            let mut body = vec![5, 1, 0, 0, 0, 0, 1, 0, 2, 0, 4];
            body.extend(vec![bitmap; kind.images()]);
            body.extend(images.concat());
            RowsEvent::parse(kind, 2, body.into()).unwrap()
        };
        let two = [&image[..], with_nulls];
        let inserted = event(RowsKind::Insert, 0xff, &two);
        assert_eq!(map.count_rows(&inserted), Some(2));
        let updated = event(RowsKind::Update, 0xff, &two);
        assert_eq!(map.count_rows(&updated), Some(1));
        let half = event(RowsKind::Update, 0xff, &two[..1]);
        assert_eq!(map.count_rows(&half), None, "an image is missing");
        let cut = event(RowsKind::Insert, 0xff, &[&image[..image.len() - 1]]);
        assert_eq!(map.count_rows(&cut), None, "a byte is missing");
        let partial = event(RowsKind::Insert, 0xf7, &two);
        assert_eq!(map.count_rows(&partial), None, "images without a column");
    }

    #[test]
    fn a_table_map_is_read() {
        let mut body = vec![5, 1, 0, 0, 0, 0, 1, 0];
        body.extend(b"\x02db\0\x01t\0");
        body.extend([4, LONG, VARCHAR, NEWDECIMAL, STRING]);
        body.extend([6, 0x2c, 0x01, 10, 2, ENUM, 1]);
        let map = TableMap::parse(&body).unwrap();
        assert_eq!(map.table_number, 261);
        assert_eq!(map.table, TableId::new("db", "t"));
        let metas: Vec<u16> = map.columns.iter().map(|column| column.meta).collect();
        assert_eq!(metas, [0, 300, 0x0a02, 0xf701]);
        for length in 0..body.len() {
            assert!(TableMap::parse(&body[..length]).is_err(), "{length}");
        }
    }
}
