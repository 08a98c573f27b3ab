//! Splitting SQL scripts.

/// The statements of a script, without the `;` between them and without
/// leading comment lines. A `;` in quotes or in a comment separates nothing.
pub fn statements(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = script;
    while !rest.is_empty() {
        let (statement, after) = rest.split_at(statement_end(rest));
        rest = after.strip_prefix(';').unwrap_or(after);
        let statement = without_comments(statement);
        if !statement.is_empty() {
            found.push(statement);
        }
    }
    found
}

/// Where the `;` after the first statement is, or the end.
fn statement_end(script: &str) -> usize {
    let mut characters = script.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            ';' => return position,
            '-' if script[position..].starts_with("-- ") => {
                characters.find(|&(_, character)| character == '\n');
            }
            '\'' | '"' | '`' => skip_quoted(&mut characters, character),
            _ => {}
        }
    }
    script.len()
}

/// A doubled quote closes and opens again, so it needs no case of its own.
fn skip_quoted(characters: &mut std::str::CharIndices<'_>, quote: char) {
    while let Some((_, character)) = characters.next() {
        match character {
            '\\' if quote != '`' => drop(characters.next()),
            character if character == quote => return,
            _ => {}
        }
    }
}

fn without_comments(statement: &str) -> &str {
    let mut statement = statement.trim();
    while statement.starts_with("-- ") {
        let end = statement.find('\n').unwrap_or(statement.len());
        statement = statement[end..].trim_start();
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_semicolons_between_statements_separate() {
        let script = "-- it's a comment; of two parts\nUSE a; SET x='';\nINSERT INTO t VALUES ('a;b','it''s;','\\';','\"'); \n-- end\n";
        let expected = [
            "USE a",
            "SET x=''",
            "INSERT INTO t VALUES ('a;b','it''s;','\\';','\"')",
        ];
        assert_eq!(statements(script), expected);
    }
}
