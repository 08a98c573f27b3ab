//! The settings of the JSON converter (`JsonConverterConfig`).

use connect_api::config::{Check, ConfigDef, Key, KeyDef, Width};
use connect_api::{Props, Result};

use super::Options;
use crate::config::{CONVERTER_TYPE, with_order, with_type};

const SCHEMAS_ENABLE: Key<bool> = Key::new("schemas.enable")
    .default("true")
    .high()
    .group("Schemas")
    .width(Width::Medium)
    .display_name("Enable Schemas")
    .doc("Whether each key and value carries its schema, in an object of the two.");

const SCHEMAS_CACHE_SIZE: Key<i32> = Key::new("schemas.cache.size")
    .default("1000")
    .high()
    .group("Schemas")
    .width(Width::Medium)
    .display_name("Schema Cache Size")
    .doc("How many schemas this converter keeps at most, in each of the two directions.");

const SCHEMA_CONTENT: Key<Option<String>> = Key::new("schema.content")
    .default_null()
    .high()
    .group("Schemas")
    .width(Width::Medium)
    .display_name("Schema Content")
    .doc(
        "A schema as JSON that all records read by a sink are taken to have, in place of one in \
         each record. Only with 'schemas.enable'; sources ignore it.",
    );

const DECIMAL_FORMAT: Key<String> = Key::new("decimal.format")
    .default("BASE64")
    .check(Check::OneOfAnyCase(&["BASE64", "NUMERIC"]))
    .group("Serialization")
    .width(Width::Medium)
    .display_name("Decimal Format")
    .doc(
        "How decimals are written: 'BASE64', the bytes of the unscaled value, or 'NUMERIC', a \
         JSON number. In any case of letters; both are read.",
    );

const REPLACE_NULL_WITH_DEFAULT: Key<bool> = Key::new("replace.null.with.default")
    .default("true")
    .group("Serialization")
    .width(Width::Medium)
    .display_name("Replace null with default")
    .doc("Whether a field that is null gets its schema's default value, if it has one.");

pub(super) fn config_def() -> ConfigDef {
    let mut def = ConfigDef::new();
    let keys: [KeyDef; 6] = [
        KeyDef::from(&CONVERTER_TYPE),
        with_order(&SCHEMAS_ENABLE, 0),
        with_order(&SCHEMAS_CACHE_SIZE, 1),
        with_order(&SCHEMA_CONTENT, 2),
        with_order(&DECIMAL_FORMAT, 0),
        with_order(&REPLACE_NULL_WITH_DEFAULT, 1),
    ];
    for key in keys {
        def.add(key);
    }
    def
}

pub(super) fn parse(props: &Props, converter_type: &str) -> Result<Options> {
    let settings = config_def().parse(&with_type(props, converter_type))?;
    let cache_size = settings.get(&SCHEMAS_CACHE_SIZE)?;
    Ok(Options {
        schemas_enable: settings.get(&SCHEMAS_ENABLE)?,
        cache_size: usize::try_from(cache_size).unwrap_or(0),
        schema_content: settings
            .get(&SCHEMA_CONTENT)?
            .filter(|content| !content.is_empty()),
        numeric_decimals: settings
            .get(&DECIMAL_FORMAT)?
            .eq_ignore_ascii_case("NUMERIC"),
        replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
    })
}
