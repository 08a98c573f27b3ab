//! Dates and times as databases read them.

use connect_api::java::calendar::{GREGORIAN_CUTOVER, gregorian_date, julian_date};

use super::zone::Zone;

const DAY: i64 = 86_400;

/// Which calendar names days before 1582-10-15 (`date.calendar.system`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calendar {
    /// Java's old classes: Julian before the cutover.
    Legacy,
    /// ISO 8601: Gregorian always.
    Proleptic,
}

/// How years before 1 are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Eras {
    /// `0044-03-15 BC`: PostgreSQL.
    Bc,
    /// `-0043-03-15`, which the server refuses.
    Signed,
}

/// How dates are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateStyle {
    pub(crate) calendar: Calendar,
    pub(crate) eras: Eras,
}

impl DateStyle {
    /// ISO 8601 with `eras`.
    pub(crate) fn iso(eras: Eras) -> Self {
        Self {
            calendar: Calendar::Proleptic,
            eras,
        }
    }
}

fn two(out: &mut Vec<u8>, value: u8) {
    out.push(b'0' + value / 10);
    out.push(b'0' + value % 10);
}

/// Appends `2001-03-15`; true if ` BC` has to follow what comes after.
fn append_civil(out: &mut Vec<u8>, days: i64, style: DateStyle) -> bool {
    let (mut year, month, day) = if style.calendar == Calendar::Legacy && days < GREGORIAN_CUTOVER {
        julian_date(days)
    } else {
        gregorian_date(days)
    };
    let before_christ = year <= 0 && style.eras == Eras::Bc;
    if before_christ {
        year = 1 - year;
    }
    if year < 0 {
        out.push(b'-');
    }
    let year = year.unsigned_abs();
    if year < 10_000 {
        two(out, (year / 100) as u8);
        two(out, (year % 100) as u8);
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(year).as_bytes());
    }
    out.push(b'-');
    two(out, month);
    out.push(b'-');
    two(out, day);
    before_christ
}

/// Appends a date.
pub(crate) fn append_date(out: &mut Vec<u8>, days: i64, style: DateStyle) {
    if append_civil(out, days, style) {
        out.extend_from_slice(b" BC");
    }
}

/// Appends `HH:MM:SS.fraction` of `nanos` since midnight; a duration below
/// zero or beyond a day too, as MySQL's TIME has them.
pub(crate) fn append_time(out: &mut Vec<u8>, nanos: i64, digits: u32) {
    if nanos < 0 {
        out.push(b'-');
    }
    let nanos = nanos.unsigned_abs();
    let seconds = nanos / 1_000_000_000;
    let hours = seconds / 3600;
    if hours < 100 {
        two(out, hours as u8);
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(hours).as_bytes());
    }
    out.push(b':');
    two(out, (seconds / 60 % 60) as u8);
    out.push(b':');
    two(out, (seconds % 60) as u8);
    append_fraction(out, (nanos % 1_000_000_000) as u32, digits);
}

fn append_fraction(out: &mut Vec<u8>, nanos: u32, digits: u32) {
    if digits == 0 {
        return;
    }
    out.push(b'.');
    let mut value = nanos / 10_u32.pow(9 - digits);
    let start = out.len();
    out.resize(start + digits as usize, b'0');
    for position in (start..out.len()).rev() {
        out[position] = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// An instant: `seconds` and `nanos` after the epoch, and how many digits of a second are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
    pub(crate) digits: u32,
}

/// Appends the date and time that clocks in `zone` show at `moment`.
pub(crate) fn append_timestamp(out: &mut Vec<u8>, moment: Moment, zone: &Zone, style: DateStyle) {
    let Moment {
        seconds,
        nanos,
        digits,
    } = moment;
    let local = seconds + zone.offset_at(seconds);
    let before_christ = append_civil(out, local.div_euclid(DAY), style);
    out.push(b' ');
    let of_day = local.rem_euclid(DAY) * 1_000_000_000 + i64::from(nanos);
    append_time(out, of_day, digits);
    if before_christ {
        out.extend_from_slice(b" BC");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn date(days: i64, calendar: Calendar) -> String {
        let style = DateStyle {
            calendar,
            eras: Eras::Bc,
        };
        written(|out| append_date(out, days, style))
    }

    #[test]
    fn dates_in_both_calendars() {
        assert_eq!(date(0, Calendar::Legacy), "1970-01-01");
        assert_eq!(date(11_396, Calendar::Legacy), "2001-03-15");
        // What `new GregorianCalendar()` says of these days (JDK 17).
        assert_eq!(date(-141_427, Calendar::Legacy), "1582-10-15");
        assert_eq!(date(-141_428, Calendar::Legacy), "1582-10-04");
        assert_eq!(date(-141_428, Calendar::Proleptic), "1582-10-14");
        assert_eq!(date(-354_285, Calendar::Proleptic), "1000-01-01");
        assert_eq!(date(-354_285, Calendar::Legacy), "0999-12-27");
        assert_eq!(date(-719_163, Calendar::Proleptic), "0001-12-31 BC");
        assert_eq!(date(2_932_896, Calendar::Proleptic), "9999-12-31");
    }

    #[test]
    fn times_may_be_durations() {
        assert_eq!(
            written(|out| append_time(out, 3_723_004_000_000, 3)),
            "01:02:03.004"
        );
        assert_eq!(
            written(|out| append_time(out, -3_600_000_000_000, 0)),
            "-01:00:00"
        );
        assert_eq!(
            written(|out| append_time(out, 838 * 3_600_000_000_000, 6)),
            "838:00:00.000000"
        );
    }

    #[test]
    fn timestamps_are_those_of_the_zone() {
        let moment = |seconds, nanos, digits| Moment {
            seconds,
            nanos,
            digits,
        };
        let paris = Zone::parse("Europe/Paris").unwrap();
        let style = DateStyle::iso(Eras::Bc);
        assert_eq!(
            written(|out| append_timestamp(
                out,
                moment(1_625_140_800, 123_456_789, 6),
                &paris,
                style
            )),
            "2021-07-01 14:00:00.123456"
        );
        assert_eq!(
            written(|out| append_timestamp(out, moment(-1, 0, 3), &Zone::UTC, style)),
            "1969-12-31 23:59:59.000"
        );
    }
}
