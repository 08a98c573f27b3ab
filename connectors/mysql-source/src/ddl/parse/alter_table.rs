//! `ALTER TABLE`.

use super::super::ast::{AlterClause, Statement, TableElement, TableOptions};
use super::super::cursor::{Cursor, Parsed};
use super::super::token::TokenKind;
use super::column::{column_definition, default_value, field_definition, place};
use super::create_table::{table_constraint, table_elements, table_option};
use super::data_type::accept_charset_words;

/// The statement behind `ALTER [ONLINE] [IGNORE] TABLE`.
pub(super) fn alter_table(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    let if_exists = cursor.accept_words(&["IF", "EXISTS"]);
    let table = cursor.qualified_name()?;
    if cursor.accept_word("WAIT") {
        cursor.advance();
    } else {
        cursor.accept_word("NOWAIT");
    }
    let mut clauses = Vec::new();
    while !cursor.at_statement_end() {
        clauses.push(clause(cursor)?);
        cursor.accept_symbol(b',');
    }
    Ok(Statement::AlterTable {
        table,
        clauses,
        if_exists,
    })
}

fn clause(cursor: &mut Cursor<'_>) -> Parsed<AlterClause> {
    let mut options = TableOptions::default();
    if cursor.accept_word("ADD") {
        add(cursor)
    } else if cursor.accept_word("CHANGE") {
        change(cursor)
    } else if cursor.accept_word("MODIFY") {
        modify(cursor)
    } else if cursor.accept_word("DROP") {
        drop(cursor)
    } else if cursor.accept_word("RENAME") {
        rename(cursor)
    } else if cursor.accept_word("ALTER") {
        alter(cursor)
    } else if cursor.accept_words(&["CONVERT", "TO"]) {
        convert(cursor)
    } else if is_without_effect(cursor) {
        cursor.skip_element()?;
        Ok(AlterClause::Ignored)
    } else if is_partitioning(cursor) || cursor.at_words(&["ORDER", "BY"]) {
        // These come last, and have commas outside of any parentheses.
        cursor.skip_statement();
        Ok(AlterClause::Ignored)
    } else if table_option(cursor, &mut options)? {
        Ok(AlterClause::TableOptions(options))
    } else {
        cursor.error("unknown clause of ALTER TABLE")
    }
}

fn is_without_effect(cursor: &Cursor<'_>) -> bool {
    cursor.is_any_word(&["ALGORITHM", "LOCK", "FORCE", "ENABLE", "DISABLE"])
        || cursor.at_words(&["WITH", "VALIDATION"])
        || cursor.at_words(&["WITHOUT", "VALIDATION"])
        || cursor.is_any_word(&["SECONDARY_LOAD", "SECONDARY_UNLOAD"])
}

fn is_partitioning(cursor: &Cursor<'_>) -> bool {
    cursor.is_any_word(&[
        "PARTITION",
        "REMOVE",
        "REORGANIZE",
        "EXCHANGE",
        "TRUNCATE",
        "COALESCE",
        "ANALYZE",
        "CHECK",
        "OPTIMIZE",
        "REBUILD",
        "REPAIR",
        "DISCARD",
        "IMPORT",
        "UPGRADE",
    ])
}

fn add(cursor: &mut Cursor<'_>) -> Parsed<AlterClause> {
    if cursor.is_word("PARTITION") && !is_type_behind(cursor) {
        cursor.skip_statement();
        return Ok(AlterClause::Ignored);
    }
    if cursor.accept_words(&["SYSTEM", "VERSIONING"]) {
        return Ok(AlterClause::Ignored);
    }
    match table_constraint(cursor)? {
        Some(TableElement::PrimaryKey(key)) => return Ok(AlterClause::AddPrimaryKey(key)),
        Some(TableElement::UniqueKey(key)) => return Ok(AlterClause::AddUniqueKey(key)),
        Some(_) => return Ok(AlterClause::Ignored),
        None => {}
    }
    // A column may be called `column` only in quotes.
    cursor.accept_word("COLUMN");
    let if_not_exists = cursor.accept_words(&["IF", "NOT", "EXISTS"]);
    if cursor.is_symbol(b'(') {
        return Ok(AlterClause::AddElements(table_elements(cursor)?));
    }
    let column = column_definition(cursor)?;
    Ok(AlterClause::AddColumn {
        column,
        place: place(cursor)?,
        if_not_exists,
    })
}

/// Whether the word is a column's name, as in `ADD partition INT`.
fn is_type_behind(cursor: &Cursor<'_>) -> bool {
    let next = cursor.word_ahead(1);
    [
        "INT", "BIGINT", "VARCHAR", "CHAR", "TEXT", "DATE", "DATETIME",
    ]
    .iter()
    .any(|word| next.eq_ignore_ascii_case(word))
}

