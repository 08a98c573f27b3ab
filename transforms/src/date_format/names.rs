//! The names of eras, months, days and zones in English (en-US).

/// Short and long names.
pub(super) type Names = [(&'static str, &'static str)];

pub(super) const ERAS: &Names = &[("BC", "Before Christ"), ("AD", "Anno Domini")];

pub(super) const MONTHS: &Names = &[
    ("Jan", "January"),
    ("Feb", "February"),
    ("Mar", "March"),
    ("Apr", "April"),
    ("May", "May"),
    ("Jun", "June"),
    ("Jul", "July"),
    ("Aug", "August"),
    ("Sep", "September"),
    ("Oct", "October"),
    ("Nov", "November"),
    ("Dec", "December"),
];

pub(super) const DAYS: &Names = &[
    ("Sun", "Sunday"),
    ("Mon", "Monday"),
    ("Tue", "Tuesday"),
    ("Wed", "Wednesday"),
    ("Thu", "Thursday"),
    ("Fri", "Friday"),
    ("Sat", "Saturday"),
];

pub(super) const HALVES: &Names = &[("AM", "AM"), ("PM", "PM")];

pub(super) const UTC: (&str, &str) = ("UTC", "Coordinated Universal Time");

/// The zones that are read by name, with their minutes east of UTC.
pub(super) const ZONES: &[(&str, i64)] = &[
    (UTC.1, 0),
    ("Greenwich Mean Time", 0),
    ("Eastern Standard Time", -300),
    ("Eastern Daylight Time", -240),
    ("Central Standard Time", -360),
    ("Central Daylight Time", -300),
    ("Mountain Standard Time", -420),
    ("Mountain Daylight Time", -360),
    ("Pacific Standard Time", -480),
    ("Pacific Daylight Time", -420),
    ("Central European Standard Time", 60),
    ("Central European Summer Time", 120),
    (UTC.0, 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("JST", 540),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
];
