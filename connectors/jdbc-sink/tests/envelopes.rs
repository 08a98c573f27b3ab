//! Debezium's envelopes and types, in all classes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use bytes::Bytes;
use common::servers;
use common::*;
use connect_api::Props;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value, logical};
use connect_api::record::SinkRecord;
use connect_api::registry::ConnectorPlugin;
use connect_jdbc_sink::{AIVEN, CONFLUENT, DEBEZIUM};

fn with(base: &Props, pairs: &[(&str, &str)]) -> Props {
    let mut all = base.clone();
    all.extend(props(pairs));
    all
}

/// Each class with the settings that replicate tables.
fn replicating() -> [(ConnectorPlugin, Vec<(&'static str, &'static str)>); 3] {
    let confluent = vec![
        ("insert.mode", "upsert"),
        ("pk.mode", "record_key"),
        ("delete.enabled", "true"),
        ("truncate.enabled", "true"),
        ("auto.create", "true"),
        ("auto.evolve", "true"),
        ("table.name.format", "${source.table}"),
    ];
    let debezium = vec![
        ("insert.mode", "upsert"),
        ("primary.key.mode", "record_key"),
        ("delete.enabled", "true"),
        ("truncate.enabled", "true"),
        ("schema.evolution", "basic"),
        ("collection.name.format", "${source.table}"),
    ];
    [
        (CONFLUENT, confluent.clone()),
        (AIVEN, confluent),
        (DEBEZIUM, debezium),
    ]
}

/// Envelopes of one table.
struct Envelopes {
    key: SchemaRef,
    row: SchemaRef,
    source: SchemaRef,
    envelope: SchemaRef,
}

impl Envelopes {
    fn new(fields: &[(&str, SchemaRef)]) -> Self {
        let key = schema(&fields[..1]);
        let mut builder = SchemaBuilder::structure().name("s.d.t.Value").optional();
        for (name, schema) in fields {
            builder = builder.field((*name).to_owned(), schema.clone());
        }
        let row = builder.build();
        let source = SchemaBuilder::structure()
            .name("io.debezium.connector.mysql.Source")
            .field("table", optional(Type::String))
            .build();
        let envelope = SchemaBuilder::structure()
            .name("s.d.t.Envelope")
            .field("before", row.clone())
            .field("after", row.clone())
            .field("source", source.clone())
            .field("op", required(Type::String))
            .build();
        Self {
            key,
            row,
            source,
            envelope,
        }
    }

    fn event(
        &self,
        offset: i64,
        op: &str,
        before: Option<Vec<Value>>,
        after: Option<Vec<Value>>,
    ) -> SinkRecord {
        let key = before
            .as_ref()
            .or(after.as_ref())
            .map(|values| values[0].clone());
        let part = |values: Option<Vec<Value>>| {
            values.map_or(Value::Null, |values| row(&self.row, values))
        };
        let source = Struct::from_values(self.source.clone(), vec![text("customers")]).unwrap();
        let values = vec![part(before), part(after), Value::Struct(source), text(op)];
        let key = key.map_or(Value::Null, |key| row(&self.key, vec![key]));
        record("s.d.customers", offset, key, row(&self.envelope, values))
    }
}

