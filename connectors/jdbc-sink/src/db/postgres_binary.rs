//! Rows in PostgreSQL's binary formats, which the server takes without parsing: for COPY, and as one array for each
//! column. The formats are those of the types' receive functions (`src/backend/utils/adt`).

use connect_api::java::calendar::GREGORIAN_CUTOVER;
use connect_api::java::float;
use tokio_postgres::types::Type;

use super::Manner;
use super::error::{DbError, DbResult, Fault};
use super::postgres_numeric::append_numeric;
use crate::plan::{PlanColumn, Row};
use crate::values::decimal;
use crate::values::encode::append_hex;
use crate::values::temporal::{self, Calendar, DateStyle, Eras, Moment};
use crate::values::{Cells, Family, Form, Zone};

/// What COPY's binary format begins with: a signature, flags, and an extension of no length.
pub(super) const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// And what it ends with.
pub(super) const COPY_TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// PostgreSQL counts from 2000-01-01.
const EPOCH_DAYS: i64 = 10_957;
const EPOCH_SECONDS: i64 = EPOCH_DAYS * 86_400;

/// The binary format of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Boolean,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Bytes,
    Date,
    Time,
    Timestamp,
    /// Any value's text.
    Text,
}

impl Wire {
    /// The format of the column's type, where its values are surely the same as from their text; none elsewhere.
    pub(super) fn of(column: &PlanColumn) -> Option<Self> {
        Some(match (&column.form, column.family) {
            (Form::Boolean | Form::IntegerBoolean, Family::Boolean) => Self::Boolean,
            (Form::Integer | Form::BooleanNumber, Family::Integer(2)) => Self::Int2,
            (Form::Integer | Form::BooleanNumber, Family::Integer(4)) => Self::Int4,
            (Form::Integer | Form::BooleanNumber, Family::Integer(8)) => Self::Int8,
            (
                Form::Integer | Form::BooleanNumber | Form::Decimal(_) | Form::VariableDecimal,
                Family::Decimal,
            ) => Self::Numeric,
            // A text is rounded once, to the column's own precision.
            (Form::Float32, Family::Float) if column.type_name == "real" => Self::Float4,
            (Form::Float64, Family::Float) if column.type_name == "double precision" => {
                Self::Float8
            }
            (Form::Bytes, Family::Bytes) => Self::Bytes,
            (Form::Date { .. }, Family::Date) => Self::Date,
            (Form::Time { .. }, Family::Time) => Self::Time,
            (
                Form::Timestamp { .. } | Form::TimestampText { .. } | Form::ZonedTimestamp,
                Family::Timestamp,
            ) => Self::Timestamp,
            // A name's text is cut where its binary format is refused.
            (_, Family::Text) if column.type_name != "name" => Self::Text,
            _ => return None,
        })
    }

    fn pg_type(self) -> &'static Type {
        match self {
            Self::Boolean => &Type::BOOL,
            Self::Int2 => &Type::INT2,
            Self::Int4 => &Type::INT4,
            Self::Int8 => &Type::INT8,
            Self::Float4 => &Type::FLOAT4,
            Self::Float8 => &Type::FLOAT8,
            Self::Numeric => &Type::NUMERIC,
            Self::Bytes => &Type::BYTEA,
            Self::Date => &Type::DATE,
            Self::Time => &Type::TIME,
            Self::Timestamp => &Type::TIMESTAMP,
            Self::Text => &Type::TEXT,
        }
    }

    /// Whether a column of `actual` type takes it in COPY.
    pub(super) fn is_of(self, actual: &Type) -> bool {
        let is_text = self == Self::Text
            && (matches!(*actual, Type::VARCHAR | Type::BPCHAR) || actual.name() == "citext");
        is_text || actual == self.pg_type()
    }

    pub(super) fn type_name(self) -> &'static str {
        self.pg_type().name()
    }
}

/// How cells are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// COPY's rows, in one buffer.
    Rows,
    /// An array for each column.
    Arrays,
}

/// Before an array's items: dimensions, nulls allowed, type, length, first index.
const ARRAY_HEADER: usize = 20;

/// Cells in binary formats.
#[derive(Debug)]
pub(super) struct BinaryCells {
    layout: Layout,
    wires: Vec<Wire>,
    buffers: Vec<Vec<u8>>,
    next: usize,
    rows: i32,
    /// A value of the row has no binary form in its column.
    unfit: bool,
}

