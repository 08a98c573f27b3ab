//! `SET`.

use super::super::ast::{Assignment, Statement};
use super::super::cursor::{Cursor, Parsed, unquoted_name, unquoted_string};
use super::super::token::TokenKind;
use super::data_type::accept_charset_words;

/// The statement behind `SET`.
pub(super) fn set_statement(cursor: &mut Cursor<'_>) -> Parsed<Statement> {
    let other = cursor.is_any_word(&["PASSWORD", "ROLE", "TRANSACTION", "RESOURCE"])
        || cursor.at_words(&["DEFAULT", "ROLE"])
        || cursor.at_words(&["GLOBAL", "TRANSACTION"])
        || cursor.at_words(&["SESSION", "TRANSACTION"]);
    if other {
        cursor.skip_statement();
        return Ok(Statement::Ignored);
    }
    if cursor.is_word("NAMES") && cursor.token_ahead(1).kind != TokenKind::Symbol(b'=') {
        cursor.advance();
        let charset = charset_or_default(cursor)?;
        cursor.skip_statement();
        return Ok(Statement::SetNames(charset));
    }
    if accept_charset_words(cursor) {
        let charset = charset_or_default(cursor)?;
        cursor.skip_statement();
        return Ok(Statement::SetCharacterSet(charset));
    }
    let mut assignments = Vec::new();
    let mut global = false;
    loop {
        assignments.extend(assignment(cursor, &mut global)?);
        if !cursor.accept_symbol(b',') {
            break;
        }
    }
    Ok(if assignments.is_empty() {
        Statement::Ignored
    } else {
        Statement::Set(assignments)
    })
}

fn charset_or_default(cursor: &mut Cursor<'_>) -> Parsed<Option<String>> {
    cursor.accept_symbol(b'=');
    let charset = cursor.name_or_string()?;
    Ok((!charset.eq_ignore_ascii_case("default")).then_some(charset))
}

/// One assignment; none for a user variable. A scope holds for the following assignments too.
fn assignment(cursor: &mut Cursor<'_>, global: &mut bool) -> Parsed<Option<Assignment>> {
    if cursor.accept_any_word(&["GLOBAL", "PERSIST", "PERSIST_ONLY"]) {
        *global = true;
    } else if cursor.accept_any_word(&["SESSION", "LOCAL"]) {
        *global = false;
    }
    let mut scope_is_global = *global;
    let variable = if cursor.kind() == TokenKind::Variable {
        let token = cursor.advance();
        match cursor.text_of(token).strip_prefix("@@") {
            None => None,
            Some(system) => {
                let (scope, name) = system.split_once('.').unwrap_or(("session", system));
                scope_is_global = !["session", "local"]
                    .iter()
                    .any(|session| scope.eq_ignore_ascii_case(session));
                Some(unquoted_name(name))
            }
        }
    } else {
        Some(cursor.column_name()?)
    };
    cursor.accept_symbol(b':');
    cursor.expect_symbol(b'=')?;
    let value = value(cursor)?;
    Ok(variable.map(|variable| Assignment {
        global: scope_is_global,
        variable,
        value,
    }))
}

/// The text of an expression, without the quotes if it is only a string.
fn value(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let first = cursor.token();
    let start = first.start;
    cursor.skip_element()?;
    let end = cursor.previous_end();
    if end <= start {
        return cursor.error("expected a value");
    }
    let text = cursor.sql()[start..end].to_owned();
    let alone = first.end == end;
    Ok(match first.kind {
        TokenKind::String if alone => unquoted_string(&text),
        TokenKind::QuotedName if alone => unquoted_name(&text),
        _ => text,
    })
}
