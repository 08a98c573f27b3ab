//! Avro's binary encoding of its primitive types.

use crate::failure::Failure;

/// How many items without bytes (empty records) a block may have.
const EMPTY_ITEMS: usize = 1 << 16;

/// A zig-zag number of variable length.
#[inline]
pub(super) fn write_long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// A length and the bytes.
#[inline]
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_long(out, bytes.len() as i64);
    out.extend_from_slice(bytes);
}

/// A place in a record's bytes.
#[derive(Debug)]
pub(super) struct Input<'b> {
    bytes: &'b bytes::Bytes,
    at: usize,
}

impl<'b> Input<'b> {
    pub(super) fn new(bytes: &'b bytes::Bytes, at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[inline]
    pub(super) fn long(&mut self) -> Result<i64, Failure> {
        let mut value: u64 = 0;
        for shift in (0..70).step_by(7) {
            let Some(&byte) = self.bytes.get(self.at) else {
                return Err(too_short());
            };
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(Failure::new(
            "a number of more than ten bytes: the record is no Avro of its schema",
        ))
    }

    #[inline]
    pub(super) fn int(&mut self) -> Result<i32, Failure> {
        let value = self.long()?;
        i32::try_from(value)
            .map_err(|_| Failure::new(format!("{value} is out of the range of Avro's int")))
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Failure> {
        Ok(self.take(1)?[0] == 1)
    }

    pub(super) fn float(&mut self) -> Result<f32, Failure> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.take(4)?);
        Ok(f32::from_le_bytes(bytes))
    }

    pub(super) fn double(&mut self) -> Result<f64, Failure> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        Ok(f64::from_le_bytes(bytes))
    }

    /// The next `length` bytes, shared.
    pub(super) fn shared(&mut self, length: usize) -> Result<bytes::Bytes, Failure> {
        let start = self.at;
        self.take(length)?;
        Ok(self.bytes.slice(start..self.at))
    }

    /// A length and so many bytes, shared.
    pub(super) fn sized(&mut self) -> Result<bytes::Bytes, Failure> {
        let length = self.long()?;
        let length = usize::try_from(length)
            .map_err(|_| Failure::new(format!("a length of {length}: no Avro of its schema")))?;
        self.shared(length)
    }

    /// The number of items in the next block of an array or map; zero is its end.
    pub(super) fn block(&mut self) -> Result<usize, Failure> {
        let mut count = self.long()?;
        if count < 0 {
            // The block's size in bytes follows: for those who skip it.
            count = count.wrapping_neg();
            self.long()?;
        }
        // Nearly every item has a byte at least: a broken count must not fill the memory.
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= self.rest() + EMPTY_ITEMS)
            .ok_or_else(|| Failure::new(format!("a block of {count} items: no Avro of its schema")))
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Failure> {
        if length > self.rest() {
            return Err(too_short());
        }
        let start = self.at;
        self.at += length;
        Ok(&self.bytes[start..self.at])
    }
}

#[cold]
fn too_short() -> Failure {
    Failure::new("the record ends before its value does: it is no Avro of its schema")
}
