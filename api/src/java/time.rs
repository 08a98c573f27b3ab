//! Dates and times as Java's `Date.toString` and `SimpleDateFormat` write and
//! read them, always in UTC: a JVM takes its own default time zone.

use super::calendar::{gregorian_date, gregorian_day};

const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What `SimpleDateFormat` reads a text as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temporal {
    /// Days since the epoch.
    Date(i32),
    /// Milliseconds since midnight.
    Time(i32),
    /// Milliseconds since the epoch.
    Timestamp(i64),
}

/// `java.util.Date.toString` of an instant: `Thu Jan 01 00:00:00 UTC 1970`.
pub fn date_to_string(millis: i64) -> String {
    let days = millis.div_euclid(MILLIS_PER_DAY);
    let (year, month, day) = gregorian_date(days);
    let (hour, minute, second, _) = clock(millis);
    let weekday = WEEKDAYS[usize::try_from(days.rem_euclid(7)).unwrap_or(0)];
    let month = MONTHS[usize::from(month - 1)];
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}

/// The text that Connect's `Values` gives an instant: a time within the first
/// day, a date at midnight, else a timestamp (`Values.dateFormatFor`).
pub fn iso_text(millis: i64) -> String {
    let (hour, minute, second, milli) = clock(millis);
    let time = format!("{hour:02}:{minute:02}:{second:02}.{milli:03}Z");
    if millis < MILLIS_PER_DAY {
        return time;
    }
    let (year, month, day) = gregorian_date(millis.div_euclid(MILLIS_PER_DAY));
    let date = format!("{year:04}-{month:02}-{day:02}");
    if millis % MILLIS_PER_DAY == 0 {
        date
    } else {
        format!("{date}T{time}")
    }
}

/// Reads a date (`yyyy-MM-dd`), a time (`HH:mm:ss.SSS'Z'`) or a timestamp of
/// both with a `T` between, recognised by length. Lenient as
/// `SimpleDateFormat`: fields that are too large carry over, and what follows
/// the last field is not looked at.
pub fn parse(text: &str) -> Option<Temporal> {
    match text.len() {
        10 => {
            let mut fields = Fields(text);
            let days = fields.date()?;
            i32::try_from(days).ok().map(Temporal::Date)
        }
        13 => {
            let mut fields = Fields(text);
            let millis = fields.time()?;
            let is_time = (0..MILLIS_PER_DAY).contains(&millis);
            i32::try_from(millis)
                .ok()
                .filter(|_| is_time)
                .map(Temporal::Time)
        }
        24 => {
            let mut fields = Fields(text);
            let days = fields.date()?;
            fields.literal('T')?;
            Some(Temporal::Timestamp(days * MILLIS_PER_DAY + fields.time()?))
        }
        _ => None,
    }
}

/// Reads the fields of a pattern one after the other.
struct Fields<'t>(&'t str);

impl Fields<'_> {
    fn date(&mut self) -> Option<i64> {
        let year = self.number()?;
        self.literal('-')?;
        let month = self.number()?;
        self.literal('-')?;
        let day = self.number()?;
        let months = year * 12 + month - 1;
        Some(gregorian_day(
            months.div_euclid(12),
            months.rem_euclid(12) + 1,
            day,
        ))
    }

    fn time(&mut self) -> Option<i64> {
        let hour = self.number()?;
        self.literal(':')?;
        let minute = self.number()?;
        self.literal(':')?;
        let second = self.number()?;
        self.literal('.')?;
        let milli = self.number()?;
        self.literal('Z')?;
        Some(((hour * 60 + minute) * 60 + second) * 1000 + milli)
    }

    fn number(&mut self) -> Option<i64> {
        let text = self.0.trim_start();
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let digits = unsigned
            .find(|char: char| !char.is_ascii_digit())
            .unwrap_or(unsigned.len());
        let end = text.len() - unsigned.len() + digits;
        let value = text[..end].parse().ok()?;
        self.0 = &text[end..];
        Some(value)
    }

    fn literal(&mut self, literal: char) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }
}

/// Hour, minute, second and millisecond of the day.
fn clock(millis: i64) -> (i64, i64, i64, i64) {
    let of_day = millis.rem_euclid(MILLIS_PER_DAY);
    let seconds = of_day / 1000;
    (
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        of_day % 1000,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_java_writes() {
        assert_eq!(date_to_string(0), "Thu Jan 01 00:00:00 UTC 1970");
        assert_eq!(
            date_to_string(1_577_934_245_000),
            "Thu Jan 02 03:04:05 UTC 2020"
        );
        assert_eq!(date_to_string(-1), "Wed Dec 31 23:59:59 UTC 1969");
        assert_eq!(iso_text(3_723_004), "01:02:03.004Z");
        assert_eq!(iso_text(1_577_923_200_000), "2020-01-02");
        assert_eq!(iso_text(1_577_934_245_678), "2020-01-02T03:04:05.678Z");
    }

    /// Literals of Kafka's `ValuesTest` and the leniency of `SimpleDateFormat`.
    #[test]
    fn reads_what_java_reads() {
        assert_eq!(parse("2019-08-23"), Some(Temporal::Date(18_131)));
        assert_eq!(parse("14:34:54.346Z"), Some(Temporal::Time(52_494_346)));
        assert_eq!(
            parse("2019-08-23T14:34:54.346Z"),
            Some(Temporal::Timestamp(1_566_570_894_346))
        );
        assert_eq!(parse("2019-13-01"), Some(Temporal::Date(18_262)));
        assert_eq!(parse("2019-08-2x"), parse("2019-08-02"));
        assert_eq!(parse("2019-08+23"), None);
        assert_eq!(parse("2019-08-23 4:34:54.346Z"), None);
        assert_eq!(parse("2019"), None);
    }
}
