//! `CREATE TABLE`.

use super::super::ast::{CreateTable, Statement, TableElement, TableOptions};
use super::super::cursor::{Cursor, Parsed};
use super::super::token::TokenKind;
use super::column::{column_definition, key_parts};
use super::data_type::accept_charset_words;

/// The statement behind `CREATE [OR REPLACE] TABLE`.
pub(super) fn create_table(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    let if_not_exists = cursor.accept_words(&["IF", "NOT", "EXISTS"]);
    let table = cursor.qualified_name()?;
    let in_parentheses = cursor.is_symbol(b'(')
        && cursor.token_ahead(1).kind == TokenKind::Word
        && cursor.word_ahead(1).eq_ignore_ascii_case("LIKE");
    if in_parentheses {
        cursor.advance();
    }
    if cursor.accept_word("LIKE") {
        let original = cursor.qualified_name()?;
        if in_parentheses {
            cursor.expect_symbol(b')')?;
        }
        return Ok(Statement::CreateTableLike {
            table,
            original,
            if_not_exists,
        });
    }
    // A query in parentheses may follow at once.
    let has_elements = cursor.is_symbol(b'(')
        && !["SELECT", "WITH", "VALUES"]
            .iter()
            .any(|word| cursor.word_ahead(1).eq_ignore_ascii_case(word));
    let elements = if has_elements {
        table_elements(cursor)?
    } else {
        Vec::new()
    };
    let options = table_options(cursor)?;
    Ok(Statement::CreateTable(CreateTable {
        table,
        if_not_exists,
        elements,
        options,
    }))
}

/// The elements of a table in their parentheses.
pub(super) fn table_elements(cursor: &mut Cursor<'_>) -> Parsed<Vec<TableElement>> {
    let mut elements = Vec::new();
    cursor.expect_symbol(b'(')?;
    loop {
        elements.push(table_element(cursor)?);
        if !cursor.accept_symbol(b',') {
            break;
        }
    }
    cursor.expect_symbol(b')')?;
    Ok(elements)
}

fn table_element(cursor: &mut Cursor<'_>) -> Parsed<TableElement> {
    match table_constraint(cursor)? {
        Some(constraint) => Ok(constraint),
        None => column_definition(cursor).map(TableElement::Column),
    }
}

