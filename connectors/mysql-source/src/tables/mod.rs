//! What is known of the structure of the captured tables: Debezium's relational model
//! (`io.debezium.relational.{TableId, Column, Table, Tables}`), filled from DDL or from a
//! recorded schema history.

mod charset;
mod column;
mod editor;
pub mod jdbc_type;
mod table;
mod table_change;
mod table_id;
#[expect(
    clippy::module_inception,
    reason = "the set of tables is called so in Debezium"
)]
mod tables;

pub use charset::{charset_of_collation, charset_of_collation_id};
pub use column::Column;
pub(crate) use editor::TableEditor;
pub use table::{Attribute, Table};
pub use table_change::{TableChange, TableChangeKind};
pub use table_id::TableId;
pub use tables::Tables;
