use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use mysql_async::Value as SqlValue;

use connect_api::data::Value;
use connect_api::{Error, Result};

use crate::schemas::{ColumnTarget, RowValues, TableSchema};
use crate::values::{Arena, DateTime, Datum, Kind, Slice, ValueError, parse_date_time, parse_time};

/// How the rows of a `SELECT` become rows: made once for each statement.
///
/// Rows of the binary protocol (a prepared statement) take fewer allocations, but both protocols
/// give the same values. The session needs `time_zone='+00:00'` and the character set utf8mb4.
#[derive(Debug)]
pub struct SnapshotPlan {
    schema: Arc<TableSchema>,
    /// For each column of the table its place in the result.
    places: Vec<Option<usize>>,
}

impl SnapshotPlan {
    /// Plans for results whose columns are these, in this order. Columns that the records do not
    /// have may be left out of the `SELECT`: see [`selected_columns`](Self::selected_columns).
    pub fn new(schema: &Arc<TableSchema>, columns: &[impl AsRef<str>]) -> Result<Self> {
        let mut places = vec![None; schema.table().columns.len()];
        for (place, name) in columns.iter().enumerate() {
            let name = name.as_ref();
            let Some(index) = schema.table().index_of(name) else {
                return Err(Error::data(format!(
                    "the snapshot's query gives a column '{name}' that the table does not have"
                ))
                .with("table", &schema.table().id));
            };
            places[index] = Some(place);
        }
        let targets = schema
            .table()
            .columns
            .iter()
            .zip(schema.targets())
            .zip(&places);
        for ((column, target), place) in targets {
            if target.is_some() && place.is_none() {
                return Err(Error::data(format!(
                    "the snapshot's query does not give column '{}'",
                    column.name
                ))
                .with("table", &schema.table().id));
            }
        }
        Ok(Self {
            schema: Arc::clone(schema),
            places,
        })
    }

    /// The names of the columns that the records of `schema` need.
    pub fn selected_columns(schema: &TableSchema) -> Vec<&str> {
        let columns = schema.table().columns.iter().zip(schema.targets());
        columns
            .filter(|(_, target)| target.is_some())
            .map(|(column, _)| column.name.as_str())
            .collect()
    }

    /// The table's schemas.
    pub fn schema(&self) -> &Arc<TableSchema> {
        &self.schema
    }

    /// The row of a result's row (`mysql_async::Row::unwrap`), of either protocol.
    pub fn row(&self, mut values: Vec<SqlValue>, arena: &mut Arena) -> Result<RowValues> {
        let mut row = self.schema.new_row();
        for (target, place) in self.schema.targets().iter().zip(&self.places) {
            let (Some(target), Some(place)) = (target, place) else {
                continue;
            };
            let Some(value) = values.get_mut(*place) else {
                return Err(
                    Error::data("a row of the snapshot has fewer columns than its query")
                        .with("table", &self.schema.table().id),
                );
            };
            let value = std::mem::replace(value, SqlValue::NULL);
            let value = convert(target, value, arena).map_err(|error| *error)?;
            row.push(target, value);
        }
        Ok(row)
    }
}

fn convert(target: &ColumnTarget, value: SqlValue, arena: &mut Arena) -> Result<Value, Box<Error>> {
    let datum = match value {
        SqlValue::NULL => return Ok(target.null()),
        SqlValue::Int(number) => Datum::Int(number),
        // Kinds that may exceed i64 read it as the bits that it is.
        SqlValue::UInt(number) => Datum::Int(number as i64),
        SqlValue::Float(number) => Datum::Float(as_shown(&target.kind, number)),
        SqlValue::Double(number) => Datum::Double(number),
        SqlValue::Date(year, month, day, hour, minute, second, micros) => {
            let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
            let micros = seconds * 1_000_000 + i64::from(micros);
            Datum::DateTime(DateTime {
                year,
                month,
                day,
                micros,
            })
        }
        SqlValue::Time(negative, days, hours, minutes, seconds, micros) => {
            let hours = i64::from(days) * 24 + i64::from(hours);
            let seconds = (hours * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
            let micros = seconds * 1_000_000 + i64::from(micros);
            Datum::Time(if negative { -micros } else { micros })
        }
        // The server has converted it to UTF-8; it becomes the value without a copy.
        SqlValue::Bytes(bytes) if target.kind.is_text_in_results() => {
            return Ok(Value::String(text_of(bytes)));
        }
        SqlValue::Bytes(bytes) => return convert_bytes(target, bytes.into(), arena),
    };
    target.convert(datum, arena)
}

/// UTF-8 text; what is malformed becomes U+FFFD.
fn text_of(bytes: Vec<u8>) -> ByteString {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        .into()
}

/// Debezium reads `FLOAT` as the text that MySQL shows, which has six digits at most
/// (`FLT_DIG`). With digits after the point in the column's type they are all there.
fn as_shown(kind: &Kind, number: f32) -> f32 {
    if matches!(kind, Kind::Float32) {
        return format!("{number:.5e}").parse().unwrap_or(number);
    }
    number
}

fn convert_bytes(
    target: &ColumnTarget,
    bytes: Bytes,
    arena: &mut Arena,
) -> Result<Value, Box<Error>> {
    let text = || String::from_utf8_lossy(&bytes);
    let number = || {
        target.error(ValueError::Number {
            value: text().into_owned(),
        })
    };
    let datum = match &target.kind {
        Kind::Int16 | Kind::Int32 | Kind::Int64 | Kind::UnsignedDecimal | Kind::Year => {
            Datum::Int(parse_integer(&text()).ok_or_else(number)?)
        }
        Kind::Float32 => Datum::Float(text().parse().map_err(|_| number())?),
        // As the JDBC driver reads FLOAT(m,d): in four bytes.
        Kind::Float64 if target.is_float => Datum::Float(text().parse().map_err(|_| number())?),
        Kind::Float64 => Datum::Double(text().parse().map_err(|_| number())?),
        Kind::Decimal(_) => Datum::Number(&bytes),
        Kind::Boolean | Kind::Bits(_) => Datum::Bits(&bytes),
        Kind::Date(_) | Kind::DateTime(_) | Kind::Timestamp(_) => {
            let value = || {
                target.error(ValueError::Date {
                    value: text().into_owned(),
                })
            };
            Datum::DateTime(parse_date_time(&text()).ok_or_else(value)?)
        }
        Kind::Time(_) => Datum::Time(parse_time(&text()).ok_or_else(number)?),
        Kind::Text(_) | Kind::Json | Kind::Enum(_) | Kind::Set(_) => {
            Datum::Utf8(Slice::whole(&bytes))
        }
        Kind::Binary { .. } | Kind::Geometry | Kind::Point | Kind::Vector => {
            Datum::Bytes(Slice::whole(&bytes))
        }
    };
    target.convert(datum, arena)
}

fn parse_integer(text: &str) -> Option<i64> {
    // The unsigned ones keep their bits.
    text.parse::<i64>()
        .ok()
        .or_else(|| text.parse::<u64>().ok().map(|number| number as i64))
}
