use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use bytes::Bytes;
use bytestring::ByteString;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value, logical};
use connect_api::{Error, Result};

use super::datum::Slice;
use super::decimal::{self, DecimalTarget};
use super::temporal::{self, DateTarget, DateTimeTarget, TimeTarget};
use super::{Arena, BigintUnsignedMode, BinaryMode, Charset, Datum, ValueError, ValueModes, json};
use crate::tables::{Column, jdbc_type};

/// What a column is, with the representation that the modes choose for it
/// (`BinlogValueConverters`, `JdbcValueConverters`).
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Int16,
    Int32,
    Int64,
    /// `BIGINT UNSIGNED` as a decimal.
    UnsignedDecimal,
    Float32,
    Float64,
    Decimal(DecimalTarget),
    Boolean,
    /// So many bits, little-endian in bytes.
    Bits(usize),
    Date(DateTarget),
    Time(TimeTarget),
    DateTime(DateTimeTarget),
    /// With so many fractional digits in a row image.
    Timestamp(usize),
    Year,
    Text(Box<Charset>),
    /// `BINARY(n)` is padded to its length.
    Binary {
        mode: BinaryMode,
        padded: Option<usize>,
    },
    Json,
    Enum(Arc<[ByteString]>),
    Set(Arc<[ByteString]>),
    Geometry,
    Point,
    Vector,
}

impl Kind {
    /// The kind of a column; none if Debezium leaves such columns out.
    pub(crate) fn of(column: &Column, modes: &ValueModes) -> Result<Option<Self>> {
        if let Some(kind) = Self::by_name(column) {
            return Ok(Some(kind));
        }
        let unsigned = column.is_unsigned();
        let precision = column.length.unwrap_or(0);
        Ok(Some(match column.jdbc_type {
            // Debezium's DDL parser has TINYINT as SMALLINT.
            jdbc_type::SMALLINT if unsigned && !is_one_byte(column) => Self::Int32,
            jdbc_type::SMALLINT => Self::Int16,
            jdbc_type::INTEGER if unsigned && is_four_bytes(column) => Self::Int64,
            jdbc_type::INTEGER => Self::Int32,
            jdbc_type::BIGINT if unsigned => match modes.bigint_unsigned {
                BigintUnsignedMode::Long => Self::Int64,
                BigintUnsignedMode::Precise => Self::UnsignedDecimal,
            },
            jdbc_type::BIGINT => Self::Int64,
            jdbc_type::FLOAT if column.scale.is_none() && precision <= 24 => Self::Float32,
            jdbc_type::REAL if column.base_type_name() != "REAL" => Self::Float32,
            jdbc_type::FLOAT | jdbc_type::DOUBLE | jdbc_type::REAL => Self::Float64,
            jdbc_type::DECIMAL | jdbc_type::NUMERIC => Self::Decimal(DecimalTarget {
                mode: modes.decimal,
                precision: column.length.unwrap_or(10),
                scale: scale_of(column)?,
            }),
            jdbc_type::BIT if precision > 1 => Self::Bits(precision.unsigned_abs() as usize),
            jdbc_type::BIT | jdbc_type::BOOLEAN => Self::Boolean,
            jdbc_type::DATE => Self::Date(DateTarget::of(modes.time)),
            jdbc_type::TIME => Self::Time(TimeTarget::of(modes.time, precision)),
            jdbc_type::TIMESTAMP => Self::DateTime(DateTimeTarget::of(modes.time, precision)),
            jdbc_type::TIMESTAMP_WITH_TIMEZONE => {
                Self::Timestamp(usize::try_from(precision).unwrap_or(0).min(6))
            }
            jdbc_type::BINARY => {
                let padded = column
                    .length
                    .and_then(|length| usize::try_from(length).ok());
                Self::Binary {
                    mode: modes.binary,
                    padded: Some(padded.unwrap_or(1)),
                }
            }
            jdbc_type::VARBINARY | jdbc_type::LONGVARBINARY | jdbc_type::BLOB => Self::Binary {
                mode: modes.binary,
                padded: None,
            },
            kind if jdbc_type::uses_charset(kind) => Self::Text(Box::new(charset_of(column)?)),
            _ => return Ok(None),
        }))
    }

