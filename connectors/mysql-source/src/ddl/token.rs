//! The words of MySQL's language.

use super::error::DdlError;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in backticks, or in double quotes under `ANSI_QUOTES`.
    QuotedName,
    /// A string in single or double quotes.
    String,
    /// A decimal number, without sign.
    Number,
    /// `0xFF` or `x'FF'`.
    Hex,
    /// `0b1` or `b'1'`.
    Bit,
    /// `@user_variable` or `@@system_variable`, the scope included.
    Variable,
    /// Any other single ASCII character.
    Symbol(u8),
    /// Behind the last token.
    End,
}

/// A token and its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The parts of `sql_mode` that change how text is split into tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SqlMode {
    /// Double quotes are for identifiers (`ANSI_QUOTES`).
    pub ansi_quotes: bool,
    /// A backslash in a string is an ordinary character (`NO_BACKSLASH_ESCAPES`).
    pub no_backslash_escapes: bool,
}

impl SqlMode {
    /// Reads the text form of the variable, a list separated by commas.
    pub fn parse(sql_mode: &str) -> Self {
        let has = |name: &str| {
            sql_mode
                .split(',')
                .any(|mode| mode.trim().trim_matches('\'').eq_ignore_ascii_case(name))
        };
        Self {
            // The combination modes are shown together with the parts that they imply, but the
            // statement that sets them may name only the combination.
            ansi_quotes: [
                "ANSI_QUOTES",
                "ANSI",
                "DB2",
                "MAXDB",
                "MSSQL",
                "ORACLE",
                "POSTGRESQL",
            ]
            .iter()
            .any(|name| has(name)),
            no_backslash_escapes: has("NO_BACKSLASH_ESCAPES"),
        }
    }

    /// Reads the bits that a binlog query event carries (`Q_SQL_MODE_CODE`).
    pub fn from_bits(bits: u64) -> Self {
        // MODE_ANSI_QUOTES and MODE_NO_BACKSLASH_ESCAPES of the server's system_variables.h.
        Self {
            ansi_quotes: bits & 4 != 0,
            no_backslash_escapes: bits & (1 << 20) != 0,
        }
    }
}

