//! Patterns: letters stand for fields, what is in single quotes or no letter
//! for itself.

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// This text.
    Literal(String),
    /// A field and how often its letter stands there.
    Field(Letter, usize),
}

/// The letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    Era,
    Year,
    WeekYear,
    Month,
    WeekOfYear,
    WeekOfMonth,
    DayOfYear,
    DayOfMonth,
    DayOfWeekInMonth,
    DayName,
    DayNumber,
    AmPm,
    HourOfDay0,
    HourOfDay1,
    Hour0,
    Hour1,
    Minute,
    Second,
    Millisecond,
    ZoneName,
    ZoneNumber,
    ZoneIso,
}

impl Letter {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'G' => Letter::Era,
            'y' => Letter::Year,
            'Y' => Letter::WeekYear,
            'M' | 'L' => Letter::Month,
            'w' => Letter::WeekOfYear,
            'W' => Letter::WeekOfMonth,
            'D' => Letter::DayOfYear,
            'd' => Letter::DayOfMonth,
            'F' => Letter::DayOfWeekInMonth,
            'E' => Letter::DayName,
            'u' => Letter::DayNumber,
            'a' => Letter::AmPm,
            'H' => Letter::HourOfDay0,
            'k' => Letter::HourOfDay1,
            'K' => Letter::Hour0,
            'h' => Letter::Hour1,
            'm' => Letter::Minute,
            's' => Letter::Second,
            'S' => Letter::Millisecond,
            'z' => Letter::ZoneName,
            'Z' => Letter::ZoneNumber,
            'X' => Letter::ZoneIso,
            _ => return None,
        })
    }

    /// True if a number before a number of this field, without anything
    /// between, has as many digits as its letters.
    pub(super) fn ends_number_before(self, count: usize) -> bool {
        match self {
            Letter::Month => count <= 2,
            Letter::Era
            | Letter::DayName
            | Letter::AmPm
            | Letter::ZoneName
            | Letter::ZoneNumber
            | Letter::ZoneIso => false,
            _ => true,
        }
    }
}

pub(super) fn compile(pattern: &str) -> Result<Vec<Part>, String> {
    let mut parts = Parts::default();
    let mut chars = pattern.chars().peekable();
    let mut is_quoted = false;
    while let Some(char) = chars.next() {
        if char == '\'' {
            if chars.next_if_eq(&'\'').is_some() {
                parts.add_text('\'');
            } else {
                is_quoted = !is_quoted;
            }
        } else if is_quoted || !char.is_ascii_alphabetic() {
            parts.add_text(char);
        } else {
            let letter =
                Letter::of(char).ok_or_else(|| format!("Illegal pattern character '{char}'"))?;
            let mut count = 1;
            while chars.next_if_eq(&char).is_some() {
                count += 1;
            }
            if letter == Letter::ZoneIso && count > 3 {
                return Err(format!("invalid ISO 8601 format: length={count}"));
            }
            parts.0.push(Part::Field(letter, count));
        }
    }
    if is_quoted {
        return Err("Unterminated quote".to_owned());
    }
    Ok(parts.0)
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn add_text(&mut self, char: char) {
        match self.0.last_mut() {
            Some(Part::Literal(text)) => text.push(char),
            _ => self.0.push(Part::Literal(char.into())),
        }
    }
}