impl BinaryCells {
    /// COPY's rows.
    pub(super) fn rows(wires: Vec<Wire>) -> Self {
        Self::new(Layout::Rows, wires, vec![Vec::new()])
    }

    /// An array for each column.
    pub(super) fn arrays(wires: Vec<Wire>) -> Self {
        let buffers = wires.iter().map(|wire| array_header(*wire)).collect();
        Self::new(Layout::Arrays, wires, buffers)
    }

    fn new(layout: Layout, wires: Vec<Wire>, buffers: Vec<Vec<u8>>) -> Self {
        Self {
            layout,
            wires,
            buffers,
            next: 0,
            rows: 0,
            unfit: false,
        }
    }

    /// What COPY's rows are appended to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffers[0]
    }

    /// Begins a row of COPY's: with the number of its columns.
    pub(super) fn begin_row(&mut self) {
        let columns = self.wires.len() as u16; // a table has 1,600 at most
        self.buffer().extend_from_slice(&columns.to_be_bytes());
    }

    /// Writes the cells of the batch's row `index`. An error says nothing of what the server would say of the value: it
    /// has to be asked with the value's text.
    pub(super) fn write_row(
        &mut self,
        columns: &[PlanColumn],
        row: &Row<'_>,
        manner: &Manner,
        scratch: &mut Vec<u8>,
        index: usize,
    ) -> DbResult<()> {
        for column in columns {
            column
                .write(row, &manner.style, self, scratch)
                .map_err(|error| DbError::cell(error, index))?;
        }
        self.next = 0;
        self.rows += 1;
        if self.unfit {
            return Err(DbError::new(Fault::Data, "a value does not fit its column"));
        }
        Ok(())
    }

    /// How many bytes there are.
    pub(super) fn size(&self) -> usize {
        self.buffers.iter().map(Vec::len).sum()
    }

    /// The arrays of the rows so far; the next row is the first one again.
    pub(super) fn take_arrays(&mut self) -> Vec<Vec<u8>> {
        let empty = Self::arrays(self.wires.clone());
        let mut full = std::mem::replace(self, empty);
        for array in &mut full.buffers {
            array[12..16].copy_from_slice(&full.rows.to_be_bytes());
        }
        full.buffers
    }

    /// The text of the only item; none for null.
    pub(super) fn into_first_text(self) -> Option<String> {
        let array = self.buffers.into_iter().next()?;
        let length = array.get(ARRAY_HEADER..ARRAY_HEADER + 4)?;
        if length == (-1_i32).to_be_bytes() {
            return None;
        }
        String::from_utf8(array.get(ARRAY_HEADER + 4..)?.to_vec()).ok()
    }

    fn advance(&mut self) -> (&mut Vec<u8>, Wire) {
        let column = self.next;
        self.next += 1;
        let buffer = match self.layout {
            Layout::Rows => 0,
            Layout::Arrays => column,
        };
        (&mut self.buffers[buffer], self.wires[column])
    }

    /// Appends what `write` writes, with its length; it returns none where the format has no such value.
    #[inline]
    fn cell(&mut self, write: impl FnOnce(&mut Vec<u8>, Wire) -> Option<()>) {
        let (out, wire) = self.advance();
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        let fits = write(out, wire).is_some();
        let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
        self.unfit |= !fits;
    }

    /// A value that has no other format than its text.
    fn as_text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.cell(|out, wire| (wire == Wire::Text).then(|| write(out)));
    }
}

fn array_header(wire: Wire) -> Vec<u8> {
    let mut header = Vec::with_capacity(ARRAY_HEADER);
    for number in [1, 1, wire.pg_type().oid(), 0, 1_u32] {
        header.extend_from_slice(&number.to_be_bytes());
    }
    header
}