    /// The types that Debezium tells by their names.
    fn by_name(column: &Column) -> Option<Self> {
        let options = || {
            column
                .enum_options()
                .into_iter()
                .map(|option| escaped(&option))
        };
        let name = column.base_type_name();
        Some(match name.split('(').next().unwrap_or(name) {
            "JSON" => Self::Json,
            "POINT" => Self::Point,
            "GEOMETRY" | "LINESTRING" | "POLYGON" | "MULTIPOINT" | "MULTILINESTRING"
            | "MULTIPOLYGON" | "GEOMETRYCOLLECTION" | "GEOMCOLLECTION" => Self::Geometry,
            "YEAR" => Self::Year,
            "ENUM" => Self::Enum(options().collect()),
            "SET" => Self::Set(options().collect()),
            "VECTOR" => Self::Vector,
            _ => return None,
        })
    }

    /// The schema, not yet optional, without default.
    pub(crate) fn schema(&self) -> SchemaBuilder {
        let text_or_bytes = |mode: BinaryMode| match mode {
            BinaryMode::Bytes => Type::Bytes,
            BinaryMode::Base64 | BinaryMode::Base64UrlSafe | BinaryMode::Hex => Type::String,
        };
        let semantic = |kind, name: &'static str| SchemaBuilder::new(kind).name(name).version(1);
        match self {
            Self::Int16 => SchemaBuilder::new(Type::Int16),
            Self::Int32 => SchemaBuilder::new(Type::Int32),
            Self::Int64 => SchemaBuilder::new(Type::Int64),
            Self::UnsignedDecimal => {
                logical::decimal(0).parameter("connect.decimal.precision", "20")
            }
            Self::Float32 => SchemaBuilder::new(Type::Float32),
            Self::Float64 => SchemaBuilder::new(Type::Float64),
            Self::Decimal(target) => target.schema(),
            Self::Boolean => SchemaBuilder::new(Type::Boolean),
            Self::Bits(bits) => {
                semantic(Type::Bytes, "io.debezium.data.Bits").parameter("length", bits.to_string())
            }
            Self::Date(target) => target.schema(),
            Self::Time(target) => target.schema(),
            Self::DateTime(target) => target.schema(),
            Self::Timestamp(_) => temporal::zoned_timestamp_schema(),
            Self::Year => semantic(Type::Int32, "io.debezium.time.Year"),
            Self::Text(_) => SchemaBuilder::new(Type::String),
            Self::Binary { mode, .. } => SchemaBuilder::new(text_or_bytes(*mode)),
            Self::Json => semantic(Type::String, "io.debezium.data.Json"),
            Self::Enum(options) => semantic(Type::String, "io.debezium.data.Enum")
                .parameter("allowed", allowed(options)),
            Self::Set(options) => semantic(Type::String, "io.debezium.data.EnumSet")
                .parameter("allowed", allowed(options)),
            Self::Geometry => geometry_schema().to_builder(),
            Self::Point => point_schema().to_builder().with_optional(false),
            Self::Vector => SchemaBuilder::array(Schema::required(Type::Float32))
                .name("io.debezium.data.FloatVector")
                .version(1),
        }
    }

    /// What stands for a null, or for a zero date, in a column that may not be null and has no
    /// default.
    pub(crate) fn fallback(&self, arena: &mut Arena) -> Value {
        match self {
            Self::Int16 => Value::Int16(0),
            Self::Int32 | Self::Year => Value::Int32(0),
            Self::Int64 => Value::Int64(0),
            Self::UnsignedDecimal => decimal::unsigned(0, arena),
            Self::Float32 => Value::Float32(0.0),
            Self::Float64 => Value::Float64(0.0),
            Self::Decimal(target) => target.zero(arena),
            Self::Boolean => Value::Boolean(false),
            Self::Bits(bits) => Value::Bytes(little_endian(&[], *bits)),
            Self::Date(target) => target.value(0, arena),
            Self::Time(target) => target.value(0, arena).unwrap_or_default(),
            Self::DateTime(target) => target.value(0, arena),
            Self::Timestamp(_) => Value::from("1970-01-01T00:00:00Z"),
            Self::Binary {
                mode: BinaryMode::Bytes,
                ..
            } => Value::Bytes(Bytes::new()),
            Self::Text(_) | Self::Binary { .. } | Self::Enum(_) | Self::Set(_) => Value::from(""),
            Self::Json => Value::from("{}"),
            Self::Geometry | Self::Point => empty_geometry(self),
            Self::Vector => Value::Array(Vec::new()),
        }
    }

