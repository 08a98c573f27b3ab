//! Nanoseconds a record of the transformations that most pipelines have.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark reports and may stop"
)]

use std::hint::black_box;
use std::time::Instant;

use connect_api::Props;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::plugin::Transformation;
use connect_api::record::Record;

fn envelope() -> (SchemaRef, Value) {
    let mut row = SchemaBuilder::structure()
        .name("s.inventory.t.Value")
        .optional();
    for number in 0..10 {
        row = row.field(format!("column{number}"), Schema::optional(Type::Int64));
    }
    let row = row.build();
    let source = SchemaBuilder::structure()
        .field("table", Schema::optional(Type::String))
        .field("ts_ms", Schema::optional(Type::Int64))
        .build();
    let schema = SchemaBuilder::structure()
        .name("s.inventory.t.Envelope")
        .field("before", row.clone())
        .field("after", row.clone())
        .field("source", source.clone())
        .field("op", Schema::required(Type::String))
        .build();
    let filled = |schema: &SchemaRef, values: Vec<Value>| -> Value {
        Struct::from_values(schema.clone(), values)
            .expect("as many values as fields")
            .into()
    };
    let after = filled(&row, (0..10).map(Value::Int64).collect());
    let source = filled(&source, vec!["t".into(), Value::Int64(1)]);
    let value = filled(&schema, vec![Value::Null, after, source, "c".into()]);
    (schema, value)
}

fn transformation(class: &str, settings: &[(&str, &str)]) -> Box<dyn Transformation> {
    let props: Props = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let plugins = connect_transforms::transformations();
    let plugin = plugins
        .iter()
        .find(|plugin| plugin.name.class.ends_with(class))
        .expect("it is built in");
    (plugin.create)(&props).expect("the settings are good")
}

fn measure(what: &str, record: &Record, transformation: Option<Box<dyn Transformation>>) {
    const ROUNDS: u32 = 300_000;
    let mut transformation = transformation;
    let mut once = || {
        let mut record = record.clone();
        if let Some(transformation) = &mut transformation {
            black_box(transformation.apply(&mut record).expect("the record fits"));
        }
        black_box(record);
    };
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..ROUNDS {
                once();
            }
            start.elapsed()
        })
        .min()
        .unwrap_or_default();
    println!(
        "{what:<40} {:>6} ns a record",
        best.as_nanos() / u128::from(ROUNDS)
    );
}

fn main() {
    let (schema, value) = envelope();
    let event = Record {
        topic: "s.inventory.t".into(),
        value_schema: Some(schema),
        value,
        ..Record::default()
    };
    let mut row = event.clone();
    transformation("ExtractNewRecordState", &[])
        .apply(&mut row)
        .expect("it is an event");
    measure("cloning the event (part of the next ones)", &event, None);
    measure(
        "ExtractNewRecordState",
        &event,
        Some(transformation("ExtractNewRecordState", &[])),
    );
    let add = [
        ("add.fields", "op,table,source.ts_ms"),
        ("delete.tombstone.handling.mode", "rewrite"),
    ];
    measure(
        "… rewrite, three fields",
        &event,
        Some(transformation("ExtractNewRecordState", &add)),
    );
    measure("cloning the row (part of the next ones)", &row, None);
    let insert = [("static.field", "origin"), ("static.value", "mysql")];
    measure(
        "InsertField",
        &row,
        Some(transformation("InsertField$Value", &insert)),
    );
    let field = [("field", "column3")];
    measure(
        "ExtractField",
        &row,
        Some(transformation("ExtractField$Value", &field)),
    );
    let route = [
        ("regex", r"([^.]+)\.([^.]+)\.([^.]+)"),
        ("replacement", "$3"),
    ];
    measure(
        "RegexRouter",
        &row,
        Some(transformation("RegexRouter", &route)),
    );
}
