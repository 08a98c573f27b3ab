//! The few types of Kafka's wire format that the offsets topic's records are made of.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// It ends before its last field does.
    #[error("the record is cut short")]
    Short,
    /// A string is not UTF-8.
    #[error("a string of the record is not UTF-8")]
    NotText,
    /// A length is negative where nothing may be missing.
    #[error("a field of the record has the length {0}")]
    Length(i32),
    /// A field does not fit into a record.
    #[error("a field of {0} bytes does not fit into a record")]
    TooLong(usize),
    /// The value was written by a newer coordinator.
    #[error("{what} has the version {version}, of which nothing is known")]
    Version {
        /// What the value is.
        what: &'static str,
        /// Its version.
        version: i16,
    },
}

/// Writes a string. Requests with compact strings may bring longer ones than a record can hold.
pub(super) fn put_string(buffer: &mut BytesMut, text: &StrBytes) -> Result<(), Malformed> {
    let length = i16::try_from(text.len()).map_err(|_| Malformed::TooLong(text.len()))?;
    buffer.put_i16(length);
    buffer.put_slice(text.as_bytes());
    Ok(())
}

pub(super) fn put_nullable(
    buffer: &mut BytesMut,
    text: Option<&StrBytes>,
) -> Result<(), Malformed> {
    match text {
        Some(text) => put_string(buffer, text),
        None => {
            buffer.put_i16(-1);
            Ok(())
        }
    }
}

pub(super) fn put_compact_string(buffer: &mut BytesMut, text: &StrBytes) -> Result<(), Malformed> {
    let length = i32::try_from(text.len()).map_err(|_| Malformed::TooLong(text.len()))?;
    put_varint(buffer, length.unsigned_abs() + 1);
    buffer.put_slice(text.as_bytes());
    Ok(())
}

pub(super) fn put_bytes(buffer: &mut BytesMut, bytes: &Bytes) -> Result<(), Malformed> {
    let length = i32::try_from(bytes.len()).map_err(|_| Malformed::TooLong(bytes.len()))?;
    buffer.put_i32(length);
    buffer.put_slice(bytes);
    Ok(())
}

fn put_varint(buffer: &mut BytesMut, mut value: u32) {
    while value >= 0x80 {
        buffer.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    buffer.put_u8(value as u8);
}

/// Takes fields off the front of a record, and never reads past its end.
#[derive(Debug)]
pub(super) struct Reader(pub(super) Bytes);

impl Reader {
    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        self.0.try_get_i16().map_err(|_| Malformed::Short)
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        self.0.try_get_i32().map_err(|_| Malformed::Short)
    }

    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        self.0.try_get_i64().map_err(|_| Malformed::Short)
    }

    /// Refuses a value of a version that is newer than `newest`.
    pub(super) fn version(
        &self,
        version: i16,
        newest: i16,
        what: &'static str,
    ) -> Result<(), Malformed> {
        if (0..=newest).contains(&version) {
            Ok(())
        } else {
            Err(Malformed::Version { what, version })
        }
    }

    pub(super) fn string(&mut self) -> Result<StrBytes, Malformed> {
        self.string_of(false)
    }

    pub(super) fn string_of(&mut self, flexible: bool) -> Result<StrBytes, Malformed> {
        self.nullable_of(flexible)?.ok_or(Malformed::Length(-1))
    }

    pub(super) fn nullable_of(&mut self, flexible: bool) -> Result<Option<StrBytes>, Malformed> {
        let length = match flexible {
            true => self.compact_length()?,
            false => i32::from(self.i16()?),
        };
        if length < 0 {
            return Ok(None);
        }
        let bytes = self.take(length)?;
        StrBytes::from_utf8(bytes)
            .map(Some)
            .map_err(|_| Malformed::NotText)
    }

    pub(super) fn bytes_of(&mut self, flexible: bool) -> Result<Bytes, Malformed> {
        let length = self.length_of(flexible)?;
        self.take(length)
    }

    /// The number of an array's elements.
    pub(super) fn array_of(&mut self, flexible: bool) -> Result<i32, Malformed> {
        let length = self.length_of(flexible)?;
        if length < 0 {
            return Err(Malformed::Length(length));
        }
        Ok(length)
    }

    /// The tagged fields at the end of a structure.
    pub(super) fn tagged(
        &mut self,
        mut each: impl FnMut(u32, Bytes) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        for _ in 0..self.varint()? {
            let tag = self.varint()?;
            let length = i32::try_from(self.varint()?).map_err(|_| Malformed::Short)?;
            each(tag, self.take(length)?)?;
        }
        Ok(())
    }

    fn length_of(&mut self, flexible: bool) -> Result<i32, Malformed> {
        match flexible {
            true => self.compact_length(),
            false => self.i32(),
        }
    }

    /// A length that is written plus one, so that 0 means null.
    fn compact_length(&mut self) -> Result<i32, Malformed> {
        let length = i32::try_from(self.varint()?).map_err(|_| Malformed::Short)?;
        Ok(length - 1)
    }

    fn varint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.0.try_get_u8().map_err(|_| Malformed::Short)?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed::Short)
    }

    fn take(&mut self, length: i32) -> Result<Bytes, Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed::Length(length))?;
        if self.0.len() < length {
            return Err(Malformed::Short);
        }
        Ok(self.0.split_to(length))
    }
}
