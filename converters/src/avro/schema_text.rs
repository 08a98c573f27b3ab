//! A schema's text as Avro's `Schema.toString` writes it: this is what gets
//! registered, and what a registry compares.

use std::collections::HashSet;

use super::json::{Json, comma, member};
use super::schema::{AvroSchema, AvroType, Enum, Fixed, Kind, Name, Record, RecordField, TypeId};
use crate::java::json::write_string;

pub(super) fn to_text(schema: &AvroSchema) -> String {
    let mut writer = Writer {
        schema,
        known: HashSet::new(),
        out: Vec::new(),
    };
    writer.write(schema.root, None);
    // Only strings and ASCII were written.
    String::from_utf8_lossy(&writer.out).into_owned()
}

struct Writer<'s> {
    schema: &'s AvroSchema,
    /// Full names of the types that are written already: from then on by name.
    known: HashSet<String>,
    out: Vec<u8>,
}

impl<'s> Writer<'s> {
    fn write(&mut self, id: TypeId, space: Option<&str>) {
        let avro_type = &self.schema.types[id];
        if let Some(name) = avro_type.kind.name()
            && !self.known.insert(name.full())
        {
            write_string(&mut self.out, &name.reference(space));
            return;
        }
        match &avro_type.kind {
            Kind::Union(branches) => {
                self.out.push(b'[');
                for (position, &branch) in branches.iter().enumerate() {
                    comma(&mut self.out, position);
                    self.write(branch, space);
                }
                self.out.push(b']');
            }
            Kind::Array(items) => self.container("array", "items", *items, avro_type, space),
            Kind::Map(values) => self.container("map", "values", *values, avro_type, space),
            Kind::Record(record) => self.record(record, avro_type, space),
            Kind::Enum(symbols) => self.symbols(symbols, avro_type, space),
            Kind::Fixed(fixed) => self.fixed(fixed, avro_type, space),
            primitive if avro_type.props.is_empty() => {
                write_string(&mut self.out, primitive.type_name());
            }
            primitive => {
                self.begin(primitive.type_name());
                self.end(&avro_type.props);
            }
        }
    }

    fn begin(&mut self, type_name: &str) {
        self.out.extend_from_slice(b"{\"type\":");
        write_string(&mut self.out, type_name);
    }

    fn end(&mut self, props: &[(String, Json)]) {
        self.props(props);
        self.out.push(b'}');
    }

    fn props(&mut self, props: &[(String, Json)]) {
        for (name, value) in props {
            self.next(name);
            value.write(&mut self.out);
        }
    }

    /// A comma and the next member's name.
    fn next(&mut self, name: &str) {
        self.out.push(b',');
        member(&mut self.out, name);
    }

    fn next_text(&mut self, name: &str, text: &str) {
        self.next(name);
        write_string(&mut self.out, text);
    }

    fn name(&mut self, name: &Name, doc: Option<&str>, space: Option<&str>) {
        self.next_text("name", &name.name);
        match &name.space {
            Some(own) if Some(&**own) != space => self.next_text("namespace", own),
            None if space.is_some() => self.next_text("namespace", ""),
            _ => {}
        }
        if let Some(doc) = doc {
            self.next_text("doc", doc);
        }
    }

    fn container(
        &mut self,
        type_name: &str,
        of: &str,
        id: TypeId,
        avro_type: &AvroType,
        space: Option<&str>,
    ) {
        self.begin(type_name);
        self.next(of);
        self.write(id, space);
        self.end(&avro_type.props);
    }

    fn record(&mut self, record: &'s Record, avro_type: &AvroType, space: Option<&str>) {
        self.begin("record");
        self.name(&record.name, record.doc.as_deref(), space);
        self.next("fields");
        self.out.push(b'[');
        for (position, field) in record.fields.iter().enumerate() {
            comma(&mut self.out, position);
            self.field(field, record.name.space.as_deref());
        }
        self.out.push(b']');
        self.end(&avro_type.props);
    }

    fn field(&mut self, field: &RecordField, space: Option<&str>) {
        self.out.push(b'{');
        member(&mut self.out, "name");
        write_string(&mut self.out, &field.name);
        self.next("type");
        self.write(field.schema, space);
        if let Some(doc) = &field.doc {
            self.next_text("doc", doc);
        }
        if let Some(default) = &field.default {
            self.next("default");
            default.write(&mut self.out);
        }
        self.end(&field.props);
    }

    fn symbols(&mut self, symbols: &Enum, avro_type: &AvroType, space: Option<&str>) {
        self.begin("enum");
        self.name(&symbols.name, symbols.doc.as_deref(), space);
        self.next("symbols");
        self.out.push(b'[');
        for (position, symbol) in symbols.symbols.iter().enumerate() {
            comma(&mut self.out, position);
            write_string(&mut self.out, symbol);
        }
        self.out.push(b']');
        if let Some(default) = &symbols.default {
            self.next_text("default", default);
        }
        self.end(&avro_type.props);
    }

    fn fixed(&mut self, fixed: &Fixed, avro_type: &AvroType, space: Option<&str>) {
        self.begin("fixed");
        self.name(&fixed.name, fixed.doc.as_deref(), space);
        self.next("size");
        Json::Int(fixed.size as i64).write(&mut self.out);
        self.end(&avro_type.props);
    }
}
