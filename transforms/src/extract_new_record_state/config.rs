//! The settings of `ExtractNewRecordState`: those of Debezium 3.6, and those of
//! 1.0 to 2.7 that it no longer has.

use connect_api::config::{
    Check, ConfigDef, ConfigValue, FromConfig, Key, KeyDef, Settings, Width,
};
use connect_api::{Props, Result};

use super::reference::Reference;

const DELETE_TOMBSTONE_HANDLING_MODE: Key<String> = Key::new("delete.tombstone.handling.mode")
    .default("tombstone")
    .medium()
    .width(Width::Medium)
    .display_name("Handle delete and tombstone records")
    .check(Check::OneOfAnyCase(&[
        "drop",
        "tombstone",
        "rewrite",
        "rewrite-with-tombstone",
        "delete-to-tombstone",
    ]))
    .doc(
        "What becomes of a delete event and of the tombstone after it. drop: neither is kept. \
         tombstone: the delete becomes a null value that still has its schema, the tombstone goes. \
         rewrite: the delete becomes the last row with a field __deleted that is \"true\", the \
         tombstone goes. rewrite-with-tombstone: the same, and the tombstone stays. \
         delete-to-tombstone: the delete becomes a tombstone without schema, the tombstone goes.",
    );

const ROUTE_BY_FIELD: Key<String> = Key::new("route.by.field")
    .default("")
    .width(Width::Long)
    .display_name("Route by field name")
    .doc("The row's column whose text becomes the topic.");

const ADD_FIELDS_PREFIX: Key<String> = Key::new("add.fields.prefix")
    .default("__")
    .width(Width::Short)
    .display_name("Field prefix to be added to each field.")
    .doc("What the names of the fields of 'add.fields' start with.");

const ADD_FIELDS: Key<Vec<String>> = Key::new("add.fields")
    .default("")
    .width(Width::Long)
    .display_name("Adds the specified field(s) to the message if they exist.")
    .doc(
        "Fields of the event that are added to the row: 'op' becomes __op, 'table' (of the source) \
         __table, 'source.ts_ms' __source_ts_ms. 'source.ts_ms:at' gives a name of its own, after \
         the prefix. What the event does not have is left out.",
    );

const ADD_HEADERS_PREFIX: Key<String> = Key::new("add.headers.prefix")
    .default("__")
    .width(Width::Short)
    .display_name("Header prefix to be added to each header.")
    .doc("What the names of the headers of 'add.headers' start with.");

const ADD_HEADERS: Key<Vec<String>> = Key::new("add.headers")
    .default("")
    .width(Width::Long)
    .display_name("Adds the specified fields to the header if they exist.")
    .doc("Fields of the event that become headers of the record, written as in 'add.fields'.");

const DROP_FIELDS_HEADER_NAME: Key<Option<String>> = Key::new("drop.fields.header.name")
    .default_null()
    .width(Width::Short)
    .display_name("Specifies a header that contains a list of field names to be removed")
    .doc("The header that lists the row's fields to leave out.");

const DROP_FIELDS_FROM_KEY: Key<bool> = Key::new("drop.fields.from.key")
    .default("false")
    .width(Width::Short)
    .display_name("Specifies whether the fields to be dropped should also be omitted from the key")
    .doc("Whether the listed fields are left out of the key too.");

const DROP_FIELDS_KEEP_SCHEMA_COMPATIBLE: Key<bool> =
    Key::new("drop.fields.keep.schema.compatible")
        .default("true")
        .width(Width::Short)
        .display_name("Specifies if fields are dropped, will the event's schemas be compatible")
        .doc(
            "true: of the listed fields only those that may be null are left out. false: all are.",
        );

/// Known, but not listed by the original.
const REPLACE_NULL_WITH_DEFAULT: Key<bool> = Key::new("replace.null.with.default")
    .default("true")
    .width(Width::Short)
    .display_name("replace null field value with default")
    .doc("Whether a column that is null gets its default when the row is rewritten.");

const DROP_TOMBSTONES: Key<Option<bool>> = Key::new("drop.tombstones")
    .default_null()
    .width(Width::Short)
    .display_name("Drop tombstones")
    .doc("Old: use 'delete.tombstone.handling.mode'. Whether tombstones are dropped; true if not given.");

