//! Which statement it is.

use super::super::ast::{ParsedStatement, Statement};
use super::super::cursor::{Cursor, Parsed, unquoted_string};
use super::super::token::{SqlMode, TokenKind};
use super::alter_table::alter_table;
use super::create_table::create_table;
use super::other;
use super::set::set_statement;

/// Statements that begin with these words change no table's structure.
const WITHOUT_EFFECT: [&str; 66] = [
    "ANALYZE",
    "BACKUP",
    "BEGIN",
    "BINLOG",
    "CACHE",
    "CALL",
    "CHANGE",
    "CHECK",
    "CHECKSUM",
    "CLONE",
    "COMMIT",
    "DEALLOCATE",
    "DELETE",
    "DELIMITER",
    "DESC",
    "DESCRIBE",
    "DO",
    "END",
    "EXECUTE",
    "EXPLAIN",
    "FLUSH",
    "GET",
    "GRANT",
    "HANDLER",
    "HELP",
    "IMPORT",
    "INSERT",
    "INSTALL",
    "KILL",
    "LOAD",
    "LOCK",
    "OPTIMIZE",
    "PREPARE",
    "PURGE",
    "RELEASE",
    "REPAIR",
    "REPLACE",
    "RESET",
    "RESIGNAL",
    "RESTART",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SHOW",
    "SHUTDOWN",
    "SIGNAL",
    "START",
    "STOP",
    "TABLE",
    "UNINSTALL",
    "UNLOCK",
    "UPDATE",
    "VALUES",
    "WITH",
    "XA",
    "OPEN",
    "CLOSE",
    "FETCH",
    "DECLARE",
    "RETURN",
    "LEAVE",
    "ITERATE",
    "IF",
    "LOOP",
    "WHILE",
];

/// What else can be created, altered or dropped, after `DEFINER`, `ALGORITHM` and the like.
const OTHER_OBJECTS: [&str; 22] = [
    "AGGREGATE",
    "EVENT",
    "FUNCTION",
    "INSTANCE",
    "LIBRARY",
    "LOGFILE",
    "PACKAGE",
    "PREPARE",
    "PROCEDURE",
    "RESOURCE",
    "ROLE",
    "SEQUENCE",
    "SERVER",
    "SPATIAL REFERENCE",
    "TABLESPACE",
    "TRIGGER",
    "UNDO",
    "USER",
    "SQL",
    "MATERIALIZED",
    "EXTERNAL",
    "JSON",
];

/// Reads all statements of a text.
pub(in super::super) fn parse_statements(sql: &str, mode: SqlMode) -> Parsed<Vec<ParsedStatement>> {
    let mut cursor = Cursor::new(sql, mode)?;
    let mut statements = Vec::new();
    loop {
        while cursor.accept_symbol(b';') {}
        if cursor.kind() == TokenKind::End {
            return Ok(statements);
        }
        let offset = cursor.token().start;
        let statement = statement(&mut cursor)?;
        let text = statement_text(&cursor, offset, cursor.previous_end());
        statements.push(ParsedStatement {
            statement,
            text,
            offset,
        });
        if !cursor.at_statement_end() {
            return cursor.error("unexpected text behind the statement");
        }
    }
}

/// The text between two places, with strings in single quotes: the schema history has them so,
/// whatever the statement used (`DdlNormalizer`).
pub(super) fn statement_text(cursor: &Cursor<'_>, start: usize, end: usize) -> String {
    let sql = cursor.sql();
    let mut text = String::with_capacity(end - start + 2);
    let mut copied = start;
    for token in cursor.tokens_between(start, end) {
        if token.kind == TokenKind::String && cursor.text_of(token).starts_with('"') {
            text.push_str(&sql[copied..token.start]);
            text.push('\'');
            text.push_str(&unquoted_string(cursor.text_of(token)));
            text.push('\'');
            copied = token.end;
        }
    }
    text.push_str(&sql[copied..end]);
    // The end of a comment that is executed is no token, but the text needs it.
    let is_open = text
        .rfind("/*!")
        .is_some_and(|open| !text[open..].contains("*/"));
    if is_open {
        text.push_str(" */");
    }
    text
}

