//! Java's replacement strings (`Matcher.appendReplacement`).

use fancy_regex::Captures;

use super::translate::Groups;
use crate::{Error, Result};

/// A parsed replacement: text and groups in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    pub(super) fn parse(text: &str, groups: &Groups) -> Result<Self> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text.chars();
        while let Some(char) = rest.next() {
            match char {
                '\\' => literal.push(rest.next().ok_or_else(|| {
                    invalid(
                        text,
                        "character to be escaped is missing after the last '\\'",
                    )
                })?),
                '$' => {
                    let (group, after) = group_reference(text, rest.as_str(), groups)?;
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Group(group));
                    rest = after.chars();
                }
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    pub(super) fn len(&self) -> usize {
        let text = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Group(_) => 8,
        };
        self.parts.iter().map(text).sum()
    }

    /// A group that took no part in the match adds nothing, as in Java.
    pub(super) fn append_to(&self, result: &mut String, captures: &Captures<'_, str>) {
        for part in &self.parts {
            match part {
                Part::Text(text) => result.push_str(text),
                Part::Group(group) => {
                    if let Some(found) = captures.get(*group) {
                        result.push_str(found.as_str());
                    }
                }
            }
        }
    }
}

/// The group that stands after a `$`, and what follows it.
fn group_reference<'t>(text: &str, after: &'t str, groups: &Groups) -> Result<(usize, &'t str)> {
    if let Some(named) = after.strip_prefix('{') {
        let Some((name, rest)) = named.split_once('}') else {
            return Err(invalid(
                text,
                "named capturing group is missing trailing '}'",
            ));
        };
        let group = groups
            .number_of(name)
            .ok_or_else(|| invalid(text, &format!("No group with name {{{name}}}")))?;
        return Ok((group, rest));
    }
    numbered(text, after, groups)
}

/// The first digit always belongs to the number; each further one only as long
/// as there is a group of that number.
fn numbered<'t>(text: &str, after: &'t str, groups: &Groups) -> Result<(usize, &'t str)> {
    let mut digits = after.char_indices().map_while(|(at, char)| {
        let digit = char.to_digit(10)?;
        Some((at + 1, digit as usize))
    });
    let Some((mut end, mut group)) = digits.next() else {
        return Err(invalid(
            text,
            "Illegal group reference: '$' needs a group's number or {name}; write \\$ for the character itself",
        ));
    };
    if group > groups.count() {
        return Err(invalid(text, &format!("No group {group}")));
    }
    for (next_end, digit) in digits {
        let longer = group * 10 + digit;
        if longer > groups.count() {
            break;
        }
        (end, group) = (next_end, longer);
    }
    Ok((group, &after[end..]))
}

fn invalid(text: &str, reason: &str) -> Error {
    Error::config(format!("Invalid replacement '{text}': {reason}"))
}