#[tokio::test]
async fn envelopes_are_taken_as_they_are() {
    for (class, settings) in replicating() {
        for server in ["postgres", "mysql"] {
            let (mut database, base) = match server {
                "postgres" => servers::postgres("jdbc_envelopes").await,
                _ => servers::mysql("jdbc_envelopes").await,
            };
            let which = format!("{} {server}", class.name.class);
            let mut task = Running::start(class, &with(&base, &settings)).await;
            let table = Envelopes::new(&[
                ("id", required(Type::Int32)),
                ("name", optional(Type::String)),
            ]);
            let person = |id: i32, name: &str| vec![Value::Int32(id), text(name)];
            let tombstone = |offset, id: i32| {
                let key = row(&table.key, vec![Value::Int32(id)]);
                record("s.d.customers", offset, key, Value::Null)
            };
            task.put(&[
                table.event(0, "r", None, Some(person(1, "snapshot"))),
                table.event(1, "c", None, Some(person(2, "created"))),
                table.event(
                    2,
                    "u",
                    Some(person(1, "snapshot")),
                    Some(person(1, "updated")),
                ),
                table.event(3, "c", None, Some(person(3, "short-lived"))),
                table.event(4, "d", Some(person(3, "short-lived")), None),
                tombstone(5, 3),
            ])
            .await;
            let sql = "SELECT id, name FROM customers ORDER BY id";
            assert_eq!(
                database.rows(sql).await,
                [["1", "updated"], ["2", "created"]],
                "{which}"
            );
            // A column is added at the source, then the table is emptied.
            let wider = Envelopes::new(&[
                ("id", required(Type::Int32)),
                ("name", optional(Type::String)),
                ("age", optional(Type::Int16)),
            ]);
            task.put(&[wider.event(
                6,
                "c",
                None,
                Some(vec![Value::Int32(4), text("d"), Value::Int16(44)]),
            )])
            .await;
            let rows = database
                .rows("SELECT id, age FROM customers ORDER BY id")
                .await;
            assert_eq!(rows, [["1", "-"], ["2", "-"], ["4", "44"]], "{which}");
            task.put(&[
                wider.event(7, "t", None, None),
                wider.event(
                    8,
                    "c",
                    None,
                    Some(vec![Value::Int32(5), text("e"), Value::Null]),
                ),
            ])
            .await;
            assert_eq!(database.rows(sql).await, [["5", "e"]], "{which}");
            task.stop().await;
        }
    }
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(Bytes::copy_from_slice(bytes))
}

/// A field, its schema and its value.
type Typed = (&'static str, SchemaRef, Value);

/// A field of each type, and its value.
fn typed() -> Vec<Typed> {
    let mut all = connect_typed();
    all.extend(debezium_typed());
    all
}

fn connect_typed() -> Vec<Typed> {
    vec![
        ("id", required(Type::Int32), Value::Int32(1)),
        ("small", optional(Type::Int8), Value::Int8(-3)),
        ("big", optional(Type::Int64), Value::Int64(i64::MIN)),
        ("f4", optional(Type::Float32), Value::Float32(0.1)),
        ("yes", optional(Type::Boolean), Value::Boolean(true)),
        ("bin", optional(Type::Bytes), bytes(&[0, 92, 255, 10])),
        (
            "dec",
            logical::decimal(2).optional().build(),
            bytes(&[0xfb, 0x2e]),
        ),
        (
            "day",
            logical::date().optional().build(),
            Value::Int32(18_628),
        ),
        (
            "clock",
            logical::time().optional().build(),
            Value::Int32(3_723_004),
        ),
        (
            "moment",
            logical::timestamp().optional().build(),
            Value::Int64(1_609_459_200_123),
        ),
    ]
}

fn debezium_typed() -> Vec<Typed> {
    let parameter = |kind, name: &'static str, key: &'static str, value: &'static str| {
        SchemaBuilder::new(kind)
            .name(name)
            .parameter(key, value)
            .optional()
            .build()
    };
    vec![
        (
            "dday",
            named(Type::Int32, "io.debezium.time.Date"),
            Value::Int32(18_628),
        ),
        (
            "dclock",
            named(Type::Int64, "io.debezium.time.MicroTime"),
            Value::Int64(3_723_000_004),
        ),
        (
            "dmoment",
            named(Type::Int64, "io.debezium.time.Timestamp"),
            Value::Int64(1_609_459_200_123),
        ),
        (
            "dmicro",
            named(Type::Int64, "io.debezium.time.MicroTimestamp"),
            Value::Int64(1_609_459_200_123_456),
        ),
        (
            "zoned",
            named(Type::String, "io.debezium.time.ZonedTimestamp"),
            text("2021-01-01T02:00:00.5+02:00"),
        ),
        (
            "year",
            named(Type::Int32, "io.debezium.time.Year"),
            Value::Int32(2021),
        ),
        (
            "doc",
            named(Type::String, "io.debezium.data.Json"),
            text("{\"a\": [1, \"ü\"]}"),
        ),
        (
            "uid",
            named(Type::String, "io.debezium.data.Uuid"),
            text("c0a8012e-0000-4000-8000-000000000001"),
        ),
        (
            "kind",
            parameter(Type::String, "io.debezium.data.Enum", "allowed", "a,b"),
            text("b"),
        ),
        (
            "flags",
            parameter(Type::String, "io.debezium.data.EnumSet", "allowed", "x,y,z"),
            text("x,z"),
        ),
        (
            "bits",
            parameter(Type::Bytes, "io.debezium.data.Bits", "length", "10"),
            bytes(&[0b0000_0101, 0b10]),
        ),
    ]
}

