//! Comma-separated lists of Java regular expressions (`Strings.setOfRegex`).

use connect_api::regex::JavaRegex;

/// Regular expressions of which one must match a whole name, in any letter case.
#[derive(Debug, Clone)]
pub struct RegexList {
    patterns: Vec<JavaRegex>,
}

impl RegexList {
    /// Parses the list; the error is the reason that the user reads.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut patterns = Vec::new();
        for part in split(text)? {
            patterns.push(JavaRegex::ignoring_case(&part).map_err(|error| reason(&part, &error))?);
        }
        Ok(Self { patterns })
    }

    /// True if one of the expressions matches all of `name`.
    pub fn matches(&self, name: &str) -> bool {
        // An expression that needs too much backtracking counts as no match.
        self.patterns
            .iter()
            .any(|pattern| pattern.matches(name).unwrap_or(false))
    }

    /// The items by the first expression that matches their name.
    pub fn in_order<T>(&self, mut items: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
        items.sort_by_cached_key(|item| {
            let name = name(item);
            let matches = |pattern: &JavaRegex| pattern.matches(&name).unwrap_or(false);
            self.patterns.iter().position(matches).unwrap_or(usize::MAX)
        });
        items
    }
}

fn reason(part: &str, error: &connect_api::Error) -> String {
    let unclosed =
        part.chars().filter(|&c| c == '(').count() > part.chars().filter(|&c| c == ')').count();
    let what = if unclosed {
        // Java's words and index.
        format!("Unclosed group near index {}", part.chars().count())
    } else {
        error.to_string()
    };
    format!("A comma-separated list of valid regular expressions is expected, but {what}\n{part}")
}

/// Splits at commas that no backslash precedes; `\,` means a comma
/// (`Strings.RegExSplitter`).
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(',') => part.push(','),
                Some(escaped) => part.extend(['\\', escaped]),
                None => {
                    return Err("Unterminated escape sequence at the end of the string".to_owned());
                }
            },
            ',' => push(&mut parts, &mut part),
            other => part.push(other),
        }
    }
    push(&mut parts, &mut part);
    Ok(parts)
}

fn push(parts: &mut Vec<String>, part: &mut String) {
    let trimmed = part.trim();
    if !trimmed.is_empty() {
        parts.push(trimmed.to_owned());
    }
    part.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_in_any_case() {
        let list = RegexList::parse(r"inventory\.book, Shop\..*").unwrap();
        assert!(list.matches("inventory.book"));
        assert!(list.matches("INVENTORY.Book"));
        assert!(!list.matches("inventory.books"));
        assert!(!list.matches("my_inventory.book"));
        assert!(list.matches("shop.x"));
    }

    #[test]
    fn an_escaped_comma_is_part_of_the_expression() {
        assert_eq!(split(r"a\,b,c{1\,2}").unwrap(), ["a,b", "c{1,2}"]);
        assert!(RegexList::parse(r"x{1\,2}").unwrap().matches("xx"));
    }

    #[test]
    fn java_words_for_an_open_group() {
        // golden/rest/212
        assert_eq!(
            RegexList::parse("(").unwrap_err(),
            "A comma-separated list of valid regular expressions is expected, but Unclosed group near index 1\n("
        );
    }
}
