//! An Avro schema's Connect schema (`AvroData.toConnectSchema`), and how to
//! read its values.

use bytestring::ByteString;
use connect_api::data::{SchemaBuilder, SchemaRef, Type, logical};

use super::config::DataOptions;
use super::decode::Node;
use super::defaults;
use super::json::Json;
use super::names;
use super::schema::{AvroSchema, AvroType, Enum, Kind, Name, Record, TypeId};
use crate::failure::Failure;

/// The Connect schema of `avro`, and how to read its values. `version` is the
/// registry's: it counts where the schema does not say its own.
pub(super) fn connect_schema(
    avro: &AvroSchema,
    version: Option<i32>,
    options: &DataOptions,
) -> Result<(SchemaRef, Node), Failure> {
    let mut builder = ToConnect {
        avro,
        options,
        unions: 0,
        open: Vec::new(),
    };
    builder.convert(
        avro.root,
        &Context {
            version,
            ..Context::default()
        },
    )
}

/// Where a type stands.
#[derive(Default, Clone)]
struct Context<'c> {
    optional: bool,
    /// The field's default.
    default: Option<&'c Json>,
    /// The field's doc.
    doc: Option<&'c str>,
    version: Option<i32>,
}

/// A Connect schema that is being made.
struct Draft {
    builder: SchemaBuilder,
    name: Option<String>,
    version: Option<i32>,
}

impl Draft {
    fn new(builder: SchemaBuilder) -> Self {
        Self {
            builder,
            name: None,
            version: None,
        }
    }

    /// Connect's logical types bring name and version 1.
    fn logical(builder: SchemaBuilder, name: &str) -> Self {
        Self {
            builder,
            name: Some(name.to_owned()),
            version: Some(1),
        }
    }

    fn of(kind: Type) -> Self {
        Self::new(SchemaBuilder::new(kind))
    }

    fn parameter(&mut self, name: impl Into<ByteString>, value: impl Into<ByteString>) {
        self.change(|builder| builder.parameter(name, value));
    }

    fn change(&mut self, change: impl FnOnce(SchemaBuilder) -> SchemaBuilder) {
        let empty = SchemaBuilder::new(Type::Boolean);
        self.builder = change(std::mem::replace(&mut self.builder, empty));
    }

    fn build(&mut self) -> SchemaRef {
        let empty = SchemaBuilder::new(Type::Boolean);
        std::mem::replace(&mut self.builder, empty).build()
    }
}

struct ToConnect<'a> {
    avro: &'a AvroSchema,
    options: &'a DataOptions,
    unions: usize,
    /// The records whose fields are being converted.
    open: Vec<TypeId>,
}

impl<'a> ToConnect<'a> {
    fn convert(&mut self, id: TypeId, context: &Context<'_>) -> Result<(SchemaRef, Node), Failure> {
        if let Kind::Union(branches) = self.avro.kind(id)
            && let Some(flat) = self.flat_union(branches, context)?
        {
            return Ok(flat);
        }
        let avro_type = &self.avro.types[id];
        let (mut draft, node) = self.base(id, avro_type)?;
        self.add_doc(&mut draft, avro_type, context);
        add_version(&mut draft, avro_type, context)?;
        self.add_parameters(&mut draft, avro_type)?;
        self.add_default(&mut draft, id, avro_type, context);
        add_name(&mut draft, avro_type)?;
        if let Some(name) = draft.name.take() {
            draft.change(|builder| builder.name(name));
        }
        if context.optional {
            draft.change(SchemaBuilder::optional);
        }
        let schema = draft.build();
        Ok((SchemaRef::clone(&schema), with_schema(node, &schema)))
    }

    /// A union of null and a type is that type; one of a type alone is, too.
    fn flat_union(
        &mut self,
        branches: &'a [TypeId],
        context: &Context<'_>,
    ) -> Result<Option<(SchemaRef, Node)>, Failure> {
        let inner = Context {
            doc: context.doc,
            ..Context::default()
        };
        if let [only] = *branches
            && self.options.flatten_singleton_unions
        {
            let (schema, node) = self.convert(only, &inner)?;
            return Ok(Some((schema, Node::Single(Box::new(node)))));
        }
        let [first, second] = *branches else {
            return Ok(None);
        };
        let is_null = |id: TypeId| matches!(self.avro.kind(id), Kind::Null);
        let (null, member) = match (is_null(first), is_null(second)) {
            (true, false) => (0, second),
            (false, true) => (1, first),
            _ => return Ok(None),
        };
        let optional = Context {
            optional: true,
            ..inner
        };
        let (schema, node) = self.convert(member, &optional)?;
        Ok(Some((schema, Node::Optional(null, Box::new(node)))))
    }

