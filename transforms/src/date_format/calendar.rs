//! `GregorianCalendar`: the Julian calendar until 1582-10-04, the Gregorian one
//! from 1582-10-15 on; weeks begin on Sunday, and January 1 is in week 1.

pub(super) const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;
/// 1582-10-15 as a day since 1970-01-01.
pub(super) const CUTOVER: i64 = -141_427;
pub(super) const CUTOVER_YEAR: i64 = 1582;

/// The day since 1970-01-01 of an instant.
pub(super) fn day_of(millis: i64) -> i64 {
    millis.div_euclid(MILLIS_PER_DAY)
}

/// Year (0 is 1 BC), month and day of the month, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
}

impl Date {
    pub(super) fn of_day(day: i64) -> Self {
        if day >= CUTOVER {
            gregorian_date(day)
        } else {
            julian_date(day)
        }
    }
}

/// The day of a date in whichever of the two calendars is in force then.
pub(super) fn day(year: i64, month: i64, day: i64) -> i64 {
    let gregorian = gregorian_day(year, month, day);
    if gregorian >= CUTOVER {
        gregorian
    } else {
        julian_day(year, month, day)
    }
}

/// Years from March on, so that the leap day is a year's last; the month from
/// March, the day of that year from 0.
fn from_march(day_of_year: i64, year: i64) -> Date {
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    Date {
        year: year + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
    }
}

/// Howard Hinnant's `civil_from_days`.
fn gregorian_date(day: i64) -> Date {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    from_march(day_of_year, year_of_era + era * 400)
}

/// The same with cycles of four years; 0000-03-01 is two days earlier here.
fn julian_date(day: i64) -> Date {
    let shifted = day + 719_470;
    let cycle = shifted.div_euclid(1461);
    let day_of_cycle = shifted.rem_euclid(1461);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1460) / 365;
    from_march(
        day_of_cycle - 365 * year_of_cycle,
        year_of_cycle + cycle * 4,
    )
}

/// The year from March on, and the day in it, of a month's first; months
/// beyond a year carry over.
fn month_start(year: i64, month: i64) -> (i64, i64) {
    let months = year * 12 + month - 1;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let shifted_year = if month <= 2 { year - 1 } else { year };
    (shifted_year, (153 * ((month + 9) % 12) + 2) / 5)
}

pub(super) fn gregorian_day(year: i64, month: i64, day: i64) -> i64 {
    let (year, day_of_year) = month_start(year, month);
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year + day - 1 - 719_468
}

pub(super) fn julian_day(year: i64, month: i64, day: i64) -> i64 {
    let (year, day_of_year) = month_start(year, month);
    year * 365 + year.div_euclid(4) + day_of_year + day - 1 - 719_470
}

/// 0 is Sunday.
pub(super) fn day_of_week(day: i64) -> i64 {
    (day + 4).rem_euclid(7)
}

/// The last day of that weekday on or before `day`.
pub(super) fn on_or_before(day: i64, day_of_week: i64) -> i64 {
    day - (day + 4 - day_of_week).rem_euclid(7)
}

/// The Sunday with which the week of a year's or month's first day begins.
pub(super) fn first_week(first_day: i64) -> i64 {
    on_or_before(first_day, 0)
}

/// The number of a day's week, counted from the week of `first_day`.
pub(super) fn week(first_day: i64, day: i64) -> i64 {
    (day - first_week(first_day)).div_euclid(7) + 1
}

/// The year to which a day's week belongs, and the week's number in it.
pub(super) fn week_of_year(date: Date, day_number: i64) -> (i64, i64) {
    let next_year = day(date.year + 1, 1, 1);
    if day_number >= first_week(next_year) {
        (date.year + 1, 1)
    } else {
        (date.year, week(day(date.year, 1, 1), day_number))
    }
}