    /// The value; null if it counts as that, as a zero date does.
    #[inline]
    pub(crate) fn value(
        &self,
        datum: Datum<'_>,
        adjust_years: bool,
        arena: &mut Arena,
    ) -> Result<Value, ValueError> {
        Ok(match (self, datum) {
            // Wire type and column agree in size, so that nothing is cut.
            (Self::Int32, Datum::Int(number)) => Value::Int32(number as i32),
            (Self::Int64, Datum::Int(number)) => Value::Int64(number),
            (Self::Text(charset), Datum::Bytes(slice)) => Value::String(charset.decode(&slice)),
            (Self::Text(_), Datum::Utf8(slice)) => Value::String(slice.to_text()),
            (
                Self::Decimal(target),
                Datum::BinaryDecimal {
                    bytes,
                    integral,
                    fraction,
                },
            ) => target.binary_value(bytes, integral, fraction, arena),
            (Self::Decimal(target), Datum::Number(text)) => target.text_value(text, arena)?,
            (Self::DateTime(target), Datum::DateTime(datetime)) => {
                let Some(normalized) = datetime.normalized(adjust_years)? else {
                    return Ok(Value::Null);
                };
                target.value(normalized.epoch_micros(), arena)
            }
            (Self::Date(target), Datum::DateTime(date)) => {
                let Some(normalized) = date.normalized(adjust_years)? else {
                    return Ok(Value::Null);
                };
                target.value(normalized.days(), arena)
            }
            (Self::Timestamp(digits), Datum::Timestamp { seconds, micros }) => {
                if seconds == 0 && micros == 0 {
                    return Ok(Value::Null);
                }
                let epoch_micros = i64::from(seconds) * 1_000_000 + i64::from(micros);
                zoned(epoch_micros, Some(*digits), arena)
            }
            (Self::Timestamp(_), Datum::DateTime(datetime)) => {
                let Some(normalized) = datetime.normalized(false)? else {
                    return Ok(Value::Null);
                };
                // The JDBC driver's timestamps do not know their column's precision.
                zoned(normalized.epoch_micros(), None, arena)
            }
            (Self::Time(target), Datum::Time(micros)) => target.value(micros, arena)?,
            (Self::Int16, Datum::Int(number)) => Value::Int16(number as i16),
            (Self::Float32, Datum::Float(number)) => Value::Float32(number),
            (Self::Float64, Datum::Float(number)) => Value::Float64(number.into()),
            (Self::Float64, Datum::Double(number)) => Value::Float64(number),
            (Self::Float32, Datum::Double(number)) => Value::Float32(number as f32),
            (kind, datum) => return kind.rare_value(datum, arena),
        })
    }

    /// Whether a result row has the value as text that the server has converted to UTF-8, and the
    /// value is that text.
    pub(crate) fn is_text_in_results(&self) -> bool {
        matches!(
            self,
            Self::Text(_) | Self::Json | Self::Enum(_) | Self::Set(_)
        )
    }

    fn rare_value(&self, datum: Datum<'_>, arena: &mut Arena) -> Result<Value, ValueError> {
        Ok(match (self, datum) {
            (Self::UnsignedDecimal, Datum::Int(number)) => decimal::unsigned(number as u64, arena),
            (Self::Boolean, Datum::Bits(bits)) => Value::Boolean(bits.iter().any(|b| *b != 0)),
            (Self::Boolean, Datum::Int(number)) => Value::Boolean(number != 0),
            (Self::Bits(length), Datum::Bits(bytes)) => Value::Bytes(little_endian(bytes, *length)),
            // MySQL's YEAR is 0000 or 1901 to 2155: never of two digits.
            (Self::Year, Datum::Int(year)) => Value::Int32(year as i32),
            (Self::Binary { mode, padded }, Datum::Bytes(slice)) => binary(slice, *mode, *padded),
            (Self::Json, Datum::Bytes(slice)) => json_value(slice)?,
            (Self::Json | Self::Enum(_) | Self::Set(_), Datum::Utf8(slice)) => {
                Value::String(slice.to_text())
            }
            (Self::Enum(options), Datum::Int(index)) => enum_value(options, index)?,
            (Self::Set(options), Datum::Set(bits)) => set_value(options, bits)?,
            (Self::Geometry, Datum::Bytes(slice)) => geometry(slice)?,
            (Self::Point, Datum::Bytes(slice)) => point(slice)?,
            (Self::Vector, Datum::Bytes(slice)) => vector(slice.as_slice())?,
            (kind, _) => {
                return Err(ValueError::Form {
                    expected: kind.name(),
                });
            }
        })
    }