    fn base(&mut self, id: TypeId, avro_type: &'a AvroType) -> Result<(Draft, Node), Failure> {
        let logical_type = avro_type.text_prop("logicalType").unwrap_or_default();
        let is = |name: &str| logical_type.eq_ignore_ascii_case(name);
        Ok(match &avro_type.kind {
            Kind::Boolean => (Draft::of(Type::Boolean), Node::Boolean),
            Kind::Double => (Draft::of(Type::Float64), Node::Float64),
            Kind::Float => (Draft::of(Type::Float32), Node::Float32),
            Kind::String => (Draft::of(Type::String), Node::String),
            Kind::Long if is("timestamp-millis") => (
                Draft::logical(logical::timestamp(), logical::TIMESTAMP),
                Node::Int64,
            ),
            Kind::Long => (Draft::of(Type::Int64), Node::Int64),
            Kind::Int if is("date") => {
                (Draft::logical(logical::date(), logical::DATE), Node::Int32)
            }
            Kind::Int if is("time-millis") => {
                (Draft::logical(logical::time(), logical::TIME), Node::Int32)
            }
            Kind::Int => int(avro_type)?,
            Kind::Bytes => (bytes(avro_type)?, Node::Bytes),
            Kind::Fixed(fixed) => {
                let mut draft = bytes(avro_type)?;
                draft.parameter(names::CONNECT_FIXED_SIZE, fixed.size.to_string());
                (draft, Node::Fixed(fixed.size))
            }
            Kind::Enum(symbols) => self.symbols(symbols),
            Kind::Array(items) => self.array(*items)?,
            Kind::Map(values) => {
                let (schema, node) = self.convert(*values, &Context::default())?;
                let keys = connect_api::data::Schema::required(Type::String);
                let draft = Draft::new(SchemaBuilder::map(keys, schema));
                (draft, Node::Map(Box::new(node)))
            }
            Kind::Record(record) => self.record(id, record)?,
            Kind::Union(branches) => self.union(branches)?,
            Kind::Null => {
                return Err(Failure::new(
                    "Standalone null schemas are not supported by this converter",
                ));
            }
        })
    }

    fn array(&mut self, items: TypeId) -> Result<(Draft, Node), Failure> {
        let entry = &self.avro.types[items];
        let Kind::Record(record) = &entry.kind else {
            return self.plain_array(items);
        };
        let is_entry = (record.name.space.as_deref() == Some(names::NAMESPACE)
            && record.name.name == names::MAP_ENTRY)
            || entry.text_prop(names::CONNECT_INTERNAL_TYPE) == Some(names::MAP_ENTRY);
        if !is_entry {
            return self.plain_array(items);
        }
        let place = |name: &str| record.fields.iter().position(|field| field.name == name);
        let (Some(key), Some(value), 2) = (
            place(names::KEY_FIELD),
            place(names::VALUE_FIELD),
            record.fields.len(),
        ) else {
            return Err(Failure::new(
                "Found map encoded as array of key-value pairs, but array elements do not match \
                 the expected format.",
            ));
        };
        let context = Context::default();
        let (keys, key_node) = self.convert(record.fields[key].schema, &context)?;
        let (values, value_node) = self.convert(record.fields[value].schema, &context)?;
        let node = Node::Entries(Box::new(key_node), Box::new(value_node), key < value);
        Ok((Draft::new(SchemaBuilder::map(keys, values)), node))
    }

    fn plain_array(&mut self, items: TypeId) -> Result<(Draft, Node), Failure> {
        let (schema, node) = self.convert(items, &Context::default())?;
        let draft = Draft::new(SchemaBuilder::array(schema));
        Ok((draft, Node::Array(Box::new(node))))
    }

