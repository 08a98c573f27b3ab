use super::jdbc_type;

/// A column as Debezium describes it (`io.debezium.relational.Column`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// The name as the table has it.
    pub name: String,
    /// A constant of [`jdbc_type`].
    pub jdbc_type: i32,
    /// The database's own number of the type; MySQL's columns have none.
    pub native_type: Option<i32>,
    /// The type in upper case with its modifiers (`INT UNSIGNED`), without length.
    pub type_name: String,
    /// Equal to `type_name` for MySQL.
    pub type_expression: String,
    /// The character set of a text column, never set for other types.
    pub charset_name: Option<String>,
    /// Length, precision or fractional digits, when the type was written with one.
    pub length: Option<i32>,
    /// Digits after the decimal point.
    pub scale: Option<i32>,
    /// Place in the table, from 1.
    pub position: i32,
    /// Whether the column may be null.
    pub optional: bool,
    /// `AUTO_INCREMENT` or `ON UPDATE CURRENT_TIMESTAMP`.
    pub auto_incremented: bool,
    /// Same as `auto_incremented`: computed columns are not marked by Debezium.
    pub generated: bool,
    /// The comment, when comments are kept.
    pub comment: Option<String>,
    /// Whether there is a default, an implicit or computed one (which counts as null) included.
    pub has_default_value: bool,
    /// The default as written in the DDL, without its quotes but with its escapes.
    pub default_value_expression: Option<String>,
    /// The literals of an `ENUM` or `SET`, as written, with their quotes.
    pub enum_values: Vec<String>,
}

impl Column {
    /// The type's base name (`INT UNSIGNED ZEROFILL` → `INT`).
    pub fn base_type_name(&self) -> &str {
        self.type_name.split(' ').next().unwrap_or_default()
    }

    /// Whether the type is an unsigned number.
    pub fn is_unsigned(&self) -> bool {
        self.type_name
            .split(' ')
            .any(|word| matches!(word, "UNSIGNED" | "ZEROFILL" | "SERIAL"))
    }

    /// Whether the column is `optional` and its default is null.
    pub fn has_null_default(&self) -> bool {
        self.has_default_value && self.default_value_expression.is_none()
    }

    /// The values of an `ENUM` or `SET`, without quotes and escapes
    /// (`MySqlAntlrDdlParser.extractEnumAndSetOptions`).
    pub fn enum_options(&self) -> Vec<String> {
        self.enum_values
            .iter()
            .map(|literal| enum_option(literal))
            .collect()
    }

    /// Gives a text column that names no character set the one of its table.
    pub(crate) fn inherit_charset(&mut self, table_charset: Option<&str>) {
        if self.charset_name.is_none() && jdbc_type::uses_charset(self.jdbc_type) {
            self.charset_name = table_charset.map(str::to_owned);
        }
    }
}

fn enum_option(literal: &str) -> String {
    let quoted = literal.len() >= 2
        && ['\'', '"', '`']
            .iter()
            .any(|q| literal.starts_with(*q) && literal.ends_with(*q));
    let inner = if quoted {
        &literal[1..literal.len() - 1]
    } else {
        literal
    };
    inner.replace("\\'", "'").replace("''", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enum_options_are_unescaped() {
        let column = Column {
            enum_values: vec![
                "'a'".into(),
                "'c''d'".into(),
                "'e,f'".into(),
                "'\\'x'".into(),
            ],
            ..Column::default()
        };
        assert_eq!(column.enum_options(), ["a", "c'd", "e,f", "'x"]);
    }

    #[test]
    fn unsignedness_is_in_the_type_name() {
        let named = |name: &str| Column {
            type_name: name.into(),
            ..Column::default()
        };
        assert!(named("INT UNSIGNED ZEROFILL").is_unsigned());
        assert!(!named("INT").is_unsigned());
        assert_eq!(named("BIGINT UNSIGNED").base_type_name(), "BIGINT");
    }
}
