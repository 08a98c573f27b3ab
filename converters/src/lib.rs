//! The converters of Kafka Connect: between its values and the bytes in Kafka.
//!
//! [`converters`] and [`header_converters`] list them. A converter that knows
//! a format of its own gets a module beside [`json`] and an entry here.
#![forbid(unsafe_code)]

mod avro;
mod byte_array;
mod config;
mod convert;
mod failure;
mod json;
mod numbers;
mod simple_header;
mod string;

use connect_api::java;
use connect_api::registry::{ConverterPlugin, HeaderConverterPlugin};

/// The version of Connect whose converters these are.
const VERSION: &str = "4.3.1";

/// The converters of keys and values.
pub fn converters() -> Vec<ConverterPlugin> {
    let mut all = vec![
        avro::CONVERTER,
        avro::APICURIO_CONVERTER,
        byte_array::CONVERTER,
        json::CONVERTER,
        string::CONVERTER,
    ];
    all.extend(numbers::CONVERTERS);
    all
}

/// The converters of headers.
pub fn header_converters() -> Vec<HeaderConverterPlugin> {
    let mut all = vec![
        byte_array::HEADER_CONVERTER,
        json::HEADER_CONVERTER,
        simple_header::HEADER_CONVERTER,
        string::HEADER_CONVERTER,
    ];
    all.extend(numbers::HEADER_CONVERTERS);
    all
}

#[cfg(test)]
mod tests;
