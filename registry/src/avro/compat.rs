//! Whether data written with one schema can be read with another
//! (`SchemaCompatibility.checkReaderWriterCompatibility`), and the registry's words about what is
//! in the way (`Difference`).

use std::collections::{BTreeSet, HashMap};

use super::{AvroSchema, DEEPEST, Field, Kind, Named, NodeId, Primitive, describe, text};

/// What keeps `reader` from reading `writer`'s data; empty if it can. Who reads is called
/// `reader_name` and `writer_name` (`new` and `old`).
pub(crate) fn incompatibilities(
    reader: &AvroSchema,
    writer: &AvroSchema,
    reader_name: &str,
    writer_name: &str,
) -> Vec<String> {
    let mut checker = Checker {
        reader,
        writer,
        known: HashMap::new(),
        left: DEEPEST,
    };
    let found = match checker.pair("", reader.root, writer.root, &[]) {
        Ok(found) => found,
        Err(Impossible(message)) => {
            return vec![format!(
                "Unexpected exception during compatibility check: {message}"
            )];
        }
    };
    found
        .iter()
        .map(|difference| difference.describe(reader_name, writer_name))
        .collect()
}

#[derive(Debug, Clone)]
enum Obstacle {
    Name,
    FixedSize,
    EnumSymbols,
    MissingDefault,
    Type,
    UnionBranch,
}

#[derive(Debug, Clone)]
struct Difference {
    obstacle: Obstacle,
    message: String,
    location: Vec<String>,
}

/// They cannot be compared: a reader's field could be filled by several of the writer's, or the
/// comparison has no end in sight.
struct Impossible(String);

type Differences = Result<Vec<Difference>, Impossible>;

impl Difference {
    fn describe(&self, reader: &str, writer: &str) -> String {
        let (path, message) = (self.path(), &self.message);
        let (kind, description) = match self.obstacle {
            Obstacle::FixedSize => (
                "FIXED_SIZE_MISMATCH",
                format!(
                    "The size of FIXED type field at path '{path}' in the {reader} schema does not match with the {writer} schema"
                ),
            ),
            Obstacle::Type => (
                "TYPE_MISMATCH",
                format!(
                    "The type (path '{path}') of a field in the {reader} schema does not match with the {writer} schema"
                ),
            ),
            Obstacle::Name => (
                "NAME_MISMATCH",
                format!("The name of the schema has changed (path '{path}')"),
            ),
            Obstacle::EnumSymbols => (
                "MISSING_ENUM_SYMBOLS",
                format!(
                    "The {reader} schema is missing enum symbols '{message}' at path '{path}' in the {writer} schema"
                ),
            ),
            Obstacle::UnionBranch => (
                "MISSING_UNION_BRANCH",
                format!(
                    "The {reader} schema is missing a type inside a union field at path '{path}' in the {writer} schema"
                ),
            ),
            Obstacle::MissingDefault => (
                "READER_FIELD_MISSING_DEFAULT_VALUE",
                format!(
                    "The field '{message}' at path '{path}' in the {reader} schema has no default value and is missing in the {writer} schema"
                ),
            ),
        };
        format!("{{errorType:'{kind}', description:'{description}', additionalInfo:'{message}'}}")
    }

    /// A JSON pointer, without the root's own empty step.
    fn path(&self) -> String {
        let steps: Vec<String> = self.location[1..]
            .iter()
            .map(|step| step.replace('~', "~0").replace('/', "~1"))
            .collect();
        format!("/{}", steps.join("/"))
    }
}

struct Checker<'s> {
    reader: &'s AvroSchema,
    writer: &'s AvroSchema,
    /// Pairs with their differences; none while they are being compared.
    known: HashMap<(NodeId, NodeId), Option<Vec<Difference>>>,
    /// How much deeper it may go.
    left: usize,
}

