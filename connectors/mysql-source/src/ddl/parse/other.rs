//! Databases, indexes, views, and statements on several tables.

use super::super::ast::{DatabaseCharset, RenameTable, Statement, TableStatement};
use super::super::cursor::{Cursor, Name, Parsed};
use super::super::token::TokenKind;
use super::column::key_parts;
use super::data_type::accept_charset_words;
use super::statement::statement_text;

pub(super) fn create_database(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    cursor.accept_words(&["IF", "NOT", "EXISTS"]);
    let database = cursor.identifier()?;
    Ok(Statement::CreateDatabase {
        database,
        charset: database_options(cursor)?,
    })
}

pub(super) fn alter_database(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    const OPTIONS: [&str; 8] = [
        "CHARACTER",
        "CHARSET",
        "COLLATE",
        "DEFAULT",
        "ENCRYPTION",
        "READ",
        "UPGRADE",
        "COMMENT",
    ];
    let named = !cursor.is_any_word(&OPTIONS);
    let database = if named {
        Some(cursor.identifier()?)
    } else {
        None
    };
    Ok(Statement::AlterDatabase {
        database,
        charset: database_options(cursor)?,
    })
}

fn database_options(cursor: &mut Cursor<'_>) -> Parsed<DatabaseCharset> {
    let mut options = DatabaseCharset::default();
    while !cursor.at_statement_end() {
        cursor.accept_word("DEFAULT");
        if accept_charset_words(cursor) {
            cursor.accept_symbol(b'=');
            options.charset = Some(cursor.name_or_string()?);
        } else if cursor.accept_word("COLLATE") {
            cursor.accept_symbol(b'=');
            options.collation = Some(cursor.name_or_string()?);
        } else if cursor.accept_any_word(&["ENCRYPTION", "COMMENT"])
            || cursor.accept_words(&["READ", "ONLY"])
        {
            cursor.accept_symbol(b'=');
            cursor.advance();
        } else if cursor.is_word("UPGRADE") {
            cursor.skip_statement();
        } else {
            return cursor.error("unknown option of a database");
        }
    }
    Ok(options)
}

/// The statement from `UNIQUE` or `INDEX` on.
pub(super) fn create_index(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    let unique = cursor.accept_word("UNIQUE");
    cursor.accept_any_word(&["FULLTEXT", "SPATIAL", "VECTOR"]);
    cursor.expect_word("INDEX")?;
    if !unique {
        cursor.skip_statement();
        return Ok(Statement::Ignored);
    }
    cursor.accept_words(&["IF", "NOT", "EXISTS"]);
    let index = if cursor.is_any_word(&["ON", "USING"]) {
        None
    } else {
        Some(cursor.identifier()?)
    };
    if cursor.accept_any_word(&["USING", "TYPE"]) {
        cursor.advance();
    }
    cursor.expect_word("ON")?;
    let table = cursor.qualified_name()?;
    let key = key_parts(cursor)?;
    cursor.skip_statement();
    Ok(Statement::CreateUniqueIndex { index, table, key })
}

/// Steps over `ALGORITHM = … DEFINER = … SQL SECURITY … VIEW`, or over what comes before another
/// kind of object; says whether it is a view.
pub(super) fn view_head(cursor: &mut Cursor<'_>) -> bool {
    loop {
        if cursor.accept_word("ALGORITHM") {
            cursor.accept_symbol(b'=');
            cursor.advance();
        } else if cursor.accept_word("DEFINER") {
            cursor.accept_symbol(b'=');
            definer(cursor);
        } else if cursor.accept_words(&["SQL", "SECURITY"]) {
            cursor.advance();
        } else {
            return cursor.accept_word("VIEW");
        }
    }
}

/// `user@host`, each with or without quotes, or `CURRENT_USER()`.
fn definer(cursor: &mut Cursor<'_>) {
    cursor.advance();
    if cursor.accept_symbol(b'(') {
        cursor.accept_symbol(b')');
    }
    while cursor.kind() == TokenKind::Variable {
        let bare = cursor.text() == "@";
        cursor.advance();
        if bare {
            cursor.advance();
        }
    }
}

/// A view's name; its query is not looked at.
pub(super) fn view_name(cursor: &mut Cursor<'_>) -> Parsed<Name> {
    cursor.accept_words(&["IF", "NOT", "EXISTS"]);
    let name = cursor.qualified_name()?;
    cursor.skip_statement();
    Ok(name)
}

pub(super) fn drop_views(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    cursor.accept_words(&["IF", "EXISTS"]);
    let mut views = vec![cursor.qualified_name()?];
    while cursor.accept_symbol(b',') {
        views.push(cursor.qualified_name()?);
    }
    cursor.accept_any_word(&["RESTRICT", "CASCADE"]);
    Ok(Statement::DropViews(views))
}

/// The statement behind `DROP TABLE`, which begins at `start`.
pub(super) fn drop_tables(cursor: &mut Cursor<'_>, start: usize) -> Parsed<Statement> {
    cursor.accept_words(&["IF", "EXISTS"]);
    let before = statement_text(cursor, start, cursor.token().start);
    let mut names = vec![cursor.qualified_name()?];
    while cursor.accept_symbol(b',') {
        names.push(cursor.qualified_name()?);
    }
    if cursor.accept_word("WAIT") {
        cursor.advance();
    } else {
        cursor.accept_word("NOWAIT");
    }
    let word = cursor.word().to_ascii_uppercase();
    let after = if cursor.accept_any_word(&["RESTRICT", "CASCADE"]) {
        format!(" {word}")
    } else {
        String::new()
    };
    let of = |table| TableStatement {
        table,
        before: before.clone(),
        after: after.clone(),
    };
    Ok(Statement::DropTables(names.into_iter().map(of).collect()))
}

/// The statement behind `RENAME TABLE`, which begins at `start`.
pub(super) fn rename_tables(cursor: &mut Cursor<'_>, start: usize) -> Parsed<Statement> {
    cursor.accept_words(&["IF", "EXISTS"]);
    let head = statement_text(cursor, start, cursor.token().start);
    let mut renames = Vec::new();
    loop {
        let pair_start = cursor.token().start;
        let from = cursor.qualified_name()?;
        if cursor.accept_word("WAIT") {
            cursor.advance();
        } else {
            cursor.accept_word("NOWAIT");
        }
        cursor.expect_word("TO")?;
        let to = cursor.qualified_name()?;
        let pair = statement_text(cursor, pair_start, cursor.previous_end());
        renames.push(RenameTable {
            from,
            to,
            text: format!("{head}{pair}"),
        });
        if !cursor.accept_symbol(b',') {
            break;
        }
    }
    Ok(Statement::RenameTables(renames))
}
