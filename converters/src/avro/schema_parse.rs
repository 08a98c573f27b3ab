//! Reading a schema's JSON.

use std::collections::HashMap;

use super::json::Json;
use super::schema::{
    AvroSchema, AvroType, Enum, Fixed, Kind, Name, Record, RecordField, TypeId, check_name,
};
use crate::failure::Failure;

/// Members of a type's JSON that are Avro's own; everything else is a property.
const RESERVED: [&str; 11] = [
    "type",
    "name",
    "namespace",
    "doc",
    "fields",
    "symbols",
    "items",
    "values",
    "size",
    "aliases",
    "order",
];

const FIELD_RESERVED: [&str; 6] = ["type", "name", "doc", "default", "aliases", "order"];

/// The schema of `text`; `references` are the texts of schemas whose named
/// types it uses.
pub(super) fn parse(text: &str, references: &[String]) -> Result<AvroSchema, Failure> {
    let mut parser = Parser::default();
    for reference in references {
        parser.parse(&Json::parse(reference)?, None)?;
    }
    let root = parser.parse(&Json::parse(text)?, None)?;
    Ok(AvroSchema {
        types: parser.types,
        root,
    })
}

#[derive(Default)]
struct Parser {
    types: Vec<AvroType>,
    named: HashMap<String, TypeId>,
}

impl Parser {
    fn add(&mut self, kind: Kind) -> TypeId {
        self.types.push(AvroType::new(kind));
        self.types.len() - 1
    }

    fn parse(&mut self, json: &Json, space: Option<&str>) -> Result<TypeId, Failure> {
        match json {
            Json::Text(name) => self.by_name(name, space),
            Json::Array(branches) => {
                let branches: Result<Vec<TypeId>, Failure> = branches
                    .iter()
                    .map(|branch| self.parse(branch, space))
                    .collect();
                let branches = branches?;
                Ok(self.add(Kind::Union(branches)))
            }
            Json::Object(_) => self.object(json, space),
            other => Err(Failure::new(format!(
                "not an Avro schema: {}",
                other.to_text()
            ))),
        }
    }

    fn by_name(&mut self, name: &str, space: Option<&str>) -> Result<TypeId, Failure> {
        if let Some(kind) = primitive(name) {
            return Ok(self.add(kind));
        }
        let full = Name::new(name, space).full();
        self.named
            .get(&full)
            // A name without namespace may also be one of the null namespace.
            .or_else(|| self.named.get(name))
            .copied()
            .ok_or_else(|| Failure::new(format!("the Avro schema names an unknown type {full}")))
    }

    fn object(&mut self, json: &Json, space: Option<&str>) -> Result<TypeId, Failure> {
        let Some(type_json) = json.get("type") else {
            return Err(Failure::new(format!(
                "an Avro schema without \"type\": {}",
                json.to_text()
            )));
        };
        let Some(type_name) = type_json.as_str() else {
            // {"type": {"type": …}}: the inner one is meant.
            return self.parse(type_json, space);
        };
        let id = match type_name {
            "record" | "error" => self.record(json, space)?,
            "enum" => self.symbols(json, space)?,
            "fixed" => self.fixed(json, space)?,
            "array" => {
                let items = self.child(json, "items", space)?;
                self.add(Kind::Array(items))
            }
            "map" => {
                let values = self.child(json, "values", space)?;
                self.add(Kind::Map(values))
            }
            name => return self.named_or_primitive(name, json, space),
        };
        self.take_props(id, json);
        Ok(id)
    }

    fn named_or_primitive(
        &mut self,
        name: &str,
        json: &Json,
        space: Option<&str>,
    ) -> Result<TypeId, Failure> {
        let id = self.by_name(name, space)?;
        // What stands around a reference belongs to no type.
        if primitive(name).is_some() {
            self.take_props(id, json);
        }
        Ok(id)
    }

    fn take_props(&mut self, id: TypeId, json: &Json) {
        let Json::Object(members) = json else { return };
        let is_enum = matches!(self.types[id].kind, Kind::Enum(_));
        for (name, value) in members {
            let reserved = RESERVED.contains(&&**name) || (is_enum && name == "default");
            if !reserved {
                self.types[id].add_prop(name, value.clone());
            }
        }
    }

