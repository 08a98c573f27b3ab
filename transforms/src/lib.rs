//! The transformations and predicates of Kafka Connect and Debezium that are
//! built in.
//!
//! [`transformations`] and [`predicates`] list them. What a transformation
//! derives from a schema (updated schemas, field positions) it keeps by the
//! schema's identity.
#![forbid(unsafe_code)]

mod extract_field;
mod extract_new_record_state;
mod field_path;
mod insert_field;
mod predicates;
mod record_part;
mod regex_router;
mod schemas;
mod topic_cache;

use connect_api::registry::{PredicatePlugin, TransformationPlugin};

/// The version of Connect whose transformations these are.
const CONNECT_VERSION: &str = "4.3.1";
/// The version of Debezium whose transformations these are.
const DEBEZIUM_VERSION: &str = "3.6.1.Final";

/// The transformations.
pub fn transformations() -> Vec<TransformationPlugin> {
    vec![
        extract_new_record_state::PLUGIN,
        extract_new_record_state::OLD_PLUGIN,
        extract_field::KEY_PLUGIN,
        extract_field::VALUE_PLUGIN,
        insert_field::KEY_PLUGIN,
        insert_field::VALUE_PLUGIN,
        regex_router::PLUGIN,
    ]
}

/// The predicates.
pub fn predicates() -> Vec<PredicatePlugin> {
    predicates::PLUGINS.to_vec()
}

#[cfg(test)]
mod tests;
