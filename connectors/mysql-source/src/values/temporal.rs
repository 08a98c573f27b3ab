//! Dates and times in each of the representations of `time.precision.mode`
//! (`io.debezium.time`, `io.debezium.jdbc.TemporalPrecisionMode`).

use std::fmt::Write;

use connect_api::data::{SchemaBuilder, Type, Value, logical};
use connect_api::java::calendar::{gregorian_date, gregorian_day};

use super::datum::ValueError;
use super::{Arena, TimeMode};

pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(crate) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// A date and time as MySQL stores it, any part of which may be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DateTime {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
    /// The time of day.
    pub(crate) micros: i64,
}

impl DateTime {
    /// What the modes make of it; none for a date with a zero in it, which Debezium takes as
    /// null. A year of two digits means one of 1970 to 2069 when `adjust` says so
    /// (`enable.time.adjuster`).
    #[inline]
    pub(crate) fn normalized(mut self, adjust: bool) -> Result<Option<Self>, ValueError> {
        if self.year == 0 || self.month == 0 || self.day == 0 {
            return Ok(None);
        }
        if self.day > days_in_month(self.year, self.month) {
            let Self {
                year, month, day, ..
            } = self;
            return Err(ValueError::Date {
                value: format!("{year:04}-{month:02}-{day:02}"),
            });
        }
        if adjust {
            self.year = adjusted_year(self.year);
            // February 29 may have gone with the century.
            self.day = self.day.min(days_in_month(self.year, self.month));
        }
        Ok(Some(self))
    }

    /// Days of the epoch.
    #[inline]
    pub(crate) fn days(self) -> i64 {
        gregorian_day(self.year.into(), self.month.into(), self.day.into())
    }

    /// Microseconds of the epoch.
    #[inline]
    pub(crate) fn epoch_micros(self) -> i64 {
        self.days() * MICROS_PER_DAY + self.micros
    }
}

/// Years of two digits (`BinlogValueConverters.adjustTemporal`).
#[inline]
pub(crate) fn adjusted_year(year: u16) -> u16 {
    match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    }
}

#[inline]
fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

/// How `DATE` is represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateTarget {
    Days,
    ConnectDate,
    Iso,
}

impl DateTarget {
    pub(crate) fn of(mode: TimeMode) -> Self {
        match mode {
            TimeMode::Connect => Self::ConnectDate,
            TimeMode::IsoString => Self::Iso,
            _ => Self::Days,
        }
    }

    pub(crate) fn schema(self) -> SchemaBuilder {
        match self {
            Self::Days => semantic(Type::Int32, "io.debezium.time.Date"),
            Self::ConnectDate => logical::date(),
            Self::Iso => semantic(Type::String, "io.debezium.time.IsoDate"),
        }
    }

    /// `days` are of the epoch.
    pub(crate) fn value(self, days: i64, arena: &mut Arena) -> Value {
        match self {
            // MySQL's years end with 9999.
            Self::Days | Self::ConnectDate => Value::Int32(days as i32),
            Self::Iso => {
                let mut text = Stamp::default();
                text.date(days);
                text.push('Z');
                Value::String(arena.text(text.as_str()))
            }
        }
    }
}

/// How `TIME` is represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeTarget {
    Millis,
    Micros,
    Nanos,
    ConnectTime,
    Iso,
}

impl TimeTarget {
    pub(crate) fn of(mode: TimeMode, precision: i32) -> Self {
        match mode {
            TimeMode::AdaptiveTimeMicroseconds | TimeMode::Microseconds => Self::Micros,
            TimeMode::Adaptive if precision <= 3 => Self::Millis,
            TimeMode::Adaptive => Self::Micros,
            TimeMode::Nanoseconds => Self::Nanos,
            TimeMode::Connect => Self::ConnectTime,
            TimeMode::IsoString => Self::Iso,
        }
    }

    pub(crate) fn schema(self) -> SchemaBuilder {
        match self {
            Self::Millis => semantic(Type::Int32, "io.debezium.time.Time"),
            Self::Micros => semantic(Type::Int64, "io.debezium.time.MicroTime"),
            Self::Nanos => semantic(Type::Int64, "io.debezium.time.NanoTime"),
            Self::ConnectTime => logical::time(),
            Self::Iso => semantic(Type::String, "io.debezium.time.IsoTime"),
        }
    }

