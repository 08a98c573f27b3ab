//! PostgreSQL's `numeric` in its binary format (`numeric_recv`): digits of base 10,000.

/// How many digits of base 10,000 a number of 128 bits has at most, its fraction filled up.
const MOST: usize = 11;

const NEGATIVE: u16 = 0x4000;

/// The most digits after the point (`NUMERIC_DSCALE_MASK`).
const MAX_SCALE: i32 = 0x3fff;

/// Appends `unscaled` / 10^`scale`, big-endian two's complement; none if it is too large to be done here, or its scale
/// is below zero.
pub(super) fn append_numeric(out: &mut Vec<u8>, unscaled: &[u8], scale: i32) -> Option<()> {
    if unscaled.len() > 16 || !(0..=MAX_SCALE).contains(&scale) {
        return None;
    }
    let negative = unscaled.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut bytes = [if negative { 0xff } else { 0 }; 16];
    bytes[16 - unscaled.len()..].copy_from_slice(unscaled);
    let magnitude = i128::from_be_bytes(bytes).unsigned_abs();
    // The point is between two digits of base 10,000.
    let filled = magnitude.checked_mul([1, 1000, 100, 10][(scale % 4) as usize])?;
    let mut digits = [0_u16; MOST];
    let first = split(filled, &mut digits);
    let digits = &digits[first..];
    let fraction = (scale + 3) / 4;
    let weight = match digits.len() {
        0 => 0,
        count => count as i32 - fraction - 1,
    };
    let sign = if negative { NEGATIVE } else { 0 };
    // What is cast is small: at most MOST digits, and a scale within MAX_SCALE.
    for number in [
        digits.len() as u16,
        weight as i16 as u16,
        sign,
        scale as u16,
    ] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    for digit in digits {
        out.extend_from_slice(&digit.to_be_bytes());
    }
    Some(())
}

/// The digits of base 10,000 at the end of `digits`; where they begin.
fn split(number: u128, digits: &mut [u16; MOST]) -> usize {
    let mut first = MOST;
    let mut rest = number;
    // Division of 128 bits is slow, and rarely needed.
    while rest > u128::from(u64::MAX) {
        first -= 1;
        digits[first] = (rest % 10_000) as u16;
        rest /= 10_000;
    }
    let mut rest = rest as u64;
    while rest > 0 {
        first -= 1;
        digits[first] = (rest % 10_000) as u16;
        rest /= 10_000;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(unscaled: i128, scale: i32) -> Vec<i16> {
        let mut out = Vec::new();
        append_numeric(&mut out, &unscaled.to_be_bytes(), scale).unwrap();
        let numbers = out
            .chunks(2)
            .map(|two| i16::from_be_bytes([two[0], two[1]]));
        numbers.collect()
    }

    /// The expected ones are what `numeric_send` gives for the same numbers (PostgreSQL 15), but for zeros at the end.
    #[test]
    fn digits_weight_sign_and_scale() {
        assert_eq!(numbers(0, 2), [0, 0, 0, 2]);
        assert_eq!(numbers(1234, 2), [2, 0, 0, 2, 12, 3400]);
        assert_eq!(numbers(-1234, 2), [2, 0, 0x4000, 2, 12, 3400]);
        assert_eq!(numbers(1, 5), [1, -2, 0, 5, 1000]);
        assert_eq!(numbers(10_000, 4), [2, 0, 0, 4, 1, 0]);
        assert_eq!(numbers(123_456_789, 0), [3, 2, 0, 0, 1, 2345, 6789]);
    }

    #[test]
    fn what_is_too_large_is_left_to_text() {
        let mut out = Vec::new();
        assert!(append_numeric(&mut out, &[1; 17], 0).is_none());
        assert!(append_numeric(&mut out, &[1], -1).is_none());
        assert!(append_numeric(&mut out, &[1], 0x4000).is_none());
        assert!(append_numeric(&mut out, &i128::MAX.to_be_bytes(), 1).is_none());
        assert!(append_numeric(&mut out, &i128::MAX.to_be_bytes(), 0).is_some());
        assert!(append_numeric(&mut out, &i128::MIN.to_be_bytes(), 4).is_some());
    }
}
