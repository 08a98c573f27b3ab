//! Schemas from their JSON (`JsonConverter.asConnectSchema`).

use connect_api::data::{SchemaBuilder, SchemaRef, Type, Value};

use super::decode::Decoder;
use super::reader::{Kind, Reader};
use crate::failure::Failure;

/// The texts of a schema object's members.
#[derive(Debug, Default)]
struct Members<'t> {
    kind: Option<String>,
    items: Option<&'t str>,
    keys: Option<&'t str>,
    values: Option<&'t str>,
    fields: Option<&'t str>,
    field: Option<String>,
    optional: bool,
    name: Option<String>,
    version: Option<i32>,
    doc: Option<String>,
    parameters: Vec<(String, String)>,
    default: Option<&'t str>,
}

/// The schema that `text` describes; none for JSON's null.
pub(super) fn parse(text: &str) -> Result<Option<SchemaRef>, Failure> {
    Ok(parse_named(text)?.map(|(_, schema)| schema))
}

fn parse_named(text: &str) -> Result<Option<(Option<String>, SchemaRef)>, Failure> {
    let mut reader = Reader::new(text);
    match reader.kind()? {
        Kind::Null => return Ok(None),
        Kind::Object => {}
        _ => return Err(Failure::new("Schema must contain 'type' field")),
    }
    let mut members = Members::default();
    reader.object(|reader, name| members.read(reader, &name))?;
    let Some(kind) = members.kind.take() else {
        return Err(Failure::new("Schema must contain 'type' field"));
    };
    let mut builder = base(&kind, &members)?.with_optional(members.optional);
    if let Some(name) = members.name {
        builder = builder.name(name);
    }
    if let Some(version) = members.version {
        builder = builder.version(version);
    }
    if let Some(doc) = members.doc {
        builder = builder.doc(doc);
    }
    for (name, value) in members.parameters {
        builder = builder.parameter(name, value);
    }
    let schema = builder
        .try_build()
        .map_err(|error| Failure::new(error.message()))?;
    let schema = with_default(schema, members.default)?;
    Ok(Some((members.field, schema)))
}

fn with_default(schema: SchemaRef, text: Option<&str>) -> Result<SchemaRef, Failure> {
    let Some(text) = text else {
        return Ok(schema);
    };
    let decoder = Decoder {
        replace_null_with_default: false,
    };
    let default = decoder
        .value(&mut Reader::new(text), &schema)
        .map_err(|failure| failure.in_field("default"))?;
    Ok(match default {
        Value::Null => schema,
        default => schema.to_builder().default_value(default).build(),
    })
}

impl<'t> Members<'t> {
    /// A member of another JSON type than expected is taken as not given, as
    /// the original does, unless the schema cannot do without it.
    fn read(&mut self, reader: &mut Reader<'t>, name: &str) -> Result<(), Failure> {
        match name {
            "type" => self.kind = text(reader)?,
            "items" => self.items = Some(reader.skip()?),
            "keys" => self.keys = Some(reader.skip()?),
            "values" => self.values = Some(reader.skip()?),
            "fields" => self.fields = Some(reader.skip()?),
            "field" => self.field = text(reader)?,
            "name" => self.name = text(reader)?,
            "doc" => self.doc = text(reader)?,
            "default" => self.default = Some(reader.skip()?),
            "optional" => self.optional = reader.skip()? == "true",
            "version" => self.version = reader.skip()?.parse().ok(),
            "parameters" => self.parameters = parameters(reader)?,
            _ => {
                reader.skip()?;
            }
        }
        Ok(())
    }
}

fn text(reader: &mut Reader<'_>) -> Result<Option<String>, Failure> {
    if reader.kind()? == Kind::String {
        Ok(Some(reader.string()?.into_owned()))
    } else {
        reader.skip()?;
        Ok(None)
    }
}

fn parameters(reader: &mut Reader<'_>) -> Result<Vec<(String, String)>, Failure> {
    let mut parameters = Vec::new();
    if reader.kind()? != Kind::Object {
        reader.skip()?;
        return Ok(parameters);
    }
    reader.object(|reader, name| match text(reader)? {
        Some(value) => {
            parameters.push((name.into_owned(), value));
            Ok(())
        }
        None => Err(Failure::new("Schema parameters must have string values.")),
    })?;
    Ok(parameters)
}

fn base(kind: &str, members: &Members<'_>) -> Result<SchemaBuilder, Failure> {
    let child = |text: Option<&str>, missing: &str| {
        text.map(parse)
            .transpose()?
            .flatten()
            .ok_or_else(|| Failure::new(missing))
    };
    Ok(match kind {
        "array" => SchemaBuilder::array(child(
            members.items,
            "Array schema did not specify the element type",
        )?),
        "map" => SchemaBuilder::map(
            child(members.keys, "Map schema did not specify the key type")?,
            child(members.values, "Map schema did not specify the value type")?,
        ),
        "struct" => structure(members.fields)?,
        scalar => SchemaBuilder::new(scalar_type(scalar)?),
    })
}

fn structure(fields: Option<&str>) -> Result<SchemaBuilder, Failure> {
    let not_an_array = || Failure::new("Struct schema's \"fields\" argument is not an array.");
    let mut reader = Reader::new(fields.ok_or_else(not_an_array)?);
    if reader.kind()? != Kind::Array {
        return Err(not_an_array());
    }
    let mut builder = SchemaBuilder::structure();
    reader.array(|reader| {
        let Some((Some(name), schema)) = parse_named(reader.skip()?)? else {
            return Err(Failure::new(
                "Struct schema's field name not specified properly",
            ));
        };
        let fields = std::mem::replace(&mut builder, SchemaBuilder::structure());
        builder = fields.field(name, schema);
        Ok(())
    })?;
    Ok(builder)
}

fn scalar_type(name: &str) -> Result<Type, Failure> {
    Ok(match name {
        "boolean" => Type::Boolean,
        "int8" => Type::Int8,
        "int16" => Type::Int16,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "float" => Type::Float32,
        "double" => Type::Float64,
        "bytes" => Type::Bytes,
        "string" => Type::String,
        other => return Err(Failure::new(format!("Unknown schema type: {other}"))),
    })
}
