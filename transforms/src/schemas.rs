//! Copies of schemas with other fields.

use connect_api::data::{Schema, SchemaBuilder, Type, Value};

/// A schema of `kind` with the name, version, documentation and parameters of
/// `schema`. It is required and has no default, whatever `schema` is
/// (`SchemaUtil.copySchemaBasics` of Kafka).
pub(crate) fn copy_basics(schema: &Schema, kind: Type) -> SchemaBuilder {
    let mut builder = SchemaBuilder::new(kind);
    if let Some(name) = schema.name() {
        builder = builder.name(name);
    }
    if let Some(version) = schema.version() {
        builder = builder.version(version);
    }
    if let Some(doc) = schema.doc() {
        builder = builder.doc(doc);
    }
    for (name, value) in schema.parameters() {
        builder = builder.parameter(name.clone(), value.clone());
    }
    builder
}

/// [`copy_basics`] of a struct, without fields.
pub(crate) fn empty_copy(schema: &Schema) -> SchemaBuilder {
    copy_basics(schema, Type::Struct)
}

/// As [`empty_copy`], with the fields of `schema`: for more to be added.
pub(crate) fn copy_with_fields(schema: &Schema) -> SchemaBuilder {
    let mut builder = empty_copy(schema);
    for field in schema.fields() {
        builder = builder.field(field.name.clone(), field.schema.clone());
    }
    builder
}

/// The fields that have a default, with it: what a null in them stands for.
pub(crate) fn defaults(schema: &Schema) -> Vec<(usize, Value)> {
    let fields = schema.fields().iter();
    fields
        .filter_map(|field| Some((field.index, field.schema.default_value()?.clone())))
        .collect()
}

/// Puts defaults where nulls are.
pub(crate) fn replace_nulls(values: &mut [Value], defaults: &[(usize, Value)]) {
    for (position, default) in defaults {
        if let Some(value) = values.get_mut(*position)
            && value.is_null()
        {
            *value = default.clone();
        }
    }
}

/// A type's name in the originals' errors: `INT8`, … `STRUCT`.
pub(crate) fn type_name(kind: Type) -> String {
    kind.name().to_ascii_uppercase()
}
