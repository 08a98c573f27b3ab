//! The text of an instant.

use std::fmt::Write as _;

use super::calendar::{self, Date, MILLIS_PER_DAY};
use super::names::{self, Names};
use super::pattern::{Letter, Part};

pub(super) fn append(parts: &[Part], millis: i64, out: &mut String) {
    let day = calendar::day_of(millis);
    let instant = Instant {
        day,
        date: Date::of_day(day),
        of_day: millis.rem_euclid(MILLIS_PER_DAY),
    };
    for part in parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Field(letter, count) => instant.append(*letter, *count, out),
        }
    }
}

struct Instant {
    day: i64,
    date: Date,
    /// Milliseconds since midnight.
    of_day: i64,
}

impl Instant {
    fn append(&self, letter: Letter, count: usize, out: &mut String) {
        let text = match letter {
            // Java has the long names, but does not write them.
            Letter::Era => name(names::ERAS, i64::from(self.date.year > 0), 1),
            Letter::Month if count >= 3 => name(names::MONTHS, self.date.month - 1, count),
            Letter::DayName => name(names::DAYS, calendar::day_of_week(self.day), count),
            Letter::AmPm => name(names::HALVES, self.hour() / 12, count),
            Letter::ZoneName if count >= 4 => names::UTC.1,
            Letter::ZoneName => names::UTC.0,
            Letter::ZoneNumber => "+0000",
            Letter::ZoneIso => "Z",
            Letter::Year | Letter::WeekYear if count == 2 => {
                let year = self.number(letter);
                return append_number(year % 100, 2, out);
            }
            _ => return append_number(self.number(letter), count, out),
        };
        out.push_str(text);
    }

    fn number(&self, letter: Letter) -> i64 {
        let Date { year, month, day } = self.date;
        match letter {
            // Years are counted within their era: 0 is 1 BC.
            Letter::Year if year > 0 => year,
            Letter::Year => 1 - year,
            Letter::WeekYear => calendar::week_of_year(self.date, self.day).0,
            Letter::WeekOfYear => calendar::week_of_year(self.date, self.day).1,
            Letter::WeekOfMonth => calendar::week(calendar::day(year, month, 1), self.day),
            Letter::Month => month,
            Letter::DayOfYear => self.day - calendar::day(year, 1, 1) + 1,
            Letter::DayOfMonth => day,
            Letter::DayOfWeekInMonth => (self.day - calendar::day(year, month, 1)) / 7 + 1,
            Letter::DayNumber => (calendar::day_of_week(self.day) + 6) % 7 + 1,
            Letter::HourOfDay0 => self.hour(),
            Letter::HourOfDay1 => (self.hour() + 23) % 24 + 1,
            Letter::Hour0 => self.hour() % 12,
            Letter::Hour1 => (self.hour() + 11) % 12 + 1,
            Letter::Minute => self.of_day / 60_000 % 60,
            Letter::Second => self.of_day / 1000 % 60,
            Letter::Millisecond => self.of_day % 1000,
            Letter::Era
            | Letter::DayName
            | Letter::AmPm
            | Letter::ZoneName
            | Letter::ZoneNumber
            | Letter::ZoneIso => 0,
        }
    }

    fn hour(&self) -> i64 {
        self.of_day / 3_600_000
    }
}

/// The short name, or from four letters on the long one.
fn name(names: &Names, position: i64, count: usize) -> &'static str {
    let name = usize::try_from(position).ok().and_then(|at| names.get(at));
    let (short, long) = name.copied().unwrap_or_default();
    if count >= 4 { long } else { short }
}

/// Appends a number with at least `width` digits.
fn append_number(number: i64, width: usize, out: &mut String) {
    if number < 0 {
        out.push('-');
    }
    // Writing to a string does not fail.
    write!(out, "{:0width$}", number.unsigned_abs()).ok();
}
