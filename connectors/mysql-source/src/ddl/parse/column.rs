//! Column definitions and default values.

use super::super::ast::{ColumnAttributes, ColumnDefinition, DefaultValue, Key, Place};
use super::super::cursor::{Cursor, Parsed};
use super::super::token::TokenKind;
use super::data_type::{accept_charset_words, data_type};

/// What Debezium takes for `CURRENT_TIMESTAMP` as a default.
const NOW: &str = "1970-01-01 00:00:00";

/// The words for the present moment.
const NOW_WORDS: [&str; 4] = ["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"];

/// A definition with the column's name.
pub(super) fn column_definition(cursor: &mut Cursor<'_>) -> Parsed<ColumnDefinition> {
    let name = cursor.column_name()?;
    field_definition(cursor, name)
}

/// A definition behind the column's name.
pub(super) fn field_definition(cursor: &mut Cursor<'_>, name: String) -> Parsed<ColumnDefinition> {
    let mut data_type = data_type(cursor)?;
    let mut attributes = ColumnAttributes {
        serial: data_type.serial,
        ..Default::default()
    };
    while !at_definition_end(cursor) {
        if accept_charset_words(cursor) {
            data_type.charset = Some(cursor.name_or_string()?);
        } else {
            attribute(cursor, &mut attributes)?;
        }
    }
    Ok(ColumnDefinition {
        name,
        data_type,
        attributes,
    })
}

/// `FIRST` or `AFTER column`.
pub(super) fn place(cursor: &mut Cursor<'_>) -> Parsed<Option<Place>> {
    if cursor.accept_word("FIRST") {
        return Ok(Some(Place::First));
    }
    if cursor.accept_word("AFTER") {
        return Ok(Some(Place::After(cursor.column_name()?)));
    }
    Ok(None)
}

fn at_definition_end(cursor: &Cursor<'_>) -> bool {
    cursor.at_statement_end()
        || cursor.is_symbol(b',')
        || cursor.is_symbol(b')')
        || cursor.is_any_word(&["FIRST", "AFTER"])
}

fn attribute(cursor: &mut Cursor<'_>, attributes: &mut ColumnAttributes) -> Parsed<()> {
    if cursor.accept_words(&["NOT", "NULL"]) {
        attributes.nullable = Some(false);
    } else if cursor.accept_word("NULL") {
        attributes.nullable = Some(true);
    } else if cursor.accept_word("DEFAULT") {
        attributes.default = Some(default_value(cursor)?);
    } else if cursor.accept_any_word(&["AUTO_INCREMENT"]) {
        attributes.auto_increment = true;
    } else if cursor.accept_words(&["ON", "UPDATE"]) {
        attributes.on_update = true;
        cursor.advance();
        optional_parentheses(cursor)?;
    } else if cursor.accept_word("UNIQUE") {
        cursor.accept_word("KEY");
        attributes.unique = true;
    } else if cursor.accept_words(&["PRIMARY", "KEY"]) || cursor.accept_word("KEY") {
        attributes.primary_key = true;
    } else if cursor.accept_word("COMMENT") {
        attributes.comment = Some(cursor.string()?);
    } else if cursor.accept_word("COLLATE") {
        attributes.collation = Some(cursor.name_or_string()?);
    } else if cursor.accept_words(&["SERIAL", "DEFAULT", "VALUE"]) {
        attributes.serial = true;
    } else {
        return other_attribute(cursor);
    }
    Ok(())
}

/// An attribute that says nothing about the rows' form.
fn other_attribute(cursor: &mut Cursor<'_>) -> Parsed<()> {
    // A generated column; or MariaDB's GENERATED ALWAYS AS ROW START.
    if cursor.accept_words(&["GENERATED", "ALWAYS", "AS"]) || cursor.accept_word("AS") {
        if cursor.accept_word("ROW") {
            cursor.advance();
            return Ok(());
        }
        return cursor.skip_parentheses();
    }
    if cursor.is_word("CONSTRAINT") {
        cursor.advance();
        if !cursor.is_word("CHECK") {
            cursor.identifier()?;
        }
        return Ok(());
    }
    if cursor.accept_word("CHECK") {
        return cursor.skip_parentheses();
    }
    if cursor.accept_word("REFERENCES") {
        return references(cursor);
    }
    const ALONE: [&str; 12] = [
        "VIRTUAL",
        "STORED",
        "PERSISTENT",
        "VISIBLE",
        "INVISIBLE",
        "ENFORCED",
        "COMPRESSED",
        "NOT ENFORCED",
        "NOT SECONDARY",
        "HIDDEN",
        "WITH SYSTEM VERSIONING",
        "WITHOUT SYSTEM VERSIONING",
    ];
    for words in ALONE {
        if cursor.accept_words(&words.split(' ').collect::<Vec<_>>()) {
            return Ok(());
        }
    }
    const WITH_VALUE: [&str; 6] = [
        "COLUMN_FORMAT",
        "STORAGE",
        "SRID",
        "REF_SYSTEM_ID",
        "ENGINE_ATTRIBUTE",
        "SECONDARY_ENGINE_ATTRIBUTE",
    ];
    if cursor.accept_any_word(&WITH_VALUE) || cursor.token_ahead(1).kind == TokenKind::Symbol(b'=')
    {
        if !cursor.is_symbol(b'=') && cursor.token_ahead(1).kind == TokenKind::Symbol(b'=') {
            cursor.advance();
        }
        cursor.accept_symbol(b'=');
        cursor.advance();
        return Ok(());
    }
    cursor.error("unknown column attribute")
}