const DELETE_HANDLING_MODE: Key<Option<String>> = Key::new("delete.handling.mode")
    .default_null()
    .medium()
    .width(Width::Medium)
    .display_name("Handle delete records")
    .check(Check::Custom(is_old_mode))
    .doc(
        "Old: use 'delete.tombstone.handling.mode'. What becomes of a delete event: drop (if not \
         given), none (a null value that still has its schema), rewrite.",
    );

const OPERATION_HEADER: Key<bool> = Key::new("operation.header")
    .default("false")
    .width(Width::Short)
    .display_name("Adds a message header representing the applied operation")
    .doc("Old: use 'add.headers' with 'op'. Whether the operation becomes the header __debezium-operation.");

const ADD_SOURCE_FIELDS: Key<Vec<String>> = Key::new("add.source.fields")
    .default("")
    .width(Width::Long)
    .display_name("Adds the specified fields from the 'source' field from the payload if they exist.")
    .doc("Old: use 'add.fields'. Fields of the event's source that are added to the row, with __ before their names.");

fn is_old_mode(value: &ConfigValue) -> std::result::Result<(), String> {
    const MODES: [&str; 3] = ["drop", "rewrite", "none"];
    match value {
        ConfigValue::String(mode)
            if !MODES.iter().any(|known| known.eq_ignore_ascii_case(mode)) =>
        {
            Err(format!("String must be one of: {}", MODES.join(", ")))
        }
        _ => Ok(()),
    }
}

/// The keys that the original lists, all with order 1 and no group.
pub(super) fn config_def() -> ConfigDef {
    let mut def = ConfigDef::new();
    def.add(listed(&DELETE_TOMBSTONE_HANDLING_MODE));
    def.add(listed(&ROUTE_BY_FIELD));
    def.add(listed(&ADD_FIELDS_PREFIX));
    def.add(listed(&ADD_FIELDS));
    def.add(listed(&ADD_HEADERS_PREFIX));
    def.add(listed(&ADD_HEADERS));
    def.add(listed(&DROP_FIELDS_HEADER_NAME));
    def.add(listed(&DROP_FIELDS_FROM_KEY));
    def.add(listed(&DROP_FIELDS_KEEP_SCHEMA_COMPATIBLE));
    def
}

/// All keys that are understood: of the old class name the listed ones.
pub(super) fn full_config_def() -> ConfigDef {
    let mut def = config_def();
    def.add(listed(&REPLACE_NULL_WITH_DEFAULT));
    def.add(listed(&DROP_TOMBSTONES));
    def.add(listed(&DELETE_HANDLING_MODE));
    def.add(listed(&OPERATION_HEADER));
    def.add(listed(&ADD_SOURCE_FIELDS));
    def
}

fn listed<T: FromConfig>(key: &Key<T>) -> KeyDef {
    KeyDef {
        order_in_group: 1,
        ..key.into()
    }
}

/// What becomes of a delete event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDelete {
    Drop,
    /// A null value with the row's schema.
    Null,
    /// A null value without a schema.
    Tombstone,
    /// The last row, marked.
    Rewrite,
}

/// The parsed settings.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) on_delete: OnDelete,
    pub(super) keep_tombstones: bool,
    pub(super) route_by_field: Option<String>,
    pub(super) fields: Vec<Reference>,
    pub(super) headers: Vec<Reference>,
    pub(super) replace_null_with_default: bool,
    pub(super) drop_fields: Option<DropFields>,
    /// 1.0's header of the operation.
    pub(super) operation_header: bool,
    /// 1.0's fields of the source, which must be there.
    pub(super) source_fields: Vec<Reference>,
    /// Whether a row to which nothing is added keeps its optional schema, as in
    /// 1.0; later versions always make a required one.
    pub(super) keep_row_schema: bool,
}

/// The fields to leave out, which a header lists.
#[derive(Debug)]
pub(super) struct DropFields {
    pub(super) header: String,
    pub(super) from_key: bool,
    pub(super) only_optional: bool,
}

