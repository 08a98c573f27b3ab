//! Column types. Names, default lengths and JDBC types are those that Debezium's
//! `MySqlAntlrDdlParser.initializeDataTypeResolver` and `ColumnDefinitionParserListener` give.

use super::super::ast::DataType;
use super::super::cursor::{Cursor, Parsed, unquoted_string};
use super::super::token::TokenKind;
use crate::tables::jdbc_type;

/// The precision that MySQL takes for a decimal written without one, or with zero.
const DEFAULT_PRECISION: i32 = 10;

pub(super) fn data_type(cursor: &mut Cursor<'_>) -> Parsed<DataType> {
    let word = cursor.word().to_ascii_uppercase();
    let Some(family) = Family::of(&word) else {
        return cursor.error("expected a column type");
    };
    cursor.advance();
    let mut data_type = DataType {
        type_name: word,
        ..DataType::default()
    };
    match family {
        Family::Number(jdbc_type) => number(cursor, &mut data_type, jdbc_type)?,
        Family::Plain(jdbc_type) => {
            data_type.jdbc_type = jdbc_type;
            data_type.length = length(cursor)?;
        }
        Family::Bit => {
            data_type.jdbc_type = jdbc_type::BIT;
            data_type.length = length(cursor)?.or(Some(1));
        }
        Family::Serial => {
            data_type.jdbc_type = jdbc_type::BIGINT;
            data_type.type_name = "BIGINT UNSIGNED".to_owned();
            data_type.serial = true;
        }
        Family::Text(jdbc_type) => text(cursor, &mut data_type, jdbc_type)?,
        Family::Long => long(cursor, &mut data_type)?,
        Family::Options => options(cursor, &mut data_type)?,
    }
    Ok(data_type)
}

/// Types that are written in the same way.
enum Family {
    Number(i32),
    Plain(i32),
    Bit,
    Serial,
    Text(i32),
    Long,
    Options,
}

impl Family {
    fn of(word: &str) -> Option<Self> {
        use jdbc_type as jdbc;
        Some(match word {
            // Debezium 3.6.1 has SMALLINT for TINYINT; only 3.7 has TINYINT (dbz#2235).
            "TINYINT" | "INT1" | "SMALLINT" | "INT2" => Self::Number(jdbc::SMALLINT),
            "MEDIUMINT" | "INT3" | "MIDDLEINT" | "INT" | "INTEGER" | "INT4" => {
                Self::Number(jdbc::INTEGER)
            }
            "YEAR" => Self::Number(jdbc::INTEGER),
            "BIGINT" | "INT8" => Self::Number(jdbc::BIGINT),
            "REAL" => Self::Number(jdbc::REAL),
            "DOUBLE" | "FLOAT8" => Self::Number(jdbc::DOUBLE),
            "FLOAT" | "FLOAT4" => Self::Number(jdbc::FLOAT),
            "DECIMAL" | "DEC" | "FIXED" | "NUMBER" => Self::Number(jdbc::DECIMAL),
            "NUMERIC" => Self::Number(jdbc::NUMERIC),
            "BIT" => Self::Bit,
            "BOOL" | "BOOLEAN" => Self::Plain(jdbc::BOOLEAN),
            "SERIAL" => Self::Serial,
            "DATE" => Self::Plain(jdbc::DATE),
            "TIME" => Self::Plain(jdbc::TIME),
            "DATETIME" => Self::Plain(jdbc::TIMESTAMP),
            "TIMESTAMP" => Self::Plain(jdbc::TIMESTAMP_WITH_TIMEZONE),
            "BINARY" => Self::Plain(jdbc::BINARY),
            "VARBINARY" => Self::Plain(jdbc::VARBINARY),
            "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => Self::Plain(jdbc::BLOB),
            "GEOMETRY" | "POINT" | "LINESTRING" | "POLYGON" | "MULTIPOINT" | "MULTILINESTRING"
            | "MULTIPOLYGON" | "GEOMETRYCOLLECTION" | "GEOMCOLLECTION" | "JSON" | "VECTOR" => {
                Self::Plain(jdbc::OTHER)
            }
            // MariaDB
            "UUID" | "INET4" | "INET6" => Self::Plain(jdbc::OTHER),
            "CHAR" | "CHARACTER" => Self::Text(jdbc::CHAR),
            "VARCHAR" | "VARCHARACTER" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" => {
                Self::Text(jdbc::VARCHAR)
            }
            "NCHAR" => Self::Text(jdbc::NCHAR),
            "NVARCHAR" => Self::Text(jdbc::NVARCHAR),
            "NATIONAL" => Self::Text(jdbc::NCHAR),
            "LONG" => Self::Long,
            "ENUM" | "SET" => Self::Options,
            _ => return None,
        })
    }
}

