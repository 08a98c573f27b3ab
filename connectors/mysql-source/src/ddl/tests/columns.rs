use super::Session;
use crate::tables::Column;

fn column(definition: &str) -> Column {
    let session = Session::after(&format!("CREATE TABLE t (c {definition})"));
    session.t().columns[0].clone()
}

/// A definition, and the column's JDBC type, type name, length and scale.
type TypeCase = (&'static str, i32, &'static str, Option<i32>, Option<i32>);

const NUMBERS: [TypeCase; 26] = [
    ("TINYINT", 5, "TINYINT", None, None),
    ("tinyint(1) unsigned", 5, "TINYINT UNSIGNED", Some(1), None),
    ("INT1", 5, "INT1", None, None),
    ("SMALLINT(5) SIGNED", 5, "SMALLINT SIGNED", Some(5), None),
    ("MEDIUMINT", 4, "MEDIUMINT", None, None),
    ("INT(5) ZEROFILL", 4, "INT UNSIGNED ZEROFILL", Some(5), None),
    (
        "INT UNSIGNED ZEROFILL",
        4,
        "INT UNSIGNED ZEROFILL",
        None,
        None,
    ),
    ("integer", 4, "INTEGER", None, None),
    ("BIGINT(20) UNSIGNED", -5, "BIGINT UNSIGNED", Some(20), None),
    ("INT8", -5, "INT8", None, None),
    ("BOOL", 16, "BOOL", None, None),
    ("BOOLEAN", 16, "BOOLEAN", None, None),
    ("SERIAL", -5, "BIGINT UNSIGNED", None, None),
    ("DECIMAL", 3, "DECIMAL", Some(10), Some(0)),
    ("DECIMAL(5)", 3, "DECIMAL", Some(5), Some(0)),
    ("DECIMAL(19.5)", 3, "DECIMAL", Some(19), Some(0)),
    ("DECIMAL(0)", 3, "DECIMAL", Some(10), Some(0)),
    ("DEC(10,2) UNSIGNED", 3, "DEC UNSIGNED", Some(10), Some(2)),
    ("NUMERIC(8,4)", 2, "NUMERIC", Some(8), Some(4)),
    ("FIXED(6,1)", 3, "FIXED", Some(6), Some(1)),
    ("FLOAT(53)", 6, "FLOAT", Some(53), None),
    ("FLOAT(7,3)", 6, "FLOAT", Some(7), Some(3)),
    (
        "DOUBLE PRECISION UNSIGNED",
        8,
        "DOUBLE PRECISION UNSIGNED",
        None,
        None,
    ),
    ("REAL", 7, "REAL", None, None),
    ("BIT", -7, "BIT", Some(1), None),
    ("BIT(64)", -7, "BIT", Some(64), None),
];

const OTHERS: [TypeCase; 22] = [
    ("DATE", 91, "DATE", None, None),
    ("TIME(3)", 92, "TIME", Some(3), None),
    ("DATETIME(6)", 93, "DATETIME", Some(6), None),
    ("TIMESTAMP(0)", 2014, "TIMESTAMP", Some(0), None),
    ("YEAR(4)", 4, "YEAR", Some(4), None),
    ("CHAR", 1, "CHAR", None, None),
    ("CHARACTER(3)", 1, "CHARACTER", Some(3), None),
    (
        "CHARACTER VARYING(9)",
        12,
        "CHARACTER VARYING",
        Some(9),
        None,
    ),
    ("CHAR(60) BINARY", 1, "CHAR BINARY", Some(60), None),
    ("VARCHAR(255)", 12, "VARCHAR", Some(255), None),
    ("LONGTEXT", 12, "LONGTEXT", None, None),
    ("TEXT(4294967295)", 12, "TEXT", Some(i32::MAX), None),
    ("BINARY(5)", -2, "BINARY", Some(5), None),
    ("VARBINARY(10)", -3, "VARBINARY", Some(10), None),
    ("MEDIUMBLOB", 2004, "MEDIUMBLOB", None, None),
    ("LONG VARBINARY", 2004, "LONG VARBINARY", None, None),
    ("JSON", 1111, "JSON", None, None),
    ("GEOMCOLLECTION", 1111, "GEOMCOLLECTION", None, None),
    ("POINT NOT NULL SRID 4326", 1111, "POINT", None, None),
    ("VECTOR(3)", 1111, "VECTOR", Some(3), None),
    (
        "ENUM('a','b') CHARACTER SET latin1",
        1,
        "ENUM",
        Some(1),
        None,
    ),
    ("SET('a','b','c')", 1, "SET", Some(5), None),
];

#[test]
fn types() {
    for (definition, jdbc_type, type_name, length, scale) in NUMBERS.into_iter().chain(OTHERS) {
        let column = column(definition);
        assert_eq!(
            (
                column.jdbc_type,
                column.type_name.as_str(),
                column.length,
                column.scale
            ),
            (jdbc_type, type_name, length, scale),
            "{definition}"
        );
        assert_eq!(column.type_expression, column.type_name);
    }
}

