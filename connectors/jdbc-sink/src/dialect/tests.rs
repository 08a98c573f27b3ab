//! The statements of the originals' unit tests (`*DatabaseDialectTest`).

use bytes::Bytes;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Type, Value, logical};

use super::*;
use crate::fields::Source;
use crate::values::encode::Style;

fn field(name: &str, schema: SchemaRef, is_key: bool) -> SinkField {
    SinkField {
        name: name.into(),
        kind: Kind::of(&schema, None),
        schema,
        is_key,
        source: Source::Value,
    }
}

/// The fields of `BaseDialectTest.setup`.
fn fields() -> Vec<SinkField> {
    // 2001-03-15T00:00:00Z
    let (day, moment) = (Value::Int32(11_396), Value::Int64(984_614_400_000));
    vec![
        field("c1", Schema::required(Type::Int32), true),
        field("c2", Schema::required(Type::Int64), false),
        field("c3", Schema::required(Type::String), false),
        field("c4", Schema::optional(Type::String), false),
        field("c5", logical::date().default_value(day).build(), false),
        field(
            "c6",
            logical::time().default_value(Value::Int32(0)).build(),
            false,
        ),
        field(
            "c7",
            logical::timestamp().default_value(moment).build(),
            false,
        ),
        field("c8", logical::decimal(4).optional().build(), false),
        field(
            "c9",
            SchemaBuilder::new(Type::Boolean)
                .default_value(Value::Boolean(true))
                .build(),
            false,
        ),
    ]
}

fn dialect(database: Database, quoting: Quoting) -> Dialect {
    Dialect::new(database, Flavor::Confluent, quoting)
}

fn my_table() -> TableId {
    TableId::parse("myTable", '"').unwrap()
}

fn create(dialect: &Dialect) -> String {
    let fields = fields();
    let fields: Vec<&SinkField> = fields.iter().collect();
    dialect
        .create_table(&my_table(), &fields, &Style::UTC)
        .unwrap()
}

fn alter(dialect: &Dialect, fields: &[SinkField]) -> Vec<String> {
    let fields: Vec<&SinkField> = fields.iter().collect();
    dialect
        .alter_table(&my_table(), &fields, &Style::UTC)
        .unwrap()
}

#[test]
fn postgres_makes_and_amends_tables() {
    let always = dialect(Database::Postgres, Quoting::Always);
    assert_eq!(
        create(&always),
        "CREATE TABLE \"myTable\" (\n\"c1\" INT NOT NULL,\n\"c2\" BIGINT NOT NULL,\n\"c3\" TEXT NOT NULL,\n\"c4\" TEXT \
         NULL,\n\"c5\" DATE DEFAULT '2001-03-15',\n\"c6\" TIME DEFAULT '00:00:00.000',\n\"c7\" TIMESTAMP DEFAULT \
         '2001-03-15 00:00:00.000',\n\"c8\" DECIMAL NULL,\n\"c9\" BOOLEAN DEFAULT TRUE,\nPRIMARY KEY(\"c1\"))"
    );
    let never = dialect(Database::Postgres, Quoting::Never);
    assert!(create(&never).starts_with("CREATE TABLE myTable (\nc1 INT NOT NULL,\nc2 BIGINT"));
    let new = [
        field("newcol1", Schema::optional(Type::Int32), false),
        field(
            "newcol2",
            SchemaBuilder::new(Type::Int32)
                .default_value(Value::Int32(42))
                .build(),
            false,
        ),
    ];
    assert_eq!(
        alter(&always, &new[..1]),
        ["ALTER TABLE \"myTable\" ADD \"newcol1\" INT NULL"]
    );
    assert_eq!(
        alter(&always, &new),
        ["ALTER TABLE \"myTable\" \nADD \"newcol1\" INT NULL,\nADD \"newcol2\" INT DEFAULT 42"]
    );
}

#[test]
fn mysql_makes_and_amends_tables() {
    let always = dialect(Database::MySql, Quoting::Always);
    assert_eq!(
        create(&always),
        "CREATE TABLE `myTable` (\n`c1` INT NOT NULL,\n`c2` BIGINT NOT NULL,\n`c3` TEXT NOT NULL,\n`c4` TEXT \
         NULL,\n`c5` DATE DEFAULT '2001-03-15',\n`c6` TIME(3) DEFAULT '00:00:00.000',\n`c7` DATETIME(3) DEFAULT \
         '2001-03-15 00:00:00.000',\n`c8` DECIMAL(65,4) NULL,\n`c9` TINYINT DEFAULT 1,\nPRIMARY KEY(`c1`))"
    );
    assert_eq!(
        alter(&always, &fields()[..2]),
        ["ALTER TABLE `myTable` \nADD `c1` INT NOT NULL,\nADD `c2` BIGINT NOT NULL"]
    );
}

