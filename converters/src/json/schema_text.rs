//! A schema as JSON, with its members in the order of `JsonConverter`.

use connect_api::data::{Schema, SchemaRef, Type};

use super::Options;
use super::plan::{Node, write_boolean, write_list};
use crate::failure::Failure;
use crate::java::json::write_string;
use crate::java::to_string::append_integer;

/// A type's name in JSON schemas.
pub(super) fn json_type(kind: Type) -> &'static str {
    match kind {
        Type::Float32 => "float",
        Type::Float64 => "double",
        other => other.name(),
    }
}

/// Appends the JSON of `schema`; `field` is the field's name where it is one.
pub(super) fn write_schema(
    out: &mut Vec<u8>,
    schema: &SchemaRef,
    field: Option<&str>,
    options: &Options,
) -> Result<(), Failure> {
    out.extend_from_slice(b"{\"type\":");
    write_string(out, json_type(schema.kind()));
    write_children(out, schema, options)?;
    out.extend_from_slice(b",\"optional\":");
    write_boolean(out, schema.is_optional());
    if let Some(name) = schema.name() {
        write_text_member(out, "name", name);
    }
    if let Some(version) = schema.version() {
        out.extend_from_slice(b",\"version\":");
        append_integer(out, version);
    }
    if let Some(doc) = schema.doc() {
        write_text_member(out, "doc", doc);
    }
    write_parameters(out, schema);
    if let Some(default) = schema.default_value() {
        out.extend_from_slice(b",\"default\":");
        Node::new(schema, options)?.write(out, default)?;
    }
    if let Some(field) = field {
        write_text_member(out, "field", field);
    }
    out.push(b'}');
    Ok(())
}

fn write_children(out: &mut Vec<u8>, schema: &SchemaRef, options: &Options) -> Result<(), Failure> {
    match schema.kind() {
        Type::Struct => {
            out.extend_from_slice(b",\"fields\":");
            write_list(out, schema.fields(), |out, field| {
                write_schema(out, &field.schema, Some(&field.name), options)
                    .map_err(|failure| failure.in_field(&field.name))
            })?;
        }
        Type::Array => write_child(out, "items", schema.value_schema(), options)?,
        Type::Map => {
            write_child(out, "keys", schema.key_schema(), options)?;
            write_child(out, "values", schema.value_schema(), options)?;
        }
        _ => {}
    }
    Ok(())
}

fn write_child(
    out: &mut Vec<u8>,
    member: &str,
    schema: Option<&SchemaRef>,
    options: &Options,
) -> Result<(), Failure> {
    out.push(b',');
    write_string(out, member);
    out.push(b':');
    match schema {
        Some(schema) => write_schema(out, schema, None, options),
        None => {
            out.extend_from_slice(b"null");
            Ok(())
        }
    }
}

fn write_parameters(out: &mut Vec<u8>, schema: &Schema) {
    if schema.parameters().is_empty() {
        return;
    }
    out.extend_from_slice(b",\"parameters\":");
    for (position, (name, value)) in schema.parameters().iter().enumerate() {
        out.push(if position == 0 { b'{' } else { b',' });
        write_string(out, name);
        out.push(b':');
        write_string(out, value);
    }
    out.push(b'}');
}

fn write_text_member(out: &mut Vec<u8>, member: &str, text: &str) {
    out.push(b',');
    write_string(out, member);
    out.push(b':');
    write_string(out, text);
}
