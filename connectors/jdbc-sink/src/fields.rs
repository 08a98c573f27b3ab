//! Which fields of a record go to which columns (`FieldsMetadata`).

use connect_api::data::{ByteString, Schema, SchemaRef, Type};
use connect_api::{Error, Result};

use crate::config::{PkMode, SinkSettings};
use crate::values::Kind;

/// The columns of `pk.mode=kafka`.
pub(crate) const KAFKA_COLUMNS: [&str; 3] =
    ["__connect_topic", "__connect_partition", "__connect_offset"];

/// Where a field's value is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Topic,
    Partition,
    Offset,
    /// The whole key.
    Key,
    /// A field of the key.
    KeyField(usize),
    /// A field of the row: the value's, or of an envelope's `after` or `before`.
    RowField(usize),
    /// The whole value: a string.
    Value,
    /// The last header of this name.
    Header(ByteString),
}

/// A field for a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SinkField {
    pub(crate) name: ByteString,
    pub(crate) schema: SchemaRef,
    pub(crate) kind: Kind,
    pub(crate) is_key: bool,
    pub(crate) source: Source,
}

impl SinkField {
    pub(crate) fn is_optional(&self) -> bool {
        !self.is_key && self.schema.is_optional()
    }
}

/// As the original prints a field.
impl std::fmt::Display for SinkField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let schema = &self.schema;
        let kind = schema.kind().name().to_uppercase();
        let shown = match schema.name() {
            Some(name) => format!("Schema{{{name}:{kind}}}"),
            None => format!("Schema{{{kind}}}"),
        };
        write!(
            f,
            "SinkRecordField{{schema={shown}, name='{}', isPrimaryKey={}}}",
            self.name, self.is_key
        )
    }
}

/// The schemas that a record's fields come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordSchemas<'s> {
    pub(crate) topic: &'s str,
    pub(crate) table: &'s str,
    pub(crate) key: Option<&'s SchemaRef>,
    /// The row's: none for a tombstone.
    pub(crate) row: Option<&'s SchemaRef>,
}

/// A record's fields: keys first, then the others, as statements have them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fields {
    pub(crate) all: Vec<SinkField>,
    pub(crate) keys: usize,
}

impl Fields {
    /// The fields of records of these schemas; `headers` are those that
    /// `record_header` takes.
    pub(crate) fn extract(
        settings: &SinkSettings,
        schemas: RecordSchemas<'_>,
        headers: &[(ByteString, SchemaRef)],
    ) -> Result<Self> {
        let is_text = match schemas.row.map(|schema| schema.kind()) {
            None | Some(Type::Struct) => false,
            Some(Type::String) => true,
            Some(_) => {
                return Err(Error::data("Value schema must be of type Struct or String"));
            }
        };
        let mut all = match settings.pk_mode {
            PkMode::None => Vec::new(),
            PkMode::Kafka => kafka_fields(settings, schemas.table)?,
            PkMode::RecordKey => key_fields(settings, schemas)?,
            PkMode::RecordValue if is_text => {
                return Err(Error::config(
                    "pk.mode record_value is not supported with String value schemas",
                ));
            }
            PkMode::RecordValue => value_fields(settings, schemas)?,
            PkMode::RecordHeader => header_fields(settings, headers)?,
        };
        let keys = all.len();
        match schemas.row {
            Some(_) if is_text => all.push(text_field(settings, schemas.table, &all)?),
            Some(row) => add_row_fields(settings, schemas.topic, row, &mut all),
            None => {}
        }
        if all.is_empty() {
            return Err(Error::data(format!(
                "No fields found using key and value schemas for table: {}",
                schemas.table
            )));
        }
        Ok(Self { all, keys })
    }

    /// The order of columns in a new table: Kafka's coordinates, the row's
    /// fields in their order, the others by name.
    pub(crate) fn in_create_order(&self, row: Option<&Schema>) -> Vec<&SinkField> {
        let place = |field: &SinkField| {
            let coordinate = KAFKA_COLUMNS.iter().position(|name| *name == &*field.name);
            let position = row.and_then(|row| row.field(&field.name));
            match (coordinate, position) {
                (Some(coordinate), _) => (0, coordinate),
                (None, Some(position)) => (1, position.index),
                (None, None) => (2, 0),
            }
        };
        let mut fields: Vec<&SinkField> = self.all.iter().collect();
        fields.sort_by(|left, right| {
            place(left).cmp(&place(right)).then_with(|| {
                if place(left).0 == 2 {
                    left.name.cmp(&right.name)
                } else {
                    std::cmp::Ordering::Equal
                }
            })
        });
        fields
    }
}

fn field(
    settings: &SinkSettings,
    name: &str,
    schema: &SchemaRef,
    is_key: bool,
    source: Source,
) -> SinkField {
    let timestamps = settings
        .timestamp_fields
        .iter()
        .any(|listed| listed == name)
        .then_some(settings.timestamp_unit);
    SinkField {
        name: name.into(),
        kind: Kind::of(schema, timestamps),
        schema: schema.clone(),
        is_key,
        source,
    }
}

