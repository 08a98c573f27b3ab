//! What becomes of the events of one envelope schema: made once for each.

use std::sync::Arc;

use connect_api::data::{Schema, SchemaCache, SchemaRef, Struct, Type, Value};
use connect_api::{Error, Result};

use super::config::{OnDelete, Options};
use super::reference::Source;
use crate::schemas::{copy_with_fields, defaults, replace_nulls};

pub(super) const DELETED_FIELD: &str = "__deleted";

/// Where the parts of an event are, and what is added to its rows.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) before: usize,
    pub(super) after: usize,
    pub(super) operation: Option<usize>,
    /// The schema of the field `after`.
    pub(super) row_schema: SchemaRef,
    pub(super) headers: Vec<(Source, SchemaRef)>,
    source_fields: Vec<Source>,
    fields: Vec<Source>,
    /// Whether what is added includes the rows themselves.
    pub(super) reads_rows: bool,
    /// What is added before fields are dropped, and after: all in the first
    /// unless a delete event drops some between.
    extensions: [SchemaCache<Extension>; 3],
}

/// What to add to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Additions {
    All,
    /// All but the fields of `add.fields`.
    First,
    /// The fields of `add.fields`.
    Second,
}

/// A row's schema with what is added, and the defaults of its nulls.
#[derive(Debug)]
struct Extension {
    schema: SchemaRef,
    defaults: Vec<(usize, Value)>,
}

impl Plan {
    /// The plan for a value's schema; none if it is no envelope
    /// (`Envelope.isEnvelopeSchema`).
    pub(super) fn new(schema: &SchemaRef, options: &Options) -> Result<Option<Self>> {
        let is_envelope = schema
            .name()
            .is_some_and(|name| name.ends_with(".Envelope"));
        if !is_envelope {
            return Ok(None);
        }
        let field = |name: &str| {
            schema.field(name).ok_or_else(|| {
                Error::data(format!("Unknown field: {name}"))
                    .with("schema", schema.name().unwrap_or_default())
            })
        };
        let (before, after) = (field("before")?, field("after")?);
        let find_all = |references: &[super::reference::Reference]| -> Vec<Source> {
            references
                .iter()
                .filter_map(|reference| reference.find(schema))
                .collect()
        };
        let mut source_fields = Vec::new();
        for reference in &options.source_fields {
            source_fields.push(reference.find(schema).ok_or_else(|| {
                Error::config(format!(
                    "Source field specified in 'add.source.fields' does not exist: {}",
                    reference.field
                ))
            })?);
        }
        let fields = find_all(&options.fields);
        let rows = [before.index, after.index];
        let reads_rows = fields
            .iter()
            .chain(&source_fields)
            .any(|source| rows.iter().any(|&row| source.reads(row)));
        let headers = find_all(&options.headers).into_iter().map(|source| {
            let schema = source.optional_schema();
            (source, schema)
        });
        Ok(Some(Self {
            before: before.index,
            after: after.index,
            operation: schema.field("op").map(|field| field.index),
            row_schema: after.schema.clone(),
            headers: headers.collect(),
            source_fields,
            fields,
            reads_rows,
            extensions: [(); 3].map(|()| SchemaCache::new(16)),
        }))
    }

    /// The row with what is added to it from the rest of the event.
    pub(super) fn extend(
        &mut self,
        row: Struct,
        event: &[Value],
        is_deleted: bool,
        additions: Additions,
        options: &Options,
    ) -> Result<Struct> {
        let with_first = additions != Additions::Second;
        let rewrites = with_first && options.on_delete == OnDelete::Rewrite;
        let source_fields: &[Source] = if with_first { &self.source_fields } else { &[] };
        let fields: &[Source] = if additions == Additions::First {
            &[]
        } else {
            &self.fields
        };
        let is_changed = rewrites || !source_fields.is_empty();
        if options.keep_row_schema && !is_changed && fields.is_empty() {
            return Ok(row);
        }
        let extension = self.extensions[additions as usize].get_or_make(row.schema(), |row| {
            let mut builder = copy_with_fields(row);
            for source in source_fields {
                builder = builder.field(source.new_name.clone(), source.schema.clone());
            }
            if rewrites {
                builder = builder.field(DELETED_FIELD, Schema::optional(Type::String));
            }
            for source in fields {
                builder = builder.field(source.new_name.clone(), source.optional_schema());
            }
            let replaces = is_changed && options.replace_null_with_default;
            Ok(Extension {
                schema: builder.try_build()?,
                defaults: if replaces { defaults(row) } else { Vec::new() },
            })
        })?;
        let mut values = row.into_values();
        replace_nulls(&mut values, &extension.defaults);
        values.reserve_exact(source_fields.len() + fields.len() + usize::from(rewrites));
        for source in source_fields {
            values.push(match source.value(event) {
                Value::Null => source.schema.default_value().cloned().unwrap_or_default(),
                value => value,
            });
        }
        if rewrites {
            values.push(if is_deleted { "true" } else { "false" }.into());
        }
        values.extend(fields.iter().map(|source| source.value(event)));
        Struct::from_values(Arc::clone(&extension.schema), values)
    }
}
