//! Text to values with guessed schemas (`Values.parseString`).

use bytes::Bytes;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Type, Value, logical};

use super::merge::{Common, convert};
use super::tokens::{Tokens, is_blank, java_trim};
use crate::java::decimal::Decimal;
use crate::java::time::{self, Temporal};

/// A value and its schema; null has none.
pub(super) type Parsed = (Option<SchemaRef>, Value);

/// The text nests further than is worth following.
#[derive(Debug)]
pub(super) struct TooDeep;

const MAX_DEPTH: usize = 500;

/// Why a value is not what it seemed to be.
enum Not {
    /// Take it as a string.
    Parseable,
    TooDeep,
}

/// The value that `text` looks like; a string if it looks like nothing else.
pub(super) fn parse(text: &str) -> Result<Parsed, TooDeep> {
    if text.is_empty() {
        return Ok(string(text));
    }
    let mut parser = Parser {
        tokens: Tokens::new(text),
        depth: 0,
    };
    match parser.value(false) {
        Ok(parsed) if parser.tokens.is_done() => Ok(parsed),
        // The original drops what follows a number, an array or a map, so that
        // `1:2` becomes 1. We keep it all.
        Ok(_) | Err(Not::Parseable) => Ok(string(text)),
        Err(Not::TooDeep) => Err(TooDeep),
    }
}

struct Parser<'t> {
    tokens: Tokens<'t>,
    depth: usize,
}

fn string(text: &str) -> Parsed {
    (
        Some(Schema::required(Type::String)),
        Value::String(text.into()),
    )
}

impl Parser<'_> {
    /// The next value, which is `embedded` in an array or a map or else the
    /// whole text.
    fn value(&mut self, embedded: bool) -> Result<Parsed, Not> {
        if !self.tokens.has_next() {
            return Ok((None, Value::Null));
        }
        if embedded && self.tokens.take("\"") {
            return Ok(self.quoted());
        }
        if self.literal(embedded, "null") {
            return Ok((None, Value::Null));
        }
        for value in [true, false] {
            if self.literal(embedded, if value { "true" } else { "false" }) {
                return Ok((Some(Schema::required(Type::Boolean)), Value::Boolean(value)));
            }
        }
        let start = self.tokens.mark();
        match self.collection() {
            Ok(Some(parsed)) => return Ok(parsed),
            Err(Not::TooDeep) => return Err(Not::TooDeep),
            Ok(None) => {}
            Err(Not::Parseable) => self.tokens.rewind_to(start),
        }
        let token = self.tokens.next();
        if is_blank(token) {
            return Ok(string(token));
        }
        self.number_or_time(java_trim(token))
    }

    /// True if the next token is `literal` and, unless embedded, the last.
    fn literal(&mut self, embedded: bool, literal: &str) -> bool {
        let start = self.tokens.mark();
        if self.tokens.take(literal) && (embedded || !self.tokens.has_next()) {
            return true;
        }
        self.tokens.rewind_to(start);
        false
    }

    fn collection(&mut self) -> Result<Option<Parsed>, Not> {
        let is_array = self.tokens.take("[");
        if !is_array && !self.tokens.take("{") {
            return Ok(None);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Not::TooDeep);
        }
        let parsed = if is_array { self.array() } else { self.map() };
        self.depth -= 1;
        parsed.map(Some)
    }

    fn number_or_time(&mut self, token: &str) -> Result<Parsed, Not> {
        let starts_with_digit = token.starts_with(|char: char| char.is_ascii_digit());
        if starts_with_digit && let Some(parsed) = self.time(token) {
            return Ok(parsed);
        }
        if (starts_with_digit || token.starts_with(['+', '-']))
            && let Some(number) = Decimal::parse(token)
        {
            return Ok(number_of(number));
        }
        Err(Not::Parseable)
    }

    /// A time or timestamp is five tokens, because of its colons.
    fn time(&mut self, token: &str) -> Option<Parsed> {
        let position = self.tokens.mark();
        if let Some(rest) = self.tokens.next_text(4)
            && let Some(parsed) = temporal(&format!("{token}{rest}"))
        {
            return Some(parsed);
        }
        self.tokens.rewind_to(position);
        temporal(token)
    }

    fn quoted(&mut self) -> Parsed {
        let mut content = String::new();
        while self.tokens.has_next() && !self.tokens.take("\"") {
            content.push_str(self.tokens.next());
        }
        temporal(&content).unwrap_or_else(|| string(&content))
    }

    fn array(&mut self) -> Result<Parsed, Not> {
        let mut items = Vec::new();
        let mut common = Common::default();
        while self.tokens.has_next() {
            if self.tokens.take("]") {
                return array_of(common, items);
            }
            if self.tokens.take(",") {
                return Err(Not::Parseable);
            }
            let (schema, value) = self.value(true)?;
            common.merge(schema.as_ref());
            items.push(value);
            let position = self.tokens.mark();
            if self.tokens.take("]") {
                self.tokens.rewind_to(position);
            } else if !self.tokens.take(",") {
                return Err(Not::Parseable);
            }
        }
        Err(Not::Parseable)
    }

    fn map(&mut self) -> Result<Parsed, Not> {
        let mut entries: Vec<(Value, Value)> = Vec::new();
        let (mut keys, mut values) = (Common::default(), Common::default());
        while self.tokens.has_next() {
            if self.tokens.take("}") {
                return map_of(keys, values, entries);
            }
            if self.tokens.take(",") {
                return Err(Not::Parseable);
            }
            let (key_schema, key) = self.value(true)?;
            if key.is_null() || !self.tokens.take(":") {
                return Err(Not::Parseable);
            }
            let (value_schema, value) = self.value(true)?;
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some(entry) => entry.1 = value,
                None => entries.push((key, value)),
            }
            self.tokens.take(",");
            keys.merge(key_schema.as_ref());
            values.merge(value_schema.as_ref());
        }
        Err(Not::Parseable)
    }
}

