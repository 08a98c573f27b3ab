//! A text's tokens (`Values.Parser`): delimiters by themselves, and what stands
//! between them. A delimiter after a backslash is none.

const DELIMITERS: &[u8] = b":,{}[]\"";

/// Reads tokens with one of lookahead.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    pub(super) text: &'t str,
    at: usize,
    ahead: Option<&'t str>,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            ahead: None,
        }
    }

    /// Where the next token starts.
    pub(super) fn mark(&self) -> usize {
        self.at - self.ahead.map_or(0, str::len)
    }

    pub(super) fn rewind_to(&mut self, position: usize) {
        self.at = position;
        self.ahead = None;
    }

    pub(super) fn has_next(&self) -> bool {
        self.ahead.is_some() || self.has_text()
    }

    pub(super) fn next(&mut self) -> &'t str {
        match self.ahead.take() {
            Some(token) => token,
            None => self.consume(),
        }
    }

    /// True if nothing but white space is left.
    pub(super) fn is_done(&self) -> bool {
        is_blank(&self.text[self.mark()..])
    }

    /// The text of the next `count` tokens; none, and nothing read, if there
    /// are fewer.
    pub(super) fn next_text(&mut self, count: usize) -> Option<&'t str> {
        let start = self.mark();
        for _ in 0..count {
            if !self.has_next() {
                self.rewind_to(start);
                return None;
            }
            self.next();
        }
        Some(&self.text[start..self.at])
    }

    /// Takes the next token if it is `expected`, white space aside.
    pub(super) fn take(&mut self, expected: &str) -> bool {
        if self.ahead.is_none() {
            if !self.has_next() {
                return false;
            }
            self.ahead = Some(self.consume());
        }
        while self.ahead.is_some_and(is_blank) && self.has_text() {
            self.ahead = Some(self.consume());
        }
        let is_next = self.ahead.is_some_and(|token| java_trim(token) == expected);
        if is_next {
            self.ahead = None;
        }
        is_next
    }

    fn has_text(&self) -> bool {
        self.at < self.text.len()
    }

    fn consume(&mut self) -> &'t str {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut escaped = false;
        while let Some(byte) = bytes.get(self.at) {
            let is_delimiter = !escaped && DELIMITERS.contains(byte);
            if is_delimiter && start < self.at {
                break;
            }
            self.at += 1;
            if is_delimiter {
                break;
            }
            escaped = *byte == b'\\' && !escaped;
        }
        &self.text[start..self.at]
    }
}

/// `String.isBlank`.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// `String.trim`: control characters and spaces.
pub(super) fn java_trim(text: &str) -> &str {
    text.trim_matches(|char: char| char <= ' ')
}
