//! Which instant the fields of a text mean (`CalendarBuilder` and
//! `GregorianCalendar.computeTime`, lenient): of fields that contradict each
//! other those count that were read last.

use connect_api::java::calendar::GREGORIAN_CUTOVER;

use super::calendar::{
    CUTOVER_YEAR, MILLIS_PER_DAY, first_week, gregorian_day, julian_day, on_or_before,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// 0 is BC.
    Era,
    Year,
    WeekYear,
    /// From 0.
    Month,
    WeekOfYear,
    WeekOfMonth,
    DayOfYear,
    DayOfMonth,
    DayOfWeekInMonth,
    /// 0 is Sunday.
    DayOfWeek,
    AmPm,
    HourOfDay,
    Hour,
    Minute,
    Second,
    Millisecond,
    ZoneMinutes,
}

const COUNT: usize = Field::ZoneMinutes as usize + 1;

/// Fields with their values, and when each was set.
#[derive(Debug, Default)]
pub(super) struct Fields {
    values: [i64; COUNT],
    /// 0: not set.
    stamps: [u32; COUNT],
    clock: u32,
}

/// By which fields the day is found.
enum DayBy {
    Month,
    WeekOfMonth,
    DayOfWeekInMonth,
    DayOfYear,
    WeekOfYear,
}

impl DayBy {
    fn is_of_year(&self) -> bool {
        matches!(self, DayBy::DayOfYear | DayBy::WeekOfYear)
    }
}

/// One of the two calendars: the day of a year, a month and a day.
type Calendar = fn(i64, i64, i64) -> i64;

impl Fields {
    pub(super) fn set(&mut self, field: Field, value: i64) {
        self.clock += 1;
        self.values[field as usize] = value;
        self.stamps[field as usize] = self.clock;
    }

    pub(super) fn add_century(&mut self) {
        self.values[Field::Year as usize] += 100;
        self.values[Field::WeekYear as usize] += 100;
    }

    fn stamp(&self, field: Field) -> u32 {
        self.stamps[field as usize]
    }

    fn get(&self, field: Field) -> Option<i64> {
        (self.stamp(field) > 0).then(|| self.values[field as usize])
    }

    fn get_or(&self, field: Field, default: i64) -> i64 {
        self.get(field).unwrap_or(default)
    }

    /// Milliseconds since the epoch.
    pub(super) fn instant(&self) -> i64 {
        let of_day = self.millis_of_day();
        let is_week_date = self.stamp(Field::WeekYear) > self.stamp(Field::Year);
        let carried = of_day.div_euclid(MILLIS_PER_DAY);
        let day = if is_week_date {
            self.week_date() + carried
        } else {
            self.date(carried)
        };
        day.wrapping_mul(MILLIS_PER_DAY)
            .wrapping_add(of_day.rem_euclid(MILLIS_PER_DAY))
            .wrapping_sub(self.get_or(Field::ZoneMinutes, 0) * 60_000)
    }

    fn millis_of_day(&self) -> i64 {
        let both = if self.get(Field::Hour).is_some() && self.get(Field::AmPm).is_some() {
            self.stamp(Field::Hour).max(self.stamp(Field::AmPm))
        } else {
            0
        };
        let hour_of_day = self.stamp(Field::HourOfDay);
        let hours = if hour_of_day > 0 && hour_of_day >= both {
            self.get_or(Field::HourOfDay, 0)
        } else {
            self.get_or(Field::Hour, 0) + 12 * self.get_or(Field::AmPm, 0)
        };
        let minutes = hours * 60 + self.get_or(Field::Minute, 0);
        let seconds = minutes * 60 + self.get_or(Field::Second, 0);
        seconds * 1000 + self.get_or(Field::Millisecond, 0)
    }

    /// The day of year, week and weekday; weekdays outside the week carry over.
    fn week_date(&self) -> i64 {
        let year = self.get_or(Field::WeekYear, 1970);
        let mut week = self.get_or(Field::WeekOfYear, 1);
        let mut day_of_week = self.get_or(Field::DayOfWeek, 0);
        if !(0..7).contains(&day_of_week) {
            // Here Monday is 0.
            week += day_of_week.div_euclid(7);
            day_of_week = (day_of_week.rem_euclid(7) + 1) % 7;
        }
        first_week(super::calendar::day(year, 1, 1)) + 7 * (week - 1) + day_of_week
    }

