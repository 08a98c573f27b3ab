//! Values: how the connector's modes represent what MySQL has in a column, from a binlog row
//! image ([`Datum`]s made by `rows`) as from a snapshot's row, and as the schema's default.

mod arena;
mod charset;
mod datum;
mod decimal;
mod defaults;
mod json;
mod kind;
mod mapping;
mod modes;
mod patterns;
mod temporal;

pub use arena::Arena;
pub(crate) use charset::Charset;
pub(crate) use datum::{Datum, Slice, ValueError};
pub(crate) use decimal::binary_length as decimal_length;
pub(crate) use defaults::{default_value, parse_date_time, parse_time};
pub(crate) use kind::Kind;
pub(crate) use mapping::ValueMapping;
pub use mapping::{ColumnMapping, ColumnMappings};
pub use modes::{
    BigintUnsignedMode, BinaryMode, ColumnSelection, ConversionFailure, DecimalMode,
    NameAdjustment, SelectColumn, TimeMode, ValueModes,
};
pub use patterns::{ColumnPatterns, KeyColumns};
pub(crate) use temporal::DateTime;
