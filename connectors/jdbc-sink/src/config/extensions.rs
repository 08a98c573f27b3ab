//! Keys that none of the originals has.

use connect_api::config::{Check, ConfigDef, Key};

/// Widening of columns.
pub(super) const AUTO_WIDEN: Key<bool> = Key::new("auto.widen")
    .default("false")
    .group("DDL Support")
    .doc(
        "Whether to give a column a wider type by issuing ALTER when a value does not fit: a larger integer type, \
         more characters, more digits. An extension: the original never changes a column's type.",
    );

/// Exactly once.
pub(super) const EXACTLY_ONCE: Key<bool> = Key::new("exactly.once.support")
    .default("false")
    .group("Writes")
    .doc(
        "Whether to keep the consumed offsets in a table of the target database, in the transaction of the rows, \
         and to start from there. An extension.",
    );

/// Where the offsets are.
pub(super) const OFFSETS_TABLE: Key<String> = Key::new("exactly.once.offsets.table")
    .default("connect_sink_offsets")
    .check(Check::NonEmpty)
    .group("Writes")
    .doc("The table that keeps the offsets of exactly.once.support; it is made if it is missing.");

/// Truncate events, for the classes whose original has no key for it.
pub(super) const TRUNCATE: Key<bool> = Key::new("truncate.enabled")
    .default("false")
    .group("Writes")
    .doc("Whether to process Debezium's event `t` as a truncate statement. An extension.");

pub(super) fn with_extensions(def: ConfigDef) -> ConfigDef {
    def.with(&AUTO_WIDEN)
        .with(&EXACTLY_ONCE)
        .with(&OFFSETS_TABLE)
}

/// A zone that `java.time.ZoneId` knows.
pub(super) const ZONE: Check = Check::Custom(|value| match value {
    connect_api::config::ConfigValue::String(name)
        if crate::values::Zone::parse(name).is_none() =>
    {
        Err("Invalid time zone identifier".to_owned())
    }
    _ => Ok(()),
});
