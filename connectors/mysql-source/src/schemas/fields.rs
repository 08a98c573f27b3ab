use std::sync::Arc;

use connect_api::data::{SchemaRef, Value};
use connect_api::{Error, Result};

use crate::tables::{Column, Table};
use crate::values::{
    Arena, ConversionFailure, Datum, Kind, ValueError, ValueMapping, ValueModes, default_value,
};

/// What becomes of a column's values.
#[derive(Debug, Clone)]
pub(crate) struct ColumnTarget {
    pub(crate) kind: Kind,
    /// Whether it is a field of the value; else it is only in the key.
    pub(crate) in_value: bool,
    /// Whether the key has it in another form than the value: not cut or masked.
    pub(crate) apart_in_key: bool,
    /// Whether the server has it in four bytes, whatever the schema's type.
    pub(crate) is_float: bool,
    /// What a null becomes.
    null: Value,
    mapping: Option<ValueMapping>,
    may_be_null: bool,
    failure: ConversionFailure,
    adjust_years: bool,
    name: Arc<str>,
    table: Arc<str>,
}

impl ColumnTarget {
    /// The value before a mapping, as the key has it. (A boxed error keeps the result small.)
    #[inline]
    pub(crate) fn convert(&self, datum: Datum<'_>, arena: &mut Arena) -> Result<Value, Box<Error>> {
        match self.kind.value(datum, self.adjust_years, arena) {
            Ok(Value::Null) => Ok(self.null.clone()),
            Ok(value) => Ok(value),
            Err(error) => self.unconverted(error),
        }
    }

    /// What a null becomes.
    pub(crate) fn null(&self) -> Value {
        self.null.clone()
    }

    /// What the value has in the place of a converted value.
    pub(crate) fn mapped(&self, value: Value) -> Value {
        match &self.mapping {
            None => value,
            Some(mapping) => mapping.apply(value),
        }
    }

    #[cold]
    fn unconverted(&self, error: ValueError) -> Result<Value, Box<Error>> {
        let (column, table) = (&*self.name, &*self.table);
        match self.failure {
            _ if !self.may_be_null => Err(self.error(error)),
            ConversionFailure::Fail => Err(self.error(error)),
            ConversionFailure::Warn => {
                tracing::warn!(table, column, %error, "a value was replaced by null");
                Ok(Value::Null)
            }
            ConversionFailure::Skip => {
                tracing::debug!(table, column, %error, "a value was replaced by null");
                Ok(Value::Null)
            }
        }
    }

    /// An error that names the column.
    pub(crate) fn error(
        &self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Box<Error> {
        let what = format!("failed to convert the value of column '{}'", self.name);
        let error = Error::data(what).with("table", &self.table);
        Box::new(error.with("type", self.kind.name()).caused_by(cause))
    }
}

/// A column's field and what makes its values.
pub(super) struct ColumnField {
    /// Its schema in the value.
    pub(super) in_value: SchemaRef,
    /// Its schema in the key.
    pub(super) in_key: SchemaRef,
    pub(super) target: ColumnTarget,
}

/// None for a column of a type that Debezium leaves out, with a warning.
pub(super) fn column_field(
    table: &Table,
    column: &Column,
    modes: &ValueModes,
) -> Result<Option<ColumnField>> {
    let kind = Kind::of(column, modes).map_err(|error| error.with("table", &table.id))?;
    let Some(kind) = kind else {
        tracing::warn!(
            table = %table.id, column = column.name, r#type = column.type_name,
            "records are without this column, whose type is not known"
        );
        return Ok(None);
    };
    let default = default_of(table, column, &kind, modes)?;
    let mapping = modes.mappings.mapping(&table.id, column);
    let schema = |mapped: bool| {
        let mut builder = kind.schema();
        if let Some(mapping) = mapping.filter(|_| mapped) {
            builder = mapping.alter_schema(column, builder);
        }
        if column.optional {
            builder = builder.optional();
        }
        if let Some(comment) = &column.comment {
            builder = builder.doc(comment.as_str());
        }
        builder
            .default_value(default.clone().unwrap_or_default())
            .build()
    };
    let null = match (column.optional, &default) {
        (true, _) => Value::Null,
        (false, Some(default)) => default.clone(),
        (false, None) => kind.fallback(&mut Arena::new()),
    };
    let (in_value, in_key) = (schema(true), schema(false));
    let mapping = mapping.and_then(|mapping| mapping.value_mapping(column));
    let target = ColumnTarget {
        kind,
        in_value: true,
        apart_in_key: false,
        is_float: column.base_type_name() == "FLOAT",
        null,
        mapping,
        may_be_null: column.optional,
        failure: modes.conversion_failure,
        adjust_years: modes.adjust_two_digit_years,
        name: column.name.as_str().into(),
        table: table.id.to_string().into(),
    };
    Ok(Some(ColumnField {
        in_value,
        in_key,
        target,
    }))
}

impl ColumnTarget {
    /// Whether the key cannot take the value's field.
    pub(super) fn is_mapped(&self) -> bool {
        self.mapping.is_some()
    }
}

fn default_of(
    table: &Table,
    column: &Column,
    kind: &Kind,
    modes: &ValueModes,
) -> Result<Option<Value>> {
    if !column.has_default_value {
        return Ok(None);
    }
    // A default lives as long as its schema: it must not keep an arena's chunk alive.
    let default = default_value(
        column,
        kind,
        modes.adjust_two_digit_years,
        &mut Arena::new(),
    );
    let expression = column
        .default_value_expression
        .as_deref()
        .unwrap_or_default();
    match (default, modes.conversion_failure) {
        (Ok(default), _) => Ok(default),
        (Err(error), ConversionFailure::Fail) => Err(Error::data(format!(
            "failed to convert the default '{expression}' of column '{}'",
            column.name
        ))
        .with("table", &table.id)
        .caused_by(error)),
        (Err(error), _) => {
            tracing::warn!(
                table = %table.id, column = column.name, default = expression, %error,
                "the schema is without the column's default"
            );
            Ok(None)
        }
    }
}