#[tokio::test]
async fn every_type_has_its_column() {
    for (class, settings) in replicating() {
        types_in_postgres(class, &settings).await;
        types_in_mysql(class, &settings).await;
    }
}

fn typed_table() -> Envelopes {
    let fields: Vec<(&str, SchemaRef)> = typed().into_iter().map(|(n, s, _)| (n, s)).collect();
    Envelopes::new(&fields)
}

async fn types_in_postgres(class: ConnectorPlugin, settings: &[(&str, &str)]) {
    let table = typed_table();
    let (mut database, base) = servers::postgres("jdbc_types").await;
    let values: Vec<Value> = typed().into_iter().map(|(_, _, value)| value).collect();
    let mut nulls = vec![Value::Int32(2)];
    nulls.resize(values.len(), Value::Null);
    let mut task = Running::start(class, &with(&base, settings)).await;
    task.put(&[
        table.event(0, "c", None, Some(values)),
        table.event(1, "c", None, Some(nulls)),
    ])
    .await;
    let rows = database
            .rows("SET timezone='UTC'; SELECT id, small, big, f4, yes, bin, dec, day, clock, moment, dday, dclock, dmoment, \
                   dmicro, zoned, year, doc, uid, kind, flags, bits FROM customers ORDER BY id")
            .await;
    assert_eq!(
        rows[0],
        [
            "1",
            "-3",
            "-9223372036854775808",
            "0.1",
            "t",
            "\\x005cff0a",
            "-12.34",
            "2021-01-01",
            "01:02:03.004",
            "2021-01-01 00:00:00.123",
            "2021-01-01",
            "01:02:03.000004",
            "2021-01-01 00:00:00.123",
            "2021-01-01 00:00:00.123456",
            "2021-01-01 00:00:00.5+00",
            "2021",
            "{\"a\": [1, \"ü\"]}",
            "c0a8012e-0000-4000-8000-000000000001",
            "b",
            "x,z",
            "1000000101",
        ],
        "{}",
        class.name.class
    );
    assert!(
        rows[1][1..].iter().all(|value| value == "-"),
        "{:?}",
        rows[1]
    );
    task.stop().await;
}

async fn types_in_mysql(class: ConnectorPlugin, settings: &[(&str, &str)]) {
    let table = typed_table();
    let (mut database, base) = servers::mysql("jdbc_types").await;
    let mut task = Running::start(class, &with(&base, settings)).await;
    let values: Vec<Value> = typed().into_iter().map(|(_, _, value)| value).collect();
    task.put(&[table.event(0, "c", None, Some(values))]).await;
    let rows = database
            .rows("SELECT id, small, big, f4, yes, hex(bin), `dec`, day, clock, moment, dday, dclock, dmoment, dmicro, \
                   zoned, year, doc, uid, kind, flags, bits + 0 FROM customers")
            .await;
    let clock = if class.name.class == DEBEZIUM.name.class {
        "01:02:03.004000"
    } else {
        "01:02:03.004"
    };
    let moment = if class.name.class == DEBEZIUM.name.class {
        "2021-01-01 00:00:00.123000"
    } else {
        "2021-01-01 00:00:00.123"
    };
    assert_eq!(
        rows[0],
        [
            "1",
            "-3",
            "-9223372036854775808",
            "0.1",
            "1",
            "005CFF0A",
            "-12.34",
            "2021-01-01",
            clock,
            moment,
            "2021-01-01",
            "01:02:03.000004",
            moment,
            "2021-01-01 00:00:00.123456",
            "2021-01-01 00:00:00.500000",
            "2021",
            "{\"a\": [1, \"ü\"]}",
            "c0a8012e-0000-4000-8000-000000000001",
            "b",
            "x,z",
            "517",
        ],
        "{}",
        class.name.class
    );
    task.stop().await;
}

