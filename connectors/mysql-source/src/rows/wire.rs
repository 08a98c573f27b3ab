//! How each type is stored in a row image (`sql/log_event.cc: log_event_print_value`, and each
//! `Field::pack` of MySQL's source).

use bytes::Bytes;

use super::bytes::Reader;
use super::table_map::{self as types, WireColumn};
use crate::values::{DateTime, Datum, Kind, Slice, decimal_length};

/// The storage form of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// So many bytes.
    Int {
        size: u8,
        unsigned: bool,
    },
    Float,
    Double,
    Decimal {
        integral: u8,
        fraction: u8,
        length: u8,
    },
    Year,
    Date,
    /// `hhmmss` as a number.
    OldTime,
    /// With so many fractional digits.
    Time(u8),
    /// `yyyymmddhhmmss` as a number.
    OldDateTime,
    DateTime(u8),
    OldTimestamp,
    Timestamp(u8),
    Enum {
        size: u8,
    },
    Set {
        size: u8,
    },
    Bits {
        length: u8,
    },
    /// Bytes after their length, of so many bytes.
    Bytes {
        length_size: u8,
    },
}

impl Wire {
    /// The form of a column; none for one that we do not know.
    pub(super) fn of(column: WireColumn, unsigned: bool) -> Option<Self> {
        let [high, low] = column.meta.to_be_bytes();
        let digits = low.min(6);
        let int = |size| Self::Int { size, unsigned };
        Some(match column.kind {
            types::TINY => int(1),
            types::SHORT => int(2),
            types::INT24 => int(3),
            types::LONG => int(4),
            types::LONGLONG => int(8),
            types::FLOAT => Self::Float,
            types::DOUBLE => Self::Double,
            types::NEWDECIMAL => {
                // MySQL's limits: 65 digits, 30 of them after the point.
                let integral = high.checked_sub(low).filter(|_| high <= 65 && low <= 30)?;
                let length = u8::try_from(decimal_length(integral, low)).ok()?;
                Self::Decimal {
                    integral,
                    fraction: low,
                    length,
                }
            }
            types::YEAR => Self::Year,
            types::DATE | types::NEWDATE => Self::Date,
            types::TIME => Self::OldTime,
            types::TIME2 => Self::Time(digits),
            types::DATETIME => Self::OldDateTime,
            types::DATETIME2 => Self::DateTime(digits),
            types::TIMESTAMP => Self::OldTimestamp,
            types::TIMESTAMP2 => Self::Timestamp(digits),
            // Bytes and bits beyond them.
            types::BIT => Self::Bits {
                length: low + u8::from(high > 0),
            },
            types::VARCHAR | types::VAR_STRING => Self::Bytes {
                length_size: length_size(column.meta),
            },
            types::STRING | types::ENUM | types::SET => {
                return Self::of_string(high, low);
            }
            types::TINY_BLOB
            | types::MEDIUM_BLOB
            | types::LONG_BLOB
            | types::BLOB
            | types::JSON
            | types::GEOMETRY
            | types::VECTOR => {
                let length_size = low;
                (1..=4)
                    .contains(&length_size)
                    .then_some(Self::Bytes { length_size })?
            }
            _ => return None,
        })
    }

    /// `CHAR`, `BINARY`, `ENUM` and `SET`: the first byte of the metadata is the real type. For
    /// lengths above 255 two bits of the length are in it, flipped (`Field_string::
    /// do_save_field_metadata`).
    fn of_string(real: u8, low: u8) -> Option<Self> {
        match real {
            types::ENUM => Some(Self::Enum { size: low }),
            types::SET => Some(Self::Set { size: low }),
            _ => {
                let length = u16::from((real & 0x30) ^ 0x30) << 4 | u16::from(low);
                Some(Self::Bytes {
                    length_size: length_size(length),
                })
            }
        }
        .filter(Self::has_sane_size)
    }

    fn has_sane_size(&self) -> bool {
        match self {
            Self::Enum { size } => matches!(size, 1 | 2),
            Self::Set { size } => (1..=8).contains(size),
            _ => true,
        }
    }

    /// Whether values stored so are of that kind.
    pub(super) fn fits(self, kind: &Kind) -> bool {
        match self {
            Self::Int { size, .. } => match kind {
                Kind::Int16 => size <= 2,
                Kind::Int32 => size <= 4,
                Kind::Int64 | Kind::UnsignedDecimal => true,
                Kind::Boolean => size == 1,
                _ => false,
            },
            Self::Float | Self::Double => matches!(kind, Kind::Float32 | Kind::Float64),
            Self::Decimal { .. } => matches!(kind, Kind::Decimal(_)),
            Self::Year => matches!(kind, Kind::Year),
            Self::Date => matches!(kind, Kind::Date(_)),
            Self::OldTime | Self::Time(_) => matches!(kind, Kind::Time(_)),
            Self::OldDateTime | Self::DateTime(_) => matches!(kind, Kind::DateTime(_)),
            Self::OldTimestamp | Self::Timestamp(_) => matches!(kind, Kind::Timestamp(_)),
            Self::Enum { .. } => matches!(kind, Kind::Enum(_)),
            Self::Set { .. } => matches!(kind, Kind::Set(_)),
            Self::Bits { .. } => matches!(kind, Kind::Boolean | Kind::Bits(_)),
            Self::Bytes { .. } => matches!(
                kind,
                Kind::Text(_)
                    | Kind::Binary { .. }
                    | Kind::Json
                    | Kind::Geometry
                    | Kind::Point
                    | Kind::Vector
            ),
        }
    }

