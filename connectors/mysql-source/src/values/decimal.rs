//! `DECIMAL`: from MySQL's binary form or from digits to Connect's bytes, without big numbers on
//! the heap.

use connect_api::data::{SchemaBuilder, Type, Value, logical};

use super::datum::ValueError;
use super::{Arena, DecimalMode};

/// How a `DECIMAL` column is represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecimalTarget {
    pub(crate) mode: DecimalMode,
    pub(crate) precision: i32,
    pub(crate) scale: u8,
}

/// MySQL's limit of digits; a sum of groups of nine may have eight more.
const MAX_DIGITS: usize = 65 + 16;

impl DecimalTarget {
    pub(crate) fn schema(self) -> SchemaBuilder {
        match self.mode {
            DecimalMode::Precise => logical::decimal(self.scale.into())
                .parameter("connect.decimal.precision", self.precision.to_string()),
            DecimalMode::String => SchemaBuilder::new(Type::String),
            DecimalMode::Double => SchemaBuilder::new(Type::Float64),
        }
    }

    /// From the binary form (`decimal2bin` of MySQL's `strings/decimal.cc`).
    pub(crate) fn binary_value(
        self,
        bytes: &[u8],
        integral: u8,
        fraction: u8,
        arena: &mut Arena,
    ) -> Value {
        if self.mode == DecimalMode::Precise && integral + fraction <= 18 {
            let unscaled = small_binary(bytes, integral, fraction);
            return Value::Bytes(arena.bytes(minimal(&unscaled.to_be_bytes())));
        }
        self.digits_value(&Digits::from_binary(bytes, integral, fraction), arena)
    }

    /// From decimal text; digits beyond the scale are rounded half up.
    pub(crate) fn text_value(self, text: &[u8], arena: &mut Arena) -> Result<Value, ValueError> {
        if self.mode == DecimalMode::Precise
            && let Some(unscaled) = small_text(text, self.scale.into())
        {
            return Ok(Value::Bytes(arena.bytes(minimal(&unscaled.to_be_bytes()))));
        }
        let digits = Digits::parse(text, self.scale.into())?;
        Ok(self.digits_value(&digits, arena))
    }

    /// Zero, for a null where none may be.
    pub(crate) fn zero(self, arena: &mut Arena) -> Value {
        let mut digits = Digits::default();
        for _ in 0..=self.scale {
            digits.push(0);
        }
        digits.scale = self.scale.into();
        self.digits_value(&digits, arena)
    }

    fn digits_value(self, digits: &Digits, arena: &mut Arena) -> Value {
        match self.mode {
            DecimalMode::Precise => {
                let bytes = digits.unscaled();
                Value::Bytes(arena.bytes(minimal(&bytes)))
            }
            DecimalMode::String => digits.with_text(|text| Value::String(arena.text(text))),
            DecimalMode::Double => {
                digits.with_text(|text| Value::Float64(text.parse().unwrap_or_default()))
            }
        }
    }
}

/// The unscaled bytes of an unsigned 64-bit number (`bigint.unsigned.handling.mode=precise`).
pub(crate) fn unsigned(number: u64, arena: &mut Arena) -> Value {
    Value::Bytes(arena.bytes(minimal(&i128::from(number).to_be_bytes())))
}

