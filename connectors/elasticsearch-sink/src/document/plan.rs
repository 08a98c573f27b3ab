//! How to write the values of one schema.

use connect_api::data::{ByteString, Schema, SchemaRef, Struct, Type, Value, logical};
use connect_api::java::decimal::Decimal;
use connect_api::java::json::write_string;
use connect_api::java::to_string::{append_integer, scale};

use super::Failure;
use super::json::{write_double, write_list, write_scalar};
use super::temporal::Temporal;

/// Which rules values follow.
#[derive(Debug, Clone, Copy)]
pub(super) enum Style {
    /// `DataConverter.preProcessValue`: decimals as doubles, maps as
    /// `compact.map.entries` says; and Debezium's temporal types as dates.
    Mapped { compact_map_entries: bool },
    /// What `JsonConverter` makes of values as they are.
    Plain,
}

/// How to write a value of one schema.
#[derive(Debug)]
pub(super) struct Plan {
    shape: Shape,
    /// What stands for null; none where it is an error.
    null: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Shape {
    Scalar(Type),
    /// A `Decimal` of this scale as a double.
    Double(i32),
    /// Milliseconds.
    Temporal(Temporal, Type),
    Array(Box<Plan>),
    /// A map as an object.
    Object(Box<Plan>),
    /// A map as a list of `{"key": …, "value": …}`.
    Entries(Box<Plan>, Box<Plan>),
    /// A map as a list of pairs.
    Pairs(Box<Plan>, Box<Plan>),
    Struct(SchemaRef, Vec<FieldPlan>),
}

#[derive(Debug)]
struct FieldPlan {
    name: ByteString,
    /// What stands before the value: a brace or a comma, the name, a colon.
    before: Vec<u8>,
    plan: Plan,
}

type Written = Result<(), Failure>;

impl Plan {
    pub(super) fn new(schema: &SchemaRef, style: Style) -> Result<Self, Failure> {
        let mut plan = Self {
            shape: Shape::new(schema, style)?,
            null: None,
        };
        plan.null = match schema.default_value() {
            Some(default) => {
                let mut text = Vec::new();
                plan.write(&mut text, default)?;
                Some(text)
            }
            None if schema.is_optional() => Some(b"null".to_vec()),
            None => None,
        };
        Ok(plan)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, value: &Value) -> Written {
        match (&self.shape, value) {
            (_, Value::Null) => self.write_null(out),
            (Shape::Scalar(kind), value) if value.kind() == Some(*kind) => {
                write_scalar(out, value);
                Ok(())
            }
            (Shape::Struct(schema, fields), Value::Struct(value)) => {
                write_struct(out, schema, fields, value)
            }
            (Shape::Double(scale), Value::Bytes(unscaled)) => {
                write_double(out, decimal_to_f64(unscaled, *scale));
                Ok(())
            }
            (Shape::Temporal(temporal, kind), value) if value.kind() == Some(*kind) => {
                write_temporal(out, *temporal, value)
            }
            (Shape::Array(plan), Value::Array(items)) => {
                write_list(out, *b"[]", items, |out, item| plan.write(out, item))
            }
            (Shape::Object(plan), Value::Map(entries)) => write_object(out, plan, entries),
            (Shape::Entries(keys, values), Value::Map(entries)) => {
                write_list(out, *b"[]", entries, |out, (key, value)| {
                    out.extend_from_slice(b"{\"key\":");
                    keys.write(out, key)?;
                    out.extend_from_slice(b",\"value\":");
                    values.write(out, value)?;
                    out.push(b'}');
                    Ok(())
                })
            }
            (Shape::Pairs(keys, values), Value::Map(entries)) => {
                write_list(out, *b"[]", entries, |out, (key, value)| {
                    out.push(b'[');
                    keys.write(out, key)?;
                    out.push(b',');
                    values.write(out, value)?;
                    out.push(b']');
                    Ok(())
                })
            }
            (shape, value) => Err(wrong_type(shape.kind(), value)),
        }
    }

    /// Appends the value of one field of a struct or map.
    pub(super) fn write_field(&self, out: &mut Vec<u8>, name: &str, value: &Value) -> Written {
        match &self.shape {
            Shape::Struct(_, fields) => {
                let found = fields.iter().find(|field| field.name == name);
                found.map_or(Ok(()), |field| field.plan.write(out, value))
            }
            Shape::Object(plan) => plan.write(out, value),
            _ => Ok(()),
        }
    }