    pub(crate) fn value(self, micros: i64, arena: &mut Arena) -> Result<Value, ValueError> {
        Ok(match self {
            // MySQL's times end with 838:59:59.
            Self::Millis => Value::Int32((micros / 1_000) as i32),
            Self::Micros => Value::Int64(micros),
            Self::Nanos => Value::Int64(micros * 1_000),
            Self::ConnectTime => {
                time_of_day(micros, "connect")?;
                Value::Int32((micros / 1_000) as i32)
            }
            Self::Iso => {
                time_of_day(micros, "isostring")?;
                let mut text = Stamp::default();
                text.time(micros % MICROS_PER_DAY, None);
                text.push('Z');
                Value::String(arena.text(text.as_str()))
            }
        })
    }
}

fn time_of_day(micros: i64, mode: &'static str) -> Result<(), ValueError> {
    if (0..=MICROS_PER_DAY).contains(&micros) {
        return Ok(());
    }
    Err(ValueError::TimeOfDay {
        value: time_text(micros),
        mode,
    })
}

fn time_text(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let seconds = micros / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!(
        "{sign}{hours:02}:{minutes:02}:{seconds:02}.{:06}",
        micros % 1_000_000
    )
}

/// How `DATETIME` is represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateTimeTarget {
    Millis,
    Micros,
    Nanos,
    ConnectTimestamp,
    Iso,
}

impl DateTimeTarget {
    pub(crate) fn of(mode: TimeMode, precision: i32) -> Self {
        match mode {
            TimeMode::AdaptiveTimeMicroseconds | TimeMode::Adaptive if precision <= 3 => {
                Self::Millis
            }
            TimeMode::AdaptiveTimeMicroseconds | TimeMode::Adaptive | TimeMode::Microseconds => {
                Self::Micros
            }
            TimeMode::Nanoseconds => Self::Nanos,
            TimeMode::Connect => Self::ConnectTimestamp,
            TimeMode::IsoString => Self::Iso,
        }
    }

    pub(crate) fn schema(self) -> SchemaBuilder {
        match self {
            Self::Millis => semantic(Type::Int64, "io.debezium.time.Timestamp"),
            Self::Micros => semantic(Type::Int64, "io.debezium.time.MicroTimestamp"),
            Self::Nanos => semantic(Type::Int64, "io.debezium.time.NanoTimestamp"),
            Self::ConnectTimestamp => logical::timestamp(),
            Self::Iso => semantic(Type::String, "io.debezium.time.IsoTimestamp"),
        }
    }

    /// `micros` are of the epoch.
    pub(crate) fn value(self, micros: i64, arena: &mut Arena) -> Value {
        match self {
            Self::Millis | Self::ConnectTimestamp => Value::Int64(micros.div_euclid(1_000)),
            Self::Micros => Value::Int64(micros),
            // Java's arithmetic wraps around, too, outside the years 1677 to 2262.
            Self::Nanos => Value::Int64(micros.wrapping_mul(1_000)),
            Self::Iso => Value::String(arena.text(zoned(micros, None).as_str())),
        }
    }
}

/// `io.debezium.time.ZonedTimestamp`, which `TIMESTAMP` is in all modes.
pub(crate) fn zoned_timestamp_schema() -> SchemaBuilder {
    semantic(Type::String, "io.debezium.time.ZonedTimestamp")
}

/// An ISO 8601 timestamp in UTC with so many fractional digits, or with as many as it needs.
pub(crate) fn zoned(micros: i64, digits: Option<usize>) -> Stamp {
    let mut text = Stamp::default();
    text.date(micros.div_euclid(MICROS_PER_DAY));
    text.push('T');
    text.time(micros.rem_euclid(MICROS_PER_DAY), digits);
    text.push('Z');
    text
}

fn semantic(kind: Type, name: &'static str) -> SchemaBuilder {
    SchemaBuilder::new(kind).name(name).version(1)
}

/// A short text on the stack.
#[derive(Debug)]
pub(crate) struct Stamp {
    bytes: [u8; 40],
    length: usize,
}

impl Default for Stamp {
    fn default() -> Self {
        Self {
            bytes: [0; 40],
            length: 0,
        }
    }
}

impl Stamp {
    pub(crate) fn as_str(&self) -> &str {
        // Only ASCII is ever put in.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    fn push(&mut self, c: char) {
        self.bytes[self.length] = c as u8;
        self.length += 1;
    }

    fn two_digits(&mut self, number: u32) {
        self.push(char::from(b'0' + (number / 10 % 10) as u8));
        self.push(char::from(b'0' + (number % 10) as u8));
    }