/// Bytes of groups of 0 to 9 digits.
const GROUP_BYTES: [u8; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// How many bytes the binary form has.
pub(crate) fn binary_length(integral: u8, fraction: u8) -> usize {
    let part = |digits: u8| (digits / 9 * 4 + GROUP_BYTES[usize::from(digits % 9)]) as usize;
    part(integral) + part(fraction)
}

/// Walks through the groups of the binary form: calls `group` with each group's number of digits
/// and value. Returns whether the number is negative.
fn for_each_group(
    bytes: &[u8],
    integral: u8,
    fraction: u8,
    mut group: impl FnMut(u8, u32),
) -> bool {
    let negative = bytes.first().is_none_or(|first| first & 0x80 == 0);
    let flip = if negative { 0xff } else { 0 };
    let mut rest = bytes.iter().enumerate();
    let mut next = |digits: u8| {
        let mut value = 0u32;
        for (position, byte) in rest.by_ref().take(GROUP_BYTES[usize::from(digits)].into()) {
            let sign = if position == 0 { 0x80 } else { 0 };
            value = value << 8 | u32::from(byte ^ sign ^ flip);
        }
        group(digits, value);
    };
    if !integral.is_multiple_of(9) {
        next(integral % 9);
    }
    for _ in 0..integral / 9 + fraction / 9 {
        next(9);
    }
    if !fraction.is_multiple_of(9) {
        next(fraction % 9);
    }
    negative
}

/// The unscaled number of at most 18 digits.
fn small_binary(bytes: &[u8], integral: u8, fraction: u8) -> i64 {
    let mut unscaled = 0i64;
    let negative = for_each_group(bytes, integral, fraction, |digits, value| {
        unscaled = unscaled * i64::from(POWERS[usize::from(digits)]) + i64::from(value);
    });
    if negative { -unscaled } else { unscaled }
}

/// The unscaled number of at most 18 digits, as MySQL shows it: with just the digits of the scale
/// after the point. None for any other text.
fn small_text(text: &[u8], scale: usize) -> Option<i64> {
    let (negative, number) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    let (integral, fraction) = match scale {
        0 => (number, [].as_slice()),
        _ => {
            let (integral, rest) = number.split_at_checked(number.len().checked_sub(scale + 1)?)?;
            (integral, rest.strip_prefix(b".")?)
        }
    };
    if integral.is_empty() || integral.len() + fraction.len() > 18 {
        return None;
    }
    let mut unscaled = 0;
    for byte in integral.iter().chain(fraction) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        unscaled = unscaled * 10 + i64::from(digit);
    }
    Some(if negative { -unscaled } else { unscaled })
}

const POWERS: [u32; 10] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
];

/// The digits of a number, on the stack.
#[derive(Debug)]
struct Digits {
    negative: bool,
    /// Values 0 to 9, the most significant first.
    digits: [u8; MAX_DIGITS],
    length: usize,
    scale: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Self {
            negative: false,
            digits: [0; MAX_DIGITS],
            length: 0,
            scale: 0,
        }
    }
}

impl Digits {
    fn push(&mut self, digit: u8) {
        self.digits[self.length] = digit;
        self.length += 1;
    }

    fn from_binary(bytes: &[u8], integral: u8, fraction: u8) -> Self {
        let mut digits = Self {
            scale: fraction.into(),
            ..Self::default()
        };
        let negative = for_each_group(bytes, integral, fraction, |count, mut value| {
            for place in (0..usize::from(count)).rev() {
                digits.push((value / POWERS[place] % 10) as u8);
                value %= POWERS[place];
            }
        });
        digits.negative = negative && digits.digits.iter().any(|digit| *digit != 0);
        digits
    }

    fn parse(text: &[u8], scale: usize) -> Result<Self, ValueError> {
        let invalid = || ValueError::Number {
            value: String::from_utf8_lossy(text).into_owned(),
        };
        let mut digits = Self {
            scale,
            ..Self::default()
        };
        let unsigned = match text.split_first() {
            Some((b'-', rest)) => {
                digits.negative = true;
                rest
            }
            Some((b'+', rest)) => rest,
            _ => text,
        };
        let (mantissa, exponent) = split_exponent(unsigned).ok_or_else(invalid)?;
        let point = mantissa
            .iter()
            .position(|b| *b == b'.')
            .unwrap_or(mantissa.len());
        let all = mantissa.iter().filter(|b| **b != b'.');
        let integral = i64::try_from(point)
            .unwrap_or(i64::MAX)
            .saturating_add(exponent);
        let wanted = integral.saturating_add(i64::try_from(scale).unwrap_or(0));
        let mut round_up = false;
        let mut taken = 0;
        let mut any = false;
        for byte in all {
            any = true;
            if !byte.is_ascii_digit() {
                return Err(invalid());
            }
            if taken < wanted {
                if digits.length > 0 || *byte != b'0' {
                    if digits.length == MAX_DIGITS - 1 {
                        return Err(invalid());
                    }
                    digits.push(byte - b'0');
                }
            } else if taken == wanted {
                round_up = *byte >= b'5';
            }
            taken += 1;
        }
        while taken < wanted {
            if digits.length > 0 {
                if digits.length == MAX_DIGITS - 1 {
                    return Err(invalid());
                }
                digits.push(0);
            }
            taken += 1;
        }
        if !any || mantissa.iter().filter(|b| **b == b'.').count() > 1 {
            return Err(invalid());
        }
        if round_up {
            digits.increment();
        }
        digits.pad();
        digits.negative &= digits.digits.iter().any(|digit| *digit != 0);
        Ok(digits)
    }