    fn child(&mut self, json: &Json, name: &str, space: Option<&str>) -> Result<TypeId, Failure> {
        match json.get(name) {
            Some(child) => self.parse(child, space),
            None => Err(Failure::new(format!(
                "an Avro schema without \"{name}\": {}",
                json.to_text()
            ))),
        }
    }

    fn define(&mut self, name: &Name, kind: Kind) -> Result<TypeId, Failure> {
        let id = self.add(kind);
        if self.named.insert(name.full(), id).is_some() {
            return Err(Failure::new(format!(
                "the Avro schema defines {} twice",
                name.full()
            )));
        }
        Ok(id)
    }

    fn record(&mut self, json: &Json, space: Option<&str>) -> Result<TypeId, Failure> {
        let name = name_of(json, space)?;
        let doc = text(json, "doc");
        let empty = Kind::Record(Record {
            name: name.clone(),
            doc: doc.clone(),
            fields: Vec::new(),
        });
        // Known before its fields, which may refer to it.
        let id = self.define(&name, empty)?;
        let mut fields = Vec::new();
        let list = json.get("fields").and_then(Json::items).unwrap_or(&[]);
        for field in list {
            fields.push(self.field(field, name.space.as_deref())?);
        }
        self.types[id].kind = Kind::Record(Record { name, doc, fields });
        Ok(id)
    }

    fn field(&mut self, json: &Json, space: Option<&str>) -> Result<RecordField, Failure> {
        let Some(name) = json.get("name").and_then(Json::as_str) else {
            return Err(Failure::new(format!(
                "a field of an Avro schema without \"name\": {}",
                json.to_text()
            )));
        };
        let schema = self
            .child(json, "type", space)
            .map_err(|failure| failure.in_field(name))?;
        let Json::Object(members) = json else {
            return Err(Failure::new("a field of an Avro schema is no object"));
        };
        let props = members
            .iter()
            .filter(|(member, _)| !FIELD_RESERVED.contains(&&**member));
        Ok(RecordField {
            name: name.to_owned(),
            schema,
            doc: text(json, "doc"),
            default: json.get("default").cloned(),
            props: props.cloned().collect(),
        })
    }

    fn symbols(&mut self, json: &Json, space: Option<&str>) -> Result<TypeId, Failure> {
        let name = name_of(json, space)?;
        let list = json.get("symbols").and_then(Json::items).unwrap_or(&[]);
        let symbols = list.iter().filter_map(Json::as_str).map(str::to_owned);
        let kind = Kind::Enum(Enum {
            name: name.clone(),
            doc: text(json, "doc"),
            symbols: symbols.collect(),
            default: text(json, "default"),
        });
        self.define(&name, kind)
    }

    fn fixed(&mut self, json: &Json, space: Option<&str>) -> Result<TypeId, Failure> {
        let name = name_of(json, space)?;
        let size = json.get("size").and_then(Json::as_i64);
        let Some(size) = size.and_then(|size| usize::try_from(size).ok()) else {
            return Err(Failure::new(format!(
                "the fixed type {} of an Avro schema has no valid \"size\"",
                name.full()
            )));
        };
        let kind = Kind::Fixed(Fixed {
            name: name.clone(),
            doc: text(json, "doc"),
            size,
        });
        self.define(&name, kind)
    }
}

fn primitive(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "string" => Kind::String,
        _ => return None,
    })
}

fn text(json: &Json, name: &str) -> Option<String> {
    json.get(name).and_then(Json::as_str).map(str::to_owned)
}

fn name_of(json: &Json, space: Option<&str>) -> Result<Name, Failure> {
    let Some(name) = json.get("name").and_then(Json::as_str) else {
        return Err(Failure::new(format!(
            "a named type of an Avro schema without \"name\": {}",
            json.to_text()
        )));
    };
    let own = json.get("namespace").and_then(Json::as_str);
    let name = Name::new(name, own.or(space));
    check_name(&name.name)?;
    Ok(name)
}
