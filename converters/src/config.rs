//! What the converters' settings have in common (`ConverterConfig`).

use connect_api::Props;
use connect_api::config::{Check, ConfigDef, FromConfig, Key, KeyDef};

/// How the converter is used. The worker sets it, not the user.
pub(crate) const CONVERTER_TYPE: Key<String> = Key::new("converter.type")
    .check(Check::OneOf(&["key", "value", "header"]))
    .doc("What this converter is used for: key, value or header. Set by the worker.");

/// A key at a place in its group that does not follow from counting.
pub(crate) fn with_order<T: FromConfig>(key: &Key<T>, order: i32) -> KeyDef {
    KeyDef {
        order_in_group: order,
        ..key.into()
    }
}

/// The definition of a converter that has no settings of its own.
pub(crate) fn type_only() -> ConfigDef {
    ConfigDef::new().with(&CONVERTER_TYPE)
}

/// `props` with the converter's type in it.
pub(crate) fn with_type(props: &Props, converter_type: &str) -> Props {
    let mut props = props.clone();
    props.insert(CONVERTER_TYPE.name().to_owned(), converter_type.to_owned());
    props
}

/// The type of a converter of keys or of values.
pub(crate) fn type_of(is_key: bool) -> &'static str {
    if is_key { "key" } else { "value" }
}