    /// Adds one in the last place.
    fn increment(&mut self) {
        for place in (0..self.length).rev() {
            if self.digits[place] < 9 {
                self.digits[place] += 1;
                return;
            }
            self.digits[place] = 0;
        }
        self.prepend(1, 1);
    }

    /// At least one digit before the point.
    fn pad(&mut self) {
        let wanted = self.scale + 1;
        if self.length < wanted {
            self.prepend(0, wanted - self.length);
        }
    }

    fn prepend(&mut self, digit: u8, count: usize) {
        let count = count.min(MAX_DIGITS - self.length);
        self.digits.copy_within(0..self.length, count);
        self.digits[..count].fill(digit);
        self.length += count;
    }

    /// Big-endian two's complement of 36 bytes: more than 81 digits need.
    fn unscaled(&self) -> [u8; 36] {
        let mut limbs = [0u32; 9];
        for group in self.digits[..self.length].chunks(9) {
            let mut value = 0u32;
            for digit in group {
                value = value * 10 + u32::from(*digit);
            }
            let mut carry = u64::from(value);
            for limb in &mut limbs {
                carry += u64::from(*limb) * u64::from(POWERS[group.len()]);
                *limb = carry as u32;
                carry >>= 32;
            }
        }
        if self.negative {
            negate(&mut limbs);
        }
        let mut bytes = [0; 36];
        for (chunk, limb) in bytes.chunks_exact_mut(4).rev().zip(limbs) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }

