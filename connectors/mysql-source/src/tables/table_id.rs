use std::fmt;
use std::sync::Arc;

/// The name of a table: MySQL's database (JDBC's catalog) and the table in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId {
    database: Arc<str>,
    table: Arc<str>,
}

impl TableId {
    /// Names `table` in `database`; an empty database means that it is not known.
    pub fn new(database: impl Into<Arc<str>>, table: impl Into<Arc<str>>) -> Self {
        Self {
            database: database.into(),
            table: table.into(),
        }
    }

    /// The database, empty when not known.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The table's own name.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// `"db"."table"`, the form of the schema history (`TableId.toDoubleQuotedString`).
    pub fn to_double_quoted(&self) -> String {
        self.quoted('"')
    }

    /// `` `db`.`table` ``, the form of SQL statements.
    pub fn to_backquoted(&self) -> String {
        self.quoted('`')
    }

    /// The same id in lower case, as a server with `lower_case_table_names` ≠ 0 compares it.
    #[must_use]
    pub fn to_lowercase(&self) -> Self {
        Self::new(self.database.to_lowercase(), self.table.to_lowercase())
    }

    /// Reads an id of one, two or three parts, each plain or in `"`, `` ` `` or `'` (a quote
    /// inside is doubled), as `TableIdParser` does. The last two parts that are there count.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = split_parts(text)?;
        let table = parts.pop().filter(|name| !name.is_empty())?;
        let database = parts.into_iter().next().unwrap_or_default();
        Some(Self::new(database, table))
    }

    fn quoted(&self, quote: char) -> String {
        let mut out = String::with_capacity(self.database.len() + self.table.len() + 5);
        if !self.database.is_empty() {
            push_quoted(&mut out, &self.database, quote);
            out.push('.');
        }
        push_quoted(&mut out, &self.table, quote);
        out
    }
}

/// `db.table`, the identifier that filters and users use (`TableId.identifier`).
impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.database.is_empty() {
            return f.write_str(&self.table);
        }
        write!(f, "{}.{}", self.database, self.table)
    }
}

fn push_quoted(out: &mut String, name: &str, quote: char) {
    out.push(quote);
    for c in name.chars() {
        if c == quote {
            out.push(quote);
        }
        out.push(c);
    }
    out.push(quote);
}

fn split_parts(text: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.last_mut()?;
        match quote {
            Some(q) if c == q && chars.peek() == Some(&q) => {
                chars.next();
                part.push(q);
            }
            Some(q) if c == q => quote = None,
            Some(_) => part.push(c),
            None if matches!(c, '"' | '`' | '\'') && part.is_empty() => quote = Some(c),
            None if c == '.' => parts.push(String::new()),
            None => part.push(c),
        }
    }
    (quote.is_none() && parts.len() <= 3).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_forms_read_back() {
        let id = TableId::new("inventory", "odd name-€.$x");
        assert_eq!(id.to_double_quoted(), "\"inventory\".\"odd name-€.$x\"");
        assert_eq!(TableId::parse(&id.to_double_quoted()), Some(id.clone()));
        assert_eq!(TableId::parse(&id.to_backquoted()), Some(id));
        let quote = TableId::new("a\"b", "c`d");
        assert_eq!(quote.to_double_quoted(), "\"a\"\"b\".\"c`d\"");
        assert_eq!(TableId::parse(&quote.to_double_quoted()), Some(quote));
    }

    #[test]
    fn plain_forms_read() {
        assert_eq!(TableId::parse("db.t"), Some(TableId::new("db", "t")));
        assert_eq!(TableId::parse("t"), Some(TableId::new("", "t")));
        assert_eq!(TableId::new("", "t").to_double_quoted(), "\"t\"");
        assert_eq!(TableId::parse(""), None);
        assert_eq!(TableId::parse("\"open"), None);
    }
}