#[test]
fn sqlite_adds_columns_one_by_one() {
    let always = dialect(Database::Sqlite, Quoting::Always);
    assert_eq!(
        create(&always),
        "CREATE TABLE `myTable` (\n`c1` INTEGER NOT NULL,\n`c2` INTEGER NOT NULL,\n`c3` TEXT NOT NULL,\n`c4` TEXT \
         NULL,\n`c5` NUMERIC DEFAULT '2001-03-15',\n`c6` NUMERIC DEFAULT '00:00:00.000',\n`c7` NUMERIC DEFAULT \
         '2001-03-15 00:00:00.000',\n`c8` NUMERIC NULL,\n`c9` INTEGER DEFAULT 1,\nPRIMARY KEY(`c1`))"
    );
    assert_eq!(
        alter(&always, &fields()[..2]),
        [
            "ALTER TABLE `myTable` ADD `c1` INTEGER NOT NULL",
            "ALTER TABLE `myTable` ADD `c2` INTEGER NOT NULL",
        ]
    );
}

#[test]
fn types_are_the_originals() {
    let kinds: [(SchemaRef, [&str; 3]); 12] = [
        (
            Schema::required(Type::Int8),
            ["SMALLINT", "TINYINT", "INTEGER"],
        ),
        (
            Schema::required(Type::Int16),
            ["SMALLINT", "SMALLINT", "INTEGER"],
        ),
        (Schema::required(Type::Int32), ["INT", "INT", "INTEGER"]),
        (
            Schema::required(Type::Int64),
            ["BIGINT", "BIGINT", "INTEGER"],
        ),
        (Schema::required(Type::Float32), ["REAL", "FLOAT", "REAL"]),
        (
            Schema::required(Type::Float64),
            ["DOUBLE PRECISION", "DOUBLE", "REAL"],
        ),
        (
            Schema::required(Type::Boolean),
            ["BOOLEAN", "TINYINT", "INTEGER"],
        ),
        (
            Schema::required(Type::Bytes),
            ["BYTEA", "VARBINARY(1024)", "BLOB"],
        ),
        (Schema::required(Type::String), ["TEXT", "TEXT", "TEXT"]),
        (
            logical::decimal(3).build(),
            ["DECIMAL", "DECIMAL(65,3)", "NUMERIC"],
        ),
        (logical::time().build(), ["TIME", "TIME(3)", "NUMERIC"]),
        (
            logical::timestamp().build(),
            ["TIMESTAMP", "DATETIME(3)", "NUMERIC"],
        ),
    ];
    for (schema, names) in kinds {
        let databases = [Database::Postgres, Database::MySql, Database::Sqlite];
        for (database, name) in databases.into_iter().zip(names) {
            let field = field("c", schema.clone(), false);
            let found = dialect(database, Quoting::Always)
                .column_type(&field)
                .unwrap();
            assert_eq!(found, name, "{database:?} {:?}", schema.kind());
        }
    }
}

#[test]
fn defaults_are_escaped() {
    let text = SchemaBuilder::new(Type::String)
        .default_value(Value::from("it's \\"))
        .build();
    let bytes = SchemaBuilder::new(Type::Bytes)
        .default_value(Value::Bytes(Bytes::from_static(&[0xde, 0xad])))
        .build();
    let fields = [field("a", text, false), field("b", bytes, false)];
    assert_eq!(
        alter(&dialect(Database::Postgres, Quoting::Always), &fields),
        [
            "ALTER TABLE \"myTable\" \nADD \"a\" TEXT DEFAULT 'it''s \\',\nADD \"b\" BYTEA DEFAULT '\\xdead'"
        ]
    );
    // MySQL's texts have no defaults.
    assert_eq!(
        alter(&dialect(Database::MySql, Quoting::Always), &fields),
        ["ALTER TABLE `myTable` \nADD `a` TEXT NULL,\nADD `b` VARBINARY(1024) DEFAULT x'dead'"]
    );
}

#[test]
fn nested_fields_have_no_type() {
    let nested = field("n", SchemaBuilder::structure().name("a.B").build(), false);
    let error = dialect(Database::Postgres, Quoting::Always)
        .column_type(&nested)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(
            "a.B (STRUCT) type doesn't have a mapping to the SQL database column type"
        ),
        "{error}"
    );
}
