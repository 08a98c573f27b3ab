//! Java's `.properties` format (`java.util.Properties.load`), so that the JVM
//! worker's own file is read as it is.

use connect_api::Props;

/// A line that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: malformed \\uxxxx escape")]
pub struct MalformedEscape {
    /// The number of the line on which the entry starts, from 1.
    pub line: usize,
}

/// Reads a properties text. A name that is given twice keeps its last value.
pub fn parse(text: &str) -> Result<Props, MalformedEscape> {
    let mut props = Props::new();
    for (line, entry) in logical_lines(text) {
        let (name, value) = split_entry(&entry);
        let unescaped =
            |part: &str| unescape(part).ok_or(MalformedEscape { line });
        props.insert(unescaped(name)?, unescaped(value)?);
    }
    Ok(props)
}

/// Joins continued lines, and drops comments and blank lines; each with the
/// number of its first line.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut entries = Vec::new();
    let mut pending: Option<(usize, String)> = None;
    for (position, line) in text.lines().enumerate() {
        let trimmed = line.trim_start_matches([' ', '\t', '\u{c}']);
        if pending.is_none() && (trimmed.is_empty() || trimmed.starts_with(['#', '!'])) {
            continue;
        }
        let (number, mut entry) = pending.take().unwrap_or((position + 1, String::new()));
        if ends_with_continuation(trimmed) {
            entry.push_str(&trimmed[..trimmed.len() - 1]);
            pending = Some((number, entry));
        } else {
            entry.push_str(trimmed);
            entries.push((number, entry));
        }
    }
    entries.extend(pending);
    entries
}

fn ends_with_continuation(line: &str) -> bool {
    line.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

/// Splits at the first unescaped `=`, `:` or white space.
fn split_entry(entry: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = entry.char_indices().find(|&(_, character)| {
        let ends = !escaped && matches!(character, '=' | ':' | ' ' | '\t' | '\u{c}');
        escaped = !escaped && character == '\\';
        ends
    });
    let Some((end, _)) = end else { return (entry, "") };
    let blank = |character| matches!(character, ' ' | '\t' | '\u{c}');
    let rest = entry[end..].trim_start_matches(blank);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (&entry[..end], value.trim_start_matches(blank))
}

fn unescape(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let plain = match character {
            '\\' => match characters.next() {
                Some('u') => {
                    let digits: String = characters.by_ref().take(4).collect();
                    let is_hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                    units.push(u16::from_str_radix(&digits, 16).ok().filter(|_| is_hex)?);
                    continue;
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => continue,
            },
            other => other,
        };
        units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
    }
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().into_iter().collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    // The cases of the class documentation of java.util.Properties.load(Reader).
    #[test]
    fn separators_are_equals_colon_and_blanks() {
        for text in ["Truth = Beauty", " Truth:Beauty", "Truth                    :Beauty", "Truth Beauty"] {
            assert_eq!(entries(text), [pair("Truth", "Beauty")], "{text}");
        }
        assert_eq!(entries("cheeses"), [pair("cheeses", "")]);
        assert_eq!(entries(r"\:\= = x"), [pair(":=", "x")]);
    }

    #[test]
    fn lines_continue_after_an_odd_number_of_backslashes() {
        let text = "fruits    apple, banana, pear, \\\n          cantaloupe, watermelon\nnext=a\\\\\n# comment \\\n! other\nlast=1";
        assert_eq!(
            entries(text),
            [
                pair("fruits", "apple, banana, pear, cantaloupe, watermelon"),
                pair("next", "a\\"),
                pair("last", "1"),
            ]
        );
    }

    #[test]
    fn values_keep_equals_signs_and_trailing_blanks() {
        let jaas = "sasl.jaas.config=org.x.PlainLoginModule required username=\"a\" password=\"b=c\"; ";
        assert_eq!(
            entries(jaas),
            [pair("sasl.jaas.config", "org.x.PlainLoginModule required username=\"a\" password=\"b=c\"; ")]
        );
    }

    #[test]
    fn escapes_are_read_and_malformed_ones_named() {
        assert_eq!(entries(r"a=\u00e9\t\ud83d\ude00\q"), [pair("a", "é\t😀q")]);
        assert_eq!(parse("a=1\nb=\\u00zz"), Err(MalformedEscape { line: 2 }));
    }
}
