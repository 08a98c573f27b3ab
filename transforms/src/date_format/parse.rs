//! Texts to instants (`SimpleDateFormat.parse`, lenient).

use super::fields::{Field, Fields};
use super::names::{self, Names};
use super::numeric_zone::{self, Style};
use super::pattern::{Letter, Part};

/// The instant that `text` begins with.
pub(super) fn parse(parts: &[Part], text: &str, century_start: i64) -> Option<i64> {
    let mut reader = Reader {
        text,
        at: 0,
        fields: Fields::default(),
        century_start,
        is_ambiguous: false,
    };
    for (position, part) in parts.iter().enumerate() {
        match part {
            Part::Literal(literal) => reader.literal(literal)?,
            Part::Field(letter, count) => {
                let digits = match parts.get(position + 1) {
                    Some(Part::Field(next, next_count)) if next.ends_number_before(*next_count) => {
                        Some(*count)
                    }
                    _ => None,
                };
                reader.field(*letter, *count, digits)?;
            }
        }
    }
    let instant = reader.fields.instant();
    if reader.is_ambiguous && instant < century_start {
        reader.fields.add_century();
        return Some(reader.fields.instant());
    }
    Some(instant)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    fields: Fields,
    century_start: i64,
    /// The year has two digits, and they are those of the century's start.
    is_ambiguous: bool,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn literal(&mut self, literal: &str) -> Option<()> {
        if !self.rest().starts_with(literal) {
            return None;
        }
        self.at += literal.len();
        Some(())
    }

    /// Reads one field; `digits` is how many it has at most.
    fn field(&mut self, letter: Letter, count: usize, digits: Option<usize>) -> Option<()> {
        let start = self.at;
        // A field's end is looked for from here on, blanks included.
        let limit = match digits {
            Some(digits) => self.end_of(digits),
            None => Some(self.text.len()),
        };
        let blanks = self.rest().trim_start_matches([' ', '\t']);
        if blanks.is_empty() {
            return None;
        }
        let first = self.text.len() - blanks.len();
        match letter {
            Letter::Era => self.name(start, Field::Era, names::ERAS),
            Letter::Month if count >= 3 => self.name(start, Field::Month, names::MONTHS),
            Letter::DayName => self.name(start, Field::DayOfWeek, names::DAYS),
            Letter::AmPm => self.name(start, Field::AmPm, names::HALVES),
            Letter::ZoneName | Letter::ZoneNumber => self.zone(start, first),
            Letter::ZoneIso => self.iso_zone(first, count),
            _ => {
                let number = self.number(first, limit?)?;
                self.set_number(letter, count, first, number);
                Some(())
            }
        }
    }

    /// Where `count` characters from here end; none if there are fewer.
    fn end_of(&self, count: usize) -> Option<usize> {
        let mut ends = self
            .rest()
            .char_indices()
            .map(|(at, char)| at + char.len_utf8());
        ends.nth(count - 1).map(|end| self.at + end)
    }

    fn number(&mut self, first: usize, limit: usize) -> Option<i64> {
        let text = self.text.get(first..limit)?;
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let length = unsigned
            .bytes()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(unsigned.len());
        if length == 0 {
            return None;
        }
        let length = text.len() - unsigned.len() + length;
        self.at = first + length;
        let text = &text[..length];
        // Java's int: a long loses its upper bits, what is larger the rest.
        #[expect(clippy::cast_possible_truncation, reason = "as in Java")]
        Some(match text.parse::<i64>() {
            Ok(number) => i64::from(number as i32),
            Err(_) if text.starts_with('-') => i64::from(i32::MIN),
            Err(_) => i64::from(i32::MAX),
        })
    }

    fn set_number(&mut self, letter: Letter, count: usize, first: usize, number: i64) {
        let (field, value) = match letter {
            Letter::Year => (Field::Year, self.year(count, first, number)),
            Letter::WeekYear => (Field::WeekYear, self.year(count, first, number)),
            Letter::Month => (Field::Month, number - 1),
            Letter::WeekOfYear => (Field::WeekOfYear, number),
            Letter::WeekOfMonth => (Field::WeekOfMonth, number),
            Letter::DayOfYear => (Field::DayOfYear, number),
            Letter::DayOfMonth => (Field::DayOfMonth, number),
            Letter::DayOfWeekInMonth => (Field::DayOfWeekInMonth, number),
            // Monday is 1 in the text, and the days outside 1–7 are sorted out later.
            Letter::DayNumber if number == 7 => (Field::DayOfWeek, 0),
            Letter::DayNumber if (1..7).contains(&number) => (Field::DayOfWeek, number),
            Letter::DayNumber => (Field::DayOfWeek, number - 1),
            Letter::HourOfDay0 => (Field::HourOfDay, number),
            Letter::HourOfDay1 => (Field::HourOfDay, if number == 24 { 0 } else { number }),
            Letter::Hour0 => (Field::Hour, number),
            Letter::Hour1 => (Field::Hour, if number == 12 { 0 } else { number }),
            Letter::Minute => (Field::Minute, number),
            Letter::Second => (Field::Second, number),
            _ => (Field::Millisecond, number),
        };
        self.fields.set(field, value);
    }

    /// One or two letters and two digits: the year is within a hundred years.
    fn year(&mut self, count: usize, first: usize, number: i64) -> i64 {
        let text = &self.text[first..self.at];
        if count > 2 || text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return number;
        }
        let start = super::calendar::day_of(self.century_start);
        let start = super::calendar::Date::of_day(start).year;
        self.is_ambiguous = number == start % 100;
        let next = if number < start % 100 { 100 } else { 0 };
        number + start / 100 * 100 + next
    }

    /// Reads the longest of the names, in any case.
    fn name(&mut self, start: usize, field: Field, names: &Names) -> Option<()> {
        let rest = &self.text[start..];
        let all = names.iter().enumerate();
        let found = all
            .flat_map(|(value, (short, long))| [(value, *short), (value, *long)])
            .filter(|(_, name)| starts_with(rest, name))
            .max_by_key(|(_, name)| name.len())?;
        self.at = start + found.1.len();
        self.fields.set(field, i64::try_from(found.0).ok()?);
        Some(())
    }

    fn zone(&mut self, start: usize, first: usize) -> Option<()> {
        let rest = &self.text[first..];
        if let Some(after) = rest.strip_prefix(['+', '-']) {
            let (minutes, length) = numeric_zone::parse(after, Style::Digits)?;
            return self.set_zone(signed(rest, minutes), first + 1 + length);
        }
        // Here the original looks at the text before blanks were skipped.
        if starts_with(&self.text[start..], "GMT") {
            let after = &self.text[start + 3..];
            return match after.strip_prefix(['+', '-']) {
                None => self.set_zone(0, start + 3),
                Some(digits) => {
                    let (minutes, length) = numeric_zone::parse(digits, Style::Gmt)?;
                    self.set_zone(signed(after, minutes), start + 4 + length)
                }
            };
        }
        let mut zones = names::ZONES.iter();
        let (name, minutes) = zones.find(|(name, _)| starts_with(rest, name))?;
        self.set_zone(*minutes, first + name.len())
    }

    fn iso_zone(&mut self, first: usize, count: usize) -> Option<()> {
        let rest = &self.text[first..];
        if rest.starts_with('Z') {
            return self.set_zone(0, first + 1);
        }
        let style = match count {
            1 => Style::Hours,
            2 => Style::Digits,
            _ => Style::Colon,
        };
        let (minutes, length) = numeric_zone::parse(rest.strip_prefix(['+', '-'])?, style)?;
        self.set_zone(signed(rest, minutes), first + 1 + length)
    }

    fn set_zone(&mut self, minutes: i64, end: usize) -> Option<()> {
        self.fields.set(Field::ZoneMinutes, minutes);
        self.at = end;
        Some(())
    }
}

fn signed(text: &str, minutes: i64) -> i64 {
    if text.starts_with('-') {
        -minutes
    } else {
        minutes
    }
}

fn starts_with(text: &str, name: &str) -> bool {
    text.get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
}