/// An array whose items have nothing in common has no schema here; the
/// original gives it an array schema without one for the items.
fn array_of(common: Common, items: Vec<Value>) -> Result<Parsed, Not> {
    let Some(item_schema) = common.schema() else {
        return Ok((None, Value::Array(items)));
    };
    let items: Option<Vec<Value>> = items
        .into_iter()
        .map(|item| convert(item, &item_schema))
        .collect();
    let items = items.ok_or(Not::Parseable)?;
    Ok((
        Some(SchemaBuilder::array(item_schema).build()),
        Value::Array(items),
    ))
}

fn map_of(keys: Common, values: Common, entries: Vec<(Value, Value)>) -> Result<Parsed, Not> {
    let (Some(key_schema), value_schema) = (keys.schema(), values.schema()) else {
        return Ok((None, Value::Map(entries)));
    };
    let mut converted = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let key = convert(key, &key_schema).ok_or(Not::Parseable)?;
        let value = match &value_schema {
            Some(schema) => convert(value, schema).ok_or(Not::Parseable)?,
            None => value,
        };
        converted.push((key, value));
    }
    let schema = value_schema.map(|values| SchemaBuilder::map(key_schema, values).build());
    Ok((schema, Value::Map(converted)))
}

fn temporal(text: &str) -> Option<Parsed> {
    // Escaped colons stand for themselves.
    let text = text.replace("\\:", ":");
    Some(match time::parse(&text)? {
        Temporal::Date(days) => (Some(logical::date().build()), Value::Int32(days)),
        Temporal::Time(millis) => (Some(logical::time().build()), Value::Int32(millis)),
        Temporal::Timestamp(millis) => (Some(logical::timestamp().build()), Value::Int64(millis)),
    })
}

/// The smallest type that holds the number: an integer, a float if it is
/// finite as one, a double, else a decimal.
fn number_of(number: Decimal) -> Parsed {
    if let Some(parsed) = integer(&number) {
        return parsed;
    }
    let text = number.to_text();
    let (float, double) = (text.parse::<f32>(), text.parse::<f64>());
    if number.scale != 0 {
        if let Ok(value) = float
            && value.is_finite()
        {
            return (Some(Schema::required(Type::Float32)), Value::Float32(value));
        }
        if let Ok(value) = double
            && value.is_finite()
        {
            return (Some(Schema::required(Type::Float64)), Value::Float64(value));
        }
    }
    (
        Some(logical::decimal(number.scale).build()),
        Value::Bytes(Bytes::from(number.to_unscaled())),
    )
}

fn integer(number: &Decimal) -> Option<Parsed> {
    let value: i64 = number.clone().with_scale(0)?.to_text().parse().ok()?;
    let (kind, value) = if let Ok(value) = i8::try_from(value) {
        (Type::Int8, Value::Int8(value))
    } else if let Ok(value) = i16::try_from(value) {
        (Type::Int16, Value::Int16(value))
    } else if let Ok(value) = i32::try_from(value) {
        (Type::Int32, Value::Int32(value))
    } else {
        (Type::Int64, Value::Int64(value))
    };
    Some((Some(Schema::required(kind)), value))
}
