//! From statements to tables.

use std::sync::Arc;

use super::ast::{
    AlterClause, Assignment, ColumnDefinition, CreateTable, DatabaseCharset, DefaultValue, Key,
    ParsedStatement, Place, Statement, TableElement, TableOptions,
};
use super::changes::{DdlChanges, DdlEvent, DdlEventKind};
use super::cursor::Name;
use super::variables::{CHARACTER_SET_DATABASE, CHARACTER_SET_SERVER};
use super::{DdlError, DdlParser};
use crate::tables::{Column, Table, TableEditor, TableId, Tables, charset_of_collation, jdbc_type};

/// Where changes go while a statement is applied.
struct Target<'a> {
    ddl: &'a str,
    text: String,
    offset: usize,
    tables: &'a mut Tables,
    changes: &'a mut DdlChanges,
}

impl Target<'_> {
    fn signal(&mut self, kind: DdlEventKind) {
        let statement = self.text.clone();
        self.signal_as(kind, statement);
    }

    fn signal_as(&mut self, kind: DdlEventKind, statement: String) {
        self.changes.events.push(DdlEvent { kind, statement });
    }

    fn error<T>(&self, message: String) -> Result<T, DdlError> {
        Err(DdlError::new(message, self.ddl, self.offset))
    }
}

impl DdlParser {
    pub(super) fn apply(
        &mut self,
        ddl: &str,
        parsed: ParsedStatement,
        tables: &mut Tables,
        changes: &mut DdlChanges,
    ) -> Result<(), DdlError> {
        let ParsedStatement {
            statement,
            text,
            offset,
        } = parsed;
        let target = &mut Target {
            ddl,
            text,
            offset,
            tables,
            changes,
        };
        match statement {
            Statement::CreateTable(create) => self.create_table(create, target),
            Statement::CreateTableLike {
                table,
                original,
                if_not_exists,
            } => {
                self.create_table_like(&table, &original, if_not_exists, target);
            }
            Statement::AlterTable {
                table,
                clauses,
                if_exists: _,
            } => {
                self.alter_table(&table, clauses, target)?;
            }
            Statement::DropTables(dropped) => {
                for drop in dropped {
                    let id = self.table_id(&drop.table);
                    target.tables.remove(&id);
                    let text = format!("{}{}{}", drop.before, id.to_backquoted(), drop.after);
                    target.signal_as(DdlEventKind::DropTable { id }, text);
                }
            }
            Statement::RenameTables(renames) => {
                for rename in renames {
                    let (from, id) = (self.table_id(&rename.from), self.table_id(&rename.to));
                    target.tables.rename(&from, &id);
                    let kind = DdlEventKind::AlterTable {
                        id,
                        previous_id: Some(from),
                        is_view: false,
                    };
                    target.signal_as(kind, rename.text);
                }
            }
            Statement::TruncateTable(table) => {
                target.signal(DdlEventKind::TruncateTable {
                    id: self.table_id(&table),
                });
            }
            Statement::CreateUniqueIndex { index, table, key } => {
                self.create_unique_index(index, &table, &key, target);
            }
            Statement::CreateView(view) => {
                let id = self.table_id(&view);
                target.signal(DdlEventKind::CreateTable { id, is_view: true });
            }
            Statement::AlterView(view) => {
                let id = self.table_id(&view);
                target.signal(DdlEventKind::AlterTable {
                    id,
                    previous_id: None,
                    is_view: true,
                });
            }
            // Debezium tells of a dropped view only where it keeps views.
            Statement::DropViews(_) | Statement::Ignored => {}
            statement => self.apply_to_environment(statement, target),
        }
        Ok(())
    }