fn kafka_fields(settings: &SinkSettings, table: &str) -> Result<Vec<SinkField>> {
    let names: [&str; 3] = match settings.pk_fields.as_slice() {
        [] => KAFKA_COLUMNS,
        [topic, partition, offset] => [topic, partition, offset],
        others => {
            return Err(Error::config(format!(
                "PK mode for table '{table}' is KAFKA so there should either be no field names defined for \
                 defaults {} to be applicable, or exactly 3, defined fields are: {}",
                listed(&KAFKA_COLUMNS),
                listed(others)
            )));
        }
    };
    let kinds = [
        (Type::String, Source::Topic),
        (Type::Int32, Source::Partition),
        (Type::Int64, Source::Offset),
    ];
    Ok(names
        .into_iter()
        .zip(kinds)
        .map(|(name, (kind, source))| field(settings, name, &Schema::required(kind), true, source))
        .collect())
}

fn key_fields(settings: &SinkSettings, schemas: RecordSchemas<'_>) -> Result<Vec<SinkField>> {
    let table = schemas.table;
    let Some(key) = schemas.key else {
        return Err(Error::data(format!(
            "PK mode for table '{table}' is RECORD_KEY, but record key schema is missing"
        )));
    };
    match key.kind() {
        Type::Struct => named_fields(settings, key, Source::KeyField, |name| {
            format!(
                "PK mode for table '{table}' is RECORD_KEY with configured PK fields {}, but record key \
                 schema does not contain field: {name}",
                listed(&settings.pk_fields)
            )
        }),
        Type::Array | Type::Map => Err(Error::data(format!(
            "Key schema must be primitive type or Struct, but is of type: {}",
            key.kind().name().to_uppercase()
        ))),
        _ => match settings.pk_fields.as_slice() {
            [name] => Ok(vec![field(settings, name, key, true, Source::Key)]),
            others => Err(Error::config(format!(
                "Need exactly one PK column defined since the key schema for records is a primitive type, \
                 defined columns are: {}",
                listed(others)
            ))),
        },
    }
}

fn value_fields(settings: &SinkSettings, schemas: RecordSchemas<'_>) -> Result<Vec<SinkField>> {
    let table = schemas.table;
    let Some(row) = schemas.row else {
        return Err(Error::data(format!(
            "PK mode for table '{table}' is RECORD_VALUE, but record value schema is missing"
        )));
    };
    named_fields(settings, row, Source::RowField, |name| {
        format!(
            "PK mode for table '{table}' is RECORD_VALUE with configured PK fields {}, but record value \
             schema does not contain field: {name}",
            listed(&settings.pk_fields)
        )
    })
}

/// The fields of `schema` that `pk.fields` names, or all.
fn named_fields(
    settings: &SinkSettings,
    schema: &SchemaRef,
    source: fn(usize) -> Source,
    missing: impl Fn(&str) -> String,
) -> Result<Vec<SinkField>> {
    if settings.pk_fields.is_empty() {
        return Ok(schema
            .fields()
            .iter()
            .map(|item| field(settings, &item.name, &item.schema, true, source(item.index)))
            .collect());
    }
    let mut fields = Vec::new();
    for name in &settings.pk_fields {
        let item = schema
            .field(name)
            .ok_or_else(|| Error::config(missing(name)))?;
        fields.push(field(
            settings,
            name,
            &item.schema,
            true,
            source(item.index),
        ));
    }
    Ok(fields)
}

fn header_fields(
    settings: &SinkSettings,
    headers: &[(ByteString, SchemaRef)],
) -> Result<Vec<SinkField>> {
    let wanted = |name: &str| {
        settings.pk_fields.is_empty() || settings.pk_fields.iter().any(|field| field == name)
    };
    if let Some(missing) = settings
        .pk_fields
        .iter()
        .find(|name| !headers.iter().any(|(header, _)| *header == name.as_str()))
    {
        return Err(Error::data(format!(
            "primary key mode is record_header with fields {}, but the record has no header '{missing}'",
            listed(&settings.pk_fields)
        )));
    }
    if headers.is_empty() {
        return Err(Error::data(
            "Configured primary key mode 'record_header' cannot have null or empty headers",
        ));
    }
    Ok(headers
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, schema)| field(settings, name, schema, true, Source::Header(name.clone())))
        .collect())
}

fn text_field(settings: &SinkSettings, table: &str, keys: &[SinkField]) -> Result<SinkField> {
    let name = settings.string_column.as_str();
    if keys.iter().any(|key| &*key.name == name) {
        return Err(Error::config(format!(
            "Configured string.output.value.column.name '{name}' conflicts with a primary key column for table \
             '{table}'"
        )));
    }
    let schema = Schema::optional(Type::String);
    Ok(field(settings, name, &schema, false, Source::Value))
}

fn add_row_fields(settings: &SinkSettings, topic: &str, row: &SchemaRef, all: &mut Vec<SinkField>) {
    let keys = all.len();
    for item in row.fields() {
        let name = &*item.name;
        if all[..keys].iter().any(|key| &*key.name == name) || !settings.takes_field(topic, name) {
            continue;
        }
        let source = Source::RowField(item.index);
        all.push(field(settings, name, &item.schema, false, source));
    }
}

/// A list as Java prints it.
pub(crate) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    format!("[{}]", items.join(", "))
}