impl Checker<'_> {
    fn pair(&mut self, step: &str, reader: NodeId, writer: NodeId, at: &[String]) -> Differences {
        if let Some(known) = self.known.get(&(reader, writer)) {
            // Compatible, unless the comparison that goes on proves otherwise.
            return Ok(known.clone().unwrap_or_default());
        }
        if self.left == 0 {
            return Err(Impossible(format!(
                "the schemas are nested deeper than {DEEPEST} levels"
            )));
        }
        self.known.insert((reader, writer), None);
        let mut at = at.to_vec();
        at.push(step.to_owned());
        self.left -= 1;
        let differences = self.compare(reader, writer, &at)?;
        self.left += 1;
        self.known
            .insert((reader, writer), Some(differences.clone()));
        Ok(differences)
    }

    fn compare(&mut self, reader: NodeId, writer: NodeId, at: &[String]) -> Differences {
        let (reader_schema, writer_schema) = (self.reader, self.writer);
        let (reader_node, writer_node) = (reader_schema.node(reader), writer_schema.node(writer));
        match (&reader_node.kind, &writer_node.kind) {
            (Kind::Primitive(reader), Kind::Primitive(writer)) if promotes(*writer, *reader) => {
                Ok(Vec::new())
            }
            (Kind::Array(reader), Kind::Array(writer)) => self.pair("items", *reader, *writer, at),
            (Kind::Map(reader), Kind::Map(writer)) => self.pair("values", *reader, *writer, at),
            (
                Kind::Fixed { named, size },
                Kind::Fixed {
                    named: writer_named,
                    size: writer_size,
                },
            ) => {
                let mut differences = name_differences(named, writer_named, at);
                if size != writer_size {
                    let message = format!("expected: {writer_size}, found: {size}");
                    differences.push(difference(Obstacle::FixedSize, message, at, "size"));
                }
                Ok(differences)
            }
            (
                Kind::Enum {
                    named,
                    symbols,
                    default,
                },
                Kind::Enum {
                    named: writer_named,
                    symbols: writer_symbols,
                    ..
                },
            ) => {
                let mut differences = name_differences(named, writer_named, at);
                if default.is_none() {
                    differences.extend(symbol_differences(symbols, writer_symbols, at));
                }
                Ok(differences)
            }
            (
                Kind::Record { named, fields, .. },
                Kind::Record {
                    named: writer_named,
                    ..
                },
            ) => {
                let mut differences = name_differences(named, writer_named, at);
                differences.extend(self.fields(fields, writer, at)?);
                Ok(differences)
            }
            (Kind::Union(_), Kind::Union(branches)) => self.union_differences(reader, branches, at),
            (_, Kind::Union(branches)) => {
                let mut differences = Vec::new();
                for (index, branch) in branches.iter().enumerate() {
                    differences.extend(self.pair(&index.to_string(), reader, *branch, at)?);
                }
                Ok(differences)
            }
            (Kind::Union(branches), _) => self.branch_for(branches, writer, at),
            _ => {
                let message = format!(
                    "reader type: {} not compatible with writer type: {}",
                    reader_node.type_constant(),
                    writer_node.type_constant()
                );
                Ok(vec![Difference {
                    obstacle: Obstacle::Type,
                    message,
                    location: at.to_vec(),
                }])
            }
        }
    }

    /// Every branch of the writer's union must be readable; why one is not is not told.
    fn union_differences(
        &mut self,
        reader: NodeId,
        branches: &[NodeId],
        at: &[String],
    ) -> Differences {
        let mut differences = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            if !self.pair("", reader, *branch, &[])?.is_empty() {
                let kind = self.writer.node(*branch).type_constant();
                let message = format!("reader union lacking writer type: {kind}");
                differences.push(difference(
                    Obstacle::UnionBranch,
                    message,
                    at,
                    &index.to_string(),
                ));
            }
        }
        Ok(differences)
    }

    /// One branch of the reader's union must be able to read.
    fn branch_for(&mut self, branches: &[NodeId], writer: NodeId, at: &[String]) -> Differences {
        for branch in branches {
            if self.pair("", *branch, writer, &[])?.is_empty() {
                return Ok(Vec::new());
            }
        }
        let kind = self.writer.node(writer).type_constant();
        Ok(vec![Difference {
            obstacle: Obstacle::UnionBranch,
            message: format!("reader union lacking writer type: {kind}"),
            location: at.to_vec(),
        }])
    }

    /// Each of the reader's fields is the writer's, or has a default.
    fn fields(&mut self, fields: &[Field], writer: NodeId, at: &[String]) -> Differences {
        let mut differences = Vec::new();
        let writer_schema = self.writer;
        let Kind::Record {
            fields: writer_fields,
            ..
        } = &writer_schema.node(writer).kind
        else {
            return Ok(differences);
        };
        for (index, field) in fields.iter().enumerate() {
            let mut here = at.to_vec();
            here.extend(["fields".to_owned(), index.to_string()]);
            if let Some(source) = self.source(field, index, writer_fields, writer)? {
                differences.extend(self.pair("type", field.schema, source.schema, &here)?);
            } else if field.default.is_none() {
                let has_enum_default = matches!(
                    &self.reader.node(field.schema).kind,
                    Kind::Enum {
                        default: Some(_),
                        ..
                    }
                );
                if has_enum_default {
                    // As the original: the enum is compared with the whole record.
                    differences.extend(self.pair("type", field.schema, writer, &here)?);
                } else {
                    differences.push(Difference {
                        obstacle: Obstacle::MissingDefault,
                        message: field.name.clone(),
                        location: here,
                    });
                }
            }
        }
        Ok(differences)
    }

    /// The writer's field that fills the reader's, by name or one of the reader's aliases.
    fn source<'w>(
        &self,
        field: &Field,
        position: usize,
        writer_fields: &'w [Field],
        writer: NodeId,
    ) -> Result<Option<&'w Field>, Impossible> {
        let named = |name: &str| writer_fields.iter().find(|other| other.name == name);
        let mut found = named(&field.name)
            .into_iter()
            .chain(field.aliases.iter().filter_map(|alias| named(alias)));
        let first = found.next();
        if found.next().is_some() {
            return Err(Impossible(format!(
                "Reader record field {} matches multiple fields in writer record schema {}",
                describe(self.reader, field, position),
                text::write_node(self.writer, writer)
            )));
        }
        Ok(first)
    }
}

