//! MySQL's binary JSON (`sql/json_binary.h` of MySQL's source) as text, in the form that
//! Debezium's binlog client gives it.

mod document;
mod scalar;
#[cfg(test)]
mod tests;

pub(crate) use document::to_text;