/// Splits a text into tokens, the last one [`TokenKind::End`]. Comments are left out; the inside
/// of `/*! … */`, which the server executes, is not.
pub(super) fn tokenize(sql: &str, mode: SqlMode) -> Result<Vec<Token>, DdlError> {
    let mut lexer = Lexer {
        sql,
        bytes: sql.as_bytes(),
        at: 0,
        mode,
        executed_comments: 0,
    };
    let mut tokens: Vec<Token> = Vec::with_capacity(sql.len() / 5 + 1);
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let after_name = tokens.last().is_some_and(|token| {
            token.end == start && matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
        });
        let kind = lexer.next_kind(after_name)?;
        tokens.push(Token {
            kind,
            start,
            end: lexer.at,
        });
        if kind == TokenKind::End {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    at: usize,
    mode: SqlMode,
    executed_comments: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn skip_blank(&mut self) {
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'#' => self.skip_line(),
                b'-' if self.peek(1) == b'-' && (self.peek(2) <= b' ' || self.peek(2) == 0x7f) => {
                    self.skip_line();
                }
                b'*' if self.peek(1) == b'/' && self.executed_comments > 0 => {
                    self.executed_comments -= 1;
                    self.at += 2;
                }
                b'/' if self.peek(1) == b'*' => self.skip_comment(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    }

    /// Skips a comment, or only the opening of one that the server executes.
    fn skip_comment(&mut self) {
        let opening = match (self.peek(2), self.peek(3)) {
            (b'!', _) => 3,
            (b'M', b'!') => 4,
            _ => 0,
        };
        let digits = self.bytes[self.at + opening..]
            .iter()
            .take(6)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        // mariadb-dump puts what no server may execute in /*!999999 … */.
        let never = self.bytes[self.at + opening..].starts_with(b"999999");
        if opening > 0 && !never {
            self.executed_comments += 1;
            self.at += opening + digits;
            return;
        }
        let rest = &self.bytes[self.at + 2..];
        let length = rest
            .windows(2)
            .position(|pair| pair == b"*/")
            .map_or(rest.len(), |end| end + 2);
        self.at += 2 + length;
    }

    fn next_kind(&mut self, after_name: bool) -> Result<TokenKind, DdlError> {
        let Some(&byte) = self.bytes.get(self.at) else {
            return Ok(TokenKind::End);
        };
        match byte {
            b'\'' => self.quoted(byte, TokenKind::String),
            b'"' if self.mode.ansi_quotes => self.quoted(byte, TokenKind::QuotedName),
            b'"' => self.quoted(byte, TokenKind::String),
            b'`' => self.quoted(byte, TokenKind::QuotedName),
            b'x' | b'X' if self.peek(1) == b'\'' => self.prefixed(TokenKind::Hex),
            b'b' | b'B' if self.peek(1) == b'\'' => self.prefixed(TokenKind::Bit),
            b'@' => self.variable(),
            b'0'..=b'9' => Ok(self.number_or_word()),
            b'.' if self.peek(1).is_ascii_digit() && !after_name => {
                self.at += 1;
                self.skip_digits();
                self.skip_exponent();
                Ok(TokenKind::Number)
            }
            _ if is_name_byte(byte) => {
                self.skip_name();
                Ok(TokenKind::Word)
            }
            _ => {
                self.at += 1;
                Ok(TokenKind::Symbol(byte))
            }
        }
    }

    fn prefixed(&mut self, kind: TokenKind) -> Result<TokenKind, DdlError> {
        self.at += 1;
        self.quoted(b'\'', kind)
    }

    fn quoted(&mut self, quote: u8, kind: TokenKind) -> Result<TokenKind, DdlError> {
        let start = self.at;
        let escapes = kind == TokenKind::String && !self.mode.no_backslash_escapes;
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'\\' && escapes {
                self.at += 1;
            } else if byte == quote {
                if self.peek(0) != quote {
                    return Ok(kind);
                }
                self.at += 1;
            }
        }
        Err(DdlError::new("this quote is not closed", self.sql, start))
    }

    fn variable(&mut self) -> Result<TokenKind, DdlError> {
        self.at += 1;
        if self.peek(0) == b'@' {
            self.at += 1;
        }
        loop {
            match self.peek(0) {
                quote @ (b'`' | b'\'' | b'"') => {
                    self.quoted(quote, TokenKind::Variable)?;
                    return Ok(TokenKind::Variable);
                }
                b'.' => self.at += 1,
                byte if is_name_byte(byte) => self.at += 1,
                _ => return Ok(TokenKind::Variable),
            }
        }
    }

    /// An identifier may begin with a digit, but not have digits only.
    fn number_or_word(&mut self) -> TokenKind {
        let start = self.at;
        self.skip_name();
        let text = &self.bytes[start..self.at];
        if let Some(kind) = prefixed_literal(text) {
            return kind;
        }
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits < text.len() && !is_exponent(&self.bytes[start + digits..]) {
            return TokenKind::Word;
        }
        self.at = start + digits;
        if self.peek(0) == b'.' {
            self.at += 1;
            self.skip_digits();
        }
        self.skip_exponent();
        TokenKind::Number
    }

    fn skip_digits(&mut self) {
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
    }

    fn skip_exponent(&mut self) {
        if is_exponent(self.rest()) {
            self.at += 2;
            self.skip_digits();
        }
    }

    fn skip_name(&mut self) {
        while is_name_byte(self.peek(0)) {
            self.at += 1;
        }
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Whether a number's exponent begins here, and nothing but digits follows its sign.
fn is_exponent(bytes: &[u8]) -> bool {
    let [b'e' | b'E', after @ ..] = bytes else {
        return false;
    };
    let digits = match after {
        [b'+' | b'-', digits @ ..] => digits,
        digits => digits,
    };
    let count = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    count > 0 && !digits.get(count).is_some_and(|byte| is_name_byte(*byte))
}

fn prefixed_literal(text: &[u8]) -> Option<TokenKind> {
    match text {
        [b'0', b'x', digits @ ..] if !digits.is_empty() => digits
            .iter()
            .all(u8::is_ascii_hexdigit)
            .then_some(TokenKind::Hex),
        [b'0', b'b', digits @ ..] if !digits.is_empty() => digits
            .iter()
            .all(|byte| matches!(byte, b'0' | b'1'))
            .then_some(TokenKind::Bit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str, mode: SqlMode) -> Vec<(TokenKind, &str)> {
        let tokens = tokenize(sql, mode).unwrap();
        tokens
            .iter()
            .map(|token| (token.kind, &sql[token.start..token.end]))
            .collect()
    }

    fn words(sql: &str) -> Vec<&str> {
        let mut words: Vec<&str> = kinds(sql, SqlMode::default())
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        words.pop();
        words
    }

    #[test]
    fn comments_are_left_out_and_executed_ones_are_not() {
        assert_eq!(
            words("a /* b */ c -- d\n e # f\n --g"),
            ["a", "c", "e", "-", "-", "g"]
        );
        assert_eq!(
            words("a /*!80003 SRID 4326 */ b */"),
            ["a", "SRID", "4326", "b", "*", "/"]
        );
        assert_eq!(
            words("/*M!100201 x */ /*!999999\\- y */ /*!z*/ /* open"),
            ["x", "z"]
        );
    }

    #[test]
    fn names_may_begin_with_a_digit_and_numbers_have_exponents() {
        use TokenKind::{Bit, End, Hex, Number, Symbol, Word};
        let all = kinds(
            "1digit 12 1.5e-3 1e5 .5 db.2020 0xFF x'0a' b'1' 0b2 1e5x",
            SqlMode::default(),
        );
        let expected = [
            (Word, "1digit"),
            (Number, "12"),
            (Number, "1.5e-3"),
            (Number, "1e5"),
            (Number, ".5"),
            (Word, "db"),
            (Symbol(b'.'), "."),
            (Number, "2020"),
            (Hex, "0xFF"),
            (Hex, "x'0a'"),
            (Bit, "b'1'"),
            (Word, "0b2"),
            (Word, "1e5x"),
            (End, ""),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn quotes_depend_on_the_mode() {
        use TokenKind::{QuotedName, String};
        let default = SqlMode::default();
        let ansi = SqlMode {
            ansi_quotes: true,
            ..default
        };
        let literal = SqlMode {
            no_backslash_escapes: true,
            ..default
        };
        assert_eq!(kinds("\"a\"", default)[0].0, String);
        assert_eq!(kinds("\"a\"", ansi)[0].0, QuotedName);
        assert_eq!(
            kinds(r"'it''s \' x' `a``b`", default)[..2],
            [(String, r"'it''s \' x'"), (QuotedName, "`a``b`")]
        );
        assert_eq!(
            kinds(r"'\' 'x'", literal)[..2],
            [(String, r"'\'"), (String, "'x'")]
        );
        assert_eq!(tokenize("a 'b", default).unwrap_err().offset, 2);
    }

    #[test]
    fn sql_mode_is_read_from_text_and_bits() {
        assert!(SqlMode::parse("STRICT_TRANS_TABLES,ANSI_QUOTES").ansi_quotes);
        assert!(!SqlMode::parse("STRICT_TRANS_TABLES").ansi_quotes);
        assert!(SqlMode::from_bits(4).ansi_quotes);
        assert!(SqlMode::from_bits(1 << 20).no_backslash_escapes);
    }
}