impl Cells for BinaryCells {
    fn null(&mut self) {
        let (out, _) = self.advance();
        out.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    fn boolean(&mut self, value: bool) {
        self.cell(|out, wire| {
            out.push(match wire {
                Wire::Boolean => value.into(),
                Wire::Text => [b'f', b't'][usize::from(value)],
                _ => return None,
            });
            Some(())
        });
    }

    fn integer(&mut self, value: i64) {
        self.cell(|out, wire| {
            match wire {
                Wire::Int2 => out.extend_from_slice(&i16::try_from(value).ok()?.to_be_bytes()),
                Wire::Int4 => out.extend_from_slice(&i32::try_from(value).ok()?.to_be_bytes()),
                Wire::Int8 => out.extend_from_slice(&value.to_be_bytes()),
                Wire::Numeric => append_numeric(out, &value.to_be_bytes(), 0)?,
                Wire::Text => out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
                _ => return None,
            }
            Some(())
        });
    }

    fn unsigned(&mut self, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.plain(itoa::Buffer::new().format(value).as_bytes()),
        }
    }

    fn float32(&mut self, value: f32) -> Result<(), String> {
        self.cell(|out, wire| {
            match wire {
                Wire::Float4 => out.extend_from_slice(&value.to_be_bytes()),
                Wire::Text => float::write_f32(out, value),
                _ => return None,
            }
            Some(())
        });
        Ok(())
    }

    fn float64(&mut self, value: f64) -> Result<(), String> {
        self.cell(|out, wire| {
            match wire {
                Wire::Float8 => out.extend_from_slice(&value.to_be_bytes()),
                Wire::Text => float::write_f64(out, value),
                _ => return None,
            }
            Some(())
        });
        Ok(())
    }

    fn number(&mut self, digits: &[u8]) {
        self.plain(digits);
    }

    fn plain(&mut self, text: &[u8]) {
        self.as_text(|out| out.extend_from_slice(text));
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        self.plain(text.as_bytes());
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.cell(|out, wire| {
            match wire {
                Wire::Bytes => out.extend_from_slice(bytes),
                Wire::Text => {
                    out.extend_from_slice(b"\\x");
                    append_hex(out, bytes);
                }
                _ => return None,
            }
            Some(())
        });
    }

    fn decimal(&mut self, unscaled: &[u8], scale: i32, _scratch: &mut Vec<u8>) {
        self.cell(|out, wire| {
            match wire {
                Wire::Numeric => append_numeric(out, unscaled, scale)?,
                Wire::Text => decimal::append(out, unscaled, scale),
                _ => return None,
            }
            Some(())
        });
    }

    fn date(&mut self, days: i64, style: DateStyle, _scratch: &mut Vec<u8>) {
        self.cell(|out, wire| {
            match wire {
                Wire::Date => {
                    let days = i32::try_from(modern(days, style)? - EPOCH_DAYS).ok()?;
                    out.extend_from_slice(&finite(days, i32::MIN, i32::MAX)?.to_be_bytes());
                }
                Wire::Text => temporal::append_date(out, days, style),
                _ => return None,
            }
            Some(())
        });
    }

    fn time(&mut self, nanos: i64, digits: u32, _scratch: &mut Vec<u8>) {
        self.cell(|out, wire| {
            match wire {
                Wire::Time if nanos >= 0 => out.extend_from_slice(&(nanos / 1000).to_be_bytes()),
                Wire::Text => temporal::append_time(out, nanos, digits),
                _ => return None,
            }
            Some(())
        });
    }

    fn timestamp(&mut self, moment: Moment, zone: &Zone, style: DateStyle, _scratch: &mut Vec<u8>) {
        self.cell(|out, wire| {
            match wire {
                Wire::Timestamp => {
                    let local = moment.seconds + zone.offset_at(moment.seconds);
                    modern(local.div_euclid(86_400), style)?;
                    let micros = (local - EPOCH_SECONDS)
                        .checked_mul(1_000_000)?
                        .checked_add(i64::from(moment.nanos / 1000))?;
                    out.extend_from_slice(&finite(micros, i64::MIN, i64::MAX)?.to_be_bytes());
                }
                Wire::Text => temporal::append_timestamp(out, moment, zone, style),
                _ => return None,
            }
            Some(())
        });
    }

    fn eras(&self) -> Eras {
        Eras::Bc
    }
}

/// The day, unless the calendar gives it another name than PostgreSQL's does.
fn modern(days: i64, style: DateStyle) -> Option<i64> {
    (style.calendar == Calendar::Proleptic || days >= GREGORIAN_CUTOVER).then_some(days)
}

/// PostgreSQL's infinities are the least and the largest number.
fn finite<T: PartialEq>(value: T, least: T, largest: T) -> Option<T> {
    (value != least && value != largest).then_some(value)
}
