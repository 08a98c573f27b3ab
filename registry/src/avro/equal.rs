//! When two schemas say the same: `Schema.equals` and what `AvroSchema.metaEqual` adds to it.

use std::collections::HashSet;

use serde_json::Value;

use super::{AvroSchema, DEEPEST, Field, Kind, Name, Named, NodeId, Properties};

pub(super) fn equal(one: &AvroSchema, other: &AvroSchema) -> bool {
    let mut comparison = Comparison {
        one,
        other,
        with_documentation: true,
        seen: HashSet::new(),
        left: DEEPEST,
    };
    comparison.nodes(one.root, other.root)
}

/// `Schema.equals`: documentation and aliases do not count.
pub(super) fn same(one: &AvroSchema, id: NodeId, other: &AvroSchema, other_id: NodeId) -> bool {
    let mut comparison = Comparison {
        one,
        other,
        with_documentation: false,
        seen: HashSet::new(),
        left: DEEPEST,
    };
    comparison.nodes(id, other_id)
}

struct Comparison<'s> {
    one: &'s AvroSchema,
    other: &'s AvroSchema,
    with_documentation: bool,
    /// Records that are being compared, or have been.
    seen: HashSet<(NodeId, NodeId)>,
    /// How much deeper it may go. Schemas that are deeper count as different.
    left: usize,
}

impl Comparison<'_> {
    fn nodes(&mut self, one: NodeId, other: NodeId) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let are_equal = self.kinds(one, other);
        self.left += 1;
        are_equal
    }

    fn kinds(&mut self, one: NodeId, other: NodeId) -> bool {
        let (one_node, other_node) = (self.one.node(one), self.other.node(other));
        if !same_properties(&one_node.properties, &other_node.properties) {
            return false;
        }
        match (&one_node.kind, &other_node.kind) {
            (Kind::Primitive(one), Kind::Primitive(other)) => one == other,
            (Kind::Array(one), Kind::Array(other)) | (Kind::Map(one), Kind::Map(other)) => {
                self.nodes(*one, *other)
            }
            (Kind::Union(ones), Kind::Union(others)) => {
                ones.len() == others.len()
                    && ones
                        .iter()
                        .zip(others)
                        .all(|(one, other)| self.nodes(*one, *other))
            }
            (
                Kind::Record { named, fields, .. },
                Kind::Record {
                    named: other_named,
                    fields: other_fields,
                    ..
                },
            ) => {
                if !self.named(named, other_named) {
                    return false;
                }
                !self.seen.insert((one, other)) || self.fields(fields, other_fields)
            }
            (
                Kind::Enum {
                    named,
                    symbols,
                    default,
                },
                Kind::Enum {
                    named: other_named,
                    symbols: other_symbols,
                    default: other_default,
                },
            ) => {
                self.named(named, other_named)
                    && symbols == other_symbols
                    && (!self.with_documentation || default == other_default)
            }
            (
                Kind::Fixed { named, size },
                Kind::Fixed {
                    named: other_named,
                    size: other_size,
                },
            ) => self.named(named, other_named) && size == other_size,
            (Kind::Unresolved(one), Kind::Unresolved(other)) => one == other,
            _ => false,
        }
    }

    fn named(&self, one: &Named, other: &Named) -> bool {
        one.name == other.name
            && (!self.with_documentation
                || (one.doc == other.doc && same_names(&one.aliases, &other.aliases)))
    }

    fn fields(&mut self, ones: &[Field], others: &[Field]) -> bool {
        ones.len() == others.len()
            && ones
                .iter()
                .zip(others)
                .all(|(one, other)| self.field(one, other))
    }

    fn field(&mut self, one: &Field, other: &Field) -> bool {
        let has_same_text = !self.with_documentation
            || (one.doc == other.doc
                && one.aliases.len() == other.aliases.len()
                && one
                    .aliases
                    .iter()
                    .all(|alias| other.aliases.contains(alias)));
        has_same_text
            && one.name == other.name
            && one.default == other.default
            && one.order == other.order
            && same_properties(&one.properties, &other.properties)
            && self.nodes(one.schema, other.schema)
    }
}

fn same_names(ones: &[Name], others: &[Name]) -> bool {
    ones.len() == others.len() && ones.iter().all(|one| others.contains(one))
}

fn same_properties(ones: &Properties, others: &Properties) -> bool {
    let value_of = |properties: &Properties, name: &str| -> Option<Value> {
        properties
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.clone())
    };
    ones.len() == others.len()
        && ones
            .iter()
            .all(|(name, value)| value_of(others, name).as_ref() == Some(value))
}
