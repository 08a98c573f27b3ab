//! Nanoseconds a record of `JsonConverter`: a row of ten fields, with and
//! without its schema, both directions.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark reports and may stop"
)]

mod support;

use std::hint::black_box;

use bytes::Bytes;
use connect_api::Props;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value, logical};
use connect_api::plugin::Converter;

use support::measure;

fn row() -> (SchemaRef, Value) {
    let text = Schema::optional(Type::String);
    let schema = SchemaBuilder::structure()
        .name("server.inventory.row.Value")
        .field("id", Schema::required(Type::Int64))
        .field("first", text.clone())
        .field("second", text.clone())
        .field("third", text)
        .field("amount", logical::decimal(2).optional().build())
        .field("created", Schema::optional(Type::Int64))
        .field("updated", Schema::optional(Type::Int64))
        .field("count", Schema::optional(Type::Int32))
        .field("flag", Schema::optional(Type::Int16))
        .field("nothing", Schema::optional(Type::String))
        .build();
    let values = vec![
        Value::Int64(1_234_567),
        "a text of about forty characters, or so.".into(),
        "another text of about forty characters..".into(),
        "žluťoučký kůň a text with accents, forty".into(),
        Value::Bytes(Bytes::from_static(&[0x0F, 0x5B])),
        Value::Int64(1_577_934_245_000),
        Value::Int64(1_577_934_245_123_456),
        Value::Int32(42),
        Value::Int16(1),
        Value::Null,
    ];
    let value = Struct::from_values(schema.clone(), values).expect("as many values as fields");
    (schema, value.into())
}

fn converter(settings: &[(&str, &str)]) -> Box<dyn Converter> {
    let props: Props = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let plugins = connect_converters::converters();
    let json = plugins
        .iter()
        .find(|plugin| plugin.name.class.ends_with("JsonConverter"))
        .expect("it is built in");
    (json.create)(&props, false).expect("the settings are good")
}

fn main() {
    let (schema, value) = row();
    for (what, settings) in [
        ("without schema", &[("schemas.enable", "false")][..]),
        ("with schema", &[]),
        (
            "decimals as numbers",
            &[("schemas.enable", "false"), ("decimal.format", "NUMERIC")],
        ),
    ] {
        let mut converter = converter(settings);
        let mut out = Vec::with_capacity(8192);
        measure(&format!("write {what}"), || {
            out.clear();
            let written = converter.serialize("t", Some(&schema), black_box(&value), &mut out);
            black_box(written.expect("the row fits its schema"));
        });
        let bytes = Bytes::from(out);
        measure(&format!("read {what} ({} bytes)", bytes.len()), || {
            let read = converter.deserialize("t", Some(black_box(&bytes)));
            black_box(read.expect("it was written by the converter"));
        });
    }
}
