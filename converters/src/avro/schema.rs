//! Avro schemas: types in a list that refer to each other by position, so that
//! a named type can stand in several places, and in itself.

use super::json::Json;
use crate::failure::Failure;

/// A type's place in its schema.
pub(super) type TypeId = usize;

/// A schema: all its types, and which is the outermost.
#[derive(Debug, Clone)]
pub(super) struct AvroSchema {
    pub(super) types: Vec<AvroType>,
    pub(super) root: TypeId,
}

/// A type with the properties that are not Avro's own (`connect.name`, …).
#[derive(Debug, Clone)]
pub(super) struct AvroType {
    pub(super) kind: Kind,
    pub(super) props: Vec<(String, Json)>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Record(Record),
    Enum(Enum),
    Fixed(Fixed),
}

#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) name: Name,
    pub(super) doc: Option<String>,
    pub(super) fields: Vec<RecordField>,
}

#[derive(Debug, Clone)]
pub(super) struct RecordField {
    pub(super) name: String,
    pub(super) schema: TypeId,
    pub(super) doc: Option<String>,
    pub(super) default: Option<Json>,
    pub(super) props: Vec<(String, Json)>,
}

#[derive(Debug, Clone)]
pub(super) struct Enum {
    pub(super) name: Name,
    pub(super) doc: Option<String>,
    pub(super) symbols: Vec<String>,
    pub(super) default: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Fixed {
    pub(super) name: Name,
    pub(super) doc: Option<String>,
    pub(super) size: usize,
}

/// The name of a record, enum or fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) space: Option<String>,
    pub(super) name: String,
}

impl Name {
    /// `name` in `space`; a name with dots brings its own.
    pub(super) fn new(name: &str, space: Option<&str>) -> Self {
        let (space, name) = match name.rsplit_once('.') {
            Some((space, name)) => (Some(space), name),
            None => (space, name),
        };
        Self {
            space: space.filter(|space| !space.is_empty()).map(str::to_owned),
            name: name.to_owned(),
        }
    }

    pub(super) fn full(&self) -> String {
        match &self.space {
            Some(space) => format!("{space}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// How the type is referred to inside `space`.
    pub(super) fn reference(&self, space: Option<&str>) -> String {
        if self.space.is_some() && self.space.as_deref() == space && !is_type_name(&self.name) {
            self.name.clone()
        } else {
            self.full()
        }
    }
}

/// Names that Avro's types have themselves.
fn is_type_name(name: &str) -> bool {
    matches!(
        name,
        "null"
            | "boolean"
            | "int"
            | "long"
            | "float"
            | "double"
            | "bytes"
            | "string"
            | "array"
            | "map"
            | "union"
            | "record"
            | "enum"
            | "fixed"
    )
}

/// Avro's rule for names: a letter or underscore, then those and digits.
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    let mut chars = name.chars();
    let starts_well = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if starts_well && chars.all(|c| c.is_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(Failure::new(format!(
        "'{name}' is not a name in Avro, which has letters, digits and underscores and starts with \
         no digit; set scrub.invalid.names=true, or schema.name.adjustment.mode and \
         field.name.adjustment.mode of a Debezium connector to 'avro'"
    )))
}

impl Kind {
    /// The name of a primitive or complex type, as a union's branch is called.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
            Kind::Record(_) => "record",
            Kind::Enum(_) => "enum",
            Kind::Fixed(_) => "fixed",
        }
    }

    /// The name of a named type.
    pub(super) fn name(&self) -> Option<&Name> {
        match self {
            Kind::Record(Record { name, .. })
            | Kind::Enum(Enum { name, .. })
            | Kind::Fixed(Fixed { name, .. }) => Some(name),
            _ => None,
        }
    }
}

impl AvroType {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            props: Vec::new(),
        }
    }

    /// Adds a property unless one of its name is there.
    pub(super) fn add_prop(&mut self, name: &str, value: Json) {
        if self.prop(name).is_none() {
            self.props.push((name.to_owned(), value));
        }
    }

    pub(super) fn prop(&self, name: &str) -> Option<&Json> {
        find(&self.props, name)
    }

    /// A property that is a text.
    pub(super) fn text_prop(&self, name: &str) -> Option<&str> {
        self.prop(name).and_then(Json::as_str)
    }
}

impl RecordField {
    pub(super) fn prop(&self, name: &str) -> Option<&Json> {
        find(&self.props, name)
    }
}

fn find<'p>(props: &'p [(String, Json)], name: &str) -> Option<&'p Json> {
    props
        .iter()
        .find(|(prop, _)| prop == name)
        .map(|(_, value)| value)
}

impl AvroSchema {
    pub(super) fn kind(&self, id: TypeId) -> &Kind {
        &self.types[id].kind
    }

    /// The name by which `RecordNameStrategy` calls the schema; none unless the
    /// outermost type has one.
    pub(super) fn root_name(&self) -> Option<String> {
        self.kind(self.root).name().map(Name::full)
    }
}
