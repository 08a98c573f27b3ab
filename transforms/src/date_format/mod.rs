//! `java.text.SimpleDateFormat` for the locale en-US, in UTC: patterns, the text
//! of an instant, and the instant that a text stands for, leniently.
//!
//! One habit of it is not copied: after it has read a text with a named time
//! zone, it goes on in that zone.

mod calendar;
mod fields;
mod format;
mod names;
mod numeric_zone;
mod parse;
mod pattern;

use std::time::{SystemTime, UNIX_EPOCH};

use pattern::Part;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct DateFormat {
    pattern: String,
    parts: Vec<Part>,
    /// Years of two digits lie within the hundred years from this instant on.
    century_start: i64,
}

/// How far back a year of two digits may lie.
const YEARS_BACK: i64 = 80;

impl DateFormat {
    /// Compiles `pattern`; the error says what is wrong with it.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(0));
        Self::at(pattern, now)
    }

    /// As [`new`](Self::new), `now` being the present.
    fn at(pattern: &str, now: i64) -> Result<Self, String> {
        let date = calendar::Date::of_day(calendar::day_of(now));
        let back = calendar::day(date.year - YEARS_BACK, date.month, date.day);
        Ok(Self {
            pattern: pattern.to_owned(),
            parts: pattern::compile(pattern)?,
            century_start: back * calendar::MILLIS_PER_DAY
                + now.rem_euclid(calendar::MILLIS_PER_DAY),
        })
    }

    /// As the user wrote it.
    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Appends the text of an instant in milliseconds since the epoch.
    pub(crate) fn format(&self, millis: i64, out: &mut String) {
        format::append(&self.parts, millis, out);
    }

    /// The instant that `text` begins with; what follows is not looked at.
    pub(crate) fn parse(&self, text: &str) -> Option<i64> {
        parse::parse(&self.parts, text, self.century_start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over both calendars and eras, and far beyond.
    #[test]
    fn what_is_written_reads_back() {
        let by_date = DateFormat::at("G yyyy-MM-dd HH:mm:ss.SSS", 0).unwrap();
        let by_day = DateFormat::at("G yyyy DDD hh:mm:ss.SSS a Z", 0).unwrap();
        let mut text = String::new();
        for step in -50_000..50_000_i64 {
            let millis = step * 1_777_777_777;
            for format in [&by_date, &by_day] {
                text.clear();
                format.format(millis, &mut text);
                assert_eq!(format.parse(&text), Some(millis), "{text}");
            }
        }
    }

    /// Whether 46 is 1946 or 2046 depends on the day, in 2026.
    #[test]
    fn years_of_two_digits_lie_within_80_years_back_and_20_ahead() {
        // 2026-11-21T12:00:00Z
        let format = DateFormat::at("yyMMdd HH", 1_795_262_400_000).unwrap();
        let year_of = |text: &str| {
            let millis = format.parse(text).unwrap();
            calendar::Date::of_day(calendar::day_of(millis)).year
        };
        assert_eq!(year_of("470101 00"), 1947);
        assert_eq!(year_of("461121 13"), 1946);
        assert_eq!(year_of("461121 11"), 2046);
        assert_eq!(year_of("451231 00"), 2045);
    }
}
