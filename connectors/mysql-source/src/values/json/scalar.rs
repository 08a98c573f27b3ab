use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::values::decimal::{self, DecimalTarget};
use crate::values::{Arena, DecimalMode, ValueError};
use connect_api::data::Value;

// Of `enum_field_types`: the types of opaque values that have a text of their own.
const TYPE_TIMESTAMP: u8 = 7;
const TYPE_DATE: u8 = 10;
const TYPE_TIME: u8 = 11;
const TYPE_DATETIME: u8 = 12;
const TYPE_NEWDECIMAL: u8 = 246;

type Written = Result<(), ValueError>;

pub(super) fn write_literal(literal: u8, out: &mut String) -> Written {
    out.push_str(match literal {
        0 => "null",
        1 => "true",
        2 => "false",
        _ => return Err(ValueError::Json("it has an unknown literal")),
    });
    Ok(())
}

pub(super) fn write_integer(number: impl itoa::Integer, out: &mut String) -> Written {
    out.push_str(itoa::Buffer::new().format(number));
    Ok(())
}

/// As Java's `Double.toString` where that has no exponent, else all digits of the binary number
/// (`JsonStringFormatter.value(double)`).
pub(super) fn write_double(number: f64, out: &mut String) -> Written {
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        // Rust's shortest digits are Java's; `{:?}` keeps the `.0` of whole numbers.
        return put(out, format_args!("{number:?}"));
    }
    if magnitude >= 9_007_199_254_740_992.0 {
        return put(out, format_args!("{number:.0}"));
    }
    // No double has more fractional digits.
    let digits = format!("{number:.1074}");
    out.push_str(digits.trim_end_matches('0').trim_end_matches('.'));
    Ok(())
}

/// Quoted, with JSON's escapes (`JsonStringFormatter.appendString`).
pub(super) fn write_string(bytes: &[u8], out: &mut String) -> Written {
    let text = String::from_utf8_lossy(bytes);
    out.push('"');
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[start..at]);
        start = at + 1;
        write_escape(byte, out)?;
    }
    out.push_str(&text[start..]);
    out.push('"');
    Ok(())
}

fn write_escape(byte: u8, out: &mut String) -> Written {
    let letter = match byte {
        b'"' => '"',
        b'\\' => '\\',
        0x08 => 'b',
        0x0c => 'f',
        b'\n' => 'n',
        b'\r' => 'r',
        b'\t' => 't',
        other => return put(out, format_args!("\\u{other:04X}")),
    };
    out.extend(['\\', letter]);
    Ok(())
}

/// A value of a type that JSON does not have: decimals as numbers, dates and times as texts, all
/// else in base64.
pub(super) fn write_opaque(kind: u8, bytes: &[u8], out: &mut String) -> Written {
    match kind {
        TYPE_NEWDECIMAL => write_decimal(bytes, out),
        TYPE_DATE | TYPE_DATETIME | TYPE_TIMESTAMP => write_datetime(kind, packed(bytes)?, out),
        TYPE_TIME => write_time(packed(bytes)?, out),
        _ => {
            out.push('"');
            BASE64_STANDARD.encode_string(bytes, out);
            out.push('"');
            Ok(())
        }
    }
}

fn write_decimal(bytes: &[u8], out: &mut String) -> Written {
    let malformed = ValueError::Json("a decimal is malformed");
    let [precision, scale, digits @ ..] = bytes else {
        return Err(malformed);
    };
    let Some(integral) = precision.checked_sub(*scale).filter(|_| *precision <= 65) else {
        return Err(malformed);
    };
    if digits.len() != decimal::binary_length(integral, *scale) {
        return Err(malformed);
    }
    let target = DecimalTarget {
        mode: DecimalMode::String,
        precision: 65,
        scale: *scale,
    };
    if let Value::String(text) = target.binary_value(digits, integral, *scale, &mut Arena::new()) {
        out.push_str(&text);
    }
    Ok(())
}

fn packed(bytes: &[u8]) -> Result<i64, ValueError> {
    let bytes = <[u8; 8]>::try_from(bytes);
    bytes
        .map(i64::from_le_bytes)
        .map_err(|_| ValueError::Json("a date or time is malformed"))
}

/// `TIME_from_longlong_datetime_packed` of MySQL's `sql-common/my_time.cc`: 17 bits of year and
/// month, five each of day and hour, six each of minute and second, 24 of microseconds.
fn write_datetime(kind: u8, packed: i64, out: &mut String) -> Written {
    let value = packed.unsigned_abs();
    let micros = value & 0xff_ffff;
    let (date, time) = (value >> 41, value >> 24 & 0x1_ffff);
    let (year, month, day) = ((date >> 5) / 13, (date >> 5) % 13, date & 31);
    put(out, format_args!("\"{year:04}-{month:02}-{day:02}"))?;
    if kind != TYPE_DATE {
        out.push(' ');
        write_clock(time >> 12, time >> 6 & 63, time & 63, out)?;
        write_fraction(micros, out)?;
    }
    out.push('"');
    Ok(())
}

/// `TIME_from_longlong_time_packed`: ten bits of hour, six each of minute and second, 24 of
/// microseconds.
fn write_time(packed: i64, out: &mut String) -> Written {
    let value = packed.unsigned_abs();
    let time = value >> 24;
    out.push_str(if packed < 0 { "\"-" } else { "\"" });
    write_clock(time >> 12 & 0x3ff, time >> 6 & 63, time & 63, out)?;
    write_fraction(value & 0xff_ffff, out)?;
    out.push('"');
    Ok(())
}

fn write_clock(hour: u64, minute: u64, second: u64, out: &mut String) -> Written {
    put(out, format_args!("{hour:02}:{minute:02}:{second:02}"))
}

fn write_fraction(micros: u64, out: &mut String) -> Written {
    if micros == 0 {
        return Ok(());
    }
    let digits = format!("{micros:06}");
    put(out, format_args!(".{}", digits.trim_end_matches('0')))
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) -> Written {
    out.write_fmt(text)
        .map_err(|_| ValueError::Json("it cannot be written"))
}
