//! A Connect schema's Avro schema (`AvroData.fromConnectSchema`).

use std::collections::{HashMap, HashSet};

use connect_api::data::{Schema, SchemaRef, Type, logical};

use super::config::DataOptions;
use super::defaults;
use super::json::Json;
use super::names;
use super::schema::{
    AvroSchema, AvroType, Enum, Fixed, Kind, Name, Record, RecordField, TypeId, check_name,
};
use crate::failure::Failure;

/// The Avro schema of `schema`.
pub(super) fn avro_schema(
    schema: &SchemaRef,
    options: &DataOptions,
) -> Result<AvroSchema, Failure> {
    let mut builder = FromConnect {
        options,
        types: Vec::new(),
        made: Vec::new(),
        defined: HashMap::new(),
        seen_names: HashSet::new(),
        unnamed: 0,
    };
    let root = builder.convert(schema, false)?;
    Ok(AvroSchema {
        types: builder.types,
        root,
    })
}

/// True for a struct that stands for a union, with a field for each branch.
pub(super) fn is_union(schema: &Schema) -> bool {
    schema.name() == Some(names::UNION) || schema.parameter(names::GENERALIZED_UNION).is_some()
}

/// The name of the Avro enum that a string schema stands for, if it does.
pub(super) fn enum_name<'s>(schema: &'s Schema, options: &DataOptions) -> Option<&'s str> {
    if schema.kind() != Type::String {
        return None;
    }
    if options.generalized_sum_types {
        return schema.parameter(names::GENERALIZED_ENUM);
    }
    options
        .enhanced_schemas
        .then(|| schema.parameter(names::ENUM))
        .flatten()
}

/// The size of the Avro fixed that a bytes schema stands for, if it does.
pub(super) fn fixed_size(schema: &Schema) -> Result<Option<usize>, Failure> {
    if schema.kind() != Type::Bytes || schema.name().is_none() {
        return Ok(None);
    }
    let Some(size) = schema.parameter(names::CONNECT_FIXED_SIZE) else {
        return Ok(None);
    };
    size.parse().map(Some).map_err(|_| {
        Failure::new(format!(
            "parameter {} is no size: {size}",
            names::CONNECT_FIXED_SIZE
        ))
    })
}

/// True for a map that Avro has as a map; others are arrays of entries.
pub(super) fn has_string_keys(schema: &Schema, options: &DataOptions) -> bool {
    schema.key_schema().is_some_and(|keys| {
        keys.kind() == Type::String && (!keys.is_optional() || options.optional_map_keys)
    })
}

/// A copy of `schema` that forbids null.
fn non_optional(schema: &SchemaRef) -> SchemaRef {
    if schema.is_optional() {
        schema.to_builder().with_optional(false).build()
    } else {
        SchemaRef::clone(schema)
    }
}

struct FromConnect<'o> {
    options: &'o DataOptions,
    types: Vec<AvroType>,
    /// Schemas that became named types, so that they are defined once.
    made: Vec<(SchemaRef, TypeId)>,
    defined: HashMap<String, TypeId>,
    /// Names of fields' schemas so far.
    seen_names: HashSet<String>,
    /// How many types had no name of their own.
    unnamed: usize,
}

