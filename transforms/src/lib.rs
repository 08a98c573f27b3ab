//! The transformations and predicates of Kafka Connect and Debezium that are
//! built in.
//!
//! [`transformations`] and [`predicates`] list them. What a transformation
//! derives from a schema (updated schemas, field positions) it keeps by the
//! schema's identity.
#![forbid(unsafe_code)]

mod cast;
mod date_format;
mod drop_headers;
mod extract_field;
mod extract_new_record_state;
mod field_path;
mod filter;
mod flatten;
mod header_from;
mod hoist_field;
mod insert_field;
pub mod insert_header;
mod java_class;
mod keys;
mod mask_field;
mod numbers;
mod predicates;
mod record_part;
mod regex_router;
mod replace_field;
mod schemas;
mod set_schema_metadata;
mod timestamp_converter;
mod timestamp_router;
mod topic_cache;
mod value_to_key;

use connect_api::registry::{PredicatePlugin, TransformationPlugin};

/// The version of Connect whose transformations these are.
const CONNECT_VERSION: &str = "4.3.1";
/// The version of Debezium whose transformations these are.
const DEBEZIUM_VERSION: &str = "3.6.1.Final";

/// The transformations, except for [`insert_header`], which needs a header
/// converter that only the binary knows.
pub fn transformations() -> Vec<TransformationPlugin> {
    vec![
        extract_new_record_state::PLUGIN,
        extract_new_record_state::OLD_PLUGIN,
        cast::KEY_PLUGIN,
        cast::VALUE_PLUGIN,
        drop_headers::PLUGIN,
        extract_field::KEY_PLUGIN,
        extract_field::VALUE_PLUGIN,
        filter::PLUGIN,
        flatten::KEY_PLUGIN,
        flatten::VALUE_PLUGIN,
        header_from::KEY_PLUGIN,
        header_from::VALUE_PLUGIN,
        hoist_field::KEY_PLUGIN,
        hoist_field::VALUE_PLUGIN,
        insert_field::KEY_PLUGIN,
        insert_field::VALUE_PLUGIN,
        mask_field::KEY_PLUGIN,
        mask_field::VALUE_PLUGIN,
        regex_router::PLUGIN,
        replace_field::KEY_PLUGIN,
        replace_field::VALUE_PLUGIN,
        set_schema_metadata::KEY_PLUGIN,
        set_schema_metadata::VALUE_PLUGIN,
        timestamp_converter::KEY_PLUGIN,
        timestamp_converter::VALUE_PLUGIN,
        timestamp_router::PLUGIN,
        value_to_key::PLUGIN,
    ]
}

/// The predicates.
pub fn predicates() -> Vec<PredicatePlugin> {
    predicates::PLUGINS.to_vec()
}

#[cfg(test)]
mod tests;
