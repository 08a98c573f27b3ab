//! The text from which a normalized schema is parsed (`AvroSchemaUtils.toNormalizedString`): names
//! in full, empty documentation left out, properties, aliases and members of values in order,
//! defaults in the form of their type.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Number, Value};

use super::json::{self, separate, write_text, write_value};
use super::{AvroSchema, Field, Kind, Named, Node, NodeId, Order, Primitive, Properties, logical};

pub(super) fn write(schema: &AvroSchema) -> String {
    let mut writer = Writer {
        schema,
        known: schema.referenced.iter().cloned().collect(),
        out: String::new(),
    };
    writer.node(schema.root);
    writer.out
}

struct Writer<'s> {
    schema: &'s AvroSchema,
    known: HashSet<String>,
    out: String,
}

impl Writer<'_> {
    fn node(&mut self, id: NodeId) {
        let schema = self.schema;
        let node = schema.node(id);
        match &node.kind {
            Kind::Union(branches) => {
                self.out.push('[');
                for (index, branch) in branches.iter().enumerate() {
                    separate(&mut self.out, index);
                    self.node(*branch);
                }
                self.out.push(']');
            }
            Kind::Array(items) => self.container("items", *items, node),
            Kind::Map(values) => self.container("values", *values, node),
            Kind::Primitive(primitive) if node.properties.is_empty() => {
                write_text(&mut self.out, primitive.name());
            }
            Kind::Primitive(primitive) => {
                self.out.push_str("{\"type\":");
                write_text(&mut self.out, primitive.name());
                self.logical(node);
                self.properties(&node.properties);
                self.out.push('}');
            }
            Kind::Record { named, .. } | Kind::Enum { named, .. } | Kind::Fixed { named, .. } => {
                self.named(named, node);
            }
            // None is left in a parsed schema.
            Kind::Unresolved(name) => write_text(&mut self.out, name),
        }
    }

    fn container(&mut self, member: &str, content: NodeId, node: &Node) {
        self.out.push_str(&format!(
            "{{\"type\":\"{}\",\"{member}\":",
            node.type_name()
        ));
        self.node(content);
        self.logical(node);
        self.properties(&node.properties);
        self.out.push('}');
    }

    fn named(&mut self, named: &Named, node: &Node) {
        let name = named.name.full();
        if !self.known.insert(name.clone()) {
            write_text(&mut self.out, &name);
            return;
        }
        self.out.push_str("{\"name\":");
        write_text(&mut self.out, &name);
        self.out
            .push_str(&format!(",\"type\":\"{}\"", node.type_name()));
        match &node.kind {
            Kind::Enum { symbols, .. } => {
                self.out.push_str(",\"symbols\":[");
                for (index, symbol) in symbols.iter().enumerate() {
                    separate(&mut self.out, index);
                    write_text(&mut self.out, symbol);
                }
                self.out.push(']');
            }
            Kind::Fixed { size, .. } => self.out.push_str(&format!(",\"size\":{size}")),
            Kind::Record { fields, .. } => {
                self.out.push_str(",\"fields\":[");
                for (index, field) in fields.iter().enumerate() {
                    separate(&mut self.out, index);
                    self.field(field);
                }
                self.out.push(']');
            }
            _ => {}
        }
        self.logical(node);
        if let Some(doc) = named.doc.as_deref().filter(|doc| !doc.is_empty()) {
            self.member_text("doc", doc);
        }
        let aliases: BTreeSet<String> = named
            .aliases
            .iter()
            .map(|alias| match (&alias.space, &named.name.space) {
                // `NamedSchema.getAliases`: a dot says that it has no namespace.
                (None, Some(_)) => format!(".{}", alias.name),
                _ => alias.full(),
            })
            .collect();
        self.aliases(&aliases);
        if let Kind::Enum {
            default: Some(default),
            ..
        } = &node.kind
        {
            self.member_text("default", default);
        }
        self.properties(&node.properties);
        self.out.push('}');
    }

    fn field(&mut self, field: &Field) {
        self.out.push_str("{\"name\":");
        write_text(&mut self.out, &field.name);
        self.out.push_str(",\"type\":");
        self.node(field.schema);
        let order = match field.order {
            Order::Ascending => "ASCENDING",
            Order::Descending => "DESCENDING",
            Order::Ignore => "IGNORE",
        };
        self.member_text("order", order);
        if let Some(doc) = &field.doc {
            self.member_text("doc", doc);
        }
        self.aliases(&field.aliases.iter().cloned().collect());
        if let Some(default) = &field.default {
            self.out.push_str(",\"default\":");
            let default = of_type(self.schema, field.schema, default);
            write_value(&mut self.out, &json::sorted(&default));
        }
        self.properties(&field.properties);
        self.out.push('}');
    }

    fn logical(&mut self, node: &Node) {
        let Some(logical) = logical::of(node) else {
            return;
        };
        self.member_text("logicalType", logical.name);
        if let Some((precision, scale)) = logical.decimal {
            self.out.push_str(&format!(",\"precision\":{precision}"));
            if scale != 0 {
                self.out.push_str(&format!(",\"scale\":{scale}"));
            }
        }
    }

    fn aliases(&mut self, aliases: &BTreeSet<String>) {
        if aliases.is_empty() {
            return;
        }
        self.out.push_str(",\"aliases\":[");
        for (index, alias) in aliases.iter().enumerate() {
            separate(&mut self.out, index);
            write_text(&mut self.out, alias);
        }
        self.out.push(']');
    }

    fn member_text(&mut self, member: &str, text: &str) {
        self.out.push_str(&format!(",\"{member}\":"));
        write_text(&mut self.out, text);
    }

    fn properties(&mut self, properties: &Properties) {
        let sorted: BTreeMap<&str, &Value> = properties
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        for (name, value) in sorted {
            self.out.push(',');
            write_text(&mut self.out, name);
            self.out.push(':');
            write_value(&mut self.out, &json::sorted(value));
        }
    }
}

/// A default in the form of its type (`JacksonUtils.toObject`): an integer for a double becomes a
/// double.
fn of_type(schema: &AvroSchema, id: NodeId, value: &Value) -> Value {
    match (&schema.node(id).kind, value) {
        (Kind::Primitive(Primitive::Float | Primitive::Double), Value::Number(number)) => number
            .as_f64()
            .and_then(Number::from_f64)
            .map_or_else(|| value.clone(), Value::Number),
        (Kind::Array(items), Value::Array(list)) => Value::Array(
            list.iter()
                .map(|item| of_type(schema, *items, item))
                .collect(),
        ),
        (Kind::Map(values), Value::Object(members)) => Value::Object(
            members
                .iter()
                .map(|(name, item)| (name.clone(), of_type(schema, *values, item)))
                .collect(),
        ),
        (Kind::Record { fields, .. }, Value::Object(members)) => Value::Object(
            members
                .iter()
                .map(|(name, item)| {
                    let field = fields.iter().find(|field| field.name == *name);
                    let item = field
                        .map_or_else(|| item.clone(), |field| of_type(schema, field.schema, item));
                    (name.clone(), item)
                })
                .collect(),
        ),
        (Kind::Union(branches), _) => branches
            .first()
            .map_or_else(|| value.clone(), |first| of_type(schema, *first, value)),
        _ => value.clone(),
    }
}
