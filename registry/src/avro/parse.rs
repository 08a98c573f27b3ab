//! Parsing as `Schema.Parser` does it, with its messages.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::names::{check_full_strictly, check_loosely, check_strictly};
use super::{
    AvroError, AvroSchema, DEEPEST, Field, Kind, Name, Named, Node, NodeId, Order, Primitive,
    Properties, Strictness, defaults, describe, equal, json, text,
};

/// Members that are no properties (`Schema.SCHEMA_RESERVED`); of an enum also `default`.
const RESERVED: [&str; 10] = [
    "doc",
    "fields",
    "items",
    "name",
    "namespace",
    "size",
    "symbols",
    "values",
    "type",
    "aliases",
];
/// `Schema.FIELD_RESERVED`.
const FIELD_RESERVED: [&str; 6] = ["default", "doc", "name", "order", "type", "aliases"];
type Object = Map<String, Value>;

pub(super) fn parse(
    text: &str,
    references: &[String],
    strictness: Strictness,
) -> Result<AvroSchema, AvroError> {
    let mut parser = Parser {
        schema: AvroSchema {
            nodes: Vec::new(),
            root: 0,
            referenced: Vec::new(),
        },
        names: HashMap::new(),
        strictness,
    };
    for reference in references {
        let root = parser.text(reference)?;
        if let Some(named) = parser.schema.node(root).named() {
            let name = named.name.full();
            parser.schema.referenced.push(name);
        }
    }
    parser.schema.root = parser.text(text)?;
    check_depth(
        &parser.schema,
        parser.schema.root,
        &mut HashSet::new(),
        DEEPEST,
    )?;
    if strictness == Strictness::Known {
        check_names(&parser.schema)?;
    }
    Ok(parser.schema)
}

struct Parser {
    schema: AvroSchema,
    names: HashMap<String, NodeId>,
    strictness: Strictness,
}

impl Parser {
    /// One text, with all its names resolved.
    fn text(&mut self, text: &str) -> Result<NodeId, AvroError> {
        let value = read(text)?;
        let first = self.schema.nodes.len();
        let root = self.value(&value, None)?;
        self.resolve(first, root)
    }

    fn value(&mut self, value: &Value, space: Option<&str>) -> Result<NodeId, AvroError> {
        match value {
            Value::String(name) => Ok(self.find(name, space)),
            Value::Object(object) => self.object(value, object, space),
            Value::Array(branches) => self.union(branches, space),
            other => Err(AvroError::new(format!(
                "Schema not yet supported: {}",
                json::text(other)
            ))),
        }
    }

    /// `ParseContext.find`.
    fn find(&mut self, name: &str, space: Option<&str>) -> NodeId {
        if let Some(primitive) = Primitive::of(name) {
            return self.add(Kind::Primitive(primitive), Properties::new());
        }
        let full = match space {
            Some(space) if !name.contains('.') => format!("{space}.{name}"),
            _ => name.to_owned(),
        };
        let known = self.names.get(&full).or_else(|| self.names.get(name));
        match known {
            Some(id) => *id,
            None => self.add(Kind::Unresolved(full), Properties::new()),
        }
    }

    fn object(
        &mut self,
        value: &Value,
        object: &Object,
        space: Option<&str>,
    ) -> Result<NodeId, AvroError> {
        let kind = required_text(value, object, "type", "No type")?;
        if let Some(primitive) = Primitive::of(kind) {
            return Ok(self.add(Kind::Primitive(primitive), properties(object, &RESERVED)));
        }
        match kind {
            "record" | "error" => self.record(value, object, space, kind == "error"),
            "enum" => self.enumeration(value, object, space),
            "fixed" => self.fixed(value, object, space),
            "array" => {
                let items = object.get("items").ok_or_else(|| {
                    AvroError::new(format!("Array has no items type: {}", json::text(value)))
                })?;
                let items = self.value(items, space)?;
                Ok(self.add(Kind::Array(items), properties(object, &RESERVED)))
            }
            "map" => {
                let values = object.get("values").ok_or_else(|| {
                    AvroError::new(format!("Map has no values type: {}", json::text(value)))
                })?;
                let values = self.value(values, space)?;
                Ok(self.add(Kind::Map(values), properties(object, &RESERVED)))
            }
            name => Ok(self.find(name, space)),
        }
    }

