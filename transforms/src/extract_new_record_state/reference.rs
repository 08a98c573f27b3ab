//! A field of the event that is wanted in the row or in a header
//! (`AbstractExtractNewRecordState.FieldReference`).

use bytestring::ByteString;
use connect_api::data::{Schema, SchemaRef, Struct, Value};
use connect_api::{Error, Result};

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The struct that holds the field; none for the event itself.
    parent: Option<String>,
    pub(super) field: String,
    /// Its name in the row or its header's name.
    pub(super) new_name: ByteString,
}

/// Where a reference leads in events of one schema.
#[derive(Debug)]
pub(super) struct Source {
    parent: Option<usize>,
    /// Whether the field is in the parent; else in the event itself, where
    /// another transformation may have put it.
    is_in_parent: bool,
    position: usize,
    pub(super) new_name: ByteString,
    /// The field's schema as it is in the event.
    pub(super) schema: SchemaRef,
}

impl Reference {
    /// Parses `field`, `struct.field`, each with `:name` after it or not.
    pub(super) fn parse(setting: &str, prefix: &str, text: &str) -> Result<Self> {
        let invalid = |reason: &str| {
            Error::config(format!(
                "Invalid value {text} for configuration {setting}: {reason}"
            ))
        };
        let (path, own_name) = match text.split_once(':') {
            Some((_, name)) if name.contains(':') => {
                return Err(invalid("Unexpected field name: more than one ':'"));
            }
            Some((path, name)) => (path, Some(name).filter(|name| !name.is_empty())),
            None => (text, None),
        };
        let (parent, field, usual_name) = match path.split_once('.') {
            Some((parent, rest)) => {
                let field = rest.split('.').next().unwrap_or(rest);
                (Some(parent), field, format!("{parent}_{field}"))
            }
            None => (usual_parent(path), path, path.to_owned()),
        };
        if field.is_empty() {
            return Err(invalid("a field's name is missing"));
        }
        let name = own_name.unwrap_or(&usual_name);
        Ok(Self {
            parent: parent.map(str::to_owned),
            field: field.to_owned(),
            new_name: format!("{prefix}{name}").into(),
        })
    }

    /// A field of the source, as `add.source.fields` of 1.0 lists them.
    pub(super) fn of_source(field: &str) -> Self {
        Self {
            parent: Some("source".to_owned()),
            field: field.to_owned(),
            new_name: format!("__{field}").into(),
        }
    }

    /// Where it leads in events of the schema `event`; none if that has no
    /// such field.
    pub(super) fn find(&self, event: &Schema) -> Option<Source> {
        let parent = match &self.parent {
            Some(parent) => Some(event.field(parent)?),
            None => None,
        };
        let in_parent = parent.and_then(|parent| parent.schema.field(&self.field));
        let field = in_parent.or_else(|| event.field(&self.field))?;
        Some(Source {
            parent: parent.map(|parent| parent.index),
            is_in_parent: in_parent.is_some(),
            position: field.index,
            new_name: self.new_name.clone(),
            schema: field.schema.clone(),
        })
    }
}

/// The struct of a field that is given without one.
fn usual_parent(field: &str) -> Option<&'static str> {
    match field {
        "id" | "data_collection_order" | "total_order" => Some("transaction"),
        "op" | "ts_ms" | "ts_us" | "ts_ns" => None,
        _ => Some("source"),
    }
}

impl Source {
    /// The value in an event; null if the parent is.
    pub(super) fn value(&self, event: &[Value]) -> Value {
        let Some(parent) = self.parent else {
            return event[self.position].clone();
        };
        match event[parent].as_struct().map(Struct::values) {
            None => Value::Null,
            Some(values) if self.is_in_parent => {
                values.get(self.position).cloned().unwrap_or_default()
            }
            Some(_) => event[self.position].clone(),
        }
    }

    /// True if it reads the field at `position` of the event itself.
    pub(super) fn reads(&self, position: usize) -> bool {
        self.parent == Some(position) || (!self.is_in_parent && self.position == position)
    }

    /// The schema that it has outside of the event: optional, without default.
    pub(super) fn optional_schema(&self) -> SchemaRef {
        self.schema
            .to_builder()
            .default_value(Value::Null)
            .optional()
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documentation's examples of `add.fields`.
    #[test]
    fn names() {
        let cases = [
            ("op", None, "op", "__op"),
            ("table", Some("source"), "table", "__table"),
            ("source.ts_ms", Some("source"), "ts_ms", "__source_ts_ms"),
            ("ts_ms", None, "ts_ms", "__ts_ms"),
            (
                "transaction.id",
                Some("transaction"),
                "id",
                "__transaction_id",
            ),
            (
                "total_order",
                Some("transaction"),
                "total_order",
                "__total_order",
            ),
            ("op:OPERATION", None, "op", "__OPERATION"),
            ("source.ts_ms:at", Some("source"), "ts_ms", "__at"),
        ];
        for (text, parent, field, new_name) in cases {
            let reference = Reference::parse("add.fields", "__", text).unwrap();
            assert_eq!(reference.parent.as_deref(), parent, "{text}");
            assert_eq!((&*reference.field, &*reference.new_name), (field, new_name));
        }
        let error = Reference::parse("add.fields", "__", "a:b:c").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("a:b:c for configuration add.fields")
        );
    }
}