fn change(cursor: &mut Cursor<'_>) -> Parsed<AlterClause> {
    cursor.accept_word("COLUMN");
    let if_exists = cursor.accept_words(&["IF", "EXISTS"]);
    let old = cursor.column_name()?;
    let column = column_definition(cursor)?;
    Ok(AlterClause::ChangeColumn {
        old,
        column,
        place: place(cursor)?,
        if_exists,
    })
}

fn modify(cursor: &mut Cursor<'_>) -> Parsed<AlterClause> {
    cursor.accept_word("COLUMN");
    let if_exists = cursor.accept_words(&["IF", "EXISTS"]);
    let old = cursor.column_name()?;
    let column = field_definition(cursor, old.clone())?;
    Ok(AlterClause::ChangeColumn {
        old,
        column,
        place: place(cursor)?,
        if_exists,
    })
}

fn drop(cursor: &mut Cursor<'_>) -> Parsed<AlterClause> {
    if cursor.accept_words(&["PRIMARY", "KEY"]) {
        return Ok(AlterClause::DropPrimaryKey);
    }
    if cursor.accept_words(&["SYSTEM", "VERSIONING"]) {
        return Ok(AlterClause::Ignored);
    }
    if cursor.is_word("PARTITION") {
        cursor.skip_statement();
        return Ok(AlterClause::Ignored);
    }
    // All of these are reserved words, so that none can be a column.
    if cursor.is_any_word(&["INDEX", "KEY", "FOREIGN", "CHECK", "CONSTRAINT"])
        || cursor.at_words(&["PERIOD", "FOR"])
    {
        cursor.skip_element()?;
        return Ok(AlterClause::Ignored);
    }
    cursor.accept_word("COLUMN");
    let if_exists = cursor.accept_words(&["IF", "EXISTS"]);
    let name = cursor.column_name()?;
    cursor.accept_any_word(&["RESTRICT", "CASCADE"]);
    Ok(AlterClause::DropColumn { name, if_exists })
}

fn rename(cursor: &mut Cursor<'_>) -> Parsed<AlterClause> {
    if cursor.is_any_word(&["INDEX", "KEY"]) {
        cursor.skip_element()?;
        return Ok(AlterClause::Ignored);
    }
    if cursor.accept_word("COLUMN") {
        cursor.accept_words(&["IF", "EXISTS"]);
        let old = cursor.column_name()?;
        cursor.expect_word("TO")?;
        return Ok(AlterClause::RenameColumn {
            old,
            new: cursor.column_name()?,
        });
    }
    if !cursor.accept_any_word(&["TO", "AS"]) {
        cursor.accept_symbol(b'=');
    }
    Ok(AlterClause::RenameTable(cursor.qualified_name()?))
}

fn alter(cursor: &mut Cursor<'_>) -> Parsed<AlterClause> {
    if cursor.is_any_word(&["INDEX", "KEY", "CHECK", "CONSTRAINT"]) {
        cursor.skip_element()?;
        return Ok(AlterClause::Ignored);
    }
    cursor.accept_word("COLUMN");
    cursor.accept_words(&["IF", "EXISTS"]);
    let column = cursor.column_name()?;
    if cursor.accept_words(&["SET", "DEFAULT"]) {
        return Ok(AlterClause::SetDefault {
            column,
            value: default_value(cursor)?,
        });
    }
    if cursor.accept_words(&["DROP", "DEFAULT"]) {
        return Ok(AlterClause::DropDefault { column });
    }
    if cursor.accept_words(&["SET", "VISIBLE"]) || cursor.accept_words(&["SET", "INVISIBLE"]) {
        return Ok(AlterClause::Ignored);
    }
    cursor.error("expected SET or DROP DEFAULT")
}

fn convert(cursor: &mut Cursor<'_>) -> Parsed<AlterClause> {
    if cursor.is_any_word(&["PARTITION", "TABLE"]) {
        cursor.skip_statement();
        return Ok(AlterClause::Ignored);
    }
    if !accept_charset_words(cursor) {
        return cursor.error("expected CHARACTER SET");
    }
    let charset = cursor.name_or_string()?;
    let charset = (!charset.eq_ignore_ascii_case("default")).then_some(charset);
    let collated = cursor.accept_word("COLLATE");
    if collated && cursor.kind() == TokenKind::Symbol(b'=') {
        cursor.advance();
    }
    let collation = if collated {
        Some(cursor.name_or_string()?)
    } else {
        None
    };
    Ok(AlterClause::ConvertToCharset { charset, collation })
}