    /// The day of the year and what else is set, `carried` days on, in the
    /// calendar that is in force then.
    fn date(&self, carried: i64) -> i64 {
        let year = self.get_or(Field::Year, 1970);
        let year = if self.get(Field::Era) == Some(0) {
            1 - year
        } else {
            year
        };
        let gregorian = self.day_in(gregorian_day, year) + carried;
        let julian = self.day_in(julian_day, year) + carried;
        // The days and weeks of 1582 are counted from its Julian January 1.
        let is_counted = year == CUTOVER_YEAR && self.day_by().is_of_year();
        if year < CUTOVER_YEAR || is_counted || gregorian < GREGORIAN_CUTOVER {
            julian
        } else {
            gregorian
        }
    }

    fn day_in(&self, calendar: Calendar, year: i64) -> i64 {
        let by = self.day_by();
        let month = if by.is_of_year() {
            1
        } else {
            self.get_or(Field::Month, 0) + 1
        };
        let first = calendar(year, month, 1);
        match by {
            DayBy::Month => first + self.get_or(Field::DayOfMonth, 1) - 1,
            DayBy::DayOfYear => first + self.get_or(Field::DayOfYear, 1) - 1,
            DayBy::WeekOfMonth => self.day_of_week_in(first, self.get_or(Field::WeekOfMonth, 1)),
            DayBy::WeekOfYear => self.day_of_week_in(first, self.get_or(Field::WeekOfYear, 1)),
            DayBy::DayOfWeekInMonth => {
                let day_of_week = self.get_or(Field::DayOfWeek, 0);
                let count = self.get_or(Field::DayOfWeekInMonth, 1);
                if count >= 0 {
                    on_or_before(first + 7 * count - 1, day_of_week)
                } else {
                    let next_month = calendar(year, month + 1, 1);
                    on_or_before(next_month + 7 * (count + 1) - 1, day_of_week)
                }
            }
        }
    }

    /// The weekday in a week counted from that of `first`.
    fn day_of_week_in(&self, first: i64, week: i64) -> i64 {
        let start = first_week(first) + 7 * (week - 1);
        match self.get(Field::DayOfWeek) {
            Some(day_of_week) => on_or_before(start + 6, day_of_week),
            None => start,
        }
    }

    /// The combination that was completed last; else what there is of one
    /// (`Calendar.selectFields`).
    fn day_by(&self) -> DayBy {
        let weekday = self.stamp(Field::DayOfWeek);
        let with_weekday = |field: Field| match (self.stamp(field), weekday) {
            (0, _) | (_, 0) => 0,
            (stamp, weekday) => stamp.max(weekday),
        };
        let month = self.stamp(Field::DayOfMonth);
        let mut week_of_month = with_weekday(Field::WeekOfMonth);
        let mut in_month = with_weekday(Field::DayOfWeekInMonth);
        let year = self.stamp(Field::DayOfYear);
        let mut week_of_year = with_weekday(Field::WeekOfYear);
        let complete = [month, week_of_month, in_month, year, week_of_year];
        let mut best = complete.into_iter().max().unwrap_or(0);
        if best == 0 {
            week_of_month = self.stamp(Field::WeekOfMonth);
            in_month = self.stamp(Field::DayOfWeekInMonth).max(weekday);
            week_of_year = self.stamp(Field::WeekOfYear);
            best = week_of_month.max(in_month).max(week_of_year);
        }
        if best == 0 || best == month {
            return DayBy::Month;
        }
        let week_number = self.stamp(Field::WeekOfYear);
        let weeks = self.stamp(Field::WeekOfMonth);
        let counts = self.stamp(Field::DayOfWeekInMonth);
        let is_of_month = best == week_of_month && weeks >= week_number
            || best == in_month && counts >= week_number;
        if !is_of_month {
            return if best == year {
                DayBy::DayOfYear
            } else {
                DayBy::WeekOfYear
            };
        }
        let by_week = if week_of_month == in_month {
            weeks >= counts
        } else {
            best == week_of_month
        };
        if by_week {
            DayBy::WeekOfMonth
        } else {
            DayBy::DayOfWeekInMonth
        }
    }
}
