//! Writing one value in its form.

use connect_api::data::{Struct, Value};

use super::form::Form;
use super::temporal::{self, Calendar, DateStyle, Eras, Moment};
use super::zone::Zone;
use super::{Unit, decimal};

/// Where a row's values go, in the target's own syntax.
pub(crate) trait Cells {
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn integer(&mut self, value: i64);
    fn unsigned(&mut self, value: u64);
    fn float32(&mut self, value: f32) -> Result<(), String>;
    fn float64(&mut self, value: f64) -> Result<(), String>;
    /// Digits that stand as they are.
    fn number(&mut self, digits: &[u8]);
    /// ASCII without anything to escape: dates, bits.
    fn plain(&mut self, text: &[u8]);
    fn text(&mut self, text: &str) -> Result<(), String>;
    fn bytes(&mut self, bytes: &[u8]);
    fn eras(&self) -> Eras;

    /// A number of `scale` digits after the point.
    fn decimal(&mut self, unscaled: &[u8], scale: i32, scratch: &mut Vec<u8>) {
        scratch.clear();
        decimal::append(scratch, unscaled, scale);
        self.number(scratch);
    }

    fn date(&mut self, days: i64, style: DateStyle, scratch: &mut Vec<u8>) {
        scratch.clear();
        temporal::append_date(scratch, days, style);
        self.plain(scratch);
    }

    /// A time of day, or a duration.
    fn time(&mut self, nanos: i64, digits: u32, scratch: &mut Vec<u8>) {
        scratch.clear();
        temporal::append_time(scratch, nanos, digits);
        self.plain(scratch);
    }

    /// What clocks in `zone` show.
    fn timestamp(&mut self, moment: Moment, zone: &Zone, style: DateStyle, scratch: &mut Vec<u8>) {
        scratch.clear();
        temporal::append_timestamp(scratch, moment, zone, style);
        self.plain(scratch);
    }
}

/// What all values of a task have in common.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    /// `db.timezone`, for instants.
    pub(crate) zone: Zone,
    /// The zone of Connect's `Date`.
    pub(crate) date_zone: Zone,
    /// The zone of Connect's `Timestamp` and `Time`.
    pub(crate) connect_zone: Zone,
    pub(crate) calendar: Calendar,
}

