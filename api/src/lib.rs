//! The plugin contract of `connectd`: everything that a connector, converter,
//! transformation or predicate may know of the worker, and nothing else.
//!
//! Data model ([`data`], [`record`]), configuration ([`config`]), plugin traits
//! ([`plugin`]), the registry of plugins ([`registry`]), Java's texts ([`java`], [`regex`])
//! and the one error type ([`Error`]).
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod config;
pub mod data;
mod error;
pub mod java;
pub mod plugin;
pub mod record;
pub mod regex;
pub mod registry;

pub use error::{Error, ErrorKind, Result};

/// A plugin's raw configuration: names to values as the user wrote them, in
/// the user's order. Parsed ones are [`config::Settings`].
pub type Props = indexmap::IndexMap<String, String>;