fn references(cursor: &mut Cursor<'_>) -> Parsed<()> {
    cursor.qualified_name()?;
    optional_parentheses(cursor)?;
    if cursor.accept_word("MATCH") {
        cursor.advance();
    }
    while cursor.is_word("ON") && !cursor.word_ahead(2).is_empty() {
        cursor.advance();
        cursor.advance();
        // RESTRICT, CASCADE, SET NULL, SET DEFAULT, NO ACTION
        cursor.accept_any_word(&["SET", "NO"]);
        cursor.advance();
    }
    Ok(())
}

fn optional_parentheses(cursor: &mut Cursor<'_>) -> Parsed<()> {
    if cursor.is_symbol(b'(') {
        cursor.skip_parentheses()
    } else {
        Ok(())
    }
}

/// The value behind `DEFAULT`.
pub(super) fn default_value(cursor: &mut Cursor<'_>) -> Parsed<DefaultValue> {
    if cursor.is_symbol(b'(') {
        cursor.skip_parentheses()?;
        return Ok(DefaultValue::Computed);
    }
    if cursor.accept_word("NULL") {
        return Ok(DefaultValue::Null);
    }
    if cursor.accept_any_word(&NOW_WORDS) {
        optional_parentheses(cursor)?;
        return Ok(DefaultValue::Literal(NOW.to_owned()));
    }
    let mut literal = String::new();
    if cursor.accept_symbol(b'-') {
        literal.push('-');
    } else if cursor.accept_symbol(b'+') {
        literal.push('+');
    }
    // N'…', _utf8mb4'…', DATE '…', TIMESTAMP '…'
    let introduced = cursor.kind() == TokenKind::Word
        && matches!(
            cursor.token_ahead(1).kind,
            TokenKind::String | TokenKind::Hex | TokenKind::Bit
        );
    if introduced {
        cursor.advance();
    }
    let token = cursor.token();
    let text = cursor.text_of(token);
    match token.kind {
        TokenKind::String => {
            while cursor.kind() == TokenKind::String {
                literal.push_str(&cursor.string()?);
            }
            return Ok(DefaultValue::Literal(literal));
        }
        TokenKind::Number => literal.push_str(text),
        TokenKind::Hex | TokenKind::Bit => {
            literal.push_str(text.get(2..).unwrap_or_default().trim_end_matches('\''));
        }
        TokenKind::Word if cursor.is_any_word(&["TRUE", "FALSE"]) => literal.push_str(text),
        // MariaDB takes any expression, often written as a call.
        TokenKind::Word if cursor.token_ahead(1).kind == TokenKind::Symbol(b'(') => {
            cursor.advance();
            cursor.skip_parentheses()?;
            return Ok(DefaultValue::Computed);
        }
        TokenKind::Word
            if cursor.is_any_word(&["CURRENT_DATE", "CURRENT_TIME", "CURRENT_USER"]) =>
        {
            cursor.advance();
            return Ok(DefaultValue::Computed);
        }
        _ => return cursor.error("expected a default value"),
    }
    cursor.advance();
    Ok(DefaultValue::Literal(literal))
}

/// The parts of an index, in their parentheses.
pub(super) fn key_parts(cursor: &mut Cursor<'_>) -> Parsed<Key> {
    let mut key = Key::default();
    cursor.expect_symbol(b'(')?;
    loop {
        if cursor.is_symbol(b'(') {
            cursor.skip_parentheses()?;
            key.has_expressions = true;
        } else {
            key.columns.push(cursor.column_name()?);
            optional_parentheses(cursor)?;
        }
        cursor.accept_any_word(&["ASC", "DESC"]);
        // MariaDB: an application-time period in a key.
        cursor.accept_words(&["WITHOUT", "OVERLAPS"]);
        if !cursor.accept_symbol(b',') {
            break;
        }
    }
    cursor.expect_symbol(b')')?;
    Ok(key)
}
