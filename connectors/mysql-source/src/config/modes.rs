//! How rows become records: the settings of values and envelopes.

use std::sync::Arc;

use connect_api::config::Settings;
use connect_api::{Error, Result};

use super::filters::Filters;
use super::keys::{events, reading, server};
use crate::envelope::{EnvelopeSettings, SkippedOperations};
use crate::schemas::TopicNames;
use crate::values::{
    BigintUnsignedMode, BinaryMode, ColumnMapping, ColumnMappings, ColumnSelection,
    ConversionFailure, DecimalMode, KeyColumns, NameAdjustment, TimeMode, ValueModes,
};

/// Converters that take only names that Avro allows.
const AVRO_CONVERTERS: [&str; 2] = [
    "io.confluent.connect.avro.AvroConverter",
    "io.apicurio.registry.utils.converter.AvroConverter",
];

/// The settings of values.
pub(crate) fn value_modes(settings: &Settings, filters: &Filters) -> Result<ValueModes> {
    let word = |key| settings.get(key).map(|text: String| text.to_lowercase());
    let filters = filters.clone();
    Ok(ValueModes {
        decimal: match word(&reading::DECIMAL_HANDLING_MODE)?.as_str() {
            "string" => DecimalMode::String,
            "double" => DecimalMode::Double,
            _ => DecimalMode::Precise,
        },
        time: match word(&reading::TIME_PRECISION_MODE)?.as_str() {
            "connect" => TimeMode::Connect,
            "isostring" => TimeMode::IsoString,
            "microseconds" => TimeMode::Microseconds,
            "nanoseconds" => TimeMode::Nanoseconds,
            _ => TimeMode::AdaptiveTimeMicroseconds,
        },
        bigint_unsigned: match word(&reading::BIGINT_UNSIGNED_HANDLING_MODE)?.as_str() {
            "precise" => BigintUnsignedMode::Precise,
            _ => BigintUnsignedMode::Long,
        },
        binary: match word(&reading::BINARY_HANDLING_MODE)?.as_str() {
            "base64" => BinaryMode::Base64,
            "base64-url-safe" => BinaryMode::Base64UrlSafe,
            "hex" => BinaryMode::Hex,
            _ => BinaryMode::Bytes,
        },
        adjust_two_digit_years: settings.get(&reading::ENABLE_TIME_ADJUSTER)?,
        columns: ColumnSelection::Custom(Arc::new(move |table, column| {
            filters.is_column_captured(table, column)
        })),
        key_columns: match settings.get(&events::MESSAGE_KEY_COLUMNS)? {
            Some(list) => KeyColumns::parse(events::MESSAGE_KEY_COLUMNS.name(), &list)?,
            None => KeyColumns::default(),
        },
        mappings: mappings(settings)?,
        schema_names: adjustment(&word(&reading::SCHEMA_NAME_ADJUSTMENT_MODE)?),
        field_names: field_names(settings)?,
        conversion_failure: match word(&reading::EVENT_CONVERTING_FAILURE_HANDLING_MODE)?.as_str() {
            "fail" => ConversionFailure::Fail,
            "skip" => ConversionFailure::Skip,
            _ => ConversionFailure::Warn,
        },
    })
}

/// A connector that names an Avro converter itself gets names that fit Avro
/// (`CommonConnectorConfig.fieldNameAdjuster`).
fn field_names(settings: &Settings) -> Result<NameAdjustment> {
    let word: String = settings.get(&reading::FIELD_NAME_ADJUSTMENT_MODE)?;
    let adjustment = adjustment(&word.to_lowercase());
    let names_avro = ["key.converter", "value.converter"].iter().any(|name| {
        let class = settings.props().get(*name);
        class.is_some_and(|class| AVRO_CONVERTERS.contains(&class.as_str()))
    });
    Ok(match adjustment {
        NameAdjustment::None if names_avro => NameAdjustment::Avro,
        given => given,
    })
}

fn adjustment(word: &str) -> NameAdjustment {
    match word {
        "avro" => NameAdjustment::Avro,
        "avro_unicode" => NameAdjustment::AvroUnicode,
        _ => NameAdjustment::None,
    }
}

/// `column.truncate.to.N.chars` and its kin, in the user's order.
fn mappings(settings: &Settings) -> Result<ColumnMappings> {
    let mut mappings = ColumnMappings::default();
    for (name, list) in settings.props() {
        if name == events::COLUMN_PROPAGATE_SOURCE_TYPE.name() {
            mappings.add(name, list, ColumnMapping::PropagateType)?;
        } else if name == events::DATATYPE_PROPAGATE_SOURCE_TYPE.name() {
            mappings.add_by_type(name, list, ColumnMapping::PropagateType)?;
        } else if let Some(length) = length_in(name, "column.truncate.to.")? {
            mappings.add(name, list, ColumnMapping::Truncate(length))?;
        } else if let Some(length) = length_in(name, "column.mask.with.")? {
            mappings.add(name, list, ColumnMapping::Mask(length))?;
        }
    }
    Ok(mappings)
}

fn length_in(name: &str, prefix: &str) -> Result<Option<usize>> {
    let Some(length) = name
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_suffix(".chars"))
    else {
        return Ok(None);
    };
    length.parse().map(Some).map_err(|_| {
        Error::config(format!(
            "'{name}': '{length}' is not a number of characters"
        ))
    })
}

/// The settings of envelopes.
pub(crate) fn envelope_settings(settings: &Settings, task: usize) -> Result<EnvelopeSettings> {
    let skipped = settings.get(&reading::SKIPPED_OPERATIONS)?;
    Ok(EnvelopeSettings {
        name: settings
            .get(&server::TOPIC_PREFIX)?
            .unwrap_or_default()
            .into(),
        task,
        context_headers: settings.get(&reading::EXTENDED_HEADERS_ENABLED)?,
        tombstones_on_delete: settings.get(&events::TOMBSTONES_ON_DELETE)?,
        skipped_operations: SkippedOperations::parse(&skipped.join(","))?,
        skip_unchanged: settings.get(&reading::SKIP_MESSAGES_WITHOUT_CHANGE)?,
    })
}

/// The names of topics.
pub(crate) fn topic_names(settings: &Settings) -> Result<TopicNames> {
    let prefix = settings.get(&server::TOPIC_PREFIX)?.unwrap_or_default();
    Ok(TopicNames::new(
        prefix,
        settings.get(&events::TOPIC_DELIMITER)?,
    ))
}