fn number(cursor: &mut Cursor<'_>, data_type: &mut DataType, jdbc_type: i32) -> Parsed<()> {
    data_type.jdbc_type = jdbc_type;
    if data_type.type_name == "DOUBLE" && cursor.accept_word("PRECISION") {
        data_type.type_name.push_str(" PRECISION");
    }
    if cursor.accept_symbol(b'(') {
        data_type.length = Some(precision(cursor)?);
        if cursor.accept_symbol(b',') {
            data_type.scale = Some(cursor.number()?);
        }
        cursor.expect_symbol(b')')?;
    }
    let mut sign = None;
    let mut zerofill = false;
    loop {
        if cursor.accept_word("ZEROFILL") {
            zerofill = true;
        } else if cursor.is_any_word(&["SIGNED", "UNSIGNED"]) {
            sign = Some(cursor.word().to_ascii_uppercase());
            cursor.advance();
        } else {
            break;
        }
    }
    // ZEROFILL implies UNSIGNED.
    let modifiers = if zerofill {
        Some("UNSIGNED ZEROFILL".to_owned())
    } else {
        sign
    };
    if let Some(modifiers) = modifiers {
        data_type.type_name = format!("{} {modifiers}", data_type.type_name);
    }
    if matches!(jdbc_type, jdbc_type::DECIMAL | jdbc_type::NUMERIC) {
        data_type.length.get_or_insert(DEFAULT_PRECISION);
        data_type.scale.get_or_insert(0);
    }
    Ok(())
}

/// A precision; the fraction of one written as `19.5` does not count.
fn precision(cursor: &mut Cursor<'_>) -> Parsed<i32> {
    let precision: f64 = cursor.number()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of floats keeps to the limits"
    )]
    let precision = precision as i32;
    Ok(if precision == 0 {
        DEFAULT_PRECISION
    } else {
        precision
    })
}

fn length(cursor: &mut Cursor<'_>) -> Parsed<Option<i32>> {
    if !cursor.accept_symbol(b'(') {
        return Ok(None);
    }
    let length: i64 = cursor.number()?;
    cursor.expect_symbol(b')')?;
    // LONGTEXT(4294967295): Debezium keeps lengths as Java integers.
    Ok(Some(i32::try_from(length).unwrap_or(i32::MAX)))
}

fn text(cursor: &mut Cursor<'_>, data_type: &mut DataType, jdbc_type: i32) -> Parsed<()> {
    data_type.jdbc_type = jdbc_type;
    let mut varying = false;
    while cursor.is_any_word(&["CHAR", "CHARACTER", "VARCHAR", "VARCHARACTER", "VARYING"]) {
        // CHARACTER SET: the type is over.
        if cursor.word_ahead(1).eq_ignore_ascii_case("SET") {
            break;
        }
        let word = cursor.word().to_ascii_uppercase();
        varying |= word.starts_with("VAR");
        data_type.type_name = format!("{} {word}", data_type.type_name);
        cursor.advance();
    }
    if varying {
        data_type.jdbc_type = match data_type.jdbc_type {
            jdbc_type::NCHAR => jdbc_type::NVARCHAR,
            _ => jdbc_type::VARCHAR,
        };
    }
    data_type.length = length(cursor)?;
    charset(cursor, data_type)?;
    match data_type.jdbc_type {
        // The national types are always utf8.
        jdbc_type::NCHAR | jdbc_type::NVARCHAR => data_type.charset = Some("utf8".to_owned()),
        _ if data_type.charset.as_deref() == Some("binary") => become_binary(data_type),
        _ => {}
    }
    if data_type.jdbc_type == jdbc_type::NCHAR {
        data_type.length.get_or_insert(1);
    }
    Ok(())
}

