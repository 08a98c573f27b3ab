//! Reads JSON text from left to right, without building a tree.

use std::borrow::Cow;

use crate::failure::Failure;

/// Jackson's own limit of nesting (`StreamReadConstraints`).
const MAX_DEPTH: usize = 1000;

/// What kind of value stands next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// The name that Jackson's `JsonNodeType` has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Null => "NULL",
            Kind::Boolean => "BOOLEAN",
            Kind::Number => "NUMBER",
            Kind::String => "STRING",
            Kind::Array => "ARRAY",
            Kind::Object => "OBJECT",
        }
    }
}

/// A place in JSON text.
#[derive(Debug)]
pub(crate) struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

type Read<T> = Result<T, Failure>;

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// The text that is read already.
    pub(crate) fn text_before(&self) -> &'t str {
        &self.text[..self.at]
    }

    /// A reader of the same text within an object, after `known`, if the text
    /// starts with that.
    pub(crate) fn after_text(&self, known: &str) -> Option<Self> {
        if known.is_empty() || !self.text.starts_with(known) {
            return None;
        }
        Some(Self {
            text: self.text,
            at: known.len(),
            depth: 1,
        })
    }

    /// Takes the brace that closes the object of [`after_text`](Self::after_text).
    pub(crate) fn take_close(&mut self) -> bool {
        self.leave(b'}')
    }

    /// True if only white space is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.skip_space();
        self.at == self.text.len()
    }

    /// The kind of the next value, which stays to be read.
    pub(crate) fn kind(&mut self) -> Read<Kind> {
        self.skip_space();
        match self.byte() {
            Some(b'n') => Ok(Kind::Null),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'"') => Ok(Kind::String),
            Some(b'[') => Ok(Kind::Array),
            Some(b'{') => Ok(Kind::Object),
            _ => Err(self.unexpected("a value")),
        }
    }

    pub(crate) fn null(&mut self) -> Read<()> {
        self.literal("null")
    }

    pub(crate) fn boolean(&mut self) -> Read<bool> {
        self.skip_space();
        let value = self.byte() == Some(b't');
        self.literal(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// A number's text. Leading zeros are allowed, as the original sets Jackson.
    pub(crate) fn number(&mut self) -> Read<&'t str> {
        self.skip_space();
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        self.digits()?;
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    pub(crate) fn string(&mut self) -> Read<Cow<'t, str>> {
        self.skip_space();
        if self.byte() != Some(b'"') {
            return Err(self.unexpected("a string"));
        }
        self.at += 1;
        let plain = self.plain_part()?;
        if self.byte() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        while self.byte() != Some(b'"') {
            text.push(self.escape()?);
            text.push_str(self.plain_part()?);
        }
        self.at += 1;
        Ok(Cow::Owned(text))
    }

    /// Calls `each` before each item of an array; it must read the item.
    pub(crate) fn array(&mut self, mut each: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.enter(b'[')?;
        if !self.leave(b']') {
            loop {
                each(self)?;
                if !self.separator(b']')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Calls `each` with each name of an object; it must read the value.
    pub(crate) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, Cow<'t, str>) -> Read<()>,
    ) -> Read<()> {
        self.enter(b'{')?;
        if !self.leave(b'}') {
            loop {
                let name = self.string()?;
                self.skip_space();
                if self.byte() != Some(b':') {
                    return Err(self.unexpected("a colon"));
                }
                self.at += 1;
                each(self, name)?;
                if !self.separator(b'}')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads past the next value and returns its text.
    pub(crate) fn skip(&mut self) -> Read<&'t str> {
        let kind = self.kind()?;
        let start = self.at;
        match kind {
            Kind::Null => self.null()?,
            Kind::Boolean => {
                self.boolean()?;
            }
            Kind::Number => {
                self.number()?;
            }
            Kind::String => {
                self.string()?;
            }
            Kind::Array => self.array(|reader| reader.skip().map(drop))?,
            Kind::Object => self.object(|reader, _| reader.skip().map(drop))?,
        }
        Ok(&self.text[start..self.at])
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn literal(&mut self, literal: &str) -> Read<()> {
        self.skip_space();
        let after = self.text[self.at..].strip_prefix(literal);
        let is_word = after.is_some_and(|after| {
            !after.starts_with(|char: char| char.is_alphanumeric() || char == '_')
        });
        if is_word {
            self.at += literal.len();
            Ok(())
        } else {
            Err(self.unexpected("a value"))
        }
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.unexpected("a digit"))
        } else {
            Ok(())
        }
    }

    /// A string's text up to the next quote or backslash.
    fn plain_part(&mut self) -> Read<&'t str> {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        self.at += plain_length(rest);
        match self.byte() {
            Some(b'"' | b'\\') => Ok(&self.text[start..self.at]),
            Some(_) => Err(self.unexpected("an escape of the control character")),
            None => Err(self.unexpected("a quote")),
        }
    }

    fn escape(&mut self) -> Read<char> {
        self.at += 1;
        let char = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.unexpected("an escape")),
        };
        self.at += 1;
        Ok(char)
    }

    fn unicode_escape(&mut self) -> Read<char> {
        let first = self.code_unit()?;
        let is_high = (0xD800..0xDC00).contains(&first);
        let second = if is_high && self.text[self.at..].starts_with("\\u") {
            self.at += 1;
            Some(self.code_unit()?)
        } else {
            None
        };
        let units = std::iter::once(first).chain(second);
        match char::decode_utf16(units).next() {
            Some(Ok(char)) => Ok(char),
            _ => Err(self.unexpected("the second half of a surrogate pair")),
        }
    }

    /// The four digits after a `u`.
    fn code_unit(&mut self) -> Read<u16> {
        let digits = self.text.get(self.at + 1..self.at + 5);
        let unit = digits
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match unit {
            Some(unit) => {
                self.at += 5;
                Ok(unit)
            }
            None => Err(self.unexpected("four hexadecimal digits")),
        }
    }

    fn enter(&mut self, open: u8) -> Read<()> {
        self.skip_space();
        if self.byte() != Some(open) {
            return Err(self.unexpected(if open == b'[' {
                "an array"
            } else {
                "an object"
            }));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::new(format!(
                "JSON is nested deeper than {MAX_DEPTH} levels"
            )));
        }
        self.at += 1;
        Ok(())
    }

    fn leave(&mut self, close: u8) -> bool {
        self.skip_space();
        let is_close = self.byte() == Some(close);
        if is_close {
            self.at += 1;
        }
        is_close
    }

    /// True after a comma, false after the closing bracket.
    fn separator(&mut self, close: u8) -> Read<bool> {
        if self.leave(close) {
            return Ok(false);
        }
        if self.byte() != Some(b',') {
            return Err(self.unexpected("a comma or the end"));
        }
        self.at += 1;
        Ok(true)
    }

    #[cold]
    pub(crate) fn unexpected(&self, expected: &str) -> Failure {
        let found = match self.text[self.at..].chars().next() {
            Some(char) => format!("'{}'", char.escape_debug()),
            None => "the end".to_owned(),
        };
        Failure::new(format!(
            "not JSON: expected {expected} but found {found} at byte {}",
            self.at
        ))
    }
}

