//! The constants of `java.sql.Types` that Debezium writes as a column's `jdbcType`.

/// `BIT`
pub const BIT: i32 = -7;
/// `BIGINT`
pub const BIGINT: i32 = -5;
/// `LONGVARBINARY`
pub const LONGVARBINARY: i32 = -4;
/// `VARBINARY`
pub const VARBINARY: i32 = -3;
/// `BINARY`
pub const BINARY: i32 = -2;
/// `LONGVARCHAR`
pub const LONGVARCHAR: i32 = -1;
/// `CHAR`
pub const CHAR: i32 = 1;
/// `NUMERIC`
pub const NUMERIC: i32 = 2;
/// `DECIMAL`
pub const DECIMAL: i32 = 3;
/// `INTEGER`
pub const INTEGER: i32 = 4;
/// `SMALLINT`
pub const SMALLINT: i32 = 5;
/// `FLOAT`
pub const FLOAT: i32 = 6;
/// `REAL`
pub const REAL: i32 = 7;
/// `DOUBLE`
pub const DOUBLE: i32 = 8;
/// `VARCHAR`
pub const VARCHAR: i32 = 12;
/// `BOOLEAN`
pub const BOOLEAN: i32 = 16;
/// `DATE`
pub const DATE: i32 = 91;
/// `TIME`
pub const TIME: i32 = 92;
/// `TIMESTAMP` (MySQL's `DATETIME`)
pub const TIMESTAMP: i32 = 93;
/// `OTHER` (spatial types, `JSON`, `VECTOR`)
pub const OTHER: i32 = 1111;
/// `BLOB`
pub const BLOB: i32 = 2004;
/// `CLOB`
pub const CLOB: i32 = 2005;
/// `TIMESTAMP_WITH_TIMEZONE` (MySQL's `TIMESTAMP`)
pub const TIMESTAMP_WITH_TIMEZONE: i32 = 2014;
/// `NCHAR`
pub const NCHAR: i32 = -15;
/// `NVARCHAR`
pub const NVARCHAR: i32 = -9;
/// `LONGNVARCHAR`
pub const LONGNVARCHAR: i32 = -16;
/// `NCLOB`
pub const NCLOB: i32 = 2011;

/// Whether columns of this type have a character set (`Column.typeUsesCharset`).
pub fn uses_charset(jdbc_type: i32) -> bool {
    matches!(
        jdbc_type,
        CHAR | VARCHAR | LONGVARCHAR | CLOB | NCHAR | NVARCHAR | LONGNVARCHAR | NCLOB
    )
}
