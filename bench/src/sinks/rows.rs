//! The rows that are measured: 8 columns, about 200 bytes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The table, or the index, that the rows go to.
pub(crate) const TABLE: &str = "rows_of_bench";

/// The columns in order, without the key `id`.
pub(crate) const COLUMNS: [&str; 7] = [
    "name", "email", "street", "amount", "created", "visits", "active",
];

/// 2024-02-01 in milliseconds.
const BEGIN: u64 = 1_706_745_600_000;

/// The schema that `JsonConverter` writes before each value.
const SCHEMA: &str = concat!(
    r#"{"schema":{"type":"struct","fields":["#,
    r#"{"type":"int64","optional":false,"field":"id"},"#,
    r#"{"type":"string","optional":false,"field":"name"},"#,
    r#"{"type":"string","optional":true,"field":"email"},"#,
    r#"{"type":"string","optional":true,"field":"street"},"#,
    r#"{"type":"bytes","optional":false,"name":"org.apache.kafka.connect.data.Decimal","version":1,"#,
    r#""parameters":{"scale":"2"},"field":"amount"},"#,
    r#"{"type":"int64","optional":false,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"#,
    r#""field":"created"},"#,
    r#"{"type":"int32","optional":false,"field":"visits"},"#,
    r#"{"type":"boolean","optional":false,"field":"active"}"#,
    r#"],"optional":false,"name":"bench.Row"},"payload":"#
);

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    id: u64,
    name: String,
    email: String,
    street: String,
    cents: u64,
    created: u64,
    visits: u32,
    active: bool,
}

impl Row {
    /// Row `id` as it is in the topic, with `visits` of 1.
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            name: format!("name of customer number {id:012} here"),
            email: format!("customer.{id:012}@mail.example.com"),
            street: format!("{id:08} Long Street in some city, block {:02}", id % 28),
            cents: id * 37 % 10_000_000,
            created: BEGIN + id * 1_013,
            visits: 1,
            active: id.is_multiple_of(3),
        }
    }

    /// The same as it was before, with `visits` of 0.
    pub(crate) fn before(id: u64) -> Self {
        Self {
            visits: 0,
            ..Self::new(id)
        }
    }

    pub(crate) fn key(&self) -> String {
        self.id.to_string()
    }

    /// The value of a record, with its schema.
    pub(crate) fn connect_json(&self) -> String {
        let amount = format!("\"{}\"", STANDARD.encode(self.unscaled()));
        format!("{SCHEMA}{}}}", self.object(&amount))
    }

    /// The schema of [`avro`](Self::avro).
    pub(crate) fn avro_schema() -> Value {
        let maybe = json!(["null", "string"]);
        json!({
            "type": "record", "name": "Row", "namespace": "bench", "fields": [
                {"name": "id", "type": "long"}, {"name": "name", "type": "string"},
                {"name": "email", "type": maybe}, {"name": "street", "type": maybe},
                {"name": "amount", "type": {
                    "type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2,
                }},
                {"name": "created", "type": {"type": "long", "logicalType": "timestamp-millis"}},
                {"name": "visits", "type": "int"}, {"name": "active", "type": "boolean"},
            ],
        })
    }

    /// The value of a record in Avro: a zero, the schema's id, and the fields.
    pub(crate) fn avro(&self, schema: u32) -> Vec<u8> {
        let mut out = vec![0];
        out.extend(schema.to_be_bytes());
        append_long(&mut out, self.id);
        append_bytes(&mut out, self.name.as_bytes());
        for text in [&self.email, &self.street] {
            append_long(&mut out, 1);
            append_bytes(&mut out, text.as_bytes());
        }
        append_bytes(&mut out, &self.unscaled());
        append_long(&mut out, self.created);
        append_long(&mut out, self.visits.into());
        out.push(self.active.into());
        out
    }

    /// The amount's unscaled bytes.
    fn unscaled(&self) -> Vec<u8> {
        let bytes = self.cents.to_be_bytes();
        // A byte of zeros before the number keeps it positive.
        let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(7);
        [&[0], &bytes[start..]].concat()
    }

    /// The document that a sink makes of it.
    pub(crate) fn document(&self) -> String {
        self.object(&self.amount())
    }

    fn object(&self, amount: &str) -> String {
        format!(
            r#"{{"id":{},"name":"{}","email":"{}","street":"{}","amount":{amount},"created":{},"visits":{},"active":{}}}"#,
            self.id, self.name, self.email, self.street, self.created, self.visits, self.active
        )
    }

    /// A line for PostgreSQL's `COPY … CSV`.
    pub(crate) fn csv(&self) -> String {
        format!("{}\n", self.columns('"'))
    }

    /// Appends the values of an `INSERT`.
    pub(crate) fn append_values(&self, statement: &mut String) {
        write!(statement, "({})", self.columns('\'')).expect("a string takes everything");
    }

    /// The columns in order, texts in quotes.
    fn columns(&self, quote: char) -> String {
        format!(
            "{},{quote}{}{quote},{quote}{}{quote},{quote}{}{quote},{},{quote}{}{quote},{},{}",
            self.id,
            self.name,
            self.email,
            self.street,
            self.amount(),
            self.timestamp(),
            self.visits,
            self.active
        )
    }

    fn amount(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    /// `2024-02-01 00:00:00.000` and after; every month has 28 days here, which is a valid date too.
    fn timestamp(&self) -> String {
        let millis = self.created - BEGIN;
        let (seconds, days) = (millis / 1000, millis / 86_400_000);
        let (month, year) = (days / 28 + 1, 2024 + days / 28 / 12);
        format!(
            "{year}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
            month % 12 + 1,
            days % 28 + 1,
            seconds / 3600 % 24,
            seconds / 60 % 60,
            seconds % 60,
            millis % 1000
        )
    }
}

/// A number that is not negative, as Avro's zigzag varint.
fn append_long(out: &mut Vec<u8>, number: u64) {
    let mut rest = number << 1;
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

fn append_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    append_long(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