    /// Calls `use_text` with the number as `BigDecimal.toPlainString` writes it.
    fn with_text<T>(&self, use_text: impl FnOnce(&str) -> T) -> T {
        let mut text = [0u8; MAX_DIGITS + 3];
        let mut length = 0;
        let mut put = |byte: u8| {
            text[length] = byte;
            length += 1;
        };
        if self.negative {
            put(b'-');
        }
        let integral = self.length - self.scale;
        let first = self.digits[..integral].iter().position(|digit| *digit != 0);
        let first = first.unwrap_or(integral.saturating_sub(1));
        if integral == 0 {
            put(b'0');
        }
        for (position, digit) in self.digits[..self.length].iter().enumerate().skip(first) {
            if position == integral {
                put(b'.');
            }
            put(b'0' + digit);
        }
        // ASCII only.
        use_text(std::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

fn split_exponent(text: &[u8]) -> Option<(&[u8], i64)> {
    match text.iter().position(|b| matches!(b, b'e' | b'E')) {
        None => Some((text, 0)),
        Some(at) => {
            let exponent = std::str::from_utf8(&text[at + 1..])
                .ok()?
                .parse::<i16>()
                .ok()?;
            Some((&text[..at], exponent.into()))
        }
    }
}

fn negate(limbs: &mut [u32]) {
    let mut carry = true;
    for limb in limbs {
        let (negated, overflow) = (!*limb).overflowing_add(carry.into());
        *limb = negated;
        carry = overflow;
    }
}

/// Drops leading bytes that only repeat the sign, as `BigInteger.toByteArray` does.
fn minimal(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [first, second, ..] = rest {
        let sign = second & 0x80;
        if (*first == 0 && sign == 0) || (*first == 0xff && sign != 0) {
            rest = &rest[1..];
        } else {
            break;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    fn text(mode: DecimalMode, scale: u8, text: &str) -> Value {
        let target = DecimalTarget {
            mode,
            precision: 65,
            scale,
        };
        target
            .text_value(text.as_bytes(), &mut Arena::new())
            .unwrap()
    }

    fn precise(scale: u8, digits: &str) -> String {
        match text(DecimalMode::Precise, scale, digits) {
            Value::Bytes(bytes) => BASE64_STANDARD.encode(bytes),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn digits_become_unscaled_bytes() {
        // Values of golden scenario a_raw.
        assert_eq!(precise(2, "-99999999.99"), "/av0HAE=");
        assert_eq!(precise(2, "0.00"), "AA==");
        assert_eq!(precise(2, "1.10"), "bg==");
        assert_eq!(precise(4, "-0.5"), "7Hg=");
        assert_eq!(precise(30, "1.5"), "Eu7C6zhpr2TfYAAAAA==");
        let nines = format!("{}.{}", "9".repeat(35), "9".repeat(30));
        assert_eq!(
            precise(30, &nines),
            "APMWJxx/w5CKi+9GTjlF73olNgn//////////w=="
        );
        assert_eq!(
            precise(30, &format!("-{nines}")),
            "/wzp2OOAPG91dBC5sca6EIXayfYAAAAAAAAAAQ=="
        );
    }

    #[test]
    fn digits_become_text_and_doubles() {
        // Values of golden scenarios c_decimal_string and c_decimal_double.
        let string = |scale, digits| text(DecimalMode::String, scale, digits);
        assert_eq!(string(4, "-0.5"), Value::from("-0.5000"));
        assert_eq!(string(0, "12"), Value::from("12"));
        assert_eq!(string(0, "0"), Value::from("0"));
        assert_eq!(string(2, "0"), Value::from("0.00"));
        assert_eq!(string(2, "-0.00"), Value::from("0.00"));
        assert_eq!(string(2, "1.005"), Value::from("1.01"));
        assert_eq!(string(1, "9.95"), Value::from("10.0"));
        assert_eq!(string(2, "1.5e1"), Value::from("15.00"));
        assert_eq!(string(3, "15e-1"), Value::from("1.500"));
        let double = |scale, digits| text(DecimalMode::Double, scale, digits);
        assert_eq!(
            double(30, "-0.000000000000000000000000000001"),
            Value::Float64(-1e-30)
        );
        assert_eq!(double(2, "123.40"), Value::Float64(123.4));
    }

    #[test]
    fn text_that_is_no_number_is_refused() {
        let target = DecimalTarget {
            mode: DecimalMode::Precise,
            precision: 10,
            scale: 2,
        };
        for wrong in ["", "-", "abc", "1.2.3", "1e", "1e99999"] {
            assert!(
                target
                    .text_value(wrong.as_bytes(), &mut Arena::new())
                    .is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn the_binary_form_is_read() {
        // The example of `decimal2bin` in MySQL's strings/decimal.cc: 1234567890.1234.
        let bytes = [0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2];
        let negative = bytes.map(|byte| !byte);
        let target = |mode| DecimalTarget {
            mode,
            precision: 14,
            scale: 4,
        };
        let mut arena = Arena::new();
        assert_eq!(binary_length(10, 4), 7);
        let string = target(DecimalMode::String).binary_value(&negative, 10, 4, &mut arena);
        assert_eq!(string, Value::from("-1234567890.1234"));
        let small = target(DecimalMode::Precise).binary_value(&negative, 10, 4, &mut arena);
        let digits = Digits::from_binary(&negative, 10, 4);
        assert_eq!(
            small,
            target(DecimalMode::Precise).digits_value(&digits, &mut arena)
        );
        let Value::Bytes(small) = small else { panic!() };
        assert_eq!(&small[..], minimal(&(-12_345_678_901_234i64).to_be_bytes()));
        assert_eq!(small_binary(&bytes, 10, 4), 12_345_678_901_234);
    }

    #[test]
    fn unsigned_numbers_stay_positive() {
        let value = unsigned(u64::MAX, &mut Arena::new());
        let Value::Bytes(bytes) = value else { panic!() };
        assert_eq!(&bytes[..], [0, 255, 255, 255, 255, 255, 255, 255, 255]);
    }

    #[test]
    fn few_digits_are_read_as_many_are() {
        let target = DecimalTarget {
            mode: DecimalMode::Precise,
            precision: 10,
            scale: 2,
        };
        let arena = &mut Arena::new();
        for text in [
            "0.00",
            "-0.00",
            "1.25",
            "-1.25",
            "12345678.90",
            "-1.28",
            "9999999999999999.99",
        ] {
            assert!(small_text(text.as_bytes(), 2).is_some(), "{text}");
            let digits = Digits::parse(text.as_bytes(), 2).unwrap();
            let expected = target.digits_value(&digits, arena);
            assert_eq!(
                target.text_value(text.as_bytes(), arena).unwrap(),
                expected,
                "{text}"
            );
        }
        for text in [
            "", "-", ".", "1", "1.2", "1.255", ".25", "1,25", "1.2e1", "+1.25", "1x.25",
        ] {
            assert_eq!(small_text(text.as_bytes(), 2), None, "{text}");
        }
        assert_eq!(small_text(b"-42", 0), Some(-42));
        assert_eq!(small_text(b"1234567890123456789", 0), None);
    }
}
