//! Java's `.properties` format (`java.util.Properties.load`).

use connect_api::{Error, Props, Result};

/// Parses the text of a `.properties` file. A later line wins over an earlier
/// one with the same name.
pub fn parse(text: &str) -> Result<Props> {
    let mut props = Props::new();
    for (number, line) in logical_lines(text) {
        let (name, value) = split(&line);
        let unescape = |part: &str| {
            unescape(part).ok_or_else(|| {
                Error::config(format!(
                    "line {number}: \\u must be followed by four hexadecimal digits"
                ))
            })
        };
        props.insert(unescape(name)?, unescape(value)?);
    }
    Ok(props)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

/// Lines without comments and empty ones, those that end in an odd number of
/// backslashes joined with the next; with the number of the first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let text = text.replace("\r\n", "\n");
    let mut natural = text.split(['\n', '\r']).enumerate();
    while let Some((number, line)) = natural.next() {
        let line = line.trim_start_matches(is_blank);
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = line.to_owned();
        while ends_in_continuation(&logical) {
            logical.pop();
            let Some((_, next)) = natural.next() else {
                break;
            };
            logical.push_str(next.trim_start_matches(is_blank));
        }
        lines.push((number + 1, logical));
    }
    lines
}

fn ends_in_continuation(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The name ends at the first `=`, `:` or blank that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line
        .char_indices()
        .find(|(_, c)| {
            let ends = !escaped && (matches!(c, '=' | ':') || is_blank(*c));
            escaped = !escaped && *c == '\\';
            ends
        })
        .map_or(line.len(), |(position, _)| position);
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(is_blank);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (name, value.trim_start_matches(is_blank))
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        if escaped == Some('u') {
            let digits: String = rest.by_ref().take(4).collect();
            let is_hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            units.push(u16::from_str_radix(&digits, 16).ok().filter(|_| is_hex)?);
            continue;
        }
        plain.push_str(&String::from_utf16_lossy(&units));
        units.clear();
        match escaped {
            None if c == '\\' => {}
            None => plain.push(c),
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some(other) => plain.push(other),
        }
    }
    plain.push_str(&String::from_utf16_lossy(&units));
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// The examples of the documentation of `java.util.Properties.load`.
    #[test]
    fn the_examples_of_the_java_documentation() {
        let text = "Truth = Beauty\n Truth:Beauty\nTruth                    :Beauty\n\
                    fruits                           apple, banana, pear, \\\n\
                    \x20                                 cantaloupe, watermelon, \\\r\n\
                    \x20                                 kiwi, mango\ncheeses\n\\:\\= = \\u00e9\\t\\\\\n# no\n! no\n";
        let props = parse(text).unwrap();
        let pairs: Vec<_> = props
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let fruits = "apple, banana, pear, cantaloupe, watermelon, kiwi, mango";
        assert_eq!(
            pairs,
            [
                ("Truth", "Beauty"),
                ("fruits", fruits),
                ("cheeses", ""),
                (":=", "é\t\\")
            ]
        );
    }

    #[test]
    fn a_broken_escape_is_refused_with_its_line() {
        let error = parse("a=b\nc=\\u12").unwrap_err();
        assert!(error.to_string().starts_with("line 2:"), "{error}");
    }
}
