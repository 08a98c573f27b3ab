//! PostgreSQL: what goes in binary formats is what goes as text.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use bytes::Bytes;
use common::servers;
use common::*;
use connect_api::data::{SchemaBuilder, SchemaRef, Type, Value, logical};
use connect_api::record::SinkRecord;
use connect_jdbc_sink::CONFLUENT;

const TABLE: &str = "(id INT PRIMARY KEY, flag BOOLEAN, i2 SMALLINT, i4 INT, i8 BIGINT, f4 REAL, f8 DOUBLE PRECISION, \
     n3 NUMERIC(38,3), n NUMERIC, ni NUMERIC(30,2), t TEXT, v VARCHAR(20), c CHAR(5), it TEXT, by BYTEA, d DATE, \
     ti TIME(3), ts TIMESTAMP, ts3 TIMESTAMP(3))";

fn columns() -> SchemaRef {
    let optional_of = |builder: SchemaBuilder| builder.optional().build();
    schema(&[
        ("id", required(Type::Int32)),
        ("flag", optional(Type::Boolean)),
        ("i2", optional(Type::Int32)),
        ("i4", optional(Type::Int32)),
        ("i8", optional(Type::Int64)),
        ("f4", optional(Type::Float32)),
        ("f8", optional(Type::Float64)),
        ("n3", optional_of(logical::decimal(3))),
        ("n", optional_of(logical::decimal(5))),
        ("ni", optional(Type::Int64)),
        ("t", optional(Type::String)),
        ("v", optional(Type::String)),
        ("c", optional(Type::String)),
        ("it", optional(Type::Int32)),
        ("by", optional(Type::Bytes)),
        ("d", optional_of(logical::date())),
        ("ti", optional_of(logical::time())),
        ("ts", optional_of(logical::timestamp())),
        ("ts3", named(Type::Int64, "io.debezium.time.MicroTimestamp")),
    ])
}

/// Numbers for all columns.
#[derive(Clone, Copy)]
struct Numbers {
    small: i32,
    int: i32,
    long: i64,
    float: f64,
    unscaled: i128,
    days: i32,
    of_day: i32,
    millis: i64,
    micros: i64,
}

const USUAL: Numbers = Numbers {
    small: -7,
    int: 1_000_000,
    long: -5_000_000_000,
    float: -0.1,
    unscaled: -123_456_789,
    days: 11_396,
    of_day: 3_723_004,
    millis: 1_625_140_800_123,
    micros: -1_234_567,
};

const ALL: [Numbers; 5] = [
    USUAL,
    Numbers {
        small: i16::MIN as i32,
        int: i32::MIN,
        long: i64::MIN,
        float: f64::NEG_INFINITY,
        unscaled: -(10_i128.pow(33)),
        days: -141_427,
        of_day: 0,
        millis: -12_219_292_800_000,
        micros: -12_219_292_800_000_000,
    },
    Numbers {
        small: i16::MAX as i32,
        int: i32::MAX,
        long: i64::MAX,
        float: f64::MAX,
        unscaled: 10_i128.pow(33) + 1,
        days: 2_932_896,
        of_day: 86_399_999,
        millis: 253_402_300_799_999,
        micros: 253_402_300_799_999_499,
    },
    Numbers {
        small: 0,
        int: 0,
        long: 10_000,
        float: f64::NAN,
        unscaled: 0,
        days: 0,
        of_day: 1,
        millis: 0,
        micros: 500,
    },
    Numbers {
        small: 1,
        int: 1,
        long: 1,
        float: 1e-310,
        unscaled: 10_000,
        days: 10_957,
        of_day: 2,
        millis: 946_684_800_000,
        micros: 946_684_800_000_001,
    },
];

fn row_of(id: i32, numbers: Numbers) -> Value {
    let text_of = format!("tab\t \\N \\ \"{}\" ünï 🙂", numbers.int);
    let unscaled = || Value::Bytes(Bytes::copy_from_slice(&numbers.unscaled.to_be_bytes()));
    let values = vec![
        Value::Int32(id),
        Value::Boolean(id % 2 == 0),
        Value::Int32(numbers.small),
        Value::Int32(numbers.int),
        Value::Int64(numbers.long),
        Value::Float32(numbers.float as f32),
        Value::Float64(numbers.float),
        unscaled(),
        unscaled(),
        Value::Int64(numbers.long),
        text(&text_of),
        text("padded   "),
        text("é"),
        Value::Int32(numbers.int),
        Value::Bytes(Bytes::from(text_of.into_bytes())),
        Value::Int32(numbers.days),
        Value::Int32(numbers.of_day),
        Value::Int64(numbers.millis),
        Value::Int64(numbers.micros),
    ];
    row(&columns(), values)
}

fn records() -> Vec<SinkRecord> {
    let mut rows: Vec<Value> = (1..).zip(ALL).map(|(id, it)| row_of(id, it)).collect();
    let mut nulls = vec![Value::Null; columns().fields().len()];
    nulls[0] = Value::Int32(0);
    rows.push(row(&columns(), nulls));
    (0..)
        .zip(rows)
        .map(|(offset, it)| value("t", offset, it))
        .collect()
}