    /// Applies a statement on databases or variables.
    fn apply_to_environment(&mut self, statement: Statement, target: &mut Target<'_>) {
        match statement {
            Statement::CreateDatabase { database, charset } => {
                let charset = resolve_database_charset(charset).or_else(|| self.server_charset());
                self.set_database_charset(&database, charset);
                target.signal(DdlEventKind::CreateDatabase { database });
            }
            Statement::AlterDatabase { database, charset } => {
                let database = database.unwrap_or_else(|| self.current_database.clone());
                if let Some(charset) = resolve_database_charset(charset) {
                    self.set_database_charset(&database, Some(charset));
                }
                target.signal(DdlEventKind::AlterDatabase { database });
            }
            Statement::DropDatabase(database) => {
                let tables = target.tables.remove_database(&database);
                self.charset_of_database.remove(&database);
                target.signal(DdlEventKind::DropDatabase { database, tables });
            }
            Statement::Use(database) => {
                self.set_current_database(&database);
                // The server sets these variables for each database that becomes current.
                let charset = self.charset_of_database.get(&database).cloned();
                self.variables.set(false, CHARACTER_SET_DATABASE, charset);
                target.signal(DdlEventKind::UseDatabase { database });
            }
            Statement::Set(assignments) => self.set_variables(assignments, target),
            Statement::SetNames(charset) => self.set_names(charset),
            Statement::SetCharacterSet(charset) => {
                let connection = self
                    .variables
                    .get(CHARACTER_SET_DATABASE)
                    .map(str::to_owned);
                self.set_names(charset);
                self.variables
                    .set(false, "character_set_connection", connection);
            }
            _ => {}
        }
    }

    fn table_id(&self, name: &Name) -> TableId {
        let database = name.database.as_deref().unwrap_or(&self.current_database);
        TableId::new(database, name.name.as_str())
    }

    fn create_table(&self, create: CreateTable, target: &mut Target<'_>) {
        let id = self.table_id(&create.table);
        if create.if_not_exists && target.tables.contains(&id) {
            return;
        }
        let mut editor = TableEditor::create(id.clone());
        let default_charset = resolve_charset(&create.options)
            .flatten()
            .or_else(|| self.default_charset(id.database()));
        let table = editor.table_mut();
        table.default_charset_name = default_charset;
        if self.include_comments {
            table.comment = create.options.comment;
        }
        self.add_elements(&mut editor, create.elements);
        target.tables.overwrite(editor.finish());
        target.signal(DdlEventKind::CreateTable { id, is_view: false });
    }

    fn create_table_like(
        &self,
        table: &Name,
        original: &Name,
        if_not_exists: bool,
        target: &mut Target<'_>,
    ) {
        let id = self.table_id(table);
        if if_not_exists && target.tables.contains(&id) {
            return;
        }
        let Some(original) = target.tables.get(&self.table_id(original)) else {
            return;
        };
        let copy = Table {
            id: id.clone(),
            comment: None,
            ..Table::clone(original)
        };
        target.tables.overwrite(copy);
        target.signal(DdlEventKind::CreateTable { id, is_view: false });
    }

    /// Adds columns first, so that keys may come before the columns that they name; then takes
    /// the primary key, or else the first unique key without nullable columns.
    fn add_elements(&self, editor: &mut TableEditor, elements: Vec<TableElement>) {
        let mut primary_key = None;
        let mut unique_keys = Vec::new();
        for element in elements {
            match element {
                TableElement::Column(definition) => {
                    let name = vec![definition.name.clone()];
                    if definition.attributes.primary_key {
                        primary_key = Some(name);
                    } else if definition.attributes.unique || definition.attributes.serial {
                        unique_keys.push(name);
                    }
                    let column = self.column(definition);
                    match editor.find(&column.name) {
                        Some(index) => editor.replace(index, column),
                        None => editor.push(column),
                    }
                }
                TableElement::PrimaryKey(key) => primary_key = Some(key.columns),
                TableElement::UniqueKey(key) if !key.has_expressions => {
                    unique_keys.push(key.columns);
                }
                TableElement::UniqueKey(_) | TableElement::Other => {}
            }
        }
        if let Some(names) = primary_key {
            editor.set_primary_key(&names);
        }
        for names in unique_keys {
            editor.offer_unique_key(&names);
        }
    }

    fn create_unique_index(
        &self,
        index: Option<String>,
        table: &Name,
        key: &Key,
        target: &mut Target<'_>,
    ) {
        let id = self.table_id(table);
        let Some(table) = target.tables.get(&id) else {
            return;
        };
        let mut editor = TableEditor::edit(table);
        if !key.has_expressions && editor.offer_unique_key(&key.columns) {
            target.tables.overwrite(editor.finish());
            target.signal(DdlEventKind::CreateIndex { id, index });
        }
    }

