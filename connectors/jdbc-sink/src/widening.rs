//! Columns that are made wider for the values of a batch (`auto.widen`).

use connect_api::data::Value;

use crate::db::Manner;
use crate::dialect::Database;
use crate::plan::{Batch, PlanColumn};
use crate::values::{Family, Form, decimal};

/// The columns that a row of `batch` does not fit, each with a type that it does.
pub(crate) fn wider_columns<'b>(
    manner: &Manner,
    batch: Batch<'b>,
) -> Vec<(&'b PlanColumn, String)> {
    let database = manner.dialect.database;
    if database == Database::Sqlite {
        return Vec::new();
    }
    batch
        .plan
        .used(batch.op)
        .iter()
        .filter_map(|column| Some((column, wider_type(database, column, batch)?)))
        .collect()
}

fn wider_type(database: Database, column: &PlanColumn, batch: Batch<'_>) -> Option<String> {
    let values = batch.rows.iter().filter_map(|row| column.value(row));
    match column.family {
        Family::Text => {
            let most = u64::from(column.length?);
            let longest = values
                .filter_map(|value| value.as_str().map(|text| text.chars().count() as u64))
                .max()?;
            (longest > most).then(|| text_type(database, longest))
        }
        Family::Bytes => {
            let most = u64::from(column.length?);
            let longest = values
                .filter_map(|value| match value {
                    Value::Bytes(bytes) => Some(bytes.len() as u64),
                    _ => None,
                })
                .max()?;
            (longest > most).then(|| if longest > 65_535 { "LONGBLOB" } else { "BLOB" }.to_owned())
        }
        Family::Decimal => decimal_type(database, column, batch),
        Family::Integer(width) => {
            let (lowest, highest) = values
                .filter_map(Value::as_i64)
                .fold((0, 0), |(low, high), value| {
                    (value.min(low), value.max(high))
                });
            let fits = |bytes: u8| {
                let bits = u32::from(bytes) * 8 - 1;
                let limit = if bits >= 63 {
                    i64::MAX
                } else {
                    (1_i64 << bits) - 1
                };
                highest <= limit && lowest >= -limit - 1
            };
            let wider = [(2, "SMALLINT"), (4, "INT"), (8, "BIGINT")]
                .into_iter()
                .find(|(bytes, _)| *bytes > width && fits(*bytes))?;
            (!fits(width)).then(|| wider.1.to_owned())
        }
        _ => None,
    }
}

/// Room for twice as many characters, in steps that need few changes.
fn text_type(database: Database, longest: u64) -> String {
    match database {
        Database::Postgres if longest <= 10_000_000 => {
            format!("VARCHAR({})", (longest * 2).min(10_485_760))
        }
        Database::MySql if longest <= 1000 => format!("VARCHAR({})", longest * 2),
        Database::MySql => "LONGTEXT".to_owned(),
        _ => "TEXT".to_owned(),
    }
}

fn decimal_type(database: Database, column: &PlanColumn, batch: Batch<'_>) -> Option<String> {
    let (precision, scale) = column.digits?;
    let Form::Decimal(value_scale) = column.form else {
        return None;
    };
    let mut whole = precision.saturating_sub(scale);
    let mut fraction = scale;
    let mut text = Vec::new();
    for row in batch.rows {
        let Some(Value::Bytes(unscaled)) = column.value(row) else {
            continue;
        };
        text.clear();
        decimal::append(&mut text, unscaled, value_scale);
        let digits = text.strip_prefix(b"-").unwrap_or(&text);
        let before = digits
            .iter()
            .position(|&byte| byte == b'.')
            .unwrap_or(digits.len());
        let significant = if digits.first() == Some(&b'0') {
            0
        } else {
            before
        };
        whole = whole.max(u32::try_from(significant).unwrap_or(u32::MAX));
        fraction = fraction.max(u32::try_from(value_scale).unwrap_or(0));
    }
    let most = if database == Database::MySql {
        65
    } else {
        1000
    };
    let wider = whole > precision.saturating_sub(scale) || fraction > scale;
    let total = whole.saturating_add(fraction);
    (wider && total <= most).then(|| format!("DECIMAL({total},{fraction})"))
}
