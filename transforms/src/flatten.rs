//! `org.apache.kafka.connect.transforms.Flatten$Key` and `$Value`: the fields of
//! nested structs or maps in one.

use bytestring::ByteString;
use connect_api::config::{ConfigDef, Key};
use connect_api::data::{
    Field, Schema, SchemaBuilder, SchemaCache, SchemaRef, Struct, Type, Value,
};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::java_class::class_name;
use crate::keys::plugin;
use crate::record_part::{Part, not_a_struct, require_map};
use crate::schemas::{empty_copy, type_name};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.Flatten$Key",
    config_def,
    |props| Ok(Box::new(Flatten::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.Flatten$Value",
    config_def,
    |props| Ok(Box::new(Flatten::new(Part::Value, props)?)),
);

const DELIMITER: Key<String> = Key::new("delimiter")
    .default(".")
    .medium()
    .doc("What stands between the names of a field and of what it was nested in.");

fn config_def() -> ConfigDef {
    ConfigDef::new().with(&DELIMITER)
}

const PURPOSE: &str = "flattening";

/// A field of a nested struct.
#[derive(Debug)]
enum Node {
    /// One value, with what stands for a null.
    Leaf(Option<Value>),
    /// A struct with this many leaves.
    Nested(Vec<Node>, usize),
}

/// What becomes of the structs of one schema.
#[derive(Debug)]
struct Plan {
    schema: SchemaRef,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Flatten {
    part: Part,
    delimiter: String,
    plans: SchemaCache<Plan>,
}

impl Flatten {
    fn new(part: Part, props: &Props) -> Result<Self> {
        Ok(Self {
            part,
            delimiter: config_def().parse(props)?.get(&DELIMITER)?,
            plans: SchemaCache::new(64),
        })
    }

    fn flatten(&mut self, schema: &SchemaRef, value: Struct) -> Result<Struct> {
        let delimiter = &self.delimiter;
        let plan = self
            .plans
            .get_or_make(schema, |schema| Plan::new(schema, delimiter))?;
        let mut values = Vec::with_capacity(plan.schema.fields().len());
        take_leaves(&plan.nodes, value, &mut values)?;
        Struct::from_values(plan.schema.clone(), values)
    }
}

impl Plan {
    fn new(schema: &SchemaRef, delimiter: &str) -> Result<Self> {
        let mut flat = FlatSchema {
            builder: empty_copy(schema),
            delimiter,
        };
        let default = schema.default_value().and_then(Value::as_struct);
        let nodes = flat.add_fields(schema, "", schema.is_optional(), default)?;
        Ok(Self {
            schema: flat.builder.try_build()?,
            nodes,
        })
    }
}

/// The flat schema, while it is made.
struct FlatSchema<'d> {
    builder: SchemaBuilder,
    delimiter: &'d str,
}

impl FlatSchema<'_> {
    /// A field is optional if what it is nested in is, and it has that one's
    /// default if it has none of its own.
    fn add_fields(
        &mut self,
        schema: &Schema,
        prefix: &str,
        optional: bool,
        default_of_parent: Option<&Struct>,
    ) -> Result<Vec<Node>> {
        let mut nodes = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let name = joined(prefix, self.delimiter, &field.name);
            let optional = optional || field.schema.is_optional();
            let own_default = field.schema.default_value();
            let default = own_default.or_else(|| default_of_parent?.get(&field.name));
            nodes.push(match field.schema.kind() {
                Type::Struct => {
                    let default = default.and_then(Value::as_struct);
                    let nested = self.add_fields(&field.schema, &name, optional, default)?;
                    let leaves = nested.iter().map(Node::leaves).sum();
                    Node::Nested(nested, leaves)
                }
                Type::Map => return Err(unsupported(field, &name)),
                _ => {
                    let schema = field
                        .schema
                        .to_builder()
                        .with_optional(optional)
                        .default_value(default.cloned().unwrap_or_default());
                    self.add(name, schema.build());
                    Node::Leaf(own_default.cloned())
                }
            });
        }
        Ok(nodes)
    }

    fn add(&mut self, name: String, schema: SchemaRef) {
        let builder = std::mem::replace(&mut self.builder, SchemaBuilder::structure());
        self.builder = builder.field(name, schema);
    }
}