    /// Reads a value of `body`.
    #[inline]
    pub(super) fn read<'a>(self, reader: &mut Reader<'a>, body: &'a Bytes) -> Option<Datum<'a>> {
        Some(match self {
            Self::Int { size, unsigned } => Datum::Int(read_int(reader, size, unsigned)?),
            Self::Bytes { length_size } => {
                let length = reader.unsigned(length_size.into())? as usize;
                let start = reader.at();
                reader.take(length)?;
                Datum::Bytes(Slice::new(body, start, reader.at())?)
            }
            Self::Decimal {
                integral,
                fraction,
                length,
            } => Datum::BinaryDecimal {
                bytes: reader.take(length.into())?,
                integral,
                fraction,
            },
            Self::DateTime(digits) => Datum::DateTime(read_datetime(reader, digits)?),
            Self::Timestamp(digits) => {
                let seconds = u32::from_be_bytes(reader.array()?);
                Datum::Timestamp {
                    seconds,
                    micros: read_fraction(reader, digits)?,
                }
            }
            Self::Date => Datum::DateTime(read_date(reader)?),
            Self::Time(digits) => Datum::Time(read_time(reader, digits)?),
            Self::Float => Datum::Float(f32::from_le_bytes(reader.array()?)),
            Self::Double => Datum::Double(f64::from_le_bytes(reader.array()?)),
            Self::Year => Datum::Int(match reader.byte()? {
                0 => 0,
                year => 1900 + i64::from(year),
            }),
            Self::OldTime => Datum::Time(old_time(reader)?),
            Self::OldDateTime => Datum::DateTime(old_datetime(reader.unsigned(8)?)),
            Self::OldTimestamp => Datum::Timestamp {
                seconds: u32::from_le_bytes(reader.array()?),
                micros: 0,
            },
            // At most two bytes.
            Self::Enum { size } => Datum::Int(reader.unsigned(size.into())? as i64),
            Self::Set { size } => Datum::Set(reader.unsigned(size.into())?),
            Self::Bits { length } => Datum::Bits(reader.take(length.into())?),
        })
    }

    /// Passes over a value.
    pub(super) fn skip(self, reader: &mut Reader<'_>) -> Option<()> {
        let fraction = |digits: u8| usize::from(digits.div_ceil(2));
        let length = match self {
            Self::Int { size, .. } | Self::Enum { size } | Self::Set { size } => size.into(),
            Self::Float | Self::OldTimestamp => 4,
            Self::Double | Self::OldDateTime => 8,
            Self::Decimal { length, .. } | Self::Bits { length } => length.into(),
            Self::Year => 1,
            Self::Date | Self::OldTime => 3,
            Self::Time(digits) => 3 + fraction(digits),
            Self::DateTime(digits) => 5 + fraction(digits),
            Self::Timestamp(digits) => 4 + fraction(digits),
            Self::Bytes { length_size } => reader.unsigned(length_size.into())? as usize,
        };
        reader.take(length).map(drop)
    }
}

fn length_size(max_length: u16) -> u8 {
    if max_length > 255 { 2 } else { 1 }
}

#[inline]
fn read_int(reader: &mut Reader<'_>, size: u8, unsigned: bool) -> Option<i64> {
    // Four and eight bytes are by far the most frequent.
    Some(match (size, unsigned) {
        (4, false) => i32::from_le_bytes(reader.array()?).into(),
        (8, _) => i64::from_le_bytes(reader.array()?),
        (_, true) => reader.unsigned(size.into())? as i64,
        (_, false) => {
            let unused = 64 - 8 * u32::from(size);
            ((reader.unsigned(size.into())? << unused) as i64) >> unused
        }
    })
}

/// The fraction in microseconds: one byte for each two digits.
fn read_fraction(reader: &mut Reader<'_>, digits: u8) -> Option<u32> {
    Some(match digits {
        0 => 0,
        1 | 2 => u32::from(reader.byte()?) * 10_000,
        3 | 4 => u32::from(u16::from_be_bytes(reader.array()?)) * 100,
        // Three bytes.
        _ => reader.big_endian(3)? as u32,
    })
}

