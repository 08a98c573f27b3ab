//! The keys of `TimestampConverter`.

use connect_api::config::{Check, ConfigDef, Key, Settings};
use connect_api::{Error, Result};

use super::convert::{Conversion, Kind, Precision};
use crate::date_format::DateFormat;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;

pub(super) const FIELD: Key<String> = Key::new("field")
    .default("")
    .high()
    .doc("The field that is a timestamp; empty if the whole is one.");

const TARGET_TYPE: Key<String> = Key::new("target.type")
    .high()
    .check(Check::OneOf(&[
        "string",
        "unix",
        "Date",
        "Time",
        "Timestamp",
    ]))
    .doc(
        "What the timestamp becomes: string (see 'format'), unix (a number, see \
         'unix.precision'), or Connect's Date, Time or Timestamp.",
    );

const FORMAT: Key<String> = Key::new("format").default("").medium().doc(
    "How a timestamp is written as a string, read or made, in UTC: a pattern of Java's \
     SimpleDateFormat.",
);

const UNIX_PRECISION: Key<String> = Key::new("unix.precision")
    .default("milliseconds")
    .check(Check::OneOf(&[
        "nanoseconds",
        "microseconds",
        "milliseconds",
        "seconds",
    ]))
    .doc(
        "What a timestamp that is a number counts since 1970, read or made. What is finer than a \
         millisecond is lost.",
    );

pub(super) fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&FIELD)
        .with(&TARGET_TYPE)
        .with(&FORMAT)
        .with(&UNIX_PRECISION)
        .with(&REPLACE_NULL_WITH_DEFAULT)
}

pub(super) fn conversion(settings: &Settings) -> Result<Conversion> {
    let target = match settings.get(&TARGET_TYPE)?.as_str() {
        "string" => Kind::Text,
        "unix" => Kind::Unix,
        "Date" => Kind::Date,
        "Time" => Kind::Time,
        _ => Kind::Timestamp,
    };
    let precision = match settings.get(&UNIX_PRECISION)?.as_str() {
        "nanoseconds" => Precision::Nanoseconds,
        "microseconds" => Precision::Microseconds,
        "seconds" => Precision::Seconds,
        _ => Precision::Milliseconds,
    };
    let pattern = settings.get(&FORMAT)?;
    if pattern.is_empty() && target == Kind::Text {
        return Err(Error::config(format!(
            "TimestampConverter requires format option to be specified when using string \
             timestamps: give '{}'",
            FORMAT.name()
        )));
    }
    let format = if pattern.is_empty() {
        None
    } else {
        Some(DateFormat::new(&pattern).map_err(|reason| {
            Error::config(format!(
                "Invalid value {pattern} for configuration {}: TimestampConverter requires a \
                 SimpleDateFormat-compatible pattern for string timestamps: {pattern}: {reason}",
                FORMAT.name()
            ))
        })?)
    };
    Ok(Conversion::new(target, format, precision))
}