#[cold]
fn unsupported(field: &Field, name: &str) -> Error {
    Error::data(format!(
        "Flatten transformation does not support {} for record with schemas (for field {name}).",
        type_name(field.schema.kind())
    ))
}

impl Node {
    fn leaves(&self) -> usize {
        match self {
            Node::Leaf(_) => 1,
            Node::Nested(_, leaves) => *leaves,
        }
    }
}

fn joined(prefix: &str, delimiter: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        [prefix, delimiter, name].concat()
    }
}

/// Moves the leaves of `value` to the end of `out`.
fn take_leaves(nodes: &[Node], value: Struct, out: &mut Vec<Value>) -> Result<()> {
    let values = value.into_values();
    if values.len() != nodes.len() {
        return Err(Error::data(
            "a struct of the record has other fields than the record's schema",
        ));
    }
    for (node, value) in nodes.iter().zip(values) {
        match (node, value) {
            (Node::Leaf(Some(default)), Value::Null) => out.push(default.clone()),
            (Node::Leaf(_), value) => out.push(value),
            (Node::Nested(nodes, _), Value::Struct(value)) => take_leaves(nodes, value, out)?,
            (Node::Nested(_, leaves), Value::Null) => {
                out.extend(std::iter::repeat_n(Value::Null, *leaves));
            }
            (Node::Nested(..), other) => return Err(not_a_struct(PURPOSE, &other)),
        }
    }
    Ok(())
}

/// The flat map, while it is made.
struct FlatMap<'d> {
    entries: Vec<(Value, Value)>,
    delimiter: &'d str,
    /// A key is empty or has the delimiter in it: two paths may give one name.
    may_clash: bool,
}

impl FlatMap<'_> {
    fn add_entries(&mut self, prefix: &str, entries: Vec<(Value, Value)>) -> Result<()> {
        for (key, value) in entries {
            let Value::String(key) = key else {
                return Err(Error::data(format!(
                    "only maps with texts as keys can be flattened, found: {}",
                    class_name(None, &key)
                )));
            };
            self.may_clash |= key.is_empty() || key.contains(self.delimiter);
            let name = if prefix.is_empty() {
                key
            } else {
                ByteString::from(joined(prefix, self.delimiter, &key))
            };
            match value {
                Value::Map(nested) => self.add_entries(&name, nested)?,
                Value::Struct(_) => {
                    return Err(Error::data(format!(
                        "Flatten transformation does not support class {} for record without \
                         schemas (for field {name}).",
                        class_name(None, &value)
                    )));
                }
                leaf => self.add(name, leaf),
            }
        }
        Ok(())
    }

    fn add(&mut self, name: ByteString, value: Value) {
        let known = if self.may_clash {
            let mut entries = self.entries.iter_mut();
            entries.find(|(key, _)| key.as_str() == Some(&name))
        } else {
            None
        };
        match known {
            Some(entry) => entry.1 = value,
            None => self.entries.push((Value::String(name), value)),
        }
    }
}

impl Transformation for Flatten {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let part = self.part;
        if part.value(record).is_null() {
            return Ok(Outcome::Keep);
        }
        let schema = part.schema(record).cloned();
        match (schema, part.take(record)) {
            (Some(schema), Value::Struct(value)) => {
                let flat = self.flatten(&schema, value)?;
                let schema = flat.schema().clone();
                part.set(record, Some(schema), flat.into());
            }
            (Some(_), other) => return Err(not_a_struct(PURPOSE, &other)),
            (None, value) => {
                let mut flat = FlatMap {
                    entries: Vec::new(),
                    delimiter: &self.delimiter,
                    may_clash: false,
                };
                flat.add_entries("", require_map(PURPOSE, value)?)?;
                part.set(record, None, Value::Map(flat.entries));
            }
        }
        Ok(Outcome::Keep)
    }
}