#[test]
fn national_types_are_utf8() {
    for (definition, jdbc_type, type_name, length) in [
        ("NCHAR", -15, "NCHAR", Some(1)),
        ("NATIONAL CHAR(10)", -15, "NATIONAL CHAR", Some(10)),
        (
            "NATIONAL CHARACTER(10)",
            -15,
            "NATIONAL CHARACTER",
            Some(10),
        ),
        ("NVARCHAR(20)", -9, "NVARCHAR", Some(20)),
        ("NATIONAL VARCHAR(20)", -9, "NATIONAL VARCHAR", Some(20)),
        ("NCHAR VARCHAR(20)", -9, "NCHAR VARCHAR", Some(20)),
        (
            "NATIONAL CHAR VARYING(20)",
            -9,
            "NATIONAL CHAR VARYING",
            Some(20),
        ),
    ] {
        let column = column(definition);
        assert_eq!(
            (column.jdbc_type, column.type_name.as_str(), column.length),
            (jdbc_type, type_name, length),
            "{definition}"
        );
        assert_eq!(column.charset_name.as_deref(), Some("utf8"), "{definition}");
    }
}

#[test]
fn charsets() {
    for (definition, charset) in [
        ("VARCHAR(10)", Some("utf8mb4")),
        ("VARCHAR(10) CHARACTER SET latin1", Some("latin1")),
        (
            "VARCHAR(10) CHARSET 'latin1' COLLATE latin1_bin",
            Some("latin1"),
        ),
        ("VARCHAR(10) COLLATE sjis_japanese_ci", Some("sjis")),
        ("TEXT ASCII", Some("latin1")),
        ("TEXT UNICODE", Some("ucs2")),
        ("ENUM('a') CHARSET latin2", Some("latin2")),
        ("SET('a')", Some("utf8mb4")),
        ("VARBINARY(10)", None),
        ("INT", None),
        ("JSON", None),
    ] {
        assert_eq!(
            column(definition).charset_name.as_deref(),
            charset,
            "{definition}"
        );
    }
}

/// The server makes binary strings of these; Debezium leaves them text in a character set that
/// no value can be read with.
#[test]
fn text_in_the_binary_charset_is_binary() {
    for (definition, type_name, jdbc_type) in [
        ("CHAR(5) CHARACTER SET binary", "BINARY", -2),
        ("CHAR(5) BYTE", "BINARY", -2),
        ("VARCHAR(5) CHARACTER SET binary", "VARBINARY", -3),
        ("TEXT CHARACTER SET binary", "BLOB", 2004),
    ] {
        let column = column(definition);
        assert_eq!(
            (column.type_name.as_str(), column.jdbc_type),
            (type_name, jdbc_type)
        );
        assert_eq!(column.charset_name, None);
    }
}

#[test]
fn defaults() {
    let none = (false, None);
    for (definition, expected) in [
        ("INT", (true, None)),
        ("INT NOT NULL", none),
        ("INT NOT NULL DEFAULT 5", (true, Some("5"))),
        ("INT DEFAULT -7", (true, Some("-7"))),
        ("INT DEFAULT '-7'", (true, Some("-7"))),
        ("INT DEFAULT NULL", (true, None)),
        ("INT NOT NULL DEFAULT (1 + 1)", (true, None)),
        ("INT DEFAULT 0x41", (true, Some("41"))),
        ("DECIMAL(5,2) DEFAULT 1.50", (true, Some("1.50"))),
        ("BIT(3) DEFAULT b'101'", (true, Some("101"))),
        ("BOOL DEFAULT TRUE", (true, Some("TRUE"))),
        ("VARCHAR(9) NOT NULL DEFAULT ''", (true, Some(""))),
        ("VARCHAR(9) DEFAULT 'it''s'", (true, Some("it''s"))),
        ("VARCHAR(9) DEFAULT \"it's\"", (true, Some("it''s"))),
        (
            "VARCHAR(9) DEFAULT _utf8mb4'x' COLLATE utf8mb4_bin",
            (true, Some("x")),
        ),
        (
            "DATETIME DEFAULT NOW()",
            (true, Some("1970-01-01 00:00:00")),
        ),
        (
            "TIMESTAMP(3) DEFAULT current_timestamp(3)",
            (true, Some("1970-01-01 00:00:00")),
        ),
        ("VARCHAR(36) DEFAULT uuid()", (true, None)),
        ("INT DEFAULT 1 PRIMARY KEY", (true, Some("1"))),
        ("INT PRIMARY KEY", none),
    ] {
        let column = column(definition);
        let found = (
            column.has_default_value,
            column.default_value_expression.as_deref(),
        );
        assert_eq!(found, expected, "{definition}");
    }
}