fn statement(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    // A query in parentheses.
    if cursor.is_symbol(b'(') {
        cursor.skip_statement();
        return Ok(Statement::Ignored);
    }
    let first = cursor.word().to_ascii_uppercase();
    match first.as_str() {
        "CREATE" => create(cursor),
        "ALTER" => alter(cursor),
        "DROP" => drop(cursor),
        "RENAME" => rename(cursor),
        "TRUNCATE" => {
            cursor.advance();
            cursor.accept_word("TABLE");
            let table = cursor.qualified_name()?;
            if cursor.accept_word("WAIT") {
                cursor.advance();
            } else {
                cursor.accept_word("NOWAIT");
            }
            Ok(Statement::TruncateTable(table))
        }
        "USE" => {
            cursor.advance();
            Ok(Statement::Use(cursor.identifier()?))
        }
        "SET" => {
            cursor.advance();
            // MariaDB: SET STATEMENT variable = value FOR statement.
            if cursor.accept_word("STATEMENT") {
                while !cursor.at_statement_end() && !cursor.accept_word("FOR") {
                    cursor.skip_one()?;
                }
                return statement(cursor);
            }
            set_statement(cursor)
        }
        word if WITHOUT_EFFECT.contains(&word) => {
            cursor.skip_statement();
            Ok(Statement::Ignored)
        }
        _ => cursor.error("unknown statement"),
    }
}

fn create(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    cursor.advance();
    let replace = cursor.accept_words(&["OR", "REPLACE"]);
    if cursor.accept_word("TABLE") {
        let statement = create_table(cursor)?;
        return Ok(if replace {
            always(statement)
        } else {
            statement
        });
    }
    if cursor.accept_words(&["TEMPORARY", "TABLE"]) {
        // Its rows are not in the binlog, and it may hide a real table.
        create_table(cursor)?;
        return Ok(Statement::Ignored);
    }
    if cursor.accept_any_word(&["DATABASE", "SCHEMA"]) {
        return other::create_database(cursor);
    }
    cursor.accept_any_word(&["ONLINE", "OFFLINE"]);
    if cursor.at_words(&["UNIQUE"]) || cursor.is_any_word(&["INDEX", "FULLTEXT", "VECTOR"]) {
        return other::create_index(cursor);
    }
    if cursor.at_words(&["SPATIAL", "INDEX"]) {
        return other::create_index(cursor);
    }
    match other::view_head(cursor) {
        true => Ok(Statement::CreateView(other::view_name(cursor)?)),
        false => other_object(cursor, true),
    }
}

fn always(statement: Statement) -> Statement {
    match statement {
        Statement::CreateTable(mut create) => {
            create.if_not_exists = false;
            Statement::CreateTable(create)
        }
        statement => statement,
    }
}

fn alter(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    cursor.advance();
    cursor.accept_any_word(&["ONLINE", "OFFLINE"]);
    cursor.accept_word("IGNORE");
    if cursor.accept_word("TABLE") {
        return alter_table(cursor);
    }
    if cursor.accept_any_word(&["DATABASE", "SCHEMA"]) {
        return other::alter_database(cursor);
    }
    match other::view_head(cursor) {
        true => Ok(Statement::AlterView(other::view_name(cursor)?)),
        false => other_object(cursor, true),
    }
}

fn drop(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    let start = cursor.token().start;
    cursor.advance();
    if cursor.accept_words(&["TEMPORARY", "TABLE"]) || cursor.at_words(&["TEMPORARY"]) {
        cursor.skip_statement();
        return Ok(Statement::Ignored);
    }
    if cursor.accept_any_word(&["TABLE", "TABLES"]) {
        return other::drop_tables(cursor, start);
    }
    if cursor.accept_any_word(&["DATABASE", "SCHEMA"]) {
        cursor.accept_words(&["IF", "EXISTS"]);
        return Ok(Statement::DropDatabase(cursor.identifier()?));
    }
    if cursor.accept_word("VIEW") {
        return other::drop_views(cursor);
    }
    cursor.accept_any_word(&["ONLINE", "OFFLINE"]);
    if cursor.is_word("INDEX") {
        // Debezium keeps the key that it took from a unique index.
        cursor.skip_statement();
        return Ok(Statement::Ignored);
    }
    other_object(cursor, false)
}

fn rename(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    let start = cursor.token().start;
    cursor.advance();
    if cursor.accept_any_word(&["TABLE", "TABLES"]) {
        return other::rename_tables(cursor, start);
    }
    if cursor.is_word("USER") {
        cursor.skip_statement();
        return Ok(Statement::Ignored);
    }
    cursor.error("expected TABLE or USER")
}

/// A statement on what is no table.
fn other_object(cursor: &mut Cursor<'_>, may_have_body: bool) -> Parsed<Statement> {
    const WITH_BODY: [&str; 6] = [
        "FUNCTION",
        "PROCEDURE",
        "TRIGGER",
        "EVENT",
        "PACKAGE",
        "AGGREGATE",
    ];
    let known = OTHER_OBJECTS
        .iter()
        .any(|words| cursor.at_words(&words.split(' ').collect::<Vec<_>>()));
    if !known {
        return cursor.error("unknown kind of object");
    }
    if may_have_body && cursor.is_any_word(&WITH_BODY) {
        // The body has semicolons of its own; the binlog has one statement at a time.
        cursor.skip_all();
    } else {
        cursor.skip_statement();
    }
    Ok(Statement::Ignored)
}
