//! `GregorianCalendar`: the Julian calendar until 1582-10-04, the Gregorian one
//! from 1582-10-15 on; weeks begin on Sunday, and January 1 is in week 1.

use connect_api::java::calendar::{self, GREGORIAN_CUTOVER};

pub(super) const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;
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
        let (year, month, of_month) = if day >= GREGORIAN_CUTOVER {
            calendar::gregorian_date(day)
        } else {
            calendar::julian_date(day)
        };
        Self {
            year,
            month: month.into(),
            day: of_month.into(),
        }
    }
}

/// The day of a date in whichever of the two calendars is in force then.
pub(super) fn day(year: i64, month: i64, day: i64) -> i64 {
    let gregorian = gregorian_day(year, month, day);
    if gregorian >= GREGORIAN_CUTOVER {
        gregorian
    } else {
        julian_day(year, month, day)
    }
}

/// Months beyond a year carry over.
fn carried(year: i64, month: i64) -> (i64, i64) {
    let months = year * 12 + month - 1;
    (months.div_euclid(12), months.rem_euclid(12) + 1)
}

pub(super) fn gregorian_day(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = carried(year, month);
    calendar::gregorian_day(year, month, day)
}

pub(super) fn julian_day(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = carried(year, month);
    calendar::julian_day(year, month, day)
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