    /// A name for messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Int16 | Self::Int32 | Self::Int64 | Self::UnsignedDecimal => "integer",
            Self::Float32 => "FLOAT",
            Self::Float64 => "DOUBLE",
            Self::Decimal(_) => "DECIMAL",
            Self::Boolean | Self::Bits(_) => "BIT",
            Self::Date(_) => "DATE",
            Self::Time(_) => "TIME",
            Self::DateTime(_) => "DATETIME",
            Self::Timestamp(_) => "TIMESTAMP",
            Self::Year => "YEAR",
            Self::Text(_) => "text",
            Self::Binary { .. } => "binary",
            Self::Json => "JSON",
            Self::Enum(_) => "ENUM",
            Self::Set(_) => "SET",
            Self::Geometry => "geometry",
            Self::Point => "POINT",
            Self::Vector => "VECTOR",
        }
    }
}

fn is_one_byte(column: &Column) -> bool {
    matches!(column.base_type_name(), "TINYINT" | "INT1")
}

fn is_four_bytes(column: &Column) -> bool {
    matches!(column.base_type_name(), "INT" | "INTEGER" | "INT4")
}

fn scale_of(column: &Column) -> Result<u8> {
    let scale = column.scale.unwrap_or(0);
    u8::try_from(scale)
        .ok()
        .filter(|scale| *scale <= 30)
        .ok_or_else(|| {
            Error::data(format!(
                "a DECIMAL cannot have {scale} digits after the point"
            ))
            .with("column", &column.name)
        })
}

fn charset_of(column: &Column) -> Result<Charset> {
    let Some(name) = &column.charset_name else {
        return Ok(Charset::utf8());
    };
    Charset::of_name(name).ok_or_else(|| {
        Error::data(format!(
            "character set '{name}' is not supported: leave the column out with \
             column.exclude.list, or convert it to utf8mb4"
        ))
        .with("column", &column.name)
    })
}

fn zoned(micros: i64, digits: Option<usize>, arena: &mut Arena) -> Value {
    Value::String(arena.text(temporal::zoned(micros, digits).as_str()))
}

/// An option of an `ENUM` or `SET`, with a backslash before each comma
/// (`MySqlAntlrDdlParser.escapeOption`).
fn escaped(option: &str) -> ByteString {
    option.replace(',', "\\,").into()
}

/// The options in the schema.
fn allowed(options: &[ByteString]) -> String {
    options.join(",")
}

/// The bytes of `bits` bits, the low ones first, from bytes with the high ones first.
pub(super) fn little_endian(big_endian: &[u8], bits: usize) -> Bytes {
    let mut bytes: Vec<u8> = big_endian.iter().rev().copied().collect();
    bytes.resize(bits.div_ceil(8), 0);
    bytes.into()
}

fn binary(slice: Slice<'_>, mode: BinaryMode, padded: Option<usize>) -> Value {
    let bytes = slice.as_slice();
    // Row images have no trailing zeros of BINARY columns.
    let bytes = match padded {
        Some(length) if bytes.len() < length => {
            let mut whole = bytes.to_vec();
            whole.resize(length, 0);
            Bytes::from(whole)
        }
        _ => slice.to_bytes(),
    };
    match mode {
        BinaryMode::Bytes => Value::Bytes(bytes),
        BinaryMode::Base64 => BASE64_STANDARD.encode(&bytes).into(),
        BinaryMode::Base64UrlSafe => BASE64_URL_SAFE.encode(&bytes).into(),
        BinaryMode::Hex => hex(&bytes).into(),
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn json_value(slice: Slice<'_>) -> Result<Value, ValueError> {
    // A JSON column that got no value in a row image of an old server.
    if slice.as_slice().is_empty() {
        return Ok(Value::from("{}"));
    }
    json::to_text(slice.as_slice()).map(Value::from)
}

/// The option of a row image's index, with a backslash before each comma, as Debezium has it there
/// (and not in snapshots, where the server gives the text).
fn enum_value(options: &[ByteString], index: i64) -> Result<Value, ValueError> {
    // 0 is what an invalid value became when it was written.
    if index == 0 {
        return Ok(Value::from(""));
    }
    let option = usize::try_from(index - 1)
        .ok()
        .and_then(|place| options.get(place));
    let Some(option) = option else {
        return Err(ValueError::EnumIndex {
            index,
            count: options.len(),
        });
    };
    Ok(Value::String(option.clone()))
}

fn set_value(options: &[ByteString], bits: u64) -> Result<Value, ValueError> {
    let mut text = String::new();
    for place in (0..64).filter(|place| bits >> place & 1 == 1) {
        let invalid = ValueError::EnumIndex {
            index: place + 1,
            count: options.len(),
        };
        let option = usize::try_from(place)
            .ok()
            .and_then(|place| options.get(place));
        let option = option.ok_or(invalid)?;
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(option);
    }
    Ok(text.into())
}

/// `GEOMETRYCOLLECTION EMPTY` in well-known binary.
const EMPTY_COLLECTION: [u8; 9] = [1, 7, 0, 0, 0, 0, 0, 0, 0];
/// SRID before the well-known binary.
const SRID_LENGTH: usize = 4;
/// Byte order, type, x and y.
const POINT_LENGTH: usize = 21;

fn geometry_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .name("io.debezium.data.geometry.Geometry")
            .version(1)
            .doc("Geometry")
            .optional()
            .field("wkb", Schema::required(Type::Bytes))
            .field("srid", Schema::optional(Type::Int32))
            .build()
    });
    &SCHEMA
}