impl FromConnect<'_> {
    fn add(&mut self, kind: Kind) -> TypeId {
        self.types.push(AvroType::new(kind));
        self.types.len() - 1
    }

    fn convert(&mut self, schema: &SchemaRef, ignore_optional: bool) -> Result<TypeId, Failure> {
        if !schema.is_optional() && !is_union(schema) {
            let known = self.made.iter().find(|(made, _)| made == schema);
            if let Some(&(_, id)) = known {
                return Ok(id);
            }
        }
        if schema.kind() == Type::Struct {
            if is_union(schema) {
                return self.union(schema);
            }
            if schema.is_optional() {
                let null = self.add(Kind::Null);
                let record = self.convert(&non_optional(schema), false)?;
                return Ok(self.add(Kind::Union(vec![null, record])));
            }
        }
        let base = self.base(schema)?;
        self.add_props(base, schema)?;
        self.check_definition(base)?;
        if !schema.is_optional() {
            self.remember(schema, base);
            return Ok(base);
        }
        Ok(if ignore_optional {
            base
        } else {
            self.make_optional(schema, base)
        })
    }

    fn remember(&mut self, schema: &SchemaRef, id: TypeId) {
        if self.types[id].kind.name().is_some() {
            self.made.push((SchemaRef::clone(schema), id));
        }
    }

    /// Null comes first, except where a default wants the other branch there.
    fn make_optional(&mut self, schema: &Schema, base: TypeId) -> TypeId {
        let null = self.add(Kind::Null);
        let branches = if schema.default_value().is_some() {
            vec![base, null]
        } else {
            vec![null, base]
        };
        self.add(Kind::Union(branches))
    }

    fn base(&mut self, schema: &SchemaRef) -> Result<TypeId, Failure> {
        let kind = match schema.kind() {
            Type::Int8 | Type::Int16 | Type::Int32 => Kind::Int,
            Type::Int64 => Kind::Long,
            Type::Float32 => Kind::Float,
            Type::Float64 => Kind::Double,
            Type::Boolean => Kind::Boolean,
            Type::String => self.string(schema)?,
            Type::Bytes => self.bytes(schema)?,
            Type::Array => {
                let items = child(schema.value_schema(), "array")?;
                Kind::Array(self.convert(items, false)?)
            }
            Type::Map => return self.map(schema),
            Type::Struct => return self.record(schema),
        };
        let id = self.add(kind);
        if schema.kind() == Type::Bytes && is_decimal(schema) {
            let scale = scale(schema)?;
            let precision = precision(schema)?.unwrap_or(names::DEFAULT_PRECISION);
            self.types[id].add_prop("scale", Json::Int(scale));
            self.types[id].add_prop("precision", Json::Int(precision));
        }
        Ok(id)
    }

    fn string(&mut self, schema: &Schema) -> Result<Kind, Failure> {
        let Some(enum_name) = enum_name(schema, self.options) else {
            return Ok(Kind::String);
        };
        let parameter = if self.options.generalized_sum_types {
            names::GENERALIZED_ENUM
        } else {
            names::ENUM
        };
        let prefix = format!("{parameter}.");
        let symbols = schema
            .parameters()
            .iter()
            .filter_map(|(name, _)| name.strip_prefix(&*prefix))
            .map(str::to_owned);
        let own = self.name_or_default(schema).name;
        let text = |name: &str| schema.parameter(name).map(str::to_owned);
        let (doc, default) = if self.options.discard_type_doc_default {
            (text(names::CONNECT_ENUM_DOC), None)
        } else {
            (
                text(&format!("{}{own}", names::ENUM_DOC_PREFIX)),
                text(&format!("{}{own}", names::ENUM_DEFAULT_PREFIX)),
            )
        };
        let name = Name::new(enum_name, None);
        check_name(&name.name)?;
        Ok(Kind::Enum(Enum {
            name,
            doc,
            symbols: symbols.collect(),
            default,
        }))
    }

    fn bytes(&mut self, schema: &Schema) -> Result<Kind, Failure> {
        let Some(size) = fixed_size(schema)? else {
            return Ok(Kind::Bytes);
        };
        let name = self.name_or_default(schema);
        check_name(&name.name)?;
        Ok(Kind::Fixed(Fixed {
            name,
            doc: None,
            size,
        }))
    }

    fn map(&mut self, schema: &SchemaRef) -> Result<TypeId, Failure> {
        let keys = child(schema.key_schema(), "map")?;
        let values = child(schema.value_schema(), "map")?;
        if has_string_keys(schema, self.options) {
            let values = self.convert(values, false)?;
            return Ok(self.add(Kind::Map(values)));
        }
        let name = match schema.name() {
            None => Name::new(names::MAP_ENTRY, Some(names::NAMESPACE)),
            Some(_) => self.name_or_default(schema),
        };
        check_name(&name.name)?;
        let fields = vec![
            self.field(names::KEY_FIELD, keys, None)?,
            self.field(names::VALUE_FIELD, values, None)?,
        ];
        let entry = self.add(Kind::Record(Record {
            name,
            doc: None,
            fields,
        }));
        if schema.name().is_some() {
            self.types[entry].add_prop(names::CONNECT_INTERNAL_TYPE, Json::text(names::MAP_ENTRY));
        }
        self.check_definition(entry)?;
        Ok(self.add(Kind::Array(entry)))
    }

    fn union(&mut self, schema: &SchemaRef) -> Result<TypeId, Failure> {
        let mut branches = Vec::new();
        if schema.is_optional() {
            branches.push(self.add(Kind::Null));
        }
        for field in schema.fields() {
            let branch = self
                .convert(&non_optional(&field.schema), true)
                .map_err(|failure| failure.in_field(&field.name))?;
            branches.push(branch);
        }
        Ok(self.add(Kind::Union(branches)))
    }

    fn record(&mut self, schema: &SchemaRef) -> Result<TypeId, Failure> {
        let name = self.name_or_default(schema);
        check_name(&name.name)?;
        let doc_parameter = if self.options.discard_type_doc_default {
            names::CONNECT_RECORD_DOC
        } else {
            names::RECORD_DOC
        };
        let doc = schema.parameter(doc_parameter).map(str::to_owned);
        let mut fields = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let field_name = names::name(&field.name, self.options.scrub_names);
            let doc = if self.options.discard_type_doc_default {
                None
            } else {
                schema.parameter(&format!("{}{}", names::FIELD_DOC_PREFIX, field.name))
            };
            let avro_field = check_name(&field_name)
                .and_then(|()| self.field(&field_name, &field.schema, doc))
                .map_err(|failure| failure.in_field(&field.name))?;
            fields.push(avro_field);
        }
        Ok(self.add(Kind::Record(Record { name, doc, fields })))
    }

    fn field(
        &mut self,
        name: &str,
        schema: &SchemaRef,
        doc: Option<&str>,
    ) -> Result<RecordField, Failure> {
        let mut default = match schema.default_value() {
            Some(value) => Some(defaults::to_json(schema, value, self.options)?),
            None => schema.is_optional().then_some(Json::Null),
        };
        let already_seen = schema.name().is_some_and(|name| {
            let scrubbed = names::full(name, self.options.scrub_names);
            !self.seen_names.insert(scrubbed)
        });
        let id = self.convert(schema, false)?;
        if let Some(json) = &default
            && !defaults::is_valid(&self.types, id, json)
        {
            tracing::warn!(
                "Ignoring invalid default for field {name}: {}",
                json.to_text()
            );
            default = None;
        }
        let doc = if self.options.discard_type_doc_default {
            schema.doc()
        } else {
            doc
        };
        let mut field = RecordField {
            name: name.to_owned(),
            schema: id,
            doc: doc.map(str::to_owned),
            default,
            props: Vec::new(),
        };
        // A type that is defined elsewhere stands here by name only, and its
        // parameters with the field.
        if self.options.meta_data && already_seen && self.is_named(id) {
            let parameters = self.parameters(schema);
            if !parameters.is_empty() {
                let parameters = Json::Object(parameters);
                field
                    .props
                    .push((names::CONNECT_PARAMETERS.to_owned(), parameters));
            }
        }
        Ok(field)
    }

    fn is_named(&self, id: TypeId) -> bool {
        match &self.types[id].kind {
            Kind::Union(branches) => branches
                .iter()
                .any(|&branch| self.types[branch].kind.name().is_some()),
            kind => kind.name().is_some(),
        }
    }

    fn name_or_default(&mut self, schema: &Schema) -> Name {
        if let Some(name) = schema.name() {
            let (space, name) = names::split(name, self.options.scrub_names);
            return Name { space, name };
        }
        self.unnamed += 1;
        let name = if self.unnamed > 1 {
            format!("{}{}", names::DEFAULT_NAME, self.unnamed)
        } else {
            names::DEFAULT_NAME.to_owned()
        };
        Name::new(&name, Some(names::NAMESPACE))
    }

    fn parameters(&self, schema: &Schema) -> Vec<(String, Json)> {
        let keeps_flag = self.options.discard_type_doc_default;
        schema
            .parameters()
            .iter()
            .filter(|(name, _)| keeps_flag || name != names::FIELD_DEFAULT_FLAG)
            .map(|(name, value)| (name.to_string(), Json::text(&**value)))
            .collect()
    }

    /// Connect's own properties, then those of Avro's logical types.
    fn add_props(&mut self, id: TypeId, schema: &Schema) -> Result<(), Failure> {
        if self.options.meta_data {
            self.add_meta_data(id, schema)?;
        }
        self.add_logical_type(id, schema)?;
        for (name, value) in schema.parameters() {
            if name.starts_with("avro") {
                self.types[id].add_prop(name, Json::text(&**value));
            }
        }
        Ok(())
    }

    fn add_meta_data(&mut self, id: TypeId, schema: &Schema) -> Result<(), Failure> {
        let mut props = Vec::new();
        if let Some(doc) = schema.doc() {
            props.push((names::CONNECT_DOC, Json::text(doc)));
        }
        if let Some(version) = schema.version() {
            props.push((names::CONNECT_VERSION, Json::Int(version.into())));
        }
        let parameters = self.parameters(schema);
        if !parameters.is_empty() {
            props.push((names::CONNECT_PARAMETERS, Json::Object(parameters)));
        }
        if let Some(default) = schema.default_value() {
            let is_fields_own = !self.options.discard_type_doc_default
                && schema.parameter(names::FIELD_DEFAULT_FLAG).is_some();
            if !is_fields_own {
                let default = defaults::to_json(schema, default, self.options)?;
                props.push((names::CONNECT_DEFAULT, default));
            }
        }
        if let Some(name) = schema.name() {
            props.push((names::CONNECT_NAME, Json::text(name)));
        }
        match schema.kind() {
            Type::Int8 => props.push((names::CONNECT_TYPE, Json::text("int8"))),
            Type::Int16 => props.push((names::CONNECT_TYPE, Json::text("int16"))),
            _ => {}
        }
        for (name, value) in props {
            self.types[id].add_prop(name, value);
        }
        Ok(())
    }

    fn add_logical_type(&mut self, id: TypeId, schema: &Schema) -> Result<(), Failure> {
        let Some(name) = schema.name() else {
            return Ok(());
        };
        let (logical_type, kind) = if name.eq_ignore_ascii_case(logical::DECIMAL) {
            ("decimal", Type::Bytes)
        } else if name.eq_ignore_ascii_case(logical::TIME) {
            ("time-millis", Type::Int32)
        } else if name.eq_ignore_ascii_case(logical::TIMESTAMP) {
            ("timestamp-millis", Type::Int64)
        } else if name.eq_ignore_ascii_case(logical::DATE) {
            ("date", Type::Int32)
        } else {
            return Ok(());
        };
        if schema.kind() != kind {
            return Err(Failure::new(format!(
                "logical type {name} needs the type {}, not {}",
                kind.name(),
                schema.kind().name()
            )));
        }
        self.types[id].add_prop("logicalType", Json::text(logical_type));
        Ok(())
    }

    /// Two types of one name would become one in the text, and the values of
    /// the second would be read as those of the first.
    fn check_definition(&mut self, id: TypeId) -> Result<(), Failure> {
        let Some(name) = self.types[id].kind.name().map(Name::full) else {
            return Ok(());
        };
        match self.defined.get(&name) {
            Some(&known) if !same_layout(&self.types, known, id) => Err(Failure::new(format!(
                "two different schemas of one record are both called {name}: Avro can have only \
                 one; give one of them another name"
            ))),
            Some(_) => Ok(()),
            None => {
                self.defined.insert(name, id);
                Ok(())
            }
        }
    }
}