    fn record(&mut self, id: TypeId, record: &'a Record) -> Result<(Draft, Node), Failure> {
        if self.open.contains(&id) {
            return Err(Failure::new(format!(
                "the record {} contains itself; recursive types are not supported",
                record.name.full()
            )));
        }
        self.open.push(id);
        let mut draft = Draft::new(SchemaBuilder::structure());
        let keeps_docs = !self.options.discard_type_doc_default && self.options.meta_data;
        if keeps_docs && let Some(doc) = &record.doc {
            draft.parameter(names::RECORD_DOC, doc.clone());
        }
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            if keeps_docs && let Some(doc) = &field.doc {
                let name = format!("{}{}", names::FIELD_DOC_PREFIX, field.name);
                draft.parameter(name, doc.clone());
            }
            let context = Context {
                default: field.default.as_ref(),
                doc: field.doc.as_deref(),
                ..Context::default()
            };
            let (mut schema, node) = self
                .convert(field.schema, &context)
                .map_err(|failure| failure.in_field(&field.name))?;
            if self.options.meta_data
                && let Some(Json::Object(parameters)) = field.prop(names::CONNECT_PARAMETERS)
            {
                schema = with_parameters(&schema, parameters);
            }
            let name = ByteString::from(&*field.name);
            let node = with_schema(node, &schema);
            fields.push((name.clone(), node));
            draft.change(|builder| builder.field(name, schema));
        }
        self.open.pop();
        // Its schema is known when the draft is built.
        let unknown = connect_api::data::Schema::required(Type::Struct);
        Ok((draft, Node::Struct(unknown, fields)))
    }

    fn symbols(&self, symbols: &Enum) -> (Draft, Node) {
        let mut draft = Draft::of(Type::String);
        let discards = self.options.discard_type_doc_default;
        if self.options.meta_data {
            if let Some(doc) = &symbols.doc {
                let name = if discards {
                    names::CONNECT_ENUM_DOC.to_owned()
                } else {
                    format!("{}{}", names::ENUM_DOC_PREFIX, symbols.name.name)
                };
                draft.parameter(name, doc.clone());
            }
            if !discards && let Some(default) = &symbols.default {
                let name = format!("{}{}", names::ENUM_DEFAULT_PREFIX, symbols.name.name);
                draft.parameter(name, default.clone());
            }
        }
        let generalized = self.options.generalized_sum_types;
        let parameter = if generalized {
            names::GENERALIZED_ENUM
        } else {
            names::ENUM
        };
        draft.parameter(parameter, symbols.name.full());
        for (position, symbol) in symbols.symbols.iter().enumerate() {
            let value = if generalized {
                position.to_string()
            } else {
                symbol.clone()
            };
            draft.parameter(format!("{parameter}.{symbol}"), value);
        }
        let symbols = symbols.symbols.iter().map(|symbol| (**symbol).into());
        (draft, Node::Enum(symbols.collect()))
    }

    fn union(&mut self, branches: &'a [TypeId]) -> Result<(Draft, Node), Failure> {
        let name = if self.options.generalized_sum_types {
            let name = format!("{}{}", names::GENERALIZED_UNION_PREFIX, self.unions);
            self.unions += 1;
            name
        } else {
            names::UNION.to_owned()
        };
        let mut draft = Draft::new(SchemaBuilder::structure());
        if self.options.generalized_sum_types {
            draft.parameter(names::GENERALIZED_UNION, name.clone());
        }
        // Its default is read by the name that marks a union.
        draft.change(|builder| builder.name(name.clone()));
        draft.name = Some(name);
        let mut nodes = Vec::with_capacity(branches.len());
        let mut names_so_far: Vec<String> = Vec::new();
        for (position, &branch) in branches.iter().enumerate() {
            if matches!(self.avro.kind(branch), Kind::Null) {
                draft.change(SchemaBuilder::optional);
                nodes.push(None);
                continue;
            }
            let field_name = self.member_name(branch, position);
            if names_so_far.contains(&field_name) {
                return Err(Failure::new(format!(
                    "Multiple union schemas map to the Connect union field name {field_name}; \
                     enhanced.avro.schema.support=true tells them apart by their namespaces"
                )));
            }
            let optional = Context {
                optional: true,
                ..Context::default()
            };
            let (schema, node) = self
                .convert(branch, &optional)
                .map_err(|failure| failure.in_field(&field_name))?;
            nodes.push(Some((names_so_far.len(), node)));
            draft.change(|builder| builder.field(field_name.clone(), schema));
            names_so_far.push(field_name);
        }
        let unknown = connect_api::data::Schema::required(Type::Struct);
        Ok((draft, Node::Union(unknown, nodes)))
    }

    /// What a union's struct calls the field of a branch.
    fn member_name(&self, branch: TypeId, position: usize) -> String {
        let kind = self.avro.kind(branch);
        match kind.name() {
            _ if self.options.generalized_sum_types => {
                format!("{}field_{position}", names::GENERALIZED_UNION_PREFIX)
            }
            Some(name) if self.options.enhanced_schemas => name.full(),
            Some(name) => names::name(&name.name, self.options.scrub_names).into_owned(),
            None => kind.type_name().to_owned(),
        }
    }

    fn add_doc(&self, draft: &mut Draft, avro_type: &AvroType, context: &Context<'_>) {
        let own = match &avro_type.kind {
            Kind::Record(Record { doc, .. }) | Kind::Enum(Enum { doc, .. }) => doc.as_deref(),
            Kind::Fixed(fixed) => fixed.doc.as_deref(),
            _ => None,
        };
        let connect_doc = avro_type.text_prop(names::CONNECT_DOC);
        let doc = if self.options.discard_type_doc_default {
            if self.options.meta_data
                && let Some(own) = own
            {
                draft.parameter(names::CONNECT_RECORD_DOC, own);
            }
            context.doc.or(own).or(connect_doc)
        } else {
            connect_doc.filter(|_| self.options.meta_data)
        };
        if let Some(doc) = doc {
            draft.change(|builder| builder.doc(doc));
        }
    }

    fn add_parameters(&self, draft: &mut Draft, avro_type: &AvroType) -> Result<(), Failure> {
        if self.options.meta_data
            && let Some(parameters) = avro_type.prop(names::CONNECT_PARAMETERS)
        {
            let Json::Object(parameters) = parameters else {
                return Err(Failure::new(format!(
                    "Expected JSON object for schema parameters but found: {}",
                    parameters.to_text()
                )));
            };
            for (name, value) in parameters {
                let Some(value) = value.as_str() else {
                    return Err(Failure::new(format!(
                        "Expected schema parameter values to be strings but found: {}",
                        value.to_text()
                    )));
                };
                draft.parameter(name.clone(), value);
            }
        }
        for (name, value) in &avro_type.props {
            if name.starts_with("avro") {
                draft.parameter(name.clone(), to_java_text(value));
            }
        }
        Ok(())
    }

    fn add_default(
        &self,
        draft: &mut Draft,
        id: TypeId,
        avro_type: &AvroType,
        context: &Context<'_>,
    ) {
        let connect_default = avro_type.prop(names::CONNECT_DEFAULT);
        let is_fields_own = context.default.is_some()
            && connect_default.is_none()
            && !self.options.discard_type_doc_default
            && self.options.meta_data;
        if is_fields_own {
            draft.parameter(names::FIELD_DEFAULT_FLAG, "true");
        }
        let Some(json) = context.default.or(connect_default) else {
            return;
        };
        // A map's or a struct's default needs their schemas, which are there.
        let schema = draft.build();
        let default = defaults::from_json(self.avro, id, &schema, json, self.options);
        draft.builder = schema.to_builder();
        match default {
            Ok(value) => draft.change(|builder| builder.default_value(value)),
            Err(failure) => tracing::warn!(
                "Ignoring invalid default for schema {}: {}",
                avro_type.kind.type_name(),
                failure.into_error()
            ),
        }
    }
}