    /// `yyyy-mm-dd`
    fn date(&mut self, days: i64) {
        let (year, month, day) = gregorian_date(days);
        match u32::try_from(year) {
            Ok(year @ 0..=9999) => {
                self.two_digits(year / 100);
                self.two_digits(year % 100);
            }
            // Not from MySQL, whose years are 0 to 9999.
            _ => drop(write!(self, "{year}")),
        }
        self.push('-');
        self.two_digits(month.into());
        self.push('-');
        self.two_digits(day.into());
    }

    /// `hh:mm:ss` and the fraction of a time of day.
    fn time(&mut self, micros: i64, digits: Option<usize>) {
        let seconds = (micros / MICROS_PER_SECOND) as u32;
        let fraction = (micros % MICROS_PER_SECOND) as u32;
        self.two_digits(seconds / 3600);
        self.push(':');
        self.two_digits(seconds / 60 % 60);
        self.push(':');
        self.two_digits(seconds % 60);
        let digits = digits.unwrap_or_else(|| needed_digits(fraction));
        if digits == 0 {
            return;
        }
        self.push('.');
        let mut place = 100_000;
        for _ in 0..digits {
            self.push(char::from(b'0' + (fraction / place % 10) as u8));
            place = (place / 10).max(1);
        }
    }
}

impl Write for Stamp {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            self.push(c);
        }
        Ok(())
    }
}

fn needed_digits(mut fraction: u32) -> usize {
    if fraction == 0 {
        return 0;
    }
    let mut digits = 6;
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        digits -= 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        assert_eq!(gregorian_day(1970, 1, 1), 0);
        assert_eq!(gregorian_day(1000, 1, 1), -354_285);
        assert_eq!(gregorian_day(9999, 12, 31), 2_932_896);
        for days in (-719_528..2_932_897).step_by(97) {
            let (year, month, day) = gregorian_date(days);
            assert_eq!(gregorian_day(year, month.into(), day.into()), days);
        }
    }

    #[test]
    fn texts_are_java_times() {
        // Values of golden scenarios a_raw and c_time_isostring.
        let micros = 1_582_979_696_789_012;
        assert_eq!(
            zoned(micros, Some(6)).as_str(),
            "2020-02-29T12:34:56.789012Z"
        );
        assert_eq!(zoned(micros, Some(3)).as_str(), "2020-02-29T12:34:56.789Z");
        assert_eq!(zoned(micros, Some(0)).as_str(), "2020-02-29T12:34:56Z");
        assert_eq!(
            zoned(1_577_836_800_100_000, None).as_str(),
            "2020-01-01T00:00:00.1Z"
        );
        assert_eq!(zoned(-1, None).as_str(), "1969-12-31T23:59:59.999999Z");
        assert_eq!(
            zoned(-30_610_224_000_000_000, None).as_str(),
            "1000-01-01T00:00:00Z"
        );
    }

    #[test]
    fn zero_and_impossible_dates() {
        let date = |year, month, day| DateTime {
            year,
            month,
            day,
            micros: 0,
        };
        assert_eq!(date(0, 1, 1).normalized(true).unwrap(), None);
        assert_eq!(date(2020, 0, 1).normalized(true).unwrap(), None);
        assert!(date(2021, 2, 29).normalized(true).is_err());
        assert_eq!(
            date(1, 1, 1).normalized(true).unwrap(),
            Some(date(2001, 1, 1))
        );
        assert_eq!(
            date(1, 1, 1).normalized(false).unwrap(),
            Some(date(1, 1, 1))
        );
        assert_eq!(
            date(99, 1, 1).normalized(true).unwrap(),
            Some(date(1999, 1, 1))
        );
    }

    #[test]
    fn times_outside_the_day_need_a_mode_that_has_them() {
        let mut arena = Arena::new();
        let mut value = |target: TimeTarget, micros| target.value(micros, &mut arena);
        assert_eq!(value(TimeTarget::Micros, -1).unwrap(), Value::Int64(-1));
        assert_eq!(value(TimeTarget::Millis, -1_999).unwrap(), Value::Int32(-1));
        assert!(value(TimeTarget::ConnectTime, -1).is_err());
        let day = MICROS_PER_DAY;
        assert_eq!(
            value(TimeTarget::ConnectTime, day).unwrap(),
            Value::Int32(86_400_000)
        );
        assert_eq!(
            value(TimeTarget::Iso, day).unwrap(),
            Value::from("00:00:00Z")
        );
        let error = value(TimeTarget::Iso, -day * 34 - 1)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("-816:00:00.000001") && error.contains("isostring"),
            "{error}"
        );
    }
}
