//! Walking over the tokens of a text.

use super::error::DdlError;
use super::token::{SqlMode, Token, TokenKind, tokenize};

pub(super) type Parsed<T> = Result<T, DdlError>;

/// A possibly qualified name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) database: Option<String>,
    pub(super) name: String,
}

/// A place among the tokens of a text.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(sql: &'a str, mode: SqlMode) -> Parsed<Self> {
        Ok(Self {
            sql,
            tokens: tokenize(sql, mode)?,
            at: 0,
        })
    }

    /// The current token; [`TokenKind::End`] for ever behind the last one.
    pub(super) fn token(&self) -> Token {
        self.token_ahead(0)
    }

    pub(super) fn token_ahead(&self, ahead: usize) -> Token {
        // The list ends with an End token, and so is never empty.
        self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    /// The end of the token before the current one.
    pub(super) fn previous_end(&self) -> usize {
        self.at
            .checked_sub(1)
            .map_or(0, |before| self.tokens[before].end)
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.token().kind
    }

    pub(super) fn text(&self) -> &'a str {
        self.text_of(self.token())
    }

    pub(super) fn text_of(&self, token: Token) -> &'a str {
        &self.sql[token.start..token.end]
    }

    /// The tokens that begin between the two places.
    pub(super) fn tokens_between(&self, start: usize, end: usize) -> impl Iterator<Item = Token> {
        let inside = move |token: &&Token| token.start >= start && token.end <= end;
        self.tokens.iter().filter(inside).copied()
    }

    pub(super) fn sql(&self) -> &'a str {
        self.sql
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    pub(super) fn error<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(DdlError::new(message, self.sql, self.token().start))
    }

    // Words

    /// The current token if it is a word without quotes, else an empty text.
    pub(super) fn word(&self) -> &'a str {
        self.word_ahead(0)
    }

    pub(super) fn word_ahead(&self, ahead: usize) -> &'a str {
        let token = self.token_ahead(ahead);
        if token.kind == TokenKind::Word {
            self.text_of(token)
        } else {
            ""
        }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.word().eq_ignore_ascii_case(word)
    }

    pub(super) fn is_any_word(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(word))
    }

    /// Whether the next tokens are these words.
    pub(super) fn at_words(&self, words: &[&str]) -> bool {
        (0..)
            .zip(words)
            .all(|(ahead, word)| self.word_ahead(ahead).eq_ignore_ascii_case(word))
    }

    pub(super) fn accept_word(&mut self, word: &str) -> bool {
        self.accept_words(&[word])
    }

    /// Steps over the words if all of them are there.
    pub(super) fn accept_words(&mut self, words: &[&str]) -> bool {
        let there = self.at_words(words);
        if there {
            self.at += words.len();
        }
        there
    }

    pub(super) fn accept_any_word(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.accept_word(word))
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.accept_word(word) {
            return Ok(());
        }
        self.error(format!("expected {word}"))
    }

    // Symbols

    pub(super) fn is_symbol(&self, symbol: u8) -> bool {
        self.kind() == TokenKind::Symbol(symbol)
    }

    pub(super) fn accept_symbol(&mut self, symbol: u8) -> bool {
        let there = self.is_symbol(symbol);
        if there {
            self.at += 1;
        }
        there
    }

    pub(super) fn expect_symbol(&mut self, symbol: u8) -> Parsed<()> {
        if self.accept_symbol(symbol) {
            return Ok(());
        }
        self.error(format!("expected '{}'", char::from(symbol)))
    }

    /// Whether the statement ends here.
    pub(super) fn at_statement_end(&self) -> bool {
        matches!(self.kind(), TokenKind::End | TokenKind::Symbol(b';'))
    }

    // Names and literals

    /// A name, with or without quotes.
    pub(super) fn identifier(&mut self) -> Parsed<String> {
        let token = self.token();
        if !matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) {
            return self.error("expected a name");
        }
        self.advance();
        Ok(unquoted_name(self.text_of(token)))
    }

    /// `name` or `database.name`.
    pub(super) fn qualified_name(&mut self) -> Parsed<Name> {
        let database = if self.accept_symbol(b'.') {
            None
        } else {
            Some(self.identifier()?)
        };
        match database {
            Some(name) if !self.accept_symbol(b'.') => Ok(Name {
                database: None,
                name,
            }),
            database => Ok(Name {
                database,
                name: self.identifier_behind_dot()?,
            }),
        }
    }

    /// The last part of `column`, `table.column` or `database.table.column`.
    pub(super) fn column_name(&mut self) -> Parsed<String> {
        let mut name = self.identifier()?;
        while self.accept_symbol(b'.') {
            name = self.identifier_behind_dot()?;
        }
        Ok(name)
    }

    /// Behind a dot a name may have digits only.
    fn identifier_behind_dot(&mut self) -> Parsed<String> {
        if self.kind() == TokenKind::Number {
            let token = self.advance();
            return Ok(self.text_of(token).to_owned());
        }
        self.identifier()
    }

    /// A name, or a string in its place, as for character sets, collations and engines.
    pub(super) fn name_or_string(&mut self) -> Parsed<String> {
        if self.kind() == TokenKind::String {
            return self.string();
        }
        self.identifier()
    }

    /// The content of a string literal without its quotes, other escapes as they are written.
    pub(super) fn string(&mut self) -> Parsed<String> {
        let token = self.token();
        if token.kind != TokenKind::String {
            return self.error("expected a string");
        }
        self.advance();
        Ok(unquoted_string(self.text_of(token)))
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Parsed<T> {
        let number = self
            .text()
            .parse()
            .ok()
            .filter(|_| self.kind() == TokenKind::Number);
        match number {
            Some(number) => {
                self.advance();
                Ok(number)
            }
            None => self.error("expected a number"),
        }
    }

    // Skipping

    /// Skips a group in parentheses, those inside it included.
    pub(super) fn skip_parentheses(&mut self) -> Parsed<()> {
        self.expect_symbol(b'(')?;
        let mut depth = 1;
        while depth > 0 {
            match self.advance().kind {
                TokenKind::Symbol(b'(') => depth += 1,
                TokenKind::Symbol(b')') => depth -= 1,
                TokenKind::End => return self.error("expected ')'"),
                _ => {}
            }
        }
        Ok(())
    }

    /// Skips one token, or a whole group in parentheses.
    pub(super) fn skip_one(&mut self) -> Parsed<()> {
        if self.is_symbol(b'(') {
            return self.skip_parentheses();
        }
        self.advance();
        Ok(())
    }

    /// Skips to the comma, closing parenthesis or end that ends this element of a list.
    pub(super) fn skip_element(&mut self) -> Parsed<()> {
        while !self.at_statement_end() && !self.is_symbol(b',') && !self.is_symbol(b')') {
            self.skip_one()?;
        }
        Ok(())
    }

    /// Skips to the end of the statement.
    pub(super) fn skip_statement(&mut self) {
        while !self.at_statement_end() {
            self.advance();
        }
    }

    /// Skips everything, as behind the head of a routine whose body has statements of its own.
    pub(super) fn skip_all(&mut self) {
        self.at = self.tokens.len() - 1;
    }
}

/// A name without its quotes.
pub(super) fn unquoted_name(text: &str) -> String {
    match text.chars().next() {
        Some(quote @ ('`' | '"')) if text.len() >= 2 => {
            let doubled: String = [quote, quote].iter().collect();
            text[1..text.len() - 1].replace(&doubled, &quote.to_string())
        }
        _ => text.to_owned(),
    }
}

/// The content of a string literal as it stands between single quotes.
pub(super) fn unquoted_string(text: &str) -> String {
    let inner = text
        .get(1..text.len().saturating_sub(1))
        .unwrap_or_default();
    if text.starts_with('"') {
        return inner.replace("\"\"", "\"").replace('\'', "''");
    }
    inner.to_owned()
}
