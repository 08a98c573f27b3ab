//! Avro schemas as Java's Avro (1.12.1, the registry's own) parses, writes and compares them.
//!
//! A schema is kept with everything that its text says (documentation, aliases, order of
//! properties, numbers of defaults): ids and guids are those of the canonical text, which must be
//! Java's to the byte. That is why no Avro library serves: they drop or reorder what they do not
//! need for data.

mod compat;
mod defaults;
mod equal;
mod json;
mod logical;
mod names;
mod normalize;
mod parse;
mod text;

#[cfg(test)]
mod tests;

use serde_json::Value;
use thiserror::Error;

pub(crate) use compat::incompatibilities;
pub(crate) use names::Name;

/// Why a text is no Avro schema, in the words of Java's Avro where it is about the schema. What is
/// not JSON at all is described in our own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct AvroError(pub(crate) String);

impl AvroError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// For a schema that is registered: names are ASCII, defaults fit.
    New,
    /// For one that is looked up or was registered by an older registry.
    Known,
}

/// How deep a schema may be, and a comparison of two may go: names allow a short text to be deeper
/// than the stack.
const DEEPEST: usize = 200;

/// A node of a schema: index into [`AvroSchema::nodes`].
type NodeId = usize;

/// Properties that Avro does not know, in their order.
type Properties = Vec<(String, Value)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Primitive {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
}

impl Primitive {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "bytes" => Self::Bytes,
            "string" => Self::String,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Ascending,
    Descending,
    Ignore,
}

#[derive(Debug, Clone)]
struct Field {
    name: String,
    schema: NodeId,
    doc: Option<String>,
    default: Option<Value>,
    order: Order,
    aliases: Vec<String>,
    properties: Properties,
}

/// What records, enums and fixeds have.
#[derive(Debug, Clone)]
struct Named {
    name: Name,
    doc: Option<String>,
    aliases: Vec<Name>,
}

#[derive(Debug, Clone)]
enum Kind {
    Primitive(Primitive),
    Array(NodeId),
    Map(NodeId),
    Union(Vec<NodeId>),
    Record {
        named: Named,
        is_error: bool,
        fields: Vec<Field>,
    },
    Enum {
        named: Named,
        symbols: Vec<String>,
        default: Option<String>,
    },
    Fixed {
        named: Named,
        size: i32,
    },
    /// A name that is defined later, or within itself. None is left in a parsed schema.
    Unresolved(String),
}

#[derive(Debug, Clone)]
struct Node {
    kind: Kind,
    properties: Properties,
}

impl Node {
    fn named(&self) -> Option<&Named> {
        match &self.kind {
            Kind::Record { named, .. } | Kind::Enum { named, .. } | Kind::Fixed { named, .. } => {
                Some(named)
            }
            _ => None,
        }
    }

    /// The type's name in a schema's text.
    fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Primitive(primitive) => primitive.name(),
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
            Kind::Record { .. } | Kind::Unresolved(_) => "record",
            Kind::Enum { .. } => "enum",
            Kind::Fixed { .. } => "fixed",
        }
    }

    /// Java's name of the type (`Schema.Type`), as messages have it.
    fn type_constant(&self) -> String {
        self.type_name().to_ascii_uppercase()
    }
}

/// `Field.toString`.
fn describe(schema: &AvroSchema, field: &Field, position: usize) -> String {
    let kind = schema.node(field.schema).type_constant();
    format!("{} type:{kind} pos:{position}", field.name)
}

/// A parsed schema, together with those that it refers to.
#[derive(Debug, Clone)]
pub(crate) struct AvroSchema {
    nodes: Vec<Node>,
    root: NodeId,
    /// Full names of the schemas of references: their text is not repeated in the canonical one.
    referenced: Vec<String>,
}

impl AvroSchema {
    /// Parses a schema after the texts of the schemas that it refers to, in the order of need.
    pub(crate) fn parse(
        text: &str,
        references: &[String],
        strictness: Strictness,
    ) -> Result<Self, AvroError> {
        parse::parse(text, references, strictness)
    }

    /// The text that is stored and compared (`Schema.toString`), without the text of references.
    pub(crate) fn canonical_text(&self) -> String {
        text::write(self, &self.referenced)
    }

    /// The text with that of all references in it.
    pub(crate) fn resolved_text(&self) -> String {
        text::write(self, &[])
    }

    /// The text with properties in order and names in full, from which a normalized schema is
    /// parsed (`AvroSchemaUtils.toNormalizedString`).
    pub(crate) fn normalized_text(&self) -> String {
        normalize::write(self)
    }

    /// Whether both say the same, references resolved (`AvroSchema.equivalent`).
    pub(crate) fn is_equivalent(&self, other: &Self) -> bool {
        equal::equal(self, other)
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }
}