    fn union(&mut self, branches: &[Value], space: Option<&str>) -> Result<NodeId, AvroError> {
        let mut ids = Vec::with_capacity(branches.len());
        for branch in branches {
            ids.push(self.value(branch, space)?);
        }
        let union = self.add(Kind::Union(ids.clone()), Properties::new());
        let mut names = HashSet::with_capacity(ids.len());
        for id in &ids {
            let node = self.schema.node(*id);
            let name = match &node.kind {
                Kind::Union(_) => {
                    let text = text::write_node(&self.schema, union);
                    return Err(AvroError::new(format!("Nested union: {text}")));
                }
                Kind::Unresolved(name) => name.clone(),
                _ => node
                    .named()
                    .map_or_else(|| node.type_name().to_owned(), |named| named.name.full()),
            };
            if names.contains(&name) {
                return Err(AvroError::new(format!("Duplicate in union:{name}")));
            }
            names.insert(name);
        }
        Ok(union)
    }

    fn named(
        &self,
        value: &Value,
        object: &Object,
        space: Option<&str>,
    ) -> Result<Named, AvroError> {
        let space = optional_text(object, "namespace").or(space);
        let name = Name::new(
            required_text(value, object, "name", "No name in schema")?,
            space,
        );
        self.check_name(&name.name)?;
        if Primitive::of(&name.full()).is_some() {
            return Err(AvroError::new(format!(
                "Schemas may not be named after primitives: {}",
                name.full()
            )));
        }
        let mut aliases: Vec<Name> = Vec::new();
        for alias in aliases_of(value, object)? {
            let alias = Name::new(&alias, name.space.as_deref());
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        Ok(Named {
            name,
            doc: optional_text(object, "doc").map(str::to_owned),
            aliases,
        })
    }

    fn record(
        &mut self,
        value: &Value,
        object: &Object,
        space: Option<&str>,
        is_error: bool,
    ) -> Result<NodeId, AvroError> {
        let named = self.named(value, object, space)?;
        let Some(Value::Array(list)) = object.get("fields") else {
            return Err(AvroError::new(format!(
                "Record has no fields: {}",
                json::text(value)
            )));
        };
        let mut fields: Vec<Field> = Vec::with_capacity(list.len());
        for field in list {
            fields.push(self.field(field, named.name.space.as_deref())?);
        }
        let mut positions: HashMap<&str, usize> = HashMap::with_capacity(fields.len());
        for (index, field) in fields.iter().enumerate() {
            if let Some(first) = positions.insert(&field.name, index) {
                return Err(AvroError::new(format!(
                    "Duplicate field {} in record {}: {} and {}.",
                    field.name,
                    named.name.full(),
                    describe(&self.schema, field, index),
                    describe(&self.schema, &fields[first], first),
                )));
            }
        }
        let kind = Kind::Record {
            named,
            is_error,
            fields,
        };
        self.define(kind, properties(object, &RESERVED))
    }

    fn field(&mut self, value: &Value, space: Option<&str>) -> Result<Field, AvroError> {
        let empty = Object::new();
        let object = value.as_object().unwrap_or(&empty);
        let name = required_text(value, object, "name", "No field name")?.to_owned();
        let kind = object
            .get("type")
            .ok_or_else(|| AvroError::new(format!("No field type: {}", json::text(value))))?;
        let schema = self.value(kind, space)?;
        let order = order(object)?;
        let default = self.default(object, schema)?;
        self.check_name(&name)?;
        if self.strictness == Strictness::New
            && let Some(default) = &default
        {
            defaults::check(&self.schema, &name, schema, default)?;
        }
        Ok(Field {
            name,
            schema,
            doc: optional_text(object, "doc").map(str::to_owned),
            default,
            order,
            aliases: aliases_of(value, object)?,
            properties: properties(object, &FIELD_RESERVED),
        })
    }

    /// A default; that of a number may be a text.
    fn default(&self, object: &Object, schema: NodeId) -> Result<Option<Value>, AvroError> {
        let Some(default) = object.get("default") else {
            return Ok(None);
        };
        let is_float = matches!(
            self.schema.node(schema).kind,
            Kind::Primitive(Primitive::Float | Primitive::Double)
        );
        match default {
            Value::String(text) if is_float => {
                let number: f64 = text
                    .trim()
                    .parse()
                    .map_err(|_| AvroError::new(format!("For input string: \"{text}\"")))?;
                // A default that JSON cannot write (NaN, Infinity) stays text.
                Ok(Some(
                    serde_json::Number::from_f64(number)
                        .map_or_else(|| default.clone(), Value::Number),
                ))
            }
            other => Ok(Some(other.clone())),
        }
    }

    fn enumeration(
        &mut self,
        value: &Value,
        object: &Object,
        space: Option<&str>,
    ) -> Result<NodeId, AvroError> {
        let named = self.named(value, object, space)?;
        let Some(Value::Array(list)) = object.get("symbols") else {
            return Err(AvroError::new(format!(
                "Enum has no symbols: {}",
                json::text(value)
            )));
        };
        let mut symbols: Vec<String> = Vec::with_capacity(list.len());
        let mut known = HashSet::with_capacity(list.len());
        for symbol in list {
            let symbol = symbol
                .as_str()
                .ok_or_else(|| AvroError::new("Null name"))?
                .to_owned();
            self.check_name(&symbol)?;
            if !known.insert(symbol.clone()) {
                return Err(AvroError::new(format!("Duplicate enum symbol: {symbol}")));
            }
            symbols.push(symbol);
        }
        let default = optional_text(object, "default").map(str::to_owned);
        if let Some(default) = &default
            && !symbols.contains(default)
        {
            return Err(AvroError::new(format!(
                "The Enum Default: {default} is not in the enum symbol set: [{}]",
                symbols.join(", ")
            )));
        }
        let mut properties = properties(object, &RESERVED);
        properties.retain(|(name, _)| name != "default");
        let kind = Kind::Enum {
            named,
            symbols,
            default,
        };
        self.define(kind, properties)
    }

    fn fixed(
        &mut self,
        value: &Value,
        object: &Object,
        space: Option<&str>,
    ) -> Result<NodeId, AvroError> {
        let named = self.named(value, object, space)?;
        let size = object
            .get("size")
            .and_then(Value::as_i64)
            .and_then(|size| i32::try_from(size).ok())
            .ok_or_else(|| AvroError::new(format!("Invalid or no size: {}", json::text(value))))?;
        if size < 0 {
            return Err(AvroError::new(format!(
                "Malformed data. Length is negative: {size}"
            )));
        }
        self.define(Kind::Fixed { named, size }, properties(object, &RESERVED))
    }

    /// Names a schema (`ParseContext.put`). The same one twice is one.
    fn define(&mut self, kind: Kind, properties: Properties) -> Result<NodeId, AvroError> {
        let id = self.add(kind, properties);
        let full = self
            .schema
            .node(id)
            .named()
            .map(|named| named.name.full())
            .unwrap_or_default();
        if self.strictness == Strictness::New {
            check_full_strictly(&full)?;
        }
        match self.names.get(&full) {
            Some(known) if equal::same(&self.schema, *known, &self.schema, id) => Ok(*known),
            Some(_) => Err(AvroError::new(format!("Can't redefine: {full}"))),
            None => {
                self.names.insert(full, id);
                Ok(id)
            }
        }
    }

    fn check_name(&self, name: &str) -> Result<(), AvroError> {
        match self.strictness {
            Strictness::New => check_strictly(name),
            Strictness::Known => Ok(()),
        }
    }

    fn add(&mut self, kind: Kind, properties: Properties) -> NodeId {
        self.schema.nodes.push(Node { kind, properties });
        self.schema.nodes.len() - 1
    }

    /// Puts what a name means in the place of the name, in the nodes from `first` on.
    fn resolve(&mut self, first: NodeId, root: NodeId) -> Result<NodeId, AvroError> {
        let mut meanings: HashMap<NodeId, NodeId> = HashMap::new();
        for id in first..self.schema.nodes.len() {
            if let Kind::Unresolved(name) = &self.schema.node(id).kind {
                let meaning = self
                    .names
                    .get(name)
                    .ok_or_else(|| AvroError::new(format!("Undefined schema: {name}")))?;
                meanings.insert(id, *meaning);
            }
        }
        let put = |id: &mut NodeId| {
            if let Some(meaning) = meanings.get(id) {
                *id = *meaning;
            }
        };
        for node in &mut self.schema.nodes[first..] {
            match &mut node.kind {
                Kind::Array(id) | Kind::Map(id) => put(id),
                Kind::Union(ids) => ids.iter_mut().for_each(put),
                Kind::Record { fields, .. } => {
                    fields.iter_mut().for_each(|field| put(&mut field.schema));
                }
                _ => {}
            }
        }
        Ok(meanings.get(&root).copied().unwrap_or(root))
    }
}

/// Names may chain many flat definitions to a deep schema. Each is entered once, as when it is
/// written.
fn check_depth(
    schema: &AvroSchema,
    id: NodeId,
    entered: &mut HashSet<NodeId>,
    left: usize,
) -> Result<(), AvroError> {
    let Some(left) = left.checked_sub(1) else {
        return Err(AvroError::new(format!(
            "the schema is nested deeper than {DEEPEST} levels"
        )));
    };
    let node = schema.node(id);
    if node.named().is_some() && !entered.insert(id) {
        return Ok(());
    }
    match &node.kind {
        Kind::Array(inner) | Kind::Map(inner) => check_depth(schema, *inner, entered, left),
        Kind::Union(branches) => branches
            .iter()
            .try_for_each(|branch| check_depth(schema, *branch, entered, left)),
        Kind::Record { fields, .. } => fields
            .iter()
            .try_for_each(|field| check_depth(schema, field.schema, entered, left)),
        _ => Ok(()),
    }
}

/// The one value of a text. `serde_json` bounds its depth.
fn read(text: &str) -> Result<Value, AvroError> {
    let invalid =
        |error: serde_json::Error| AvroError::new(format!("the schema is not valid JSON: {error}"));
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = match values.next() {
        Some(value) => value.map_err(invalid)?,
        None => return Err(AvroError::new("Cannot parse <null> schema")),
    };
    let rest = text.get(values.byte_offset()..).unwrap_or_default().trim();
    if rest.is_empty() {
        return Ok(value);
    }
    Err(AvroError::new(format!(
        "dangling content after end of schema: {rest}"
    )))
}

/// `AvroSchemaUtils.validateNames`.
fn check_names(schema: &AvroSchema) -> Result<(), AvroError> {
    for node in &schema.nodes {
        if let Some(named) = node.named() {
            check_loosely(&named.name.name)?;
        }
        match &node.kind {
            Kind::Record { fields, .. } => {
                fields
                    .iter()
                    .try_for_each(|field| check_loosely(&field.name))?;
            }
            Kind::Enum { symbols, .. } => {
                symbols
                    .iter()
                    .try_for_each(|symbol| check_loosely(symbol))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn optional_text<'o>(object: &'o Object, member: &str) -> Option<&'o str> {
    object.get(member).and_then(Value::as_str)
}

fn required_text<'o>(
    value: &Value,
    object: &'o Object,
    member: &str,
    complaint: &str,
) -> Result<&'o str, AvroError> {
    optional_text(object, member)
        .ok_or_else(|| AvroError::new(format!("{complaint}: {}", json::text(value))))
}

fn order(object: &Object) -> Result<Order, AvroError> {
    let Some(order) = object.get("order") else {
        return Ok(Order::Ascending);
    };
    let constant = order.as_str().unwrap_or_default().to_uppercase();
    match constant.as_str() {
        "ASCENDING" => Ok(Order::Ascending),
        "DESCENDING" => Ok(Order::Descending),
        "IGNORE" => Ok(Order::Ignore),
        _ => Err(AvroError::new(format!(
            "No enum constant org.apache.avro.Schema.Field.Order.{constant}"
        ))),
    }
}

fn aliases_of(value: &Value, object: &Object) -> Result<Vec<String>, AvroError> {
    let Some(aliases) = object.get("aliases") else {
        return Ok(Vec::new());
    };
    let Value::Array(list) = aliases else {
        return Err(AvroError::new(format!(
            "aliases not an array: {}",
            json::text(value)
        )));
    };
    let mut aliases: Vec<String> = Vec::with_capacity(list.len());
    for alias in list {
        let Value::String(alias) = alias else {
            return Err(AvroError::new(format!(
                "alias not a string: {}",
                json::text(alias)
            )));
        };
        if !aliases.contains(alias) {
            aliases.push(alias.clone());
        }
    }
    Ok(aliases)
}

fn properties(object: &Object, reserved: &[&str]) -> Properties {
    object
        .iter()
        .filter(|(name, _)| !reserved.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
