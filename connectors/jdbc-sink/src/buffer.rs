//! Records grouped for writing: rows of one plan together, in the order of each
//! table's records.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;

use connect_api::data::Value;
use connect_api::record::SinkRecord;

use crate::plan::{Op, Plan, Row};
use crate::table::TableId;

/// One thing to do in the database.
#[derive(Debug)]
pub(crate) enum Step<'r> {
    /// Rows of one plan.
    Rows(Rows<'r>),
    /// A table is emptied.
    Truncate(TableId, &'r SinkRecord),
}

/// Rows of one plan that are written together.
#[derive(Debug)]
pub(crate) struct Rows<'r> {
    pub(crate) plan: Arc<Plan>,
    pub(crate) op: Op,
    pub(crate) rows: Vec<Row<'r>>,
    /// Where the row of a key is, by the key's hash.
    seen: HashMap<u64, usize>,
}

/// What becomes of rows of one key in one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicates {
    /// All are written, in one statement.
    Kept,
    /// All are written, each in a statement after the one before.
    Split,
    /// The last one is written.
    LastOnly,
}

/// Groups the records of one call.
#[derive(Debug)]
pub(crate) struct Buffer<'r> {
    pub(crate) steps: Vec<Step<'r>>,
    /// The step that a table's next row may join.
    open: HashMap<TableId, usize>,
    batch_size: usize,
    duplicates: Duplicates,
    hashes: RandomState,
}

impl<'r> Buffer<'r> {
    pub(crate) fn new(batch_size: usize, duplicates: Duplicates) -> Self {
        Self {
            steps: Vec::new(),
            open: HashMap::new(),
            batch_size: batch_size.max(1),
            duplicates,
            hashes: RandomState::new(),
        }
    }

    /// Adds a row behind those of its table. A change of the plan, between
    /// writes and deletes, or a full batch begins a new step.
    pub(crate) fn add(&mut self, plan: &Arc<Plan>, op: Op, row: Row<'r>) {
        let hash = (plan.keys > 0 && (self.duplicates != Duplicates::Kept || op == Op::Delete))
            .then(|| self.hash(plan, &row));
        let open = match self.steps.last() {
            // Mostly as the one before: the last step is open for its table.
            Some(Step::Rows(rows)) if rows.takes(plan, op) => Some(self.steps.len() - 1),
            _ => self.open.get(&plan.table).copied(),
        };
        if let Some(Step::Rows(rows)) = open.and_then(|index| self.steps.get_mut(index))
            && rows.takes(plan, op)
            && rows.join(row, hash, (self.batch_size, self.duplicates))
        {
            return;
        }
        self.open.insert(plan.table.clone(), self.steps.len());
        let mut rows = Rows {
            plan: plan.clone(),
            op,
            rows: Vec::new(),
            seen: HashMap::new(),
        };
        rows.join(row, hash, (self.batch_size, self.duplicates));
        self.steps.push(Step::Rows(rows));
    }

    /// Empties a table, after what came before.
    pub(crate) fn truncate(&mut self, table: TableId, record: &'r SinkRecord) {
        self.open.remove(&table);
        self.steps.push(Step::Truncate(table, record));
    }

    fn hash(&self, plan: &Plan, row: &Row<'_>) -> u64 {
        let mut hasher = self.hashes.build_hasher();
        for column in &plan.columns[..plan.keys] {
            match column.value(row) {
                Some(value) => hash_value(value, &mut hasher),
                None => row.record.offset.hash(&mut hasher),
            }
        }
        hasher.finish()
    }
}

impl<'r> Rows<'r> {
    fn takes(&self, plan: &Arc<Plan>, op: Op) -> bool {
        Arc::ptr_eq(&self.plan, plan) && self.op == op
    }

    /// Takes `row` in; false if it has to wait for the next step.
    fn join(
        &mut self,
        row: Row<'r>,
        hash: Option<u64>,
        (batch_size, duplicates): (usize, Duplicates),
    ) -> bool {
        if let Some(&place) = hash.as_ref().and_then(|hash| self.seen.get(hash)) {
            let replaces =
                duplicates != Duplicates::Split && same_key(&self.plan, &self.rows[place], &row);
            if replaces {
                self.rows[place] = row;
            }
            return replaces;
        }
        if self.rows.len() >= batch_size {
            return false;
        }
        if let Some(hash) = hash {
            self.seen.insert(hash, self.rows.len());
        }
        self.rows.push(row);
        true
    }
}

fn same_key(plan: &Plan, left: &Row<'_>, right: &Row<'_>) -> bool {
    plan.columns[..plan.keys]
        .iter()
        .all(|column| match (column.value(left), column.value(right)) {
            (Some(left), Some(right)) => left == right,
            // Kafka's coordinates are each record's own.
            _ => false,
        })
}

fn hash_value(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::String(text) => text.as_bytes().hash(hasher),
        Value::Bytes(bytes) => bytes.hash(hasher),
        Value::Boolean(value) => value.hash(hasher),
        Value::Float32(value) => value.to_bits().hash(hasher),
        Value::Float64(value) => value.to_bits().hash(hasher),
        Value::Struct(value) => value
            .values()
            .iter()
            .for_each(|value| hash_value(value, hasher)),
        Value::Array(values) => values.iter().for_each(|value| hash_value(value, hasher)),
        other => other.as_i64().hash(hasher),
    }
}
