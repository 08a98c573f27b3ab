//! Zigzag variable-length integers of the record format (`ByteUtils`, KIP-98).

use bytes::BufMut;

/// Reads a varlong and moves `bytes` after it; none when it is cut off or longer than ten bytes.
#[inline]
pub(super) fn read_i64(bytes: &mut &[u8]) -> Option<i64> {
    // Most numbers of a record are small, and a record has five at least.
    match bytes.split_first() {
        Some((&byte, rest)) if byte < 0x80 => {
            *bytes = rest;
            Some(i64::from(byte >> 1) ^ -i64::from(byte & 1))
        }
        _ => read_any(bytes),
    }
}

fn read_any(bytes: &mut &[u8]) -> Option<i64> {
    let mut value: u64 = 0;
    for index in 0..10_usize {
        let byte = *bytes.get(index)?;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}

/// Reads a varint: as a varlong, but none when it does not fit 32 bits.
#[inline]
pub(super) fn read_i32(bytes: &mut &[u8]) -> Option<i32> {
    i32::try_from(read_i64(bytes)?).ok()
}

/// Writes a varlong; a varint has the same form.
pub(super) fn write(out: &mut impl BufMut, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.put_u8((rest as u8) | 0x80);
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

/// Bytes that `write` takes for the value.
pub(super) fn size(value: i64) -> usize {
    let zigzag = ((value << 1) ^ (value >> 63)) as u64;
    let bits = 64 - zigzag.leading_zeros() as usize;
    bits.max(1).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pairs from Kafka's `ByteUtilsTest.testVarintSerde` and `testVarlongSerde`.
    #[test]
    fn values_have_the_real_form() {
        let cases: [(i64, &[u8]); 9] = [
            (0, &[0]),
            (-1, &[1]),
            (1, &[2]),
            (63, &[0x7e]),
            (-64, &[0x7f]),
            (64, &[0x80, 1]),
            (8191, &[0xfe, 0x7f]),
            (i64::from(i32::MAX), &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i64::from(i32::MIN), &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ];
        for (value, form) in cases {
            let mut out = Vec::new();
            write(&mut out, value);
            assert_eq!(out, form, "{value}");
        }
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_none() {
        assert_eq!(read_i64(&mut &[0x80, 0x80][..]), None);
        assert_eq!(read_i64(&mut &[0xff; 11][..]), None);
        assert_eq!(read_i32(&mut &[0x80, 0x80, 0x80, 0x80, 0x10][..]), None);
    }

    proptest! {
        #[test]
        fn every_value_comes_back(value: i64) {
            let mut out = Vec::new();
            write(&mut out, value);
            prop_assert_eq!(out.len(), size(value));
            let mut rest = &out[..];
            prop_assert_eq!(read_i64(&mut rest), Some(value));
            prop_assert!(rest.is_empty());
        }
    }
}