#[tokio::test]
async fn arrays_are_postgres_arrays() {
    let (mut database, base) = servers::postgres("jdbc_arrays").await;
    let numbers = SchemaBuilder::array(Schema::required(Type::Int32))
        .optional()
        .build();
    let words = SchemaBuilder::array(Schema::optional(Type::String))
        .optional()
        .build();
    let all = schema(&[
        ("id", required(Type::Int32)),
        ("numbers", numbers),
        ("words", words),
    ]);
    for mode in ["insert", "upsert"] {
        database.run("DROP TABLE IF EXISTS t").await;
        let settings = with(
            &base,
            &[
                ("auto.create", "true"),
                ("insert.mode", mode),
                ("pk.mode", "record_value"),
                ("pk.fields", "id"),
            ],
        );
        let mut task = Running::start(CONFLUENT, &settings).await;
        let numbers = Value::Array(vec![Value::Int32(1), Value::Int32(-2)]);
        let words = Value::Array(vec![
            text("a\"b"),
            Value::Null,
            text("c\\d,{}"),
            text("NULL"),
        ]);
        task.put(&[
            value("t", 0, row(&all, vec![Value::Int32(1), numbers, words])),
            value(
                "t",
                1,
                row(
                    &all,
                    vec![Value::Int32(2), Value::Array(vec![]), Value::Null],
                ),
            ),
        ])
        .await;
        let rows = database
            .rows("SELECT numbers[2], words[1], words[2], words[3], words[4], cardinality(words) FROM t ORDER BY id")
            .await;
        assert_eq!(
            rows[0],
            ["-2", "a\"b", "-", "c\\d,{}", "NULL", "4"],
            "{mode}"
        );
        assert_eq!(rows[1][5], "-");
        task.stop().await;
    }
}

#[tokio::test]
async fn tables_made_without_debeziums_types_keep_working() {
    let (mut database, base) = servers::postgres("jdbc_integers").await;
    database
        .run("CREATE TABLE t (d INT, m BIGINT, yes INT)")
        .await;
    let all = schema(&[
        ("d", named(Type::Int32, "io.debezium.time.Date")),
        ("m", named(Type::Int64, "io.debezium.time.MicroTimestamp")),
        ("yes", optional(Type::Boolean)),
    ]);
    let mut task = Running::start(CONFLUENT, &base).await;
    let values = vec![
        Value::Int32(18_628),
        Value::Int64(1_609_459_200_123_456),
        Value::Boolean(true),
    ];
    task.put(&[value("t", 0, row(&all, values))]).await;
    assert_eq!(
        database.rows("SELECT d, m, yes FROM t").await,
        [["18628", "1609459200123456", "1"]]
    );
    task.stop().await;
}

#[tokio::test]
async fn instants_are_shown_as_in_db_timezone() {
    let (mut database, base) = servers::postgres("jdbc_zone").await;
    let all = schema(&[
        ("moment", logical::timestamp().build()),
        ("listed", required(Type::Int64)),
    ]);
    let settings = with(
        &base,
        &[
            ("auto.create", "true"),
            ("db.timezone", "America/New_York"),
            ("timestamp.fields.list", "listed"),
        ],
    );
    let mut task = Running::start(CONFLUENT, &settings).await;
    let values = vec![
        Value::Int64(1_609_459_200_123),
        Value::Int64(1_609_459_200_123_456),
    ];
    task.put(&[value("t", 0, row(&all, values))]).await;
    assert_eq!(
        database.rows("SELECT moment, listed FROM t").await,
        [["2020-12-31 19:00:00.123", "2020-12-31 19:00:00.123456"]]
    );
    task.stop().await;
}

#[tokio::test]
async fn headers_may_be_the_key() {
    let (mut database, base) = servers::postgres("jdbc_headers").await;
    let settings = [
        ("insert.mode", "upsert"),
        ("primary.key.mode", "record_header"),
        ("primary.key.fields", "tenant"),
        ("schema.evolution", "basic"),
    ];
    let columns = schema(&[("name", optional(Type::String))]);
    let of_tenant = |offset, tenant: &str, name: &str| {
        let mut record = value("a.people", offset, row(&columns, vec![text(name)]));
        let schema = Some(required(Type::String));
        record.record.headers.add("tenant", schema, text(tenant));
        record
    };
    let mut task = Running::start(DEBEZIUM, &with(&base, &settings)).await;
    task.put(&[
        of_tenant(0, "x", "first"),
        of_tenant(1, "y", "other"),
        of_tenant(2, "x", "last"),
    ])
    .await;
    // Debezium's tables are called like the topic, with `_` for `.`.
    let rows = database
        .rows("SELECT tenant, name FROM a_people ORDER BY tenant")
        .await;
    assert_eq!(rows, [["x", "last"], ["y", "other"]]);
    let error = task
        .fails(&[value("a.people", 3, row(&columns, vec![text("nobody")]))])
        .await
        .trace();
    assert!(
        error.contains("the record has no header 'tenant'"),
        "{error}"
    );
    task.stop().await;
}