#[test]
fn attributes() {
    let flags = |definition: &str| {
        let column = column(definition);
        (column.optional, column.auto_incremented, column.generated)
    };
    assert_eq!(flags("INT"), (true, false, false));
    assert_eq!(
        flags("INT NOT NULL AUTO_INCREMENT KEY"),
        (false, true, true)
    );
    assert_eq!(flags("SERIAL"), (false, true, true));
    assert_eq!(
        flags("BIGINT UNSIGNED SERIAL DEFAULT VALUE"),
        (false, true, true)
    );
    assert_eq!(
        flags("TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP"),
        (true, true, true)
    );
    assert_eq!(
        flags("INT GENERATED ALWAYS AS (1 + (2)) VIRTUAL NOT NULL"),
        (false, false, false)
    );
    assert_eq!(
        flags("INT AS (1) STORED COMMENT 'x' INVISIBLE"),
        (true, false, false)
    );
    assert!(!flags("INT REFERENCES a (b) ON DELETE SET NULL ON UPDATE CASCADE NOT NULL").0);
    assert!(!flags("INT CONSTRAINT x CHECK (c > 0) NOT ENFORCED NOT NULL").0);
    assert!(!flags("INT COLUMN_FORMAT FIXED STORAGE DISK ENGINE_ATTRIBUTE='{}' NOT NULL").0);
}

#[test]
fn enum_values_keep_their_quotes() {
    let column = column("ENUM('a', \"b'c\", 'd''e', 'x,y')");
    assert_eq!(column.enum_values, ["'a'", "'b''c'", "'d''e'", "'x,y'"]);
    assert_eq!(column.enum_options(), ["a", "b'c", "d'e", "x,y"]);
}

#[test]
fn comments_are_kept_on_demand_only() {
    let ddl = "CREATE TABLE db.t (c INT COMMENT 'of c') COMMENT='of t'";
    let without = Session::after(ddl);
    assert_eq!(
        (
            without.t().comment.as_deref(),
            without.t().columns[0].comment.as_deref()
        ),
        (None, None)
    );
    let mut with = Session::new();
    with.parser = super::DdlParser::new(true);
    with.run(ddl);
    assert_eq!(with.t().comment.as_deref(), Some("of t"));
    assert_eq!(with.t().columns[0].comment.as_deref(), Some("of c"));
}

#[test]
fn table_charset_is_that_of_the_nearest_default() {
    let charset = |ddl: &str| {
        Session::after(ddl)
            .t()
            .default_charset_name
            .clone()
            .unwrap()
    };
    assert_eq!(charset("CREATE TABLE t (c INT)"), "utf8mb4");
    assert_eq!(
        charset("CREATE TABLE t (c INT) DEFAULT CHARACTER SET = latin1"),
        "latin1"
    );
    assert_eq!(
        charset("CREATE TABLE t (c INT) ENGINE=InnoDB COLLATE latin2_bin"),
        "latin2"
    );
    assert_eq!(
        charset("CREATE DATABASE db CHARSET latin1; CREATE TABLE t (c INT)"),
        "latin1"
    );
    assert_eq!(
        charset("CREATE DATABASE db COLLATE greek_bin; CREATE TABLE t (c INT)"),
        "greek"
    );
    assert_eq!(
        charset("ALTER DATABASE db CHARSET latin7; CREATE TABLE t (c INT)"),
        "latin7"
    );
    assert_eq!(
        charset("SET character_set_database=cp850; CREATE TABLE t (c INT)"),
        "cp850"
    );
    assert_eq!(
        charset("CREATE DATABASE x CHARSET cp866; CREATE DATABASE db; CREATE TABLE t (c INT)"),
        "utf8mb4"
    );
    assert_eq!(
        charset(
            "SET GLOBAL character_set_server = latin5, @@session.character_set_server = 'latin7'; CREATE DATABASE db; CREATE TABLE t (c INT) CHARSET default"
        ),
        "latin7"
    );
}

#[test]
fn keys() {
    for (elements, key) in [
        ("a INT PRIMARY KEY", &["a"][..]),
        ("a INT, b INT, PRIMARY KEY (b, A)", &["b", "a"]),
        ("PRIMARY KEY USING BTREE (a), a INT", &["a"]),
        (
            "a INT NOT NULL, b INT NOT NULL, UNIQUE (b), CONSTRAINT u UNIQUE KEY x (a)",
            &["b"],
        ),
        ("a INT, b INT NOT NULL, UNIQUE (a, b), UNIQUE (b)", &["b"]),
        ("a INT NOT NULL, b INT, UNIQUE (a), PRIMARY KEY (b)", &["b"]),
        ("a INT NOT NULL UNIQUE, b INT", &["a"]),
        ("a INT NOT NULL, UNIQUE ((a + 1), a)", &[]),
        ("a TEXT NOT NULL, UNIQUE (a(10) DESC)", &["a"]),
        ("a SERIAL", &["a"]),
        (
            "a INT NOT NULL, KEY (a), FULLTEXT (a), CHECK (a > 1), FOREIGN KEY (a) REFERENCES x (y)",
            &[],
        ),
        // Debezium makes a key of it, whose nulls would be one; the index allows many.
        ("a INT UNIQUE", &[]),
    ] {
        let session = Session::after(&format!("CREATE TABLE t ({elements})"));
        assert_eq!(session.key(), key, "{elements}");
        assert!(
            session
                .key()
                .iter()
                .all(|name| !session.t().column(name).unwrap().optional)
        );
    }
}