/// Five bytes: a sign, 17 bits of year and month, five each of day and hour, six each of minute
/// and second (`my_datetime_packed_from_binary`).
fn read_datetime(reader: &mut Reader<'_>, digits: u8) -> Option<DateTime> {
    let packed = reader.big_endian(5)?;
    let micros = read_fraction(reader, digits)?;
    let year_month = (packed >> 22) & 0x1_ffff;
    let seconds = ((packed >> 12 & 31) * 60 + (packed >> 6 & 63)) * 60 + (packed & 63);
    // Each part was masked to its bits.
    Some(DateTime {
        year: (year_month / 13) as u16,
        month: (year_month % 13) as u8,
        day: (packed >> 17 & 31) as u8,
        micros: seconds as i64 * 1_000_000 + i64::from(micros),
    })
}

/// Three bytes: 15 bits of year, four of month, five of day.
fn read_date(reader: &mut Reader<'_>) -> Option<DateTime> {
    let packed = reader.unsigned(3)?;
    Some(DateTime {
        year: (packed >> 9) as u16,
        month: (packed >> 5 & 15) as u8,
        day: (packed & 31) as u8,
        micros: 0,
    })
}

/// Three bytes and the fraction as one number around a middle, which is zero
/// (`my_time_packed_from_binary`): ten bits of hour, six each of minute and second.
fn read_time(reader: &mut Reader<'_>, digits: u8) -> Option<i64> {
    let fraction_size = usize::from(digits.div_ceil(2));
    let bits = 8 * fraction_size;
    let stored = reader.big_endian(3 + fraction_size)?;
    let middle = 1u64 << (23 + bits);
    let magnitude = stored.abs_diff(middle);
    let (clock, fraction) = (magnitude >> bits, magnitude & ((1 << bits) - 1));
    let micros = match fraction_size {
        0 => 0,
        1 => fraction * 10_000,
        2 => fraction * 100,
        _ => fraction,
    };
    let seconds = ((clock >> 12 & 0x3ff) * 60 + (clock >> 6 & 63)) * 60 + (clock & 63);
    let total = (seconds * 1_000_000 + micros) as i64;
    Some(if stored < middle { -total } else { total })
}

fn old_time(reader: &mut Reader<'_>) -> Option<i64> {
    let number = read_int(reader, 3, false)?;
    let magnitude = number.abs();
    let (hours, minutes, seconds) = (magnitude / 10_000, magnitude / 100 % 100, magnitude % 100);
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 * number.signum())
}

fn old_datetime(number: u64) -> DateTime {
    let (date, time) = (number / 1_000_000, number % 1_000_000);
    let seconds = (time / 10_000 * 60 + time / 100 % 100) * 60 + time % 100;
    DateTime {
        year: (date / 10_000) as u16,
        month: (date / 100 % 100) as u8,
        day: (date % 100) as u8,
        micros: (seconds * 1_000_000) as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(digits: u8, bytes: &[u8]) -> i64 {
        read_time(&mut Reader::new(bytes, 0), digits).unwrap()
    }

    #[test]
    fn times_of_both_signs() {
        // From the comment at `my_time_packed_to_binary` in MySQL's my_time.cc.
        assert_eq!(time(2, &[0x7f, 0xff, 0xff, 0x9d]), -990_000);
        assert_eq!(time(2, &[0x7f, 0xff, 0xff, 0x00]), -1_000_000);
        assert_eq!(time(2, &[0x7f, 0xff, 0xfe, 0xff]), -1_010_000);
        assert_eq!(time(0, &[0x80, 0x00, 0x01]), 1_000_000);
        assert_eq!(time(0, &[0x7f, 0xff, 0xff]), -1_000_000);
        assert_eq!(time(6, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff]), -1);
    }

    #[test]
    fn char_lengths_above_255_are_unpacked() {
        // CHAR(255) of utf8mb4: 1020 bytes is 0x3fc: 0xfe with its bits flipped, then 0xfc.
        let column = WireColumn {
            kind: types::STRING,
            meta: 0xcefc,
        };
        assert_eq!(
            Wire::of(column, false),
            Some(Wire::Bytes { length_size: 2 })
        );
        let column = WireColumn {
            kind: types::STRING,
            meta: 0xfe28,
        };
        assert_eq!(
            Wire::of(column, false),
            Some(Wire::Bytes { length_size: 1 })
        );
    }

    #[test]
    fn old_forms_of_mysql_5_5() {
        let datetime = old_datetime(20_200_229_123_456);
        assert_eq!((datetime.year, datetime.month, datetime.day), (2020, 2, 29));
        assert_eq!(datetime.micros, 45_296_000_000);
        let number = 123_456u32.to_le_bytes();
        assert_eq!(
            old_time(&mut Reader::new(&number, 0)).unwrap(),
            45_296_000_000
        );
    }
}
