//! The notation of paths: in syntax V2 names with dots between, in backticks
//! where a name holds a dot (KIP-821).

use connect_api::{Error, Result};

/// The steps of `text` in syntax V2.
pub(super) fn parse_v2(text: &str) -> Result<Vec<String>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (step, after) = if rest.starts_with('`') {
            quoted(text, rest)?
        } else {
            match rest.split_once('.') {
                Some((step, after)) => (step.to_owned(), after),
                None => (rest.to_owned(), ""),
            }
        };
        steps.push(step);
        rest = after;
    }
    if text.ends_with('.') {
        steps.push(String::new());
    }
    Ok(steps)
}

/// A step in backticks and what follows its dot. The step ends at a backtick
/// before a dot or at the end; one after a backslash belongs to the name.
fn quoted<'t>(text: &str, rest: &'t str) -> Result<(String, &'t str)> {
    let incomplete = || {
        let position = text.len() - rest.len();
        Error::config(format!(
            "Incomplete backtick pair in path: [{text}], consider adding a backslash before \
             backtick at position {position} to escape it"
        ))
    };
    let mut step = String::new();
    let mut start = 1;
    let mut from = 1;
    loop {
        let at = from + rest[from..].find('`').ok_or_else(incomplete)?;
        let is_escaped = rest[..at].ends_with('\\');
        let after = &rest[at + 1..];
        if after.is_empty() {
            if is_escaped {
                return Err(incomplete());
            }
            step.push_str(&rest[start..at]);
            return Ok((step, ""));
        }
        if let Some(next) = after.strip_prefix('.') {
            if !is_escaped {
                step.push_str(&rest[start..at]);
                return Ok((step, next));
            }
            step.push_str(&rest[start..at - 1]);
            step.push('`');
            start = at + 1;
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of Kafka's `FieldPathNotationTest`.
    #[test]
    fn paths() {
        let cases: [(&str, &[&str]); 22] = [
            ("", &[]),
            ("..", &["", "", ""]),
            ("foo..", &["foo", "", ""]),
            (".bar.", &["", "bar", ""]),
            ("..baz", &["", "", "baz"]),
            ("foobarbaz", &["foobarbaz"]),
            ("foo.bar.baz", &["foo", "bar", "baz"]),
            ("foo`bar`baz", &["foo`bar`baz"]),
            ("`foo.bar.baz`", &["foo.bar.baz"]),
            ("foo.`bar.baz`", &["foo", "bar.baz"]),
            ("`foo.bar`.baz", &["foo.bar", "baz"]),
            ("foo.`bar`.baz", &["foo", "bar", "baz"]),
            ("foo.``bar.baz`", &["foo", "`bar.baz"]),
            ("foo.`bar.baz``", &["foo", "bar.baz`"]),
            ("foo.`ba`r.baz`", &["foo", "ba`r.baz"]),
            ("foo.ba`r.baz", &["foo", "ba`r", "baz"]),
            ("foo.``bar``.baz", &["foo", "`bar`", "baz"]),
            ("``foo.bar.baz``", &["`foo.bar.baz`"]),
            ("foo.`bar\\`.baz`", &["foo", "bar`.baz"]),
            ("foo.`bar.`baz`", &["foo", "bar.`baz"]),
            ("foo.`bar\\`.`baz`", &["foo", "bar`.`baz"]),
            ("foo.`bar\\\\`.\\`baz`", &["foo", "bar\\`.\\`baz"]),
        ];
        for (text, steps) in cases {
            assert_eq!(parse_v2(text).unwrap(), steps, "{text}");
        }
        for (text, position) in [
            ("`foo.bar.baz", 0),
            ("foo.`bar.baz", 4),
            ("foo.bar.`baz", 8),
            ("foo.bar.`baz\\`", 8),
        ] {
            let error = parse_v2(text).unwrap_err().to_string();
            assert!(error.contains("Incomplete backtick pair"), "{error}");
            assert!(
                error.contains(&format!("at position {position} ")),
                "{error}"
            );
        }
    }
}
