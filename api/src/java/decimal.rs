//! `java.math.BigDecimal` as far as plugins need it: an unscaled integer in
//! big-endian two's complement and a scale, and the texts of both.

/// A decimal number: sign, decimal digits without leading zeros (`"0"` for
/// zero), and how many of the digits stand after the point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    /// True below zero.
    pub negative: bool,
    /// All digits, those after the point too.
    pub digits: String,
    /// How many of the digits stand after the point.
    pub scale: i32,
}

impl Decimal {
    /// The number whose unscaled value is `bytes`.
    pub fn from_unscaled(bytes: &[u8], scale: i32) -> Self {
        let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        let digits = match small(bytes) {
            Some(value) => value.unsigned_abs().to_string(),
            None => magnitude_digits(bytes, negative),
        };
        Self {
            negative,
            digits,
            scale,
        }
    }

    /// Parses what the constructor `BigDecimal(String)` takes; none otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let digits = [whole, fraction].concat();
        let significant = digits.trim_start_matches('0');
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        Some(Self {
            negative: negative && !significant.is_empty(),
            digits: if significant.is_empty() {
                "0".to_owned()
            } else {
                significant.to_owned()
            },
            scale: i32::try_from(scale).ok()?,
        })
    }

    /// True for zero of any scale.
    pub fn is_zero(&self) -> bool {
        self.digits == "0"
    }

    /// The same number with another scale; none if digits would be lost.
    pub fn with_scale(mut self, scale: i32) -> Option<Self> {
        let shift = i64::from(scale) - i64::from(self.scale);
        if self.is_zero() {
            self.scale = scale;
            return Some(self);
        }
        // Far more digits than any database has: not worth the memory.
        if shift > 10_000 {
            return None;
        }
        match usize::try_from(shift) {
            Ok(zeros) => self.digits.extend(std::iter::repeat_n('0', zeros)),
            Err(_) => {
                let dropped = usize::try_from(-shift).ok()?;
                let kept = self.digits.len().checked_sub(dropped)?;
                if kept == 0 || self.digits[kept..].bytes().any(|digit| digit != b'0') {
                    return None;
                }
                self.digits.truncate(kept);
            }
        }
        self.scale = scale;
        Some(self)
    }

    /// The unscaled value as the fewest bytes of two's complement
    /// (`BigInteger.toByteArray`).
    pub fn to_unscaled(&self) -> Vec<u8> {
        let mut bytes = magnitude_bytes(&self.digits);
        if bytes.first().is_none_or(|byte| byte & 0x80 != 0) {
            bytes.insert(0, 0);
        }
        if self.negative {
            negate(&mut bytes);
        }
        let sign = if self.negative { 0xFF } else { 0 };
        let is_spare = |pair: &[u8]| pair[0] == sign && (pair[1] ^ sign) & 0x80 == 0;
        let spare = bytes.windows(2).take_while(|pair| is_spare(pair)).count();
        bytes.drain(..spare);
        bytes
    }

    /// `BigDecimal.toString`: plain, or scientific for a negative scale or a
    /// number below 10⁻⁶.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        if self.negative {
            out.push(b'-');
        }
        let digits = self.digits.as_bytes();
        let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let scale = i64::from(self.scale);
        let exponent = count - 1 - scale;
        if scale == 0 {
            out.extend_from_slice(digits);
        } else if scale > 0 && exponent >= -6 {
            append_plain(out, digits, count - scale);
        } else {
            out.push(digits[0]);
            if digits.len() > 1 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            if exponent != 0 {
                out.push(b'E');
                if exponent > 0 {
                    out.push(b'+');
                }
                out.extend_from_slice(itoa::Buffer::new().format(exponent).as_bytes());
            }
        }
    }

    /// `BigDecimal.toString` as text.
    pub fn to_text(&self) -> String {
        let mut out = Vec::with_capacity(self.digits.len() + 8);
        self.append_to(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Writes `digits` with the point after the first `whole` of them.
fn append_plain(out: &mut Vec<u8>, digits: &[u8], whole: i64) {
    match usize::try_from(whole) {
        Ok(whole @ 1..) => {
            out.extend_from_slice(&digits[..whole]);
            out.push(b'.');
            out.extend_from_slice(&digits[whole..]);
        }
        _ => {
            out.extend_from_slice(b"0.");
            let zeros = usize::try_from(-whole).unwrap_or(0);
            out.extend(std::iter::repeat_n(b'0', zeros));
            out.extend_from_slice(digits);
        }
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// The value of up to 16 bytes of two's complement.
fn small(bytes: &[u8]) -> Option<i128> {
    if bytes.len() > 16 {
        return None;
    }
    let sign = bytes
        .first()
        .map_or(0, |byte| if byte & 0x80 == 0 { 0 } else { 0xFF });
    let mut wide = [sign; 16];
    wide[16 - bytes.len()..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(wide))
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        let (negated, overflow) = (!*byte).overflowing_add(u8::from(carry));
        (*byte, carry) = (negated, overflow);
    }
}

const BILLION: u64 = 1_000_000_000;

/// The decimal digits of a two's complement integer of any length.
fn magnitude_digits(bytes: &[u8], negative: bool) -> String {
    let mut magnitude = bytes.to_vec();
    if negative {
        negate(&mut magnitude);
    }
    // Nine decimal digits in each part, the lowest part first.
    let mut parts: Vec<u64> = Vec::new();
    for byte in magnitude {
        let mut carry = u64::from(byte);
        for part in &mut parts {
            let value = *part * 256 + carry;
            *part = value % BILLION;
            carry = value / BILLION;
        }
        if carry > 0 {
            parts.push(carry);
        }
    }
    let mut digits = parts.last().map_or_else(|| "0".to_owned(), u64::to_string);
    for part in parts.iter().rev().skip(1) {
        digits.push_str(&format!("{part:09}"));
    }
    digits
}

/// The big-endian bytes of a decimal integer, without a sign.
fn magnitude_bytes(digits: &str) -> Vec<u8> {
    if let Ok(value) = digits.parse::<u128>() {
        let bytes = value.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        return bytes[zeros..].to_vec();
    }
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in &mut bytes {
            let value = u32::from(*byte) * 10 + carry;
            *byte = (value & 0xFF) as u8;
            carry = value >> 8;
        }
        if carry > 0 {
            bytes.push((carry & 0xFF) as u8);
        }
    }
    bytes.reverse();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_big_decimal() {
        // Examples of the documentation of BigDecimal.toString.
        let cases = [
            ("123", 0, "123"),
            ("-123", 0, "-123"),
            ("123", -1, "1.23E+3"),
            ("123", -3, "1.23E+5"),
            ("123", 1, "12.3"),
            ("123", 5, "0.00123"),
            ("123", 10, "1.23E-8"),
            ("-123", 12, "-1.23E-10"),
            ("0", 2, "0.00"),
            ("0", 7, "0E-7"),
            ("156", 2, "1.56"),
        ];
        for (unscaled, scale, expected) in cases {
            let number = Decimal::parse(unscaled).unwrap();
            let bytes = number.to_unscaled();
            assert_eq!(Decimal::from_unscaled(&bytes, scale).to_text(), expected);
        }
    }

    #[test]
    fn bytes_are_the_fewest_of_twos_complement() {
        let cases: [(&str, &[u8]); 9] = [
            ("0", &[0]),
            ("127", &[0x7F]),
            ("128", &[0, 0x80]),
            ("156", &[0, 156]),
            ("-1", &[0xFF]),
            ("-128", &[0x80]),
            ("-129", &[0xFF, 0x7F]),
            ("-256", &[0xFF, 0]),
            ("3931", &[0x0F, 0x5B]),
        ];
        for (text, bytes) in cases {
            assert_eq!(Decimal::parse(text).unwrap().to_unscaled(), bytes, "{text}");
        }
    }

    #[test]
    fn long_numbers_survive_both_ways() {
        for text in [
            "99999999999999999999999999999999999.999999999999999999999999999999",
            "-99999999999999999999999999999999999.999999999999999999999999999999",
            "-170141183460469231731687303715884105728",
            "340282366920938463463374607431768211456",
        ] {
            let number = Decimal::parse(text).unwrap();
            let bytes = number.to_unscaled();
            assert_eq!(Decimal::from_unscaled(&bytes, number.scale).to_text(), text);
        }
    }

    #[test]
    fn parses_what_the_constructor_takes() {
        for (text, expected) in [
            ("+1.50", Some("1.50")),
            ("1.", Some("1")),
            (".5", Some("0.5")),
            ("1e3", Some("1E+3")),
            ("-0.00", Some("0.00")),
            ("00012", Some("12")),
            ("1e", None),
            ("", None),
            ("+", None),
            ("1_0", None),
            ("1.2.3", None),
            ("e5", None),
        ] {
            let parsed = Decimal::parse(text).map(|number| number.to_text());
            assert_eq!(parsed.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn another_scale_loses_nothing() {
        let with_scale = |text: &str, scale| {
            Decimal::parse(text)
                .unwrap()
                .with_scale(scale)
                .map(|number| number.to_text())
        };
        assert_eq!(with_scale("1.5", 3).as_deref(), Some("1.500"));
        assert_eq!(with_scale("1.500", 1).as_deref(), Some("1.5"));
        assert_eq!(with_scale("1.55", 1), None);
        assert_eq!(with_scale("0.01", 0), None);
    }
}
