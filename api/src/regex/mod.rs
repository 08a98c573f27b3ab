//! Java's regular expressions (`java.util.regex`), which users write in
//! connector configurations: include lists, topic routing, predicates.
//!
//! A pattern is translated to the syntax of `fancy-regex`; what cannot be
//! translated is refused by name. Differences that remain: ignoring case
//! follows Unicode, not only ASCII.

mod class;
mod replacement;
mod translate;

use fancy_regex::Regex;

use crate::{Error, Result};

pub use replacement::Replacement;

/// A compiled Java pattern (`java.util.regex.Pattern`).
#[derive(Debug, Clone)]
pub struct JavaRegex {
    pattern: String,
    whole: Regex,
    anywhere: Regex,
    groups: translate::Groups,
}

impl JavaRegex {
    /// Compiles a pattern. The error says why not; the caller adds which
    /// setting it came from.
    pub fn new(pattern: &str) -> Result<Self> {
        Self::with_prefix(pattern, "")
    }

    /// Compiles a pattern that ignores case (`Pattern.CASE_INSENSITIVE`).
    pub fn ignoring_case(pattern: &str) -> Result<Self> {
        Self::with_prefix(pattern, "(?i)")
    }

    fn with_prefix(pattern: &str, prefix: &str) -> Result<Self> {
        let translated = translate::translate(pattern)?;
        let text = &translated.text;
        let compile = |text: String| {
            Regex::new(&text).map_err(|error| {
                Error::config(format!("Invalid regex '{pattern}': {}", reason(&error)))
            })
        };
        Ok(Self {
            whole: compile(format!(r"\A(?:{prefix}{text})\z"))?,
            anywhere: compile(format!("{prefix}{text}"))?,
            pattern: pattern.to_owned(),
            groups: translated.groups,
        })
    }

    /// The pattern as the user wrote it.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// True if the pattern matches all of `text` (`Matcher.matches`).
    pub fn matches(&self, text: &str) -> Result<bool> {
        self.whole
            .is_match(text)
            .map_err(|error| self.too_hard(text, &error))
    }

    /// True if the pattern matches somewhere in `text` (`Matcher.find`).
    pub fn find(&self, text: &str) -> Result<bool> {
        self.anywhere
            .is_match(text)
            .map_err(|error| self.too_hard(text, &error))
    }

    /// Parses a replacement for this pattern: `$1`, `${name}`, `\$`. A group
    /// that the pattern does not have is an error here, not only when used.
    pub fn replacement(&self, text: &str) -> Result<Replacement> {
        Replacement::parse(text, &self.groups)
    }

    /// `text` with the first match replaced (`Matcher.replaceFirst`); none if
    /// the pattern does not match anywhere.
    pub fn replace_first(&self, text: &str, replacement: &Replacement) -> Result<Option<String>> {
        let captures = self
            .anywhere
            .captures(text)
            .map_err(|error| self.too_hard(text, &error))?;
        let Some(captures) = captures else {
            return Ok(None);
        };
        let Some(all) = captures.get(0) else {
            return Ok(None);
        };
        let mut result = String::with_capacity(text.len() + replacement.len());
        result.push_str(&text[..all.start()]);
        replacement.append_to(&mut result, &captures);
        result.push_str(&text[all.end()..]);
        Ok(Some(result))
    }

    fn too_hard(&self, text: &str, error: &fancy_regex::Error) -> Error {
        Error::data(format!(
            "matching '{text}' with regex '{}' failed: {}",
            self.pattern,
            reason(error)
        ))
    }
}

/// The engine's reason without the lines that show its own translated text.
fn reason(error: &fancy_regex::Error) -> String {
    let text = error.to_string();
    text.lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or(&text)
        .trim()
        .trim_start_matches("error: ")
        .to_owned()
}

#[cfg(test)]
mod tests;
