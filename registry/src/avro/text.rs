//! A schema's text as Java's Avro writes it (`Schema.toJson`): the order of members is fixed, a
//! namespace is written where it changes, and a name's second use is the name alone.

use std::collections::HashSet;

use super::json::{separate, write_text, write_value};
use super::{AvroSchema, Field, Kind, Named, NodeId, Order, Properties};

pub(super) fn write(schema: &AvroSchema, known: &[String]) -> String {
    let mut writer = Writer {
        schema,
        known: known.iter().cloned().collect(),
        out: String::new(),
    };
    writer.node(schema.root, None);
    writer.out
}

/// A node within a schema.
pub(super) fn write_node(schema: &AvroSchema, id: NodeId) -> String {
    let mut writer = Writer {
        schema,
        known: HashSet::new(),
        out: String::new(),
    };
    writer.node(id, None);
    writer.out
}

struct Writer<'s> {
    schema: &'s AvroSchema,
    known: HashSet<String>,
    out: String,
}

impl Writer<'_> {
    fn node(&mut self, id: NodeId, space: Option<&str>) {
        let schema = self.schema;
        let node = schema.node(id);
        if let Some(named) = node.named()
            && !self.known.insert(named.name.full())
        {
            let name = named.name.within(space);
            write_text(&mut self.out, &name);
            return;
        }
        match &node.kind {
            Kind::Primitive(primitive) if node.properties.is_empty() => {
                write_text(&mut self.out, primitive.name());
                return;
            }
            Kind::Union(branches) => {
                self.union(branches, space);
                return;
            }
            _ => {}
        }
        self.out.push_str("{\"type\":");
        match &node.kind {
            Kind::Primitive(primitive) => write_text(&mut self.out, primitive.name()),
            Kind::Array(items) => {
                self.out.push_str("\"array\",\"items\":");
                self.node(*items, space);
            }
            Kind::Map(values) => {
                self.out.push_str("\"map\",\"values\":");
                self.node(*values, space);
            }
            Kind::Record {
                named,
                is_error,
                fields,
            } => self.record(named, *is_error, fields, space),
            Kind::Enum {
                named,
                symbols,
                default,
            } => self.enumeration(named, symbols, default.as_deref(), space),
            Kind::Fixed { named, size } => {
                self.out.push_str("\"fixed\"");
                self.name(named, space);
                self.out.push_str(&format!(",\"size\":{size}"));
            }
            Kind::Union(_) => {}
            // Only in the message about a default of a type that is not defined yet.
            Kind::Unresolved(name) => write_text(&mut self.out, name),
        }
        self.properties(&node.properties);
        if let Some(named) = node.named() {
            self.aliases(named);
        }
        self.out.push('}');
    }

    fn union(&mut self, branches: &[NodeId], space: Option<&str>) {
        self.out.push('[');
        for (index, branch) in branches.iter().enumerate() {
            separate(&mut self.out, index);
            self.node(*branch, space);
        }
        self.out.push(']');
    }

    fn record(&mut self, named: &Named, is_error: bool, fields: &[Field], space: Option<&str>) {
        self.out
            .push_str(if is_error { "\"error\"" } else { "\"record\"" });
        self.name(named, space);
        self.out.push_str(",\"fields\":[");
        for (index, field) in fields.iter().enumerate() {
            separate(&mut self.out, index);
            self.field(field, named.name.space.as_deref());
        }
        self.out.push(']');
    }

    fn field(&mut self, field: &Field, space: Option<&str>) {
        self.out.push_str("{\"name\":");
        write_text(&mut self.out, &field.name);
        self.out.push_str(",\"type\":");
        self.node(field.schema, space);
        self.doc(field.doc.as_deref());
        if let Some(default) = &field.default {
            self.out.push_str(",\"default\":");
            write_value(&mut self.out, default);
        }
        match field.order {
            Order::Ascending => {}
            Order::Descending => self.out.push_str(",\"order\":\"descending\""),
            Order::Ignore => self.out.push_str(",\"order\":\"ignore\""),
        }
        if !field.aliases.is_empty() {
            self.texts("aliases", field.aliases.iter().map(String::as_str));
        }
        self.properties(&field.properties);
        self.out.push('}');
    }

    fn enumeration(
        &mut self,
        named: &Named,
        symbols: &[String],
        default: Option<&str>,
        space: Option<&str>,
    ) {
        self.out.push_str("\"enum\"");
        self.name(named, space);
        self.texts("symbols", symbols.iter().map(String::as_str));
        if let Some(default) = default {
            self.out.push_str(",\"default\":");
            write_text(&mut self.out, default);
        }
    }

    fn name(&mut self, named: &Named, space: Option<&str>) {
        self.out.push_str(",\"name\":");
        write_text(&mut self.out, &named.name.name);
        let own = named.name.space.as_deref();
        if own != space {
            self.out.push_str(",\"namespace\":");
            write_text(&mut self.out, own.unwrap_or_default());
        }
        self.doc(named.doc.as_deref());
    }

    fn doc(&mut self, doc: Option<&str>) {
        if let Some(doc) = doc {
            self.out.push_str(",\"doc\":");
            write_text(&mut self.out, doc);
        }
    }

    fn aliases(&mut self, named: &Named) {
        if named.aliases.is_empty() {
            return;
        }
        let space = named.name.space.as_deref();
        let aliases: Vec<String> = named
            .aliases
            .iter()
            .map(|alias| alias.within(space))
            .collect();
        self.texts("aliases", aliases.iter().map(String::as_str));
    }

    fn texts<'t>(&mut self, member: &str, texts: impl Iterator<Item = &'t str>) {
        self.out.push_str(",\"");
        self.out.push_str(member);
        self.out.push_str("\":[");
        for (index, text) in texts.enumerate() {
            separate(&mut self.out, index);
            write_text(&mut self.out, text);
        }
        self.out.push(']');
    }

    fn properties(&mut self, properties: &Properties) {
        for (name, value) in properties {
            self.out.push(',');
            write_text(&mut self.out, name);
            self.out.push(':');
            write_value(&mut self.out, value);
        }
    }
}