/// Connect's integers below 32 bits are ints with their type beside.
fn int(avro_type: &AvroType) -> Result<(Draft, Node), Failure> {
    let plain = (Draft::of(Type::Int32), Node::Int32);
    if avro_type.text_prop("logicalType").is_some() {
        return Ok(plain);
    }
    match avro_type.text_prop(names::CONNECT_TYPE) {
        None => Ok(plain),
        Some("int8") => Ok((Draft::of(Type::Int8), Node::Int8)),
        Some("int16") => Ok((Draft::of(Type::Int16), Node::Int16)),
        Some(other) => Err(Failure::new(format!(
            "{} of an Avro int is neither int8 nor int16 but {other}",
            names::CONNECT_TYPE
        ))),
    }
}

fn bytes(avro_type: &AvroType) -> Result<Draft, Failure> {
    let is_decimal = avro_type
        .text_prop("logicalType")
        .is_some_and(|name| name.eq_ignore_ascii_case("decimal"));
    if !is_decimal {
        return Ok(Draft::of(Type::Bytes));
    }
    let scale = avro_type.prop("scale").and_then(Json::as_i64).unwrap_or(0);
    let scale = i32::try_from(scale)
        .map_err(|_| Failure::new(format!("a decimal's scale is out of range: {scale}")))?;
    let mut draft = Draft::logical(logical::decimal(scale), logical::DECIMAL);
    match avro_type.prop("precision") {
        None | Some(Json::Int(names::DEFAULT_PRECISION)) => {}
        Some(Json::Int(precision)) => {
            draft.parameter(names::CONNECT_DECIMAL_PRECISION, precision.to_string());
        }
        Some(other) => {
            return Err(Failure::new(format!(
                "precision property must be a JSON Integer, not {}",
                other.to_text()
            )));
        }
    }
    Ok(draft)
}

