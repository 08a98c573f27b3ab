//! Defaults of columns as defaults of schemas (`BinlogDefaultValueConverter`).

use bytes::Bytes;

use connect_api::data::Value;

use super::datum::Slice;
use super::kind::little_endian;
use super::temporal::{self, DateTime, MICROS_PER_DAY, MICROS_PER_SECOND};
use super::{Arena, Datum, Kind, ValueError};
use crate::tables::Column;

/// The value of a default as it stands in the DDL (none if it has none that the schema could
/// carry: a null or a zero date of a column that may be null).
pub(crate) fn default_value(
    column: &Column,
    kind: &Kind,
    adjust_years: bool,
    arena: &mut Arena,
) -> Result<Option<Value>, ValueError> {
    let Some(expression) = column.default_value_expression.as_deref() else {
        return Ok(None);
    };
    let expression = match kind {
        Kind::Text(_) | Kind::Binary { .. } | Kind::Enum(_) | Kind::Set(_) | Kind::Json => {
            without_introducer(expression)
        }
        _ => without_introducer(expression.trim()),
    };
    let number = || ValueError::Number {
        value: expression.to_owned(),
    };
    Ok(Some(match kind {
        Kind::Int16 | Kind::Int32 | Kind::Int64 | Kind::UnsignedDecimal | Kind::Year => {
            return integer(expression, kind, adjust_years, arena).map(Some);
        }
        Kind::Float32 => Value::Float32(double(expression).ok_or_else(number)? as f32),
        Kind::Float64 => Value::Float64(double(expression).ok_or_else(number)?),
        Kind::Decimal(target) => {
            let digits = boolean(expression).unwrap_or(expression);
            target.text_value(digits.as_bytes(), arena)?
        }
        Kind::Boolean => Value::Boolean(is_true(expression)),
        Kind::Bits(bits) => Value::Bytes(bit_string(expression, *bits).ok_or_else(number)?),
        Kind::Date(_) | Kind::DateTime(_) => {
            return Ok(date_time(column, kind, expression, adjust_years, arena));
        }
        Kind::Timestamp(digits) => return Ok(timestamp(column, expression, *digits, arena)),
        Kind::Time(target) => {
            let clock = expression.rsplit(' ').next().unwrap_or(expression);
            target.value(parse_time(clock).ok_or_else(number)?, arena)?
        }
        Kind::Text(_) | Kind::Enum(_) | Kind::Set(_) | Kind::Json => {
            Value::from(expression.to_owned())
        }
        Kind::Binary { mode, .. } => {
            let bytes = Bytes::copy_from_slice(expression.as_bytes());
            let unpadded = Kind::Binary {
                mode: *mode,
                padded: None,
            };
            let datum = Datum::Bytes(Slice::whole(&bytes));
            unpadded.value(datum, adjust_years, arena)?
        }
        // MySQL takes no literal defaults of these types.
        Kind::Geometry | Kind::Point | Kind::Vector => return Ok(None),
    }))
}

/// `_utf8mb4'text'` is `text`.
fn without_introducer(expression: &str) -> &str {
    let Some(rest) = expression.strip_prefix('_') else {
        return expression;
    };
    let Some((charset, quoted)) = rest.split_once('\'') else {
        return expression;
    };
    if charset.is_empty() || !charset.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return expression;
    }
    quoted.strip_suffix('\'').unwrap_or(expression)
}

/// `true` and `false` are numbers in MySQL.
fn boolean(expression: &str) -> Option<&'static str> {
    if expression.eq_ignore_ascii_case("true") {
        return Some("1");
    }
    expression.eq_ignore_ascii_case("false").then_some("0")
}

fn is_true(expression: &str) -> bool {
    match expression.parse::<i64>() {
        Ok(number) => number != 0,
        Err(_) => expression.eq_ignore_ascii_case("true"),
    }
}

fn double(expression: &str) -> Option<f64> {
    boolean(expression).unwrap_or(expression).parse().ok()
}

fn integer(
    expression: &str,
    kind: &Kind,
    adjust_years: bool,
    arena: &mut Arena,
) -> Result<Value, ValueError> {
    let text = boolean(expression).unwrap_or(expression);
    let invalid = || ValueError::Number {
        value: expression.to_owned(),
    };
    if let (Kind::UnsignedDecimal, Ok(number)) = (kind, text.parse::<u64>()) {
        return Ok(super::decimal::unsigned(number, arena));
    }
    let number = match text.parse::<i64>() {
        Ok(number) => number,
        // As Java's `Math.round` does: halves go up, and what is too large becomes the largest.
        Err(_) => (text.parse::<f64>().map_err(|_| invalid())? + 0.5).floor() as i64,
    };
    Ok(match kind {
        Kind::Int16 => Value::Int16(number as i16),
        Kind::Int32 => Value::Int32(number as i32),
        Kind::Year => Value::Int32(year(number, adjust_years)),
        Kind::UnsignedDecimal => super::decimal::unsigned(number.max(0) as u64, arena),
        _ => Value::Int64(number),
    })
}