fn difference(obstacle: Obstacle, message: String, at: &[String], step: &str) -> Difference {
    let mut location = at.to_vec();
    location.push(step.to_owned());
    Difference {
        obstacle,
        message,
        location,
    }
}

/// `SchemaCompatibility.schemaNameEquals`: names without namespaces, or the reader's aliases.
fn name_differences(reader: &Named, writer: &Named, at: &[String]) -> Vec<Difference> {
    let full = writer.name.full();
    let is_alias = reader.aliases.iter().any(|alias| {
        let alias_name = match (&alias.space, &reader.name.space) {
            (None, Some(_)) => format!(".{}", alias.name),
            _ => alias.full(),
        };
        alias_name == full
    });
    if reader.name.name == writer.name.name || is_alias {
        return Vec::new();
    }
    let message = format!("expected: {full}");
    vec![difference(Obstacle::Name, message, at, "name")]
}

fn symbol_differences(reader: &[String], writer: &[String], at: &[String]) -> Vec<Difference> {
    let missing: BTreeSet<&str> = writer
        .iter()
        .filter(|symbol| !reader.contains(symbol))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let missing: Vec<&str> = missing.into_iter().collect();
    let message = format!("[{}]", missing.join(", "));
    vec![difference(Obstacle::EnumSymbols, message, at, "symbols")]
}

/// Whether values of one type can be read as another.
fn promotes(writer: Primitive, reader: Primitive) -> bool {
    use Primitive::{Bytes, Double, Float, Int, Long, String};
    writer == reader
        || matches!(
            (writer, reader),
            (Int, Long | Float | Double)
                | (Long, Float | Double)
                | (Float, Double)
                | (String, Bytes)
                | (Bytes, String)
        )
}