/// `CHARACTER SET name` and its short forms, with `BINARY` before or behind it.
fn charset(cursor: &mut Cursor<'_>, data_type: &mut DataType) -> Parsed<()> {
    let mut binary = false;
    loop {
        if cursor.accept_word("BINARY") {
            binary = true;
        } else if cursor.accept_word("ASCII") {
            data_type.charset = Some("latin1".to_owned());
        } else if cursor.accept_word("UNICODE") {
            data_type.charset = Some("ucs2".to_owned());
        } else if cursor.accept_word("BYTE") {
            data_type.charset = Some("binary".to_owned());
        } else if accept_charset_words(cursor) {
            let charset = cursor.name_or_string()?;
            data_type.charset = (!charset.eq_ignore_ascii_case("default")).then_some(charset);
        } else {
            break;
        }
    }
    if binary {
        data_type.type_name.push_str(" BINARY");
    }
    Ok(())
}

pub(super) fn accept_charset_words(cursor: &mut Cursor<'_>) -> bool {
    cursor.accept_words(&["CHARACTER", "SET"])
        || cursor.accept_words(&["CHAR", "SET"])
        || cursor.accept_word("CHARSET")
}

/// Text in the character set `binary` is what MySQL calls a binary string.
fn become_binary(data_type: &mut DataType) {
    let (type_name, jdbc_type) = match data_type.type_name.split(' ').next() {
        Some("TINYTEXT") => ("TINYBLOB", jdbc_type::BLOB),
        Some("TEXT") => ("BLOB", jdbc_type::BLOB),
        Some("MEDIUMTEXT" | "LONG") => ("MEDIUMBLOB", jdbc_type::BLOB),
        Some("LONGTEXT") => ("LONGBLOB", jdbc_type::BLOB),
        _ if data_type.jdbc_type == jdbc_type::CHAR => ("BINARY", jdbc_type::BINARY),
        _ => ("VARBINARY", jdbc_type::VARBINARY),
    };
    data_type.type_name = type_name.to_owned();
    data_type.jdbc_type = jdbc_type;
    data_type.charset = None;
}

/// `LONG`, `LONG VARCHAR` (a `MEDIUMTEXT`) and `LONG VARBINARY` (a `MEDIUMBLOB`).
fn long(cursor: &mut Cursor<'_>, data_type: &mut DataType) -> Parsed<()> {
    if cursor.accept_word("VARBINARY") {
        data_type.type_name.push_str(" VARBINARY");
        data_type.jdbc_type = jdbc_type::BLOB;
        return Ok(());
    }
    text(cursor, data_type, jdbc_type::VARCHAR)
}

fn options(cursor: &mut Cursor<'_>, data_type: &mut DataType) -> Parsed<()> {
    data_type.jdbc_type = jdbc_type::CHAR;
    cursor.expect_symbol(b'(')?;
    loop {
        let token = cursor.token();
        let text = cursor.text_of(token);
        match token.kind {
            TokenKind::String => {
                data_type
                    .enum_values
                    .push(format!("'{}'", unquoted_string(text)));
            }
            TokenKind::Hex | TokenKind::Bit => data_type.enum_values.push(text.to_owned()),
            _ => return cursor.error("expected a string"),
        }
        cursor.advance();
        if !cursor.accept_symbol(b',') {
            break;
        }
    }
    cursor.expect_symbol(b')')?;
    // The length of a SET is that of its options and commas, one character each (DBZ-132).
    data_type.length = if data_type.type_name == "SET" {
        i32::try_from(data_type.enum_values.len() * 2 - 1).ok()
    } else {
        Some(1)
    };
    let type_name = data_type.type_name.clone();
    charset(cursor, data_type)?;
    data_type.type_name = type_name;
    Ok(())
}
