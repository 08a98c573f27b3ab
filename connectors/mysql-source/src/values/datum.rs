use bytes::Bytes;
use bytestring::ByteString;

use super::temporal::DateTime;

/// A value as MySQL gave it, in a row image or a result row, before the connector's modes decide
/// on its representation.
#[derive(Debug)]
pub(crate) enum Datum<'a> {
    /// Of any integer type, `YEAR` (in full) and `ENUM`'s index; sign or zero extended by the
    /// column's signedness, so that a `BIGINT UNSIGNED` above the range of `i64` is negative.
    Int(i64),
    Float(f32),
    Double(f64),
    /// A number in decimal digits: `DECIMAL` of a result row.
    Number(&'a [u8]),
    /// `DECIMAL` of a row image, of so many digits before and after the point.
    BinaryDecimal {
        bytes: &'a [u8],
        integral: u8,
        fraction: u8,
    },
    /// `DATE`, `DATETIME`; the parts may be zero.
    DateTime(DateTime),
    /// `TIMESTAMP` of a row image; seconds of the epoch. Zero is MySQL's zero timestamp.
    Timestamp {
        seconds: u32,
        micros: u32,
    },
    /// `TIME` in microseconds.
    Time(i64),
    /// `BIT`, big-endian.
    Bits(&'a [u8]),
    /// `SET` of a row image.
    Set(u64),
    /// Text in the column's character set, binary data, geometry, JSON in MySQL's binary form.
    Bytes(Slice<'a>),
    /// Text that the server has converted to UTF-8: of a result row.
    Utf8(Slice<'a>),
}

/// A part of a buffer that is shared: it becomes a value without a copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice<'a> {
    buffer: &'a Bytes,
    start: usize,
    end: usize,
}

impl<'a> Slice<'a> {
    /// `buffer[start..end]`, if it is there.
    pub(crate) fn new(buffer: &'a Bytes, start: usize, end: usize) -> Option<Self> {
        (start <= end && end <= buffer.len()).then_some(Self { buffer, start, end })
    }

    /// All of `buffer`.
    pub(crate) fn whole(buffer: &'a Bytes) -> Self {
        Self {
            buffer,
            start: 0,
            end: buffer.len(),
        }
    }

    pub(crate) fn as_slice(&self) -> &'a [u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn to_bytes(self) -> Bytes {
        self.buffer.slice(self.start..self.end)
    }

    /// UTF-8 text; what is malformed becomes U+FFFD.
    pub(crate) fn to_text(self) -> ByteString {
        ByteString::try_from(self.to_bytes())
            .unwrap_or_else(|_| String::from_utf8_lossy(self.as_slice()).into_owned().into())
    }

    /// Without the first `count` bytes; none if it is shorter.
    pub(crate) fn skip(self, count: usize) -> Option<Self> {
        Self::new(self.buffer, self.start + count, self.end)
    }
}

/// Why a value cannot be represented.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValueError {
    #[error("'{value}' is not a number of the column's type")]
    Number { value: String },
    #[error("'{value}' is no date that the calendar knows")]
    Date { value: String },
    #[error(
        "TIME value {value} is not between 00:00:00 and 24:00:00, which \
         time.precision.mode={mode} needs: use another mode"
    )]
    TimeOfDay { value: String, mode: &'static str },
    #[error("index {index} is not one of the column's {count} values")]
    EnumIndex { index: i64, count: usize },
    #[error("the value is not a point")]
    NotAPoint,
    #[error("the value is not a geometry: it has only {0} bytes")]
    Geometry(usize),
    #[error("a vector of {0} bytes is not made of 4-byte floats")]
    Vector(usize),
    #[error("the JSON value is malformed: {0}")]
    Json(&'static str),
    #[error("the value does not have the form that the column's type {expected} has")]
    Form { expected: &'static str },
}