    fn alter_table(
        &self,
        table: &Name,
        clauses: Vec<AlterClause>,
        target: &mut Target<'_>,
    ) -> Result<(), DdlError> {
        let id = self.table_id(table);
        // A table that is not known is not captured.
        let Some(table) = target.tables.get(&id).map(Arc::clone) else {
            return Ok(());
        };
        let mut editor = TableEditor::edit(&table);
        let mut new_id = table.id.clone();
        for clause in clauses {
            if let AlterClause::RenameTable(name) = &clause {
                new_id = self.table_id(name);
            } else {
                self.alter_clause(&mut editor, clause)
                    .or_else(|what| target.error(format!("table {id} {what}")))?;
            }
        }
        editor.table_mut().id = new_id.clone();
        target.tables.remove(&id);
        target.tables.overwrite(editor.finish());
        target.signal(DdlEventKind::AlterTable {
            id: new_id,
            previous_id: None,
            is_view: false,
        });
        Ok(())
    }

    /// Applies a clause; the error is what the table lacks.
    fn alter_clause(&self, editor: &mut TableEditor, clause: AlterClause) -> Result<(), String> {
        match clause {
            AlterClause::AddColumn {
                column,
                place,
                if_not_exists,
            } => {
                return self.add_column(editor, column, place, if_not_exists);
            }
            AlterClause::AddElements(elements) => self.add_elements(editor, elements),
            AlterClause::AddPrimaryKey(key) => editor.set_primary_key(&key.columns),
            AlterClause::AddUniqueKey(key) => {
                if !key.has_expressions {
                    editor.offer_unique_key(&key.columns);
                }
            }
            AlterClause::ChangeColumn {
                old,
                column,
                place,
                if_exists,
            } => {
                let Some(index) = editor.find_original(&old) else {
                    return missing(&old, if_exists);
                };
                let is_primary = column.attributes.primary_key;
                let column = self.column(column);
                let name = column.name.clone();
                editor.replace(index, column);
                if is_primary {
                    editor.set_primary_key(&[name]);
                }
                return move_column(editor, index, place);
            }
            AlterClause::DropColumn { name, if_exists } => match editor.find_original(&name) {
                Some(index) => editor.remove(index),
                None => return missing(&name, if_exists),
            },
            AlterClause::DropPrimaryKey => editor.clear_key(),
            AlterClause::RenameColumn { old, new } => match editor.find_original(&old) {
                Some(index) => editor.column_mut(index).name = new,
                None => return missing(&old, false),
            },
            AlterClause::SetDefault { column, value } => match editor.find_original(&column) {
                Some(index) => set_default(editor.column_mut(index), value),
                None => return missing(&column, false),
            },
            AlterClause::DropDefault { column } => match editor.find_original(&column) {
                Some(index) => {
                    let column = editor.column_mut(index);
                    column.has_default_value = false;
                    column.default_value_expression = None;
                }
                None => return missing(&column, false),
            },
            AlterClause::ConvertToCharset { charset, collation } => {
                let id = editor.table_mut().id.clone();
                let charset = charset
                    .or_else(|| collation.as_deref().and_then(charset_of_collation))
                    .or_else(|| self.default_charset(id.database()));
                convert_to_charset(editor, charset);
            }
            AlterClause::TableOptions(options) => self.alter_options(editor, options),
            AlterClause::RenameTable(_) | AlterClause::Ignored => {}
        }
        Ok(())
    }

    fn add_column(
        &self,
        editor: &mut TableEditor,
        definition: ColumnDefinition,
        place: Option<Place>,
        if_not_exists: bool,
    ) -> Result<(), String> {
        if if_not_exists && editor.find_original(&definition.name).is_some() {
            return Ok(());
        }
        let name = definition.name.clone();
        self.add_elements(editor, vec![TableElement::Column(definition)]);
        match editor.find(&name) {
            Some(index) => move_column(editor, index, place),
            None => Ok(()),
        }
    }

    fn alter_options(&self, editor: &mut TableEditor, options: TableOptions) {
        // Columns keep their character sets; only new ones get the new default.
        if let Some(charset) = resolve_charset(&options) {
            let table = editor.table_mut();
            let database = table.id.database().to_owned();
            table.default_charset_name = charset.or_else(|| self.default_charset(&database));
        }
        if self.include_comments && options.comment.is_some() {
            editor.table_mut().comment = options.comment;
        }
    }

