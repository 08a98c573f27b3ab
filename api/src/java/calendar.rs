//! Days since 1970-01-01 and their dates, in the two calendars that Java's
//! classes know. Year 0 is 1 BC.

/// 1582-10-15, the first day of the Gregorian calendar in `GregorianCalendar`.
pub const GREGORIAN_CUTOVER: i64 = -141_427;

/// 0000-03-01: years are counted from March on, so that the leap day is last.
const GREGORIAN_MARCH: i64 = -719_468;
/// The same two days earlier.
const JULIAN_MARCH: i64 = -719_470;

/// Year, month and day of a day in the Gregorian calendar, also before it was
/// in force (Howard Hinnant's `civil_from_days`).
#[inline]
pub fn gregorian_date(day: i64) -> (i64, u8, u8) {
    let shifted = day - GREGORIAN_MARCH;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    from_march(year_of_era + era * 400, day_of_year)
}

/// The same in the Julian calendar.
pub fn julian_date(day: i64) -> (i64, u8, u8) {
    let shifted = day - JULIAN_MARCH;
    let cycle = shifted.div_euclid(1461);
    let day_of_cycle = shifted.rem_euclid(1461);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1460) / 365;
    from_march(
        cycle * 4 + year_of_cycle,
        day_of_cycle - 365 * year_of_cycle,
    )
}

/// The day of a date in the Gregorian calendar (`days_from_civil`). The month
/// is from 1 to 12; a day beyond its month counts on.
#[inline]
pub fn gregorian_day(year: i64, month: i64, day: i64) -> i64 {
    let (year, day_of_year) = to_march(year, month);
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year + day - 1 + GREGORIAN_MARCH
}

/// The same in the Julian calendar.
pub fn julian_day(year: i64, month: i64, day: i64) -> i64 {
    let (year, day_of_year) = to_march(year, month);
    year * 365 + year.div_euclid(4) + day_of_year + day - 1 + JULIAN_MARCH
}

/// The date of a day, from 0, of a year that begins in March.
#[inline]
fn from_march(year: i64, day_of_year: i64) -> (i64, u8, u8) {
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    // The formulas give 1 to 12 and 1 to 31.
    (year + i64::from(month <= 2), month as u8, day as u8)
}

/// The year that begins in March, and in it the day, from 0, of a month's first.
#[inline]
fn to_march(year: i64, month: i64) -> (i64, i64) {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    (shifted_year, (153 * ((month + 9) % 12) + 2) / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_other_s() {
        assert_eq!(gregorian_day(1970, 1, 1), 0);
        assert_eq!(gregorian_day(1582, 10, 15), GREGORIAN_CUTOVER);
        assert_eq!(julian_day(1582, 10, 5), GREGORIAN_CUTOVER);
        for day in (-1_000_000..3_000_000).step_by(37) {
            let (year, month, of_month) = gregorian_date(day);
            assert_eq!(gregorian_day(year, month.into(), of_month.into()), day);
            let (year, month, of_month) = julian_date(day);
            assert_eq!(julian_day(year, month.into(), of_month.into()), day);
        }
    }
}