/// How many bytes stand before the first quote, backslash or control character: eight at a time,
/// as a word in which the high bit of a byte says that it is one of these. (Above the first, a bit
/// may be set wrongly by a borrow.)
fn plain_length(bytes: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH << 7;
    let is_below = |word: u64, byte: u8| word.wrapping_sub(EACH * u64::from(byte)) & !word & HIGH;
    let is = |word: u64, byte: u8| is_below(word ^ (EACH * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = is(word, b'"') | is(word, b'\\') | is_below(word, 0x20);
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | ..0x20);
    words.len() * 8 + rest.iter().take_while(|byte| is_plain(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_where_a_search_byte_by_byte_ends() {
        for end in (0..=u8::MAX).map(|byte| [byte; 1]) {
            for before in 0..20 {
                for filler in [b' ', b'!', b'#', b'a', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let text = [&vec![filler; before], &end[..], b"\"\\\n tail"].concat();
                    let is_end = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < 0x20;
                    let expected = text.iter().position(is_end).unwrap();
                    assert_eq!(plain_length(&text), expected, "{text:?}");
                    assert_eq!(plain_length(&text[..expected]), expected, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn reads_past_any_value() {
        for text in [
            "null",
            "-0012.5e+10",
            r#""a\u00e9\n\"b""#,
            "[1, [2], {}]",
            r#"{"a": [true, false], "b": {"c": null}}"#,
        ] {
            let padded = format!(" {text} ");
            let mut reader = Reader::new(&padded);
            assert_eq!(reader.skip().unwrap(), text);
            assert!(reader.is_at_end());
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in [
            "",
            "nul",
            "nulls",
            "tru",
            "01.",
            "1e",
            "-",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{a:1}",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud83d\"",
            "\"\u{1}\"",
            "}",
            "'a'",
        ] {
            assert!(Reader::new(text).skip().is_err(), "{text}");
        }
        let deep = "[".repeat(2000);
        assert!(Reader::new(&deep).skip().is_err());
    }

    #[test]
    fn strings_lose_their_escapes() {
        let mut reader = Reader::new(r#""\u0041\uD83D\uDE00\/\t""#);
        assert_eq!(reader.string().unwrap(), "A😀/\t");
    }
}
