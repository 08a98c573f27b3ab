//! From tokens to statements.

mod alter_table;
mod column;
mod create_table;
mod data_type;
mod other;
mod set;
mod statement;

pub(super) use statement::parse_statements;