#[tokio::test]
async fn rows_are_the_same_in_binary_and_as_text() {
    for mode in ["insert", "upsert"] {
        let (mut database, mut all) = servers::postgres(&format!("jdbc_formats_{mode}")).await;
        let settings = [
            ("insert.mode", mode),
            ("pk.mode", "record_value"),
            ("pk.fields", "id"),
        ];
        all.extend(props(&settings));
        database.run(&format!("CREATE TABLE t {TABLE}")).await;
        let mut task = Running::tolerant(CONFLUENT, &all).await;
        task.put(&records()).await;
        assert_eq!(task.reports(), []);
        database.run("ALTER TABLE t RENAME TO in_binary").await;
        database.run(&format!("CREATE TABLE t {TABLE}")).await;

        // A value that does not fit makes all of its batch go as text.
        let mut with_a_bad_one = records();
        let large = Numbers {
            small: 70_000,
            ..USUAL
        };
        with_a_bad_one.push(value("t", 100, row_of(100, large)));
        task.stop().await;
        let mut task = Running::tolerant(CONFLUENT, &all).await;
        task.put(&with_a_bad_one).await;
        let reports = task.reports();
        assert_eq!(reports.len(), 1, "{mode}: {reports:?}");
        let told = "value \"70000\" is out of range for type smallint";
        assert!(reports[0].1.contains(told), "{mode}: {reports:?}");

        let all_of = |table: &str| format!("SELECT * FROM {table} ORDER BY id");
        let in_binary = database.rows(&all_of("in_binary")).await;
        assert_eq!(in_binary.len(), records().len());
        assert_eq!(in_binary, database.rows(&all_of("t")).await, "{mode}");
        task.stop().await;
    }
}

#[tokio::test]
async fn days_that_the_old_calendar_names_otherwise_keep_their_names() {
    let (mut database, mut all) = servers::postgres("jdbc_formats_old").await;
    all.extend(props(&[("date.calendar.system", "LEGACY")]));
    database.run(&format!("CREATE TABLE t {TABLE}")).await;
    let mut task = Running::start(CONFLUENT, &all).await;
    let old = Numbers {
        days: -354_285,
        millis: -354_285 * 86_400_000,
        ..USUAL
    };
    task.put(&[
        value("t", 0, row_of(1, old)),
        value("t", 1, row_of(2, USUAL)),
    ])
    .await;
    let rows = database.rows("SELECT d, ts FROM t ORDER BY id").await;
    let usual = ["2001-03-15", "2021-07-01 12:00:00.123"];
    assert_eq!(rows, [["0999-12-27", "0999-12-27 00:00:00"], usual]);
    task.stop().await;
}

fn pair(offset: i64) -> SinkRecord {
    let columns = schema(&[
        ("id", required(Type::Int64)),
        ("name", required(Type::String)),
    ]);
    let values = vec![Value::Int64(offset), text("a name")];
    value("t", offset, row(&columns, values))
}

/// COPY's binary format has no types: eight bytes of an integer would be taken for a float.
#[tokio::test]
async fn a_column_that_others_alter_gets_the_values_that_are_meant() {
    let (mut database, all) = servers::postgres("jdbc_formats_altered").await;
    database.run("CREATE TABLE t (id BIGINT, name TEXT)").await;
    let mut task = Running::start(CONFLUENT, &all).await;
    task.put(&[pair(1)]).await;
    let to_float = "ALTER TABLE t ALTER COLUMN id TYPE DOUBLE PRECISION";
    database.run(to_float).await;
    task.put(&[pair(2)]).await;
    task.put(&[pair(3), pair(4)]).await;
    let to_integer = "ALTER TABLE t ALTER COLUMN id TYPE BIGINT";
    database.run(to_integer).await;
    task.put(&[pair(5)]).await;
    task.put(&[pair(6)]).await;
    let rows = database.rows("SELECT id, name FROM t ORDER BY id").await;
    let expected: Vec<_> = (1..=6)
        .map(|id: i32| [id.to_string(), "a name".to_owned()])
        .collect();
    assert_eq!(rows, expected);
    task.stop().await;
}

#[tokio::test]
async fn the_right_to_insert_is_enough() {
    let (mut database, mut all) = servers::postgres("jdbc_formats_rights").await;
    database
        .run(
            "CREATE TABLE t (id BIGINT, name TEXT); DROP ROLE IF EXISTS jdbc_formats_writer; \
             CREATE ROLE jdbc_formats_writer LOGIN PASSWORD 'only-inserts'; \
             GRANT USAGE ON SCHEMA jdbc_formats_rights TO jdbc_formats_writer; \
             GRANT INSERT ON t TO jdbc_formats_writer",
        )
        .await;
    all.extend(props(&[
        ("connection.user", "jdbc_formats_writer"),
        ("connection.password", "only-inserts"),
    ]));
    let mut task = Running::start(CONFLUENT, &all).await;
    task.put(&[pair(1), pair(2)]).await;
    task.put(&[pair(3)]).await;
    let rows = database.rows("SELECT id FROM t ORDER BY id").await;
    assert_eq!(rows, [["1"], ["2"], ["3"]]);
    task.stop().await;
}