    fn write_null(&self, out: &mut Vec<u8>) -> Written {
        match &self.null {
            Some(text) => {
                out.extend_from_slice(text);
                Ok(())
            }
            None => Err(Failure::new(
                "null value for field that is required and has no default value",
            )),
        }
    }
}

impl Shape {
    fn new(schema: &SchemaRef, style: Style) -> Result<Self, Failure> {
        let child = |schema: Option<&SchemaRef>| match schema {
            Some(schema) => Plan::new(schema, style).map(Box::new),
            None => Err(Failure::new("a schema lacks the schema of its items")),
        };
        let is_mapped = matches!(style, Style::Mapped { .. });
        if is_mapped && let Some(shape) = logical_shape(schema)? {
            return Ok(shape);
        }
        Ok(match schema.kind() {
            Type::Array => Shape::Array(child(schema.value_schema())?),
            Type::Map => {
                let keys = schema.key_schema();
                let has_string_keys = keys.is_some_and(|key| key.kind() == Type::String);
                let values = child(schema.value_schema())?;
                match style {
                    Style::Plain
                    | Style::Mapped {
                        compact_map_entries: true,
                    } if has_string_keys => Shape::Object(values),
                    Style::Plain => Shape::Pairs(child(keys)?, values),
                    Style::Mapped { .. } => Shape::Entries(child(keys)?, values),
                }
            }
            Type::Struct => Shape::Struct(schema.clone(), field_plans(schema, style)?),
            scalar => Shape::Scalar(scalar),
        })
    }

    fn kind(&self) -> Type {
        match self {
            Shape::Scalar(kind) | Shape::Temporal(_, kind) => *kind,
            Shape::Double(_) => Type::Bytes,
            Shape::Array(_) => Type::Array,
            Shape::Object(_) | Shape::Entries(..) | Shape::Pairs(..) => Type::Map,
            Shape::Struct(..) => Type::Struct,
        }
    }
}

fn logical_shape(schema: &Schema) -> Result<Option<Shape>, Failure> {
    if schema.name() == Some(logical::DECIMAL) && schema.kind() == Type::Bytes {
        let Some(scale) = scale(schema) else {
            return Err(Failure::new(
                "Invalid Decimal schema: scale parameter not found.",
            ));
        };
        return Ok(Some(Shape::Double(scale)));
    }
    Ok(Temporal::of(schema).map(|temporal| Shape::Temporal(temporal, schema.kind())))
}

fn field_plans(schema: &Schema, style: Style) -> Result<Vec<FieldPlan>, Failure> {
    let mut plans = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let mut before = vec![if plans.is_empty() { b'{' } else { b',' }];
        write_string(&mut before, &field.name);
        before.push(b':');
        let plan = Plan::new(&field.schema, style);
        plans.push(FieldPlan {
            name: field.name.clone(),
            before,
            plan: plan.map_err(|failure| failure.in_field(&field.name))?,
        });
    }
    Ok(plans)
}

fn write_struct(
    out: &mut Vec<u8>,
    schema: &SchemaRef,
    fields: &[FieldPlan],
    value: &Struct,
) -> Written {
    let same = std::sync::Arc::ptr_eq(schema, value.schema()) || schema == value.schema();
    if !same {
        return Err(Failure::new("Mismatching schema."));
    }
    if fields.is_empty() {
        out.push(b'{');
    }
    for (field, value) in fields.iter().zip(value.values()) {
        out.extend_from_slice(&field.before);
        if let Err(failure) = field.plan.write(out, value) {
            return Err(failure.in_field(&field.name));
        }
    }
    out.push(b'}');
    Ok(())
}

fn write_object(out: &mut Vec<u8>, plan: &Plan, entries: &[(Value, Value)]) -> Written {
    write_list(out, *b"{}", entries, |out, (key, value)| {
        let Some(key) = key.as_str() else {
            return Err(Failure::new(
                "a map with string keys has a key that is none",
            ));
        };
        write_string(out, key);
        out.push(b':');
        plan.write(out, value)
            .map_err(|failure| failure.in_field(key))
    })
}

fn write_temporal(out: &mut Vec<u8>, temporal: Temporal, value: &Value) -> Written {
    match temporal.millis(value) {
        Some(millis) => append_integer(out, millis),
        // Texts, and days that are beyond all dates.
        None => {
            write_scalar(out, value);
        }
    }
    Ok(())
}

/// `BigDecimal.doubleValue()`: the nearest double.
pub(crate) fn decimal_to_f64(unscaled: &[u8], scale: i32) -> f64 {
    /// Powers of ten that a double holds exactly.
    const EXACT: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    // One operation on two exact numbers rounds once.
    let power = usize::try_from(scale)
        .ok()
        .and_then(|scale| EXACT.get(scale));
    if let (Some(power), Some(value)) = (power, small(unscaled)) {
        return value as f64 / power;
    }
    let number = Decimal::from_unscaled(unscaled, 0);
    let sign = if number.negative { "-" } else { "" };
    let text = format!("{sign}{}e{}", number.digits, -i64::from(scale));
    text.parse().unwrap_or(f64::NAN)
}

/// An integer that a double holds exactly.
fn small(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > 8 {
        return None;
    }
    let first = bytes.first().map_or(0, |&byte| i64::from(byte as i8));
    let rest = bytes.iter().skip(1);
    let value = rest.fold(first, |value, &byte| value << 8 | i64::from(byte));
    (value.unsigned_abs() <= 1 << 53).then_some(value)
}

#[cold]
fn wrong_type(expected: Type, value: &Value) -> Failure {
    let found = value.kind().map_or("null", Type::name);
    Failure::new(format!(
        "a value of type {found} does not fit its schema's type {}",
        expected.name()
    ))
}