impl Options {
    /// Parses `props` as given for the class name of 3.6, or for that of 1.0
    /// with 1.0's defaults.
    pub(super) fn parse(props: &Props, is_old_class: bool) -> Result<Self> {
        let settings = full_config_def().parse(props)?;
        let (on_delete, keep_tombstones) = handling(&settings, is_old_class)?;
        let fields_prefix = settings.get(&ADD_FIELDS_PREFIX)?;
        let headers_prefix = settings.get(&ADD_HEADERS_PREFIX)?;
        let route_by_field = settings.get(&ROUTE_BY_FIELD)?;
        let drop_header = settings.get(&DROP_FIELDS_HEADER_NAME)?;
        let options = Self {
            on_delete,
            keep_tombstones,
            route_by_field: Some(route_by_field).filter(|field| !field.is_empty()),
            fields: references(&settings, &ADD_FIELDS, &fields_prefix)?,
            headers: references(&settings, &ADD_HEADERS, &headers_prefix)?,
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            drop_fields: match drop_header.filter(|name| !name.trim().is_empty()) {
                Some(header) => Some(DropFields {
                    header,
                    from_key: settings.get(&DROP_FIELDS_FROM_KEY)?,
                    only_optional: settings.get(&DROP_FIELDS_KEEP_SCHEMA_COMPATIBLE)?,
                }),
                None => None,
            },
            operation_header: settings.get(&OPERATION_HEADER)?,
            source_fields: settings
                .get(&ADD_SOURCE_FIELDS)?
                .iter()
                .map(|field| Reference::of_source(field))
                .collect(),
            keep_row_schema: is_old_class,
        };
        warn_of_old_settings(props);
        Ok(options)
    }
}

fn references(settings: &Settings, key: &Key<Vec<String>>, prefix: &str) -> Result<Vec<Reference>> {
    let mut references = Vec::new();
    for field in settings.get(key)? {
        references.push(Reference::parse(key.name(), prefix, &field)?);
    }
    Ok(references)
}

/// The present setting wins over the old ones. Without any, the class name
/// decides.
fn handling(settings: &Settings, is_old_class: bool) -> Result<(OnDelete, bool)> {
    let is_given = settings
        .props()
        .contains_key(DELETE_TOMBSTONE_HANDLING_MODE.name());
    let drop_tombstones = settings.get(&DROP_TOMBSTONES)?;
    let old_mode = settings.get(&DELETE_HANDLING_MODE)?;
    let is_old = is_old_class || drop_tombstones.is_some() || old_mode.is_some();
    if is_old && !is_given {
        let mode = old_mode.unwrap_or_else(|| "drop".to_owned());
        let on_delete = match mode.to_ascii_lowercase().as_str() {
            "rewrite" => OnDelete::Rewrite,
            "none" => OnDelete::Null,
            _ => OnDelete::Drop,
        };
        return Ok((on_delete, !drop_tombstones.unwrap_or(true)));
    }
    let mode = settings.get(&DELETE_TOMBSTONE_HANDLING_MODE)?;
    Ok(match mode.to_ascii_lowercase().as_str() {
        "drop" => (OnDelete::Drop, false),
        "rewrite" => (OnDelete::Rewrite, false),
        "rewrite-with-tombstone" => (OnDelete::Rewrite, true),
        "delete-to-tombstone" => (OnDelete::Tombstone, false),
        _ => (OnDelete::Null, false),
    })
}

fn warn_of_old_settings(props: &Props) {
    let mode = DELETE_TOMBSTONE_HANDLING_MODE.name();
    let is_given = props.contains_key(mode);
    for (old, new) in [
        (DROP_TOMBSTONES.name(), mode),
        (DELETE_HANDLING_MODE.name(), mode),
        (OPERATION_HEADER.name(), "add.headers"),
        (ADD_SOURCE_FIELDS.name(), "add.fields"),
    ] {
        if !props.contains_key(old) {
            continue;
        }
        if new == mode && is_given {
            tracing::warn!("'{old}' is ignored: its new form '{new}' is given too");
        } else {
            tracing::warn!("'{old}' is an old setting of ExtractNewRecordState: use '{new}'");
        }
    }
}