    fn column(&self, definition: ColumnDefinition) -> Column {
        let ColumnDefinition {
            name,
            data_type,
            attributes,
        } = definition;
        let not_null =
            attributes.primary_key || (attributes.serial && attributes.nullable.is_none());
        let optional = !not_null && attributes.nullable.unwrap_or(true);
        let changes_itself = attributes.auto_increment || attributes.on_update || attributes.serial;
        let mut column = Column {
            name,
            jdbc_type: data_type.jdbc_type,
            type_expression: data_type.type_name.clone(),
            type_name: data_type.type_name,
            length: data_type.length,
            scale: data_type.scale,
            optional,
            auto_incremented: changes_itself,
            generated: changes_itself,
            enum_values: data_type.enum_values,
            ..Column::default()
        };
        if jdbc_type::uses_charset(column.jdbc_type) {
            column.charset_name = data_type.charset.or_else(|| {
                attributes
                    .collation
                    .as_deref()
                    .and_then(charset_of_collation)
            });
        }
        set_default(
            &mut column,
            attributes.default.unwrap_or(DefaultValue::Null),
        );
        if self.include_comments {
            column.comment = attributes.comment;
        }
        column
    }

    fn server_charset(&self) -> Option<String> {
        self.variables.get(CHARACTER_SET_SERVER).map(str::to_owned)
    }

    fn set_database_charset(&mut self, database: &str, charset: Option<String>) {
        let charset = charset.filter(|charset| !charset.eq_ignore_ascii_case("default"));
        if let Some(charset) = charset.or_else(|| self.server_charset()) {
            self.charset_of_database
                .insert(database.to_owned(), charset);
        }
    }

    fn set_variables(&mut self, assignments: Vec<Assignment>, target: &mut Target<'_>) {
        for (
            order,
            Assignment {
                global,
                variable,
                value,
            },
        ) in assignments.into_iter().enumerate()
        {
            self.assign(global, &variable, &value);
            let database = self.current_database.clone();
            target.signal(DdlEventKind::SetVariable {
                variable,
                value,
                order,
                database,
            });
        }
    }

    pub(super) fn assign(&mut self, global: bool, variable: &str, value: &str) {
        self.variables.set(global, variable, Some(value.to_owned()));
        if variable.eq_ignore_ascii_case(CHARACTER_SET_DATABASE)
            && !self.current_database.is_empty()
        {
            self.charset_of_database
                .insert(self.current_database.clone(), value.to_owned());
        }
    }

    fn set_names(&mut self, charset: Option<String>) {
        let charset = charset.or_else(|| self.current_database_charset().map(str::to_owned));
        for variable in [
            "character_set_client",
            "character_set_results",
            "character_set_connection",
        ] {
            self.variables.set(false, variable, charset.clone());
        }
    }
}

fn missing(column: &str, tolerated: bool) -> Result<(), String> {
    if tolerated {
        Ok(())
    } else {
        Err(format!("has no column {column}"))
    }
}

fn move_column(editor: &mut TableEditor, index: usize, place: Option<Place>) -> Result<(), String> {
    let moved = match &place {
        None => true,
        Some(Place::First) => editor.move_column(index, None),
        Some(Place::After(column)) => editor.move_column(index, Some(column)),
    };
    match place {
        Some(Place::After(column)) if !moved => missing(&column, false),
        _ => Ok(()),
    }
}

/// A column that may be null has null as its default when it names none.
fn set_default(column: &mut Column, value: DefaultValue) {
    column.has_default_value = column.optional || value != DefaultValue::Null;
    column.default_value_expression = match value {
        DefaultValue::Literal(literal) => Some(literal),
        DefaultValue::Null | DefaultValue::Computed => None,
    };
}

fn convert_to_charset(editor: &mut TableEditor, charset: Option<String>) {
    for column in editor.columns_mut() {
        if column.charset_name.is_some() {
            column.charset_name.clone_from(&charset);
        }
    }
    editor.table_mut().default_charset_name = charset;
}

/// The character set that options name; `Some(None)` is `DEFAULT`.
fn resolve_charset(options: &TableOptions) -> Option<Option<String>> {
    let named = options
        .charset
        .clone()
        .or_else(|| options.collation.as_deref().and_then(charset_of_collation));
    named.map(|charset| Some(charset).filter(|name| !name.eq_ignore_ascii_case("default")))
}

fn resolve_database_charset(options: DatabaseCharset) -> Option<String> {
    options
        .charset
        .or_else(|| options.collation.as_deref().and_then(charset_of_collation))
}