/// Writes `value`; the error says why it does not fit.
pub(crate) fn encode(
    form: &Form,
    value: &Value,
    style: &Style,
    out: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Result<(), String> {
    match (form, value) {
        (_, Value::Null) => out.null(),
        (Form::Boolean, Value::Boolean(value)) => out.boolean(*value),
        (Form::BooleanNumber, Value::Boolean(value)) => out.integer((*value).into()),
        (Form::Float32, Value::Float32(value)) => return out.float32(*value),
        (Form::Float64, Value::Float64(value)) => return out.float64(*value),
        (Form::Text, Value::String(text)) => return out.text(text),
        (Form::Bytes, Value::Bytes(bytes)) => out.bytes(bytes),
        (Form::Decimal(scale), Value::Bytes(unscaled)) => out.decimal(unscaled, *scale, scratch),
        (Form::VariableDecimal, Value::Struct(value)) => {
            return variable_decimal(value, out, scratch);
        }
        (Form::BitString { length }, Value::Bytes(bytes)) => {
            scratch.clear();
            bit_string(bytes, *length, scratch);
            out.plain(scratch);
        }
        (Form::BitNumber, Value::Bytes(bytes)) => out.unsigned(bit_number(bytes)?),
        (Form::Wkb, Value::Struct(value)) => match value.get("wkb") {
            Some(Value::Bytes(bytes)) => out.bytes(bytes),
            _ => out.null(),
        },
        (Form::Array(items), Value::Array(values)) => {
            let mut text = String::new();
            array_text(items, values, style, &mut text)?;
            return out.text(&text);
        }
        (Form::TimestampText { unit }, Value::String(text)) => {
            let number = text
                .trim()
                .parse()
                .map_err(|_| format!("'{text}' is not a number of the epoch"))?;
            timestamp(number, *unit, &style.connect_zone, style, out, scratch);
        }
        (Form::ZonedTimestamp, Value::String(text)) => {
            return zoned_timestamp(text, style, out, scratch);
        }
        (Form::ZonedTime, Value::String(text)) => {
            let end = text.find(['Z', '+', '-']).unwrap_or(text.len());
            out.plain(&text.as_bytes()[..end]);
        }
        (form, value) => {
            let Some(number) = value.as_i64() else {
                return Err(mismatch(form, value));
            };
            return integer(form, number, style, out, scratch);
        }
    }
    Ok(())
}

fn mismatch(form: &Form, value: &Value) -> String {
    let kind = value.kind().map_or("null", |kind| kind.name());
    format!("a value of type {kind} where {form:?} is expected")
}

/// The forms of integers, temporal ones among them.
fn integer(
    form: &Form,
    number: i64,
    style: &Style,
    out: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Result<(), String> {
    match form {
        Form::Integer => out.integer(number),
        Form::IntegerBoolean => out.boolean(number != 0),
        Form::Millis { nanos } => {
            let millis = i128::from(number) * i128::from(*nanos) / 1_000_000;
            out.integer(i64::try_from(millis).map_err(|_| format!("{number} is out of range"))?);
        }
        Form::Date { zoned } => {
            let mut days = number;
            let mut dates = DateStyle::iso(out.eras());
            if *zoned {
                days += style
                    .date_zone
                    .offset_at(number.saturating_mul(86_400))
                    .div_euclid(86_400);
                dates.calendar = style.calendar;
            }
            check_days(days)?;
            out.date(days, dates, scratch);
        }
        Form::Time { unit, zoned } => {
            let mut nanos = number
                .checked_mul(unit.nanos())
                .ok_or_else(|| format!("{number} is no time"))?;
            if *zoned && style.connect_zone != Zone::UTC {
                let shift = style.connect_zone.offset_at(0) * 1_000_000_000;
                nanos = (nanos + shift).rem_euclid(86_400_000_000_000);
            }
            out.time(nanos, unit.digits(), scratch);
        }
        Form::Timestamp { unit, zoned } => {
            let zone = if *zoned {
                &style.connect_zone
            } else {
                &Zone::UTC
            };
            check_days(number / (86_400_000_000_000 / unit.nanos()))?;
            let calendar = if *zoned {
                style.calendar
            } else {
                Calendar::Proleptic
            };
            let style = Style {
                calendar,
                ..Style::UTC
            };
            timestamp(number, *unit, zone, &style, out, scratch);
        }
        _ => return Err(format!("an integer where {form:?} is expected")),
    }
    Ok(())
}

impl Style {
    pub(crate) const UTC: Style = Style {
        zone: Zone::UTC,
        date_zone: Zone::UTC,
        connect_zone: Zone::UTC,
        calendar: Calendar::Proleptic,
    };
}

/// No database has dates beyond; ours are computed with room to spare.
fn check_days(days: i64) -> Result<(), String> {
    if days.abs() > 3_000_000_000 {
        return Err(format!("day {days} of the epoch is out of range"));
    }
    Ok(())
}

fn timestamp(
    number: i64,
    unit: Unit,
    zone: &Zone,
    style: &Style,
    out: &mut impl Cells,
    scratch: &mut Vec<u8>,
) {
    // What no database keeps is rounded, as the JDBC drivers do it.
    let (number, nanos_each) = if unit == Unit::Nanos {
        (number.saturating_add(500).div_euclid(1000), 1000)
    } else {
        (number, unit.nanos())
    };
    let per_second = 1_000_000_000 / nanos_each;
    let seconds = number.div_euclid(per_second);
    let nanos = (number.rem_euclid(per_second) * nanos_each) as u32;
    let dates = DateStyle {
        calendar: style.calendar,
        eras: out.eras(),
    };
    let moment = Moment {
        seconds,
        nanos,
        digits: unit.digits(),
    };
    out.timestamp(moment, zone, dates, scratch);
}

fn zoned_timestamp(
    text: &str,
    style: &Style,
    out: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Result<(), String> {
    let instant: jiff::Timestamp = text
        .parse()
        .map_err(|_| format!("'{text}' is no timestamp with an offset"))?;
    let (mut seconds, mut nanos) = (instant.as_second(), instant.subsec_nanosecond());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    let dates = DateStyle::iso(out.eras());
    let moment = Moment {
        seconds,
        nanos: nanos as u32,
        digits: 6,
    };
    out.timestamp(moment, &style.zone, dates, scratch);
    Ok(())
}

fn variable_decimal(
    value: &Struct,
    out: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Result<(), String> {
    let scale = value.get("scale").and_then(Value::as_i64);
    let (Some(scale), Some(Value::Bytes(unscaled))) = (scale, value.get("value")) else {
        return Err("a VariableScaleDecimal without scale or value".to_owned());
    };
    let scale = i32::try_from(scale).map_err(|_| format!("scale {scale} is out of range"))?;
    out.decimal(unscaled, scale, scratch);
    Ok(())
}

/// Debezium's `Bits` are little-endian: the last byte holds the first digits.
fn bit_string(bytes: &[u8], length: Option<u32>, out: &mut Vec<u8>) {
    let bit = |index: usize| {
        bytes
            .get(index / 8)
            .is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    };
    let length = length.map_or_else(
        || {
            (0..bytes.len() * 8)
                .rev()
                .find(|&index| bit(index))
                .map_or(1, |last| last + 1)
        },
        |length| length as usize,
    );
    out.extend(
        (0..length)
            .rev()
            .map(|index| if bit(index) { b'1' } else { b'0' }),
    );
}

fn bit_number(bytes: &[u8]) -> Result<u64, String> {
    let mut eight = [0; 8];
    let used = bytes.len() - bytes.iter().rev().take_while(|&&byte| byte == 0).count();
    eight
        .get_mut(..used)
        .ok_or_else(|| format!("{used} bytes of bits, of which at most 8 fit"))?
        .copy_from_slice(&bytes[..used]);
    Ok(u64::from_le_bytes(eight))
}

/// Appends an array as PostgreSQL reads it: `{1,NULL,"a\"b"}`.
fn array_text(
    items: &Form,
    values: &[Value],
    style: &Style,
    out: &mut String,
) -> Result<(), String> {
    out.push('{');
    let mut scratch = Vec::new();
    for (position, value) in values.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        if let (Form::Array(inner), Value::Array(values)) = (items, value) {
            array_text(inner, values, style, out)?;
        } else {
            encode(items, value, style, &mut ArrayItem(out), &mut scratch)?;
        }
    }
    out.push('}');
    Ok(())
}

/// One item of an array's text.
struct ArrayItem<'t>(&'t mut String);

impl ArrayItem<'_> {
    fn ascii(&mut self, text: &[u8]) {
        self.0.extend(text.iter().map(|&byte| char::from(byte)));
    }
}

impl Cells for ArrayItem<'_> {
    fn null(&mut self) {
        self.0.push_str("NULL");
    }

    fn boolean(&mut self, value: bool) {
        self.0.push(if value { 't' } else { 'f' });
    }

    fn integer(&mut self, value: i64) {
        self.0.push_str(itoa::Buffer::new().format(value));
    }

    fn unsigned(&mut self, value: u64) {
        self.0.push_str(itoa::Buffer::new().format(value));
    }

    fn float32(&mut self, value: f32) -> Result<(), String> {
        self.0.push_str(&value.to_string());
        Ok(())
    }

    fn float64(&mut self, value: f64) -> Result<(), String> {
        self.0.push_str(&value.to_string());
        Ok(())
    }

    fn number(&mut self, digits: &[u8]) {
        self.ascii(digits);
    }

    fn plain(&mut self, text: &[u8]) {
        self.0.push('"');
        self.ascii(text);
        self.0.push('"');
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        self.0.push('"');
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                self.0.push('\\');
            }
            self.0.push(character);
        }
        self.0.push('"');
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.push_str("\"\\\\x");
        let mut hex = Vec::with_capacity(bytes.len() * 2);
        append_hex(&mut hex, bytes);
        self.ascii(&hex);
        self.0.push('"');
    }

    fn eras(&self) -> Eras {
        Eras::Bc
    }
}

/// Appends two digits for each byte.
pub(crate) fn append_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}
