use bytestring::ByteString;

use connect_api::Result;
use connect_api::data::{SchemaBuilder, Value};

use super::patterns::ColumnPatterns;
use crate::tables::{Column, TableId, jdbc_type};

/// What is done to a column's values or schema (`io.debezium.relational.mapping`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnMapping {
    /// Longer texts and bytes are cut (`column.truncate.to.N.chars`).
    Truncate(usize),
    /// Texts are replaced by so many asterisks (`column.mask.with.N.chars`).
    Mask(usize),
    /// The type becomes parameters of the schema (`column.propagate.source.type`,
    /// `datatype.propagate.source.type`).
    PropagateType,
}

/// The mappings in the order of the settings: the first whose columns match counts.
#[derive(Debug, Clone, Default)]
pub struct ColumnMappings(Vec<(Matcher, ColumnMapping)>);

#[derive(Debug, Clone)]
enum Matcher {
    Column(ColumnPatterns),
    DataType(ColumnPatterns),
}

impl ColumnMappings {
    /// Adds a mapping of the columns that `list`, the value of `setting`, matches by name.
    pub fn add(&mut self, setting: &str, list: &str, mapping: ColumnMapping) -> Result<()> {
        self.0.push((
            Matcher::Column(ColumnPatterns::parse(setting, list)?),
            mapping,
        ));
        Ok(())
    }

    /// Adds a mapping of the columns that `list`, the value of `setting`, matches by
    /// `database.table.TYPE`.
    pub fn add_by_type(&mut self, setting: &str, list: &str, mapping: ColumnMapping) -> Result<()> {
        self.0.push((
            Matcher::DataType(ColumnPatterns::parse(setting, list)?),
            mapping,
        ));
        Ok(())
    }

    /// The column's mapping.
    pub(crate) fn mapping(&self, table: &TableId, column: &Column) -> Option<&ColumnMapping> {
        let matches = |matcher: &Matcher| match matcher {
            Matcher::Column(patterns) => patterns.matches_column(table, &column.name),
            Matcher::DataType(patterns) => patterns.matches_column(table, &column.type_name),
        };
        self.0
            .iter()
            .find(|(matcher, _)| matches(matcher))
            .map(|(_, mapping)| mapping)
    }
}

impl ColumnMapping {
    /// The parameters that tell of the mapping.
    pub(crate) fn alter_schema(&self, column: &Column, schema: SchemaBuilder) -> SchemaBuilder {
        match self {
            Self::Truncate(length) if may_exceed(column, *length) => {
                schema.parameter("truncateLength", length.to_string())
            }
            Self::Truncate(_) => schema,
            Self::Mask(_) => schema.parameter("masked", "true"),
            Self::PropagateType => propagate(column, schema),
        }
    }

    /// What changes the column's values, if anything does.
    pub(crate) fn value_mapping(&self, column: &Column) -> Option<ValueMapping> {
        match self {
            Self::Truncate(length) if may_exceed(column, *length) => {
                Some(ValueMapping::Truncate(*length))
            }
            Self::Mask(length) if is_text(column) => Some(ValueMapping::Replace(Value::String(
                "*".repeat(*length).into(),
            ))),
            _ => None,
        }
    }
}

/// Changes a column's converted values.
#[derive(Debug, Clone)]
pub(crate) enum ValueMapping {
    Truncate(usize),
    Replace(Value),
}

impl ValueMapping {
    pub(crate) fn apply(&self, value: Value) -> Value {
        match (self, value) {
            (Self::Replace(mask), _) => mask.clone(),
            (Self::Truncate(length), Value::String(text)) => Value::String(truncate(text, *length)),
            (Self::Truncate(length), Value::Bytes(mut bytes)) => {
                bytes.truncate(*length);
                Value::Bytes(bytes)
            }
            (Self::Truncate(_), other) => other,
        }
    }
}

/// Cuts by UTF-16 units as Java does, but never through a character.
fn truncate(text: ByteString, length: usize) -> ByteString {
    if text.len() <= length {
        return text;
    }
    let mut units = 0;
    for (start, c) in text.char_indices() {
        units += c.len_utf16();
        if units > length {
            return text.slice_ref(&text[..start]);
        }
    }
    text
}

fn may_exceed(column: &Column, length: usize) -> bool {
    column
        .length
        .is_none_or(|of_column| usize::try_from(of_column).is_ok_and(|of| of > length))
}

fn is_text(column: &Column) -> bool {
    jdbc_type::uses_charset(column.jdbc_type)
}

fn propagate(column: &Column, schema: SchemaBuilder) -> SchemaBuilder {
    let mut schema = schema.parameter(
        "__debezium.source.column.type",
        column.type_name.to_uppercase(),
    );
    if let Some(length) = column.length {
        schema = schema.parameter("__debezium.source.column.length", length.to_string());
    }
    if let Some(scale) = column.scale {
        schema = schema.parameter("__debezium.source.column.scale", scale.to_string());
    }
    if let Some(comment) = column
        .comment
        .as_ref()
        .filter(|comment| !comment.is_empty())
    {
        schema = schema.parameter("__debezium.source.column.comment", comment.as_str());
    }
    schema.parameter("__debezium.source.column.name", column.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_keeps_characters_whole() {
        let cut = |text: &'static str, length| truncate(ByteString::from_static(text), length);
        assert_eq!(cut("abc", 2), "ab");
        assert_eq!(cut("жжж", 2), "жж");
        assert_eq!(cut("жжж", 6), "жжж");
        assert_eq!(cut("a😀b", 2), "a");
        assert_eq!(cut("a😀b", 3), "a😀");
    }

    #[test]
    fn the_first_matching_mapping_counts() {
        let mut mappings = ColumnMappings::default();
        mappings
            .add("s", r"db\.t\.secret", ColumnMapping::Mask(3))
            .unwrap();
        mappings
            .add_by_type("s", r".+\.VARCHAR", ColumnMapping::PropagateType)
            .unwrap();
        let column = |name: &str| Column {
            name: name.into(),
            type_name: "VARCHAR".into(),
            jdbc_type: jdbc_type::VARCHAR,
            length: Some(10),
            ..Column::default()
        };
        let table = TableId::new("db", "t");
        let secret = mappings.mapping(&table, &column("secret")).unwrap();
        let mask = secret.value_mapping(&column("secret")).unwrap();
        assert_eq!(mask.apply(Value::Null), Value::from("***"));
        let other = mappings.mapping(&table, &column("other")).unwrap();
        let schema = other
            .alter_schema(&column("other"), SchemaBuilder::structure())
            .build();
        assert_eq!(
            schema.parameter("__debezium.source.column.length"),
            Some("10")
        );
        assert!(other.value_mapping(&column("other")).is_none());
    }
}
