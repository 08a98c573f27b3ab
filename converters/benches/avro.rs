//! Nanoseconds a record of `AvroConverter`: a row of eight columns and a row
//! in Debezium's envelope, both directions. A registry in this process is asked
//! once, before.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark reports and may stop"
)]

mod support;

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use bytes::Bytes;
use connect_api::Props;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value, logical};
use connect_api::plugin::{Converted, Converter};
use serde_json::json;

use support::measure;

/// Eight columns, about 200 bytes.
fn row() -> (SchemaRef, Value) {
    let text = Schema::optional(Type::String);
    let schema = SchemaBuilder::structure()
        .name("server.inventory.row.Value")
        .optional()
        .field("id", Schema::required(Type::Int64))
        .field("name", Schema::required(Type::String))
        .field("email", text.clone())
        .field("street", text)
        .field("amount", logical::decimal(2).build())
        .field("created", logical::timestamp().build())
        .field("visits", Schema::required(Type::Int32))
        .field("active", Schema::required(Type::Boolean))
        .build();
    let values = vec![
        Value::Int64(1_234_567),
        "name of customer number 000001234567 here".into(),
        "customer.000001234567@mail.example.com".into(),
        "01234567 Long Street in some city, block 07".into(),
        Value::Bytes(Bytes::from_static(&[0x0F, 0x5B])),
        Value::Int64(1_577_934_245_000),
        Value::Int32(42),
        Value::Boolean(true),
    ];
    let value = Struct::from_values(schema.clone(), values).expect("as many values as fields");
    (schema, value.into())
}

/// The row as it was before and as it is, and where the change was.
fn envelope() -> (SchemaRef, Value) {
    let (row, value) = row();
    let mut source = SchemaBuilder::structure().name("server.Source");
    let mut at = Vec::new();
    for (name, text) in [("connector", "mysql"), ("name", "server"), ("db", "shop")] {
        source = source.field(name, Schema::required(Type::String));
        at.push(text.into());
    }
    for (name, number) in [("ts_ms", 1_577_934_245_000), ("pos", 4_711), ("row", 0)] {
        source = source.field(name, Schema::required(Type::Int64));
        at.push(Value::Int64(number));
    }
    let source = source.build();
    let at = Struct::from_values(source.clone(), at).expect("as many values as fields");
    let schema = SchemaBuilder::structure()
        .name("server.inventory.row.Envelope")
        .field("before", row.clone())
        .field("after", row)
        .field("source", source)
        .field("op", Schema::required(Type::String))
        .build();
    let values = vec![value.clone(), value, at.into(), "u".into()];
    let value = Struct::from_values(schema.clone(), values).expect("as many values as fields");
    (schema, value.into())
}

/// Gives every schema the id 1 and version 1, and serves the last one; its URL.
fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let mut schema = String::new();
        for client in listener.incoming() {
            answer(client.expect("a client"), &mut schema);
        }
    });
    format!("http://{address}")
}

fn answer(client: TcpStream, schema: &mut String) {
    let mut reader = BufReader::new(client);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        let line = line.trim().to_ascii_lowercase();
        if let Some(number) = line.strip_prefix("content-length:") {
            length = number.trim().parse().expect("a number");
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    if !body.is_empty() {
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        *schema = body["schema"].as_str().expect("a schema").to_owned();
    }
    let text = json!({"subject": "t-value", "id": 1, "version": 1, "schema": schema}).to_string();
    let length = text.len();
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    let written = reader.get_mut().write_all((head + &text).as_bytes());
    written.expect("the client reads");
}

fn converter() -> Box<dyn Converter> {
    let props = Props::from_iter([("schema.registry.url".to_owned(), registry())]);
    let plugins = connect_converters::converters();
    let avro = plugins
        .iter()
        .find(|plugin| plugin.name.class == "io.confluent.connect.avro.AvroConverter")
        .expect("it is built in");
    (avro.create)(&props, false).expect("the settings are good")
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (what, (schema, value)) in [("a row", row()), ("an envelope", envelope())] {
        let mut converter = converter();
        let mut out = Vec::with_capacity(8192);
        let written = converter.serialize("t", Some(&schema), &value, &mut out);
        assert_eq!(written.expect("it fits its schema"), Converted::Pending);
        runtime.block_on(converter.resolve()).expect("answered");
        measure(&format!("write {what}"), || {
            out.clear();
            let written = converter.serialize("t", Some(&schema), black_box(&value), &mut out);
            let written = written.expect("it fits its schema");
            assert_eq!(black_box(written), Converted::Bytes);
        });
        let bytes = Bytes::from(out);
        let read = converter.deserialize("t", Some(&bytes));
        assert!(read.expect("a known magic byte").is_none());
        runtime.block_on(converter.resolve()).expect("answered");
        measure(&format!("read {what} ({} bytes)", bytes.len()), || {
            let read = converter.deserialize("t", Some(black_box(&bytes)));
            let read = read.expect("it was written by the converter");
            assert!(black_box(read).is_some());
        });
    }
}
