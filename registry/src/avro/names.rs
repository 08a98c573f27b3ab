//! Names of records, enums and fixeds, and what is allowed in them.

use super::{AvroError, Primitive};

const COMPLEX_TYPES: [&str; 6] = ["record", "enum", "array", "map", "union", "fixed"];

/// A name with its namespace (`Schema.Name`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(super) name: String,
    pub(super) space: Option<String>,
}

impl Name {
    /// A qualified name's own namespace goes before the one given.
    pub(super) fn new(name: &str, space: Option<&str>) -> Self {
        let (space, name) = match name.rsplit_once('.') {
            Some((space, name)) => (Some(space), name),
            None => (space, name),
        };
        Self {
            name: name.to_owned(),
            space: space.filter(|space| !space.is_empty()).map(str::to_owned),
        }
    }

    pub(super) fn full(&self) -> String {
        match &self.space {
            Some(space) => format!("{space}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// As it is written within a namespace.
    pub(super) fn within(&self, space: Option<&str>) -> String {
        let is_plain = self.space.is_some() && self.space.as_deref() == space;
        if is_plain && !is_type_name(&self.name) {
            return self.name.clone();
        }
        self.full()
    }
}

fn is_type_name(name: &str) -> bool {
    Primitive::of(name).is_some() || COMPLEX_TYPES.contains(&name)
}

/// `NameValidator.STRICT_VALIDATOR`.
pub(super) fn check_strictly(name: &str) -> Result<(), AvroError> {
    check(
        name,
        |c| c.is_ascii_alphabetic(),
        |c| c.is_ascii_alphanumeric(),
    )
}

/// `NameValidator.UTF_VALIDATOR`.
pub(super) fn check_loosely(name: &str) -> Result<(), AvroError> {
    check(name, char::is_alphabetic, char::is_alphanumeric)
}

fn check(
    name: &str,
    is_letter: impl Fn(char) -> bool,
    is_letter_or_digit: impl Fn(char) -> bool,
) -> Result<(), AvroError> {
    let mut characters = name.chars();
    let Some(first) = characters.next() else {
        return Err(AvroError::new("Empty name"));
    };
    if first != '_' && !is_letter(first) {
        return Err(AvroError::new(format!("Illegal initial character: {name}")));
    }
    if characters.any(|c| c != '_' && !is_letter_or_digit(c)) {
        return Err(AvroError::new(format!("Illegal character in: {name}")));
    }
    Ok(())
}

/// `ParseContext.requireValidFullName`.
pub(super) fn check_full_strictly(full: &str) -> Result<(), AvroError> {
    let parts: Vec<&str> = full.split('.').collect();
    let last = parts.len() - 1;
    for (index, part) in parts.into_iter().enumerate() {
        let what = if index == last {
            "Name"
        } else {
            "Namespace part"
        };
        check_strictly(part)
            .map_err(|error| AvroError::new(format!("{what} \"{part}\" is invalid: {error}")))?;
    }
    Ok(())
}
