//! Time zones as `java.time.ZoneId.of` names them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time zone; UTC costs nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Zone {
    /// A fixed number of seconds east of Greenwich.
    Fixed(i32),
    /// One with rules, by its IANA name.
    Named(TimeZone),
}

impl Zone {
    pub(crate) const UTC: Zone = Zone::Fixed(0);

    /// `UTC`, `Z`, `+02:00`, `GMT+2`, `Europe/Paris`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let offset = ["UTC", "GMT", "UT"]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(name);
        if matches!(name, "UTC" | "GMT" | "UT" | "Z" | "Etc/UTC") {
            return Some(Zone::UTC);
        }
        if let Some(seconds) = parse_offset(offset) {
            return Some(Zone::Fixed(seconds));
        }
        TimeZone::get(name).ok().map(Zone::Named)
    }

    /// Seconds east of Greenwich at the instant `seconds` after the epoch.
    pub(crate) fn offset_at(&self, seconds: i64) -> i64 {
        match self {
            Zone::Fixed(offset) => (*offset).into(),
            Zone::Named(zone) => Timestamp::from_second(seconds)
                .map_or(0, |instant| zone.to_offset(instant).seconds().into()),
        }
    }

    /// `+02:00`, where it is the same all the time.
    pub(crate) fn fixed_text(&self) -> Option<String> {
        match self {
            Zone::Fixed(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                Some(format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
            }
            Zone::Named(_) => None,
        }
    }
}

/// `+2`, `+02`, `+02:00`, `-0330`, `+02:00:00`.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|&c| c != ':').collect();
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded = if digits.len() % 2 == 1 {
        format!("0{digits}")
    } else {
        digits
    };
    let part = |at: usize| {
        padded
            .get(at..at + 2)
            .and_then(|text| text.parse::<i32>().ok())
            .unwrap_or(0)
    };
    let (hours, minutes, seconds) = (part(0), part(2), part(4));
    (hours <= 18 && minutes < 60 && seconds < 60)
        .then_some(sign * (hours * 3600 + minutes * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_of_java() {
        for (name, seconds) in [
            ("UTC", 0),
            ("Z", 0),
            ("+02:00", 7200),
            ("-03:30", -12600),
            ("GMT+2", 7200),
            ("UTC-0530", -19800),
        ] {
            assert_eq!(Zone::parse(name), Some(Zone::Fixed(seconds)), "{name}");
        }
        let paris = Zone::parse("Europe/Paris").unwrap();
        // 2021-07-01 and 2021-01-01 at noon in UTC.
        assert_eq!(paris.offset_at(1_625_140_800), 7200);
        assert_eq!(paris.offset_at(1_609_502_400), 3600);
        assert_eq!(Zone::parse("Mars/Olympus"), None);
        assert_eq!(Zone::parse("+99:00"), None);
    }
}