fn add_version(
    draft: &mut Draft,
    avro_type: &AvroType,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let own = match avro_type.prop(names::CONNECT_VERSION) {
        None => None,
        Some(Json::Int(version)) => i32::try_from(*version).ok(),
        Some(other) => {
            return Err(Failure::new(format!(
                "Invalid Connect version found: {}",
                other.to_text()
            )));
        }
    };
    match (draft.version, own, context.version) {
        (Some(known), Some(own), _) if known != own => Err(Failure::new(format!(
            "Mismatched versions: version already added to SchemaBuilder ({known}) differs from \
             version in source schema ({own})"
        ))),
        (Some(_), ..) => Ok(()),
        (None, own, registry) => {
            if let Some(version) = own.or(registry).filter(|version| *version >= 0) {
                draft.change(|builder| builder.version(version));
            }
            Ok(())
        }
    }
}

fn add_name(draft: &mut Draft, avro_type: &AvroType) -> Result<(), Failure> {
    let is_decimal = draft.name.as_deref() == Some(logical::DECIMAL);
    let name = match avro_type.prop(names::CONNECT_NAME) {
        Some(Json::Text(name)) => Some(name.clone()),
        Some(other) => {
            return Err(Failure::new(format!(
                "Invalid schema name: {}",
                other.to_text()
            )));
        }
        None => match &avro_type.kind {
            Kind::Fixed(_) if is_decimal => None,
            kind => kind.name().map(Name::full),
        },
    };
    let name = name.filter(|name| !name.starts_with(names::DEFAULT_FULL_NAME));
    match (&draft.name, name) {
        (Some(known), Some(name)) if *known != name => Err(Failure::new(format!(
            "Mismatched names: name already added to SchemaBuilder ({known}) differs from name in \
             source schema ({name})"
        ))),
        (None, Some(name)) => {
            draft.name = Some(name);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A copy of `schema` with these parameters instead of those of their names.
fn with_parameters(schema: &SchemaRef, parameters: &[(String, Json)]) -> SchemaRef {
    let text = |value: &Json| ByteString::from(to_java_text(value));
    let same = parameters
        .iter()
        .all(|(name, value)| schema.parameter(name) == Some(&*text(value)));
    if same {
        return SchemaRef::clone(schema);
    }
    let mut builder = schema.to_builder();
    for (name, value) in parameters {
        builder = builder.parameter(name.clone(), text(value));
    }
    builder.build()
}

fn to_java_text(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        other => other.to_text(),
    }
}

/// The node, making structs of `schema`.
fn with_schema(node: Node, schema: &SchemaRef) -> Node {
    match node {
        Node::Struct(_, fields) => Node::Struct(SchemaRef::clone(schema), fields),
        Node::Union(_, branches) => Node::Union(SchemaRef::clone(schema), branches),
        Node::Optional(null, node) => Node::Optional(null, Box::new(with_schema(*node, schema))),
        Node::Single(node) => Node::Single(Box::new(with_schema(*node, schema))),
        other => other,
    }
}
