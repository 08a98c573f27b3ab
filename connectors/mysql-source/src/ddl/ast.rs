//! What a statement says, before it is applied to the known tables.

use super::cursor::Name;

/// A statement and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParsedStatement {
    pub(super) statement: Statement,
    /// The statement's text, without a closing semicolon and comments around it.
    pub(super) text: String,
    /// Byte offset in the parsed text.
    pub(super) offset: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    CreateTable(CreateTable),
    CreateTableLike {
        table: Name,
        original: Name,
        if_not_exists: bool,
    },
    AlterTable {
        table: Name,
        clauses: Vec<AlterClause>,
        if_exists: bool,
    },
    DropTables(Vec<TableStatement>),
    RenameTables(Vec<RenameTable>),
    TruncateTable(Name),
    CreateUniqueIndex {
        index: Option<String>,
        table: Name,
        key: Key,
    },
    CreateDatabase {
        database: String,
        charset: DatabaseCharset,
    },
    AlterDatabase {
        database: Option<String>,
        charset: DatabaseCharset,
    },
    DropDatabase(String),
    Use(String),
    Set(Vec<Assignment>),
    SetNames(Option<String>),
    SetCharacterSet(Option<String>),
    CreateView(Name),
    AlterView(Name),
    DropViews(Vec<Name>),
    /// Understood, and of no consequence for any table.
    Ignored,
}

/// `CREATE TABLE`, but for `LIKE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CreateTable {
    pub(super) table: Name,
    pub(super) if_not_exists: bool,
    pub(super) elements: Vec<TableElement>,
    pub(super) options: TableOptions,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TableOptions {
    pub(super) charset: Option<String>,
    pub(super) collation: Option<String>,
    pub(super) comment: Option<String>,
}

/// `CHARACTER SET` and `COLLATE` of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DatabaseCharset {
    pub(super) charset: Option<String>,
    pub(super) collation: Option<String>,
}

/// One table of a statement on several, with the text of the statement on it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableStatement {
    pub(super) table: Name,
    pub(super) before: String,
    pub(super) after: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RenameTable {
    pub(super) from: Name,
    pub(super) to: Name,
    pub(super) text: String,
}

/// An element between the parentheses of a table definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TableElement {
    Column(ColumnDefinition),
    PrimaryKey(Key),
    UniqueKey(Key),
    /// An index, a foreign key or a check.
    Other,
}

/// The parts of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) columns: Vec<String>,
    /// Some parts are computed, so that the columns alone are not unique.
    pub(super) has_expressions: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AlterClause {
    AddColumn {
        column: ColumnDefinition,
        place: Option<Place>,
        if_not_exists: bool,
    },
    AddElements(Vec<TableElement>),
    AddPrimaryKey(Key),
    AddUniqueKey(Key),
    ChangeColumn {
        old: String,
        column: ColumnDefinition,
        place: Option<Place>,
        if_exists: bool,
    },
    DropColumn {
        name: String,
        if_exists: bool,
    },
    DropPrimaryKey,
    RenameColumn {
        old: String,
        new: String,
    },
    RenameTable(Name),
    SetDefault {
        column: String,
        value: DefaultValue,
    },
    DropDefault {
        column: String,
    },
    ConvertToCharset {
        charset: Option<String>,
        collation: Option<String>,
    },
    TableOptions(TableOptions),
    Ignored,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    First,
    After(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ColumnDefinition {
    pub(super) name: String,
    pub(super) data_type: DataType,
    pub(super) attributes: ColumnAttributes,
}

/// A column's type with what Debezium derives from its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DataType {
    pub(super) jdbc_type: i32,
    pub(super) type_name: String,
    pub(super) length: Option<i32>,
    pub(super) scale: Option<i32>,
    pub(super) charset: Option<String>,
    pub(super) enum_values: Vec<String>,
    /// `SERIAL`: also not null, auto-incremented and unique.
    pub(super) serial: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ColumnAttributes {
    pub(super) nullable: Option<bool>,
    pub(super) default: Option<DefaultValue>,
    pub(super) auto_increment: bool,
    pub(super) on_update: bool,
    pub(super) unique: bool,
    pub(super) primary_key: bool,
    pub(super) serial: bool,
    pub(super) collation: Option<String>,
    pub(super) comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DefaultValue {
    Null,
    /// An expression, evaluated for each row.
    Computed,
    Literal(String),
}

/// One assignment of a `SET` statement to a system variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) global: bool,
    pub(super) variable: String,
    pub(super) value: String,
}
