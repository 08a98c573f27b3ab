use thiserror::Error;

/// A statement that could not be parsed, or does not fit the tables as they are known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "cannot parse DDL at line {line}, column {column} near '{near}': {message}; statement: {}",
    shortened(statement)
)]
pub struct DdlError {
    /// What is wrong.
    pub message: String,
    /// The whole text that was to be parsed.
    pub statement: String,
    /// Byte offset of the place in the statement.
    pub offset: usize,
    /// Line of the place, from 1.
    pub line: usize,
    /// Column of the place in characters, from 1.
    pub column: usize,
    /// The text at the place.
    pub near: String,
}

impl DdlError {
    pub(super) fn new(message: impl Into<String>, statement: &str, offset: usize) -> Self {
        let offset = floor_char_boundary(statement, offset);
        let before = &statement[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            message: message.into(),
            statement: statement.to_owned(),
            offset,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            near: statement[offset..].chars().take(40).collect(),
        }
    }
}

fn floor_char_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

fn shortened(statement: &str) -> String {
    const SHOWN: usize = 500;
    match statement.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &statement[..end], statement.len()),
        None => statement.to_owned(),
    }
}