/// A key, an index, a foreign key or a check, if there is one here.
pub(super) fn table_constraint(cursor: &mut Cursor<'_>) -> Parsed<Option<TableElement>> {
    const KINDS: [&str; 4] = ["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"];
    if cursor.accept_word("CONSTRAINT") && !cursor.is_any_word(&KINDS) {
        cursor.accept_words(&["IF", "NOT", "EXISTS"]);
        if !cursor.is_any_word(&KINDS) {
            cursor.identifier()?;
        }
    }
    if cursor.accept_words(&["PRIMARY", "KEY"]) {
        skip_index_name(cursor)?;
        let key = key_parts(cursor)?;
        cursor.skip_element()?;
        return Ok(Some(TableElement::PrimaryKey(key)));
    }
    if cursor.accept_word("UNIQUE") {
        cursor.accept_any_word(&["KEY", "INDEX"]);
        skip_index_name(cursor)?;
        let key = key_parts(cursor)?;
        cursor.skip_element()?;
        return Ok(Some(TableElement::UniqueKey(key)));
    }
    let other = cursor.is_any_word(&["INDEX", "KEY", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK"])
        || cursor.at_words(&["PERIOD", "FOR"])
        || (cursor.is_word("VECTOR") && cursor.word_ahead(1).eq_ignore_ascii_case("INDEX"));
    if other {
        cursor.skip_element()?;
        return Ok(Some(TableElement::Other));
    }
    Ok(None)
}

/// An index's name and type, before its parts.
fn skip_index_name(cursor: &mut Cursor<'_>) -> Parsed<()> {
    while !cursor.is_symbol(b'(') {
        if !matches!(cursor.kind(), TokenKind::Word | TokenKind::QuotedName) {
            return cursor.error("expected the columns of an index");
        }
        cursor.advance();
    }
    Ok(())
}

/// Everything behind the elements, to the end of the statement.
fn table_options(cursor: &mut Cursor<'_>) -> Parsed<TableOptions> {
    let mut options = TableOptions::default();
    while !cursor.at_statement_end() {
        if cursor.accept_symbol(b',') || table_option(cursor, &mut options)? {
            continue;
        }
        let rest = [
            "PARTITION",
            "AS",
            "SELECT",
            "WITH",
            "VALUES",
            "TABLE",
            "IGNORE",
            "REPLACE",
        ];
        if cursor.is_any_word(&rest) || cursor.is_symbol(b'(') {
            cursor.skip_statement();
            break;
        }
        return cursor.error("unknown table option");
    }
    Ok(options)
}

/// Reads an option of a table, if there is one here.
pub(super) fn table_option(cursor: &mut Cursor<'_>, options: &mut TableOptions) -> Parsed<bool> {
    // Each with or without an equals sign.
    const WITH_VALUE: [&str; 37] = [
        "AUTOEXTEND_SIZE",
        "AUTO_INCREMENT",
        "AVG_ROW_LENGTH",
        "CHECKSUM",
        "COMPRESSION",
        "CONNECTION",
        "DELAY_KEY_WRITE",
        "ENCRYPTED",
        "ENCRYPTION",
        "ENCRYPTION_KEY_ID",
        "ENGINE",
        "ENGINE_ATTRIBUTE",
        "IETF_QUOTES",
        "INSERT_METHOD",
        "KEY_BLOCK_SIZE",
        "MAX_ROWS",
        "MIN_ROWS",
        "PACK_KEYS",
        "PAGE_CHECKSUM",
        "PAGE_COMPRESSED",
        "PAGE_COMPRESSION_LEVEL",
        "PASSWORD",
        "ROW_FORMAT",
        "SECONDARY_ENGINE",
        "SECONDARY_ENGINE_ATTRIBUTE",
        "SEQUENCE",
        "STATS_AUTO_RECALC",
        "STATS_PERSISTENT",
        "STATS_SAMPLE_PAGES",
        "STORAGE",
        "TABLE_CHECKSUM",
        "TABLESPACE",
        "TRANSACTIONAL",
        "TYPE",
        "UNION",
        "WITH_SYSTEM_VERSIONING",
        "SHARD_ROW_ID_BITS",
    ];
    let defaulted = cursor.is_word("DEFAULT");
    if defaulted {
        cursor.advance();
    }
    if accept_charset_words(cursor) {
        cursor.accept_symbol(b'=');
        options.charset = Some(cursor.name_or_string()?);
    } else if cursor.accept_word("COLLATE") {
        cursor.accept_symbol(b'=');
        options.collation = Some(cursor.name_or_string()?);
    } else if cursor.accept_word("COMMENT") {
        cursor.accept_symbol(b'=');
        options.comment = Some(cursor.string()?);
    } else if cursor.accept_words(&["START", "TRANSACTION"])
        || cursor.accept_words(&["WITH", "SYSTEM", "VERSIONING"])
    {
        // MySQL 8 logs CREATE TABLE … SELECT with START TRANSACTION (WL#13355).
    } else if cursor.accept_words(&["DATA", "DIRECTORY"])
        || cursor.accept_words(&["INDEX", "DIRECTORY"])
        || cursor.accept_any_word(&WITH_VALUE)
    {
        cursor.accept_symbol(b'=');
        cursor.accept_symbol(b'-');
        cursor.skip_one()?;
    } else if cursor.kind() == TokenKind::Word
        && cursor.token_ahead(1).kind == TokenKind::Symbol(b'=')
    {
        // An option of an engine that is not known here.
        cursor.advance();
        cursor.advance();
        cursor.skip_one()?;
    } else if defaulted {
        return cursor.error("unknown default of a table");
    } else {
        return Ok(false);
    }
    Ok(true)
}
