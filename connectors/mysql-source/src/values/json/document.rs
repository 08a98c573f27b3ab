use super::scalar;
use crate::values::ValueError;

const SMALL_OBJECT: u8 = 0x00;
const LARGE_OBJECT: u8 = 0x01;
const SMALL_ARRAY: u8 = 0x02;
const LARGE_ARRAY: u8 = 0x03;
const LITERAL: u8 = 0x04;
const INT16: u8 = 0x05;
const UINT16: u8 = 0x06;
const INT32: u8 = 0x07;
const UINT32: u8 = 0x08;
const INT64: u8 = 0x09;
const UINT64: u8 = 0x0a;
const DOUBLE: u8 = 0x0b;
const STRING: u8 = 0x0c;
const OPAQUE: u8 = 0x0f;

/// MySQL allows 100 levels; a malformed value must not exhaust the stack.
const MAX_DEPTH: usize = 128;

const TOO_SHORT: ValueError = ValueError::Json("it ends too early");

/// The text of a JSON value of a row image.
pub(crate) fn to_text(bytes: &[u8]) -> Result<String, ValueError> {
    let (kind, value) = bytes.split_first().ok_or(TOO_SHORT)?;
    let mut out = String::with_capacity(bytes.len());
    write_value(*kind, value, MAX_DEPTH, &mut out)?;
    Ok(out)
}

fn write_value(kind: u8, value: &[u8], depth: usize, out: &mut String) -> Result<(), ValueError> {
    match kind {
        SMALL_OBJECT => write_container(
            value,
            Shape {
                object: true,
                large: false,
            },
            depth,
            out,
        ),
        LARGE_OBJECT => write_container(
            value,
            Shape {
                object: true,
                large: true,
            },
            depth,
            out,
        ),
        SMALL_ARRAY => write_container(
            value,
            Shape {
                object: false,
                large: false,
            },
            depth,
            out,
        ),
        LARGE_ARRAY => write_container(
            value,
            Shape {
                object: false,
                large: true,
            },
            depth,
            out,
        ),
        LITERAL => scalar::write_literal(take::<1>(value)?[0], out),
        INT16 => scalar::write_integer(i16::from_le_bytes(take(value)?), out),
        UINT16 => scalar::write_integer(u16::from_le_bytes(take(value)?), out),
        INT32 => scalar::write_integer(i32::from_le_bytes(take(value)?), out),
        UINT32 => scalar::write_integer(u32::from_le_bytes(take(value)?), out),
        INT64 => scalar::write_integer(i64::from_le_bytes(take(value)?), out),
        UINT64 => scalar::write_integer(u64::from_le_bytes(take(value)?), out),
        DOUBLE => scalar::write_double(f64::from_le_bytes(take(value)?), out),
        STRING => scalar::write_string(sized(value)?, out),
        OPAQUE => {
            let (kind, rest) = value.split_first().ok_or(TOO_SHORT)?;
            scalar::write_opaque(*kind, sized(rest)?, out)
        }
        _ => Err(ValueError::Json("it has a value of an unknown type")),
    }
}

/// Objects or arrays with numbers and offsets of two bytes (small) or four (large).
#[derive(Clone, Copy)]
struct Shape {
    object: bool,
    large: bool,
}

impl Shape {
    fn number_size(self) -> usize {
        if self.large { 4 } else { 2 }
    }

    fn number(self, bytes: &[u8], at: usize) -> Result<usize, ValueError> {
        let bytes = bytes.get(at..).ok_or(TOO_SHORT)?;
        Ok(if self.large {
            u32::from_le_bytes(take(bytes)?) as usize
        } else {
            u16::from_le_bytes(take(bytes)?).into()
        })
    }

    /// Whether values of the type stand in the entry itself.
    fn is_inlined(self, kind: u8) -> bool {
        matches!(kind, LITERAL | INT16 | UINT16) || (self.large && matches!(kind, INT32 | UINT32))
    }
}

fn write_container(
    bytes: &[u8],
    shape: Shape,
    depth: usize,
    out: &mut String,
) -> Result<(), ValueError> {
    let depth = depth
        .checked_sub(1)
        .ok_or(ValueError::Json("it is nested too deeply"))?;
    let size = shape.number_size();
    let count = shape.number(bytes, 0)?;
    let keys = 2 * size;
    let key_entry = size + 2;
    let values = if shape.object {
        keys + count * key_entry
    } else {
        keys
    };
    out.push(if shape.object { '{' } else { '[' });
    for index in 0..count {
        if index > 0 {
            out.push(',');
        }
        if shape.object {
            write_key(bytes, shape, keys + index * key_entry, out)?;
            out.push(':');
        }
        let entry = values + index * (1 + size);
        let kind = *bytes.get(entry).ok_or(TOO_SHORT)?;
        let at = if shape.is_inlined(kind) {
            entry + 1
        } else {
            shape.number(bytes, entry + 1)?
        };
        write_value(kind, bytes.get(at..).ok_or(TOO_SHORT)?, depth, out)?;
    }
    out.push(if shape.object { '}' } else { ']' });
    Ok(())
}

fn write_key(bytes: &[u8], shape: Shape, entry: usize, out: &mut String) -> Result<(), ValueError> {
    let start = shape.number(bytes, entry)?;
    let length_at = bytes.get(entry + shape.number_size()..).ok_or(TOO_SHORT)?;
    let length = usize::from(u16::from_le_bytes(take(length_at)?));
    let key = bytes
        .get(start..)
        .and_then(|rest| rest.get(..length))
        .ok_or(TOO_SHORT)?;
    scalar::write_string(key, out)
}

/// The first `N` bytes.
fn take<const N: usize>(bytes: &[u8]) -> Result<[u8; N], ValueError> {
    bytes.first_chunk::<N>().copied().ok_or(TOO_SHORT)
}

/// The bytes after their length, which has seven bits a byte, the low ones first.
fn sized(bytes: &[u8]) -> Result<&[u8], ValueError> {
    let mut length = 0usize;
    for (position, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return bytes[position + 1..].get(..length).ok_or(TOO_SHORT);
        }
    }
    Err(ValueError::Json("a length is malformed"))
}