fn point_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .name("io.debezium.data.geometry.Point")
            .version(1)
            .doc("Geometry (POINT)")
            .optional()
            .field("x", Schema::required(Type::Float64))
            .field("y", Schema::required(Type::Float64))
            .field("wkb", Schema::optional(Type::Bytes))
            .field("srid", Schema::optional(Type::Int32))
            .build()
    });
    &SCHEMA
}

fn struct_of(schema: &SchemaRef, values: Vec<Value>) -> Value {
    Struct::from_values(Arc::clone(schema), values).map_or(Value::Null, Value::Struct)
}

fn empty_geometry(kind: &Kind) -> Value {
    let wkb = Value::Bytes(Bytes::from_static(&EMPTY_COLLECTION));
    match kind {
        Kind::Point => {
            let zero = Value::Float64(0.0);
            struct_of(point_schema(), vec![zero.clone(), zero, wkb, Value::Null])
        }
        _ => struct_of(geometry_schema(), vec![wkb, Value::Null]),
    }
}

/// MySQL's form: the SRID, then well-known binary. Debezium has null for SRID 0.
fn split_srid(slice: Slice<'_>) -> Result<(Value, Slice<'_>), ValueError> {
    let too_short = ValueError::Geometry(slice.as_slice().len());
    let (Some(srid), Some(wkb)) = (
        slice.as_slice().first_chunk::<SRID_LENGTH>(),
        slice.skip(SRID_LENGTH),
    ) else {
        return Err(too_short);
    };
    let srid = match i32::from_le_bytes(*srid) {
        0 => Value::Null,
        srid => Value::Int32(srid),
    };
    Ok((srid, wkb))
}

fn geometry(slice: Slice<'_>) -> Result<Value, ValueError> {
    let (srid, wkb) = split_srid(slice)?;
    Ok(struct_of(
        geometry_schema(),
        vec![Value::Bytes(wkb.to_bytes()), srid],
    ))
}

fn point(slice: Slice<'_>) -> Result<Value, ValueError> {
    let (srid, wkb) = split_srid(slice)?;
    let bytes: &[u8; POINT_LENGTH] = wkb
        .as_slice()
        .try_into()
        .map_err(|_| ValueError::NotAPoint)?;
    let coordinate = |at: usize| {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[at..at + 8]);
        // The first byte is the byte order.
        let number = if bytes[0] == 0 {
            f64::from_be_bytes(number)
        } else {
            f64::from_le_bytes(number)
        };
        Value::Float64(number)
    };
    let values = vec![
        coordinate(5),
        coordinate(13),
        Value::Bytes(wkb.to_bytes()),
        srid,
    ];
    Ok(struct_of(point_schema(), values))
}

fn vector(bytes: &[u8]) -> Result<Value, ValueError> {
    let floats = bytes.chunks_exact(4);
    if !floats.remainder().is_empty() {
        return Err(ValueError::Vector(bytes.len()));
    }
    let float =
        |quad: &[u8]| Value::Float32(f32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]]));
    Ok(Value::Array(floats.map(float).collect()))
}