fn child<'s>(schema: Option<&'s SchemaRef>, of: &str) -> Result<&'s SchemaRef, Failure> {
    schema.ok_or_else(|| Failure::new(format!("a schema of type {of} without its items' schema")))
}

fn is_decimal(schema: &Schema) -> bool {
    schema
        .name()
        .is_some_and(|name| name.eq_ignore_ascii_case(logical::DECIMAL))
}

fn scale(schema: &Schema) -> Result<i64, Failure> {
    integer(schema, logical::DECIMAL_SCALE)?
        .ok_or_else(|| Failure::new("a Decimal without the parameter 'scale'"))
}

fn precision(schema: &Schema) -> Result<Option<i64>, Failure> {
    integer(schema, names::CONNECT_DECIMAL_PRECISION)
}

fn integer(schema: &Schema, parameter: &str) -> Result<Option<i64>, Failure> {
    let Some(text) = schema.parameter(parameter) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| Failure::new(format!("parameter {parameter} is no number: {text}")))
}

/// True if values of both are the same bytes.
fn same_layout(types: &[AvroType], left: TypeId, right: TypeId) -> bool {
    if left == right {
        return true;
    }
    match (&types[left].kind, &types[right].kind) {
        (Kind::Array(left), Kind::Array(right)) | (Kind::Map(left), Kind::Map(right)) => {
            same_layout(types, *left, *right)
        }
        (Kind::Union(left), Kind::Union(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(&left, &right)| same_layout(types, left, right))
        }
        (Kind::Record(left), Kind::Record(right)) => {
            left.name == right.name
                && left.fields.len() == right.fields.len()
                && left.fields.iter().zip(&right.fields).all(|(left, right)| {
                    left.name == right.name && same_layout(types, left.schema, right.schema)
                })
        }
        (Kind::Enum(left), Kind::Enum(right)) => {
            left.name == right.name && left.symbols == right.symbols
        }
        (Kind::Fixed(left), Kind::Fixed(right)) => {
            left.name == right.name && left.size == right.size
        }
        (left, right) => left.type_name() == right.type_name(),
    }
}
