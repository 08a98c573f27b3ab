//! Java's conversions between numbers.

use connect_api::java::decimal::Decimal;

/// `BigDecimal.longValue`: the integer part's low 64 bits.
pub(crate) fn decimal_to_i64(number: &Decimal) -> i64 {
    let digits = number.digits.as_bytes();
    let scale = i64::from(number.scale);
    let whole = i64::try_from(digits.len()).unwrap_or(i64::MAX) - scale;
    // 2⁶⁴ divides 10⁶⁴: whatever has that many zeros has no low bits.
    if whole <= 0 || scale <= -64 {
        return 0;
    }
    let whole = usize::try_from(whole).unwrap_or(0);
    let magnitude = (0..whole).fold(0_u64, |sum, position| {
        let digit = digits.get(position).map_or(0, |digit| digit - b'0');
        sum.wrapping_mul(10).wrapping_add(u64::from(digit))
    });
    let value = magnitude.cast_signed();
    if number.negative {
        value.wrapping_neg()
    } else {
        value
    }
}

/// `BigDecimal.doubleValue`.
pub(crate) fn decimal_to_f64(number: &Decimal) -> f64 {
    // Rust's parser takes whatever this writes.
    number.to_text().parse().unwrap_or(f64::NAN)
}

/// `Long.parseLong`: an optional sign, and decimal digits of any script.
pub(crate) fn parse_i64(text: &str) -> Option<i64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    if text.is_ascii() {
        return None;
    }
    let signed = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut ascii = String::with_capacity(text.len());
    ascii.push_str(&text[..text.len() - signed.len()]);
    for char in signed.chars() {
        ascii.push(char::from_digit(digit(char)?, 10)?);
    }
    ascii.parse().ok()
}

/// The zeros of the scripts whose ten digits follow each other (Unicode's
/// category Nd, plane 0).
const ZEROS: [u32; 37] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
];

fn digit(char: char) -> Option<u32> {
    let code = u32::from(char);
    let mut zeros = ZEROS.iter();
    zeros
        .find(|zero| (**zero..**zero + 10).contains(&code))
        .map(|zero| code - zero)
}

/// `Double.parseDouble`.
pub(crate) fn parse_f64(text: &str) -> Option<f64> {
    match float_text(text)? {
        FloatText::Decimal(text) => text.parse().ok(),
        FloatText::Other(value) => Some(value),
    }
}

/// `Float.parseFloat`.
#[expect(clippy::cast_possible_truncation, reason = "what is meant")]
pub(crate) fn parse_f32(text: &str) -> Option<f32> {
    match float_text(text)? {
        FloatText::Decimal(text) => text.parse().ok(),
        FloatText::Other(value) => Some(value as f32),
    }
}

enum FloatText<'t> {
    /// What Rust's parser reads as Java's does.
    Decimal(&'t str),
    Other(f64),
}

/// What Java takes as a floating-point number: white space around it, a letter
/// for its type after it, and hexadecimal digits.
fn float_text(text: &str) -> Option<FloatText<'_>> {
    let text = text.trim_matches(|char: char| char <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        "NaN" => return Some(FloatText::Other(f64::NAN)),
        "Infinity" => return Some(FloatText::Other(sign * f64::INFINITY)),
        _ => {}
    }
    let without_type =
        |text: &'_ str| text.len() - usize::from(text.ends_with(['f', 'F', 'd', 'D']));
    if let Some(hex) = unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"))
    {
        return hex_float(&hex[..without_type(hex)]).map(|value| FloatText::Other(sign * value));
    }
    let text = &text[..without_type(text)];
    let is_number_char = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E');
    text.bytes()
        .all(is_number_char)
        .then_some(FloatText::Decimal(text))
}

/// Hexadecimal digits, perhaps with a point, `p`, and an exponent of two.
fn hex_float(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for char in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(char.to_digit(16)?);
    }
    let shift = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(value * 2_f64.powi(exponent.checked_sub(shift)?))
}