/// A default of `YEAR` may be written with two digits, which MySQL keeps in the DDL.
fn year(number: i64, adjust: bool) -> i32 {
    match u16::try_from(number) {
        Ok(year @ 1..=99) if adjust => temporal::adjusted_year(year).into(),
        _ => number as i32,
    }
}

/// The digits of `b'101'`.
fn bit_string(expression: &str, bits: usize) -> Option<Bytes> {
    let number = u64::from_str_radix(boolean(expression).unwrap_or(expression), 2).ok()?;
    let bytes = number.to_be_bytes();
    let needed = bits.div_ceil(8).min(bytes.len());
    Some(little_endian(&bytes[bytes.len() - needed..], bits))
}

fn date_time(
    column: &Column,
    kind: &Kind,
    expression: &str,
    adjust_years: bool,
    arena: &mut Arena,
) -> Option<Value> {
    let parsed = parse_date_time(expression).filter(|_| expression != "0");
    let value = parsed.and_then(|datetime| {
        let value = kind.value(Datum::DateTime(datetime), adjust_years, arena);
        value.ok().filter(|value| !value.is_null())
    });
    if value.is_none() && !column.optional {
        return Some(kind.fallback(arena));
    }
    value
}

fn timestamp(column: &Column, expression: &str, digits: usize, arena: &mut Arena) -> Option<Value> {
    let parsed = parse_date_time(expression);
    let normalized = parsed.and_then(|datetime| datetime.normalized(false).ok().flatten());
    match normalized.map(DateTime::epoch_micros) {
        // `1970-01-01 00:00:00` is what the DDL parser puts for CURRENT_TIMESTAMP.
        None | Some(0) if column.optional => None,
        None | Some(0) => Some(Value::from("1970-01-01T00:00:00Z")),
        Some(micros) => Some(Value::String(
            arena.text(temporal::zoned(micros, Some(digits)).as_str()),
        )),
    }
}

/// `[-]h:m[:s[.f]]` in microseconds.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let seconds: i64 = parts.next().unwrap_or("0").parse().ok()?;
    if parts.next().is_some() || hours > 838 || minutes > 59 || seconds > 59 {
        return None;
    }
    let micros = ((hours * 60 + minutes) * 60 + seconds) * MICROS_PER_SECOND + micros_of(fraction)?;
    Some(if negative { -micros } else { micros })
}

/// `y-m-d[ h:m:s[.f]]`; its parts may be zero.
pub(crate) fn parse_date_time(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = date.split(|c: char| !c.is_ascii_digit());
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    let micros = if time.is_empty() {
        0
    } else {
        parse_time(time)?
    };
    let valid = parts.next().is_none() && month <= 12 && (0..MICROS_PER_DAY).contains(&micros);
    valid.then_some(DateTime {
        year,
        month,
        day,
        micros,
    })
}

fn micros_of(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut micros = 0;
    for place in 0..6 {
        let digit = fraction.as_bytes().get(place).map_or(0, |byte| byte - b'0');
        micros = micros * 10 + i64::from(digit);
    }
    Some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn introducers_go() {
        assert_eq!(without_introducer("_utf8mb4'a'"), "a");
        assert_eq!(without_introducer("_x"), "_x");
        assert_eq!(without_introducer("it''s"), "it''s");
    }

    #[test]
    fn times_and_dates_are_read() {
        assert_eq!(parse_time("10:11:12.345"), Some(36_672_345_000));
        assert_eq!(parse_time("-00:00:01"), Some(-1_000_000));
        assert_eq!(parse_time("838:59:59"), Some(3_020_399_000_000));
        assert_eq!(parse_time("10:11"), Some(36_660_000_000));
        assert_eq!(parse_time("nonsense"), None);
        let zero = parse_date_time("0000-00-00 00:00:00").unwrap();
        assert_eq!(zero, DateTime::default());
        let full = parse_date_time("2020-01-02 03:04:05.6").unwrap();
        assert_eq!(full.epoch_micros(), 1_577_934_245_600_000);
        assert_eq!(parse_date_time("2020-13-01"), None);
    }

    #[test]
    fn bit_strings_are_little_endian() {
        assert_eq!(bit_string("101", 10).unwrap(), &[5, 0][..]);
        assert_eq!(bit_string("1000000001", 10).unwrap(), &[1, 2][..]);
        assert!(bit_string("12", 10).is_none());
    }
}
