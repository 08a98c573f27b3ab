//! What is prepared for the rows of a plan: the form that they go in, and the statements.

use tokio_postgres::{Client, Statement};

use super::error::DbResult;
use super::postgres_binary::Wire;
use super::postgres_error::fault_of;
use super::{Encoding, Manner};
use crate::config::InsertMode;
use crate::plan::{Batch, Op};

/// Whether rows go by COPY.
pub(super) fn copies(batch: Batch<'_>, manner: &Manner) -> bool {
    batch.op == Op::Upsert && manner.mode == InsertMode::Insert && !batch.plan.is_view
}

/// How a batch's rows go to the server.
#[derive(Debug)]
pub(super) enum RowForm {
    CopyText,
    /// COPY in the columns' binary formats. It does not say of what types they are: bytes for another
    /// type of the same length would be taken for one of its values. So `guard` runs before it in the
    /// same transaction, a query of the columns: it fails if one of them has another type by now, and
    /// keeps the table from being altered until the end of the transaction.
    CopyBinary {
        guard: Statement,
        wires: Vec<Wire>,
    },
    /// An array for each column.
    Arrays(Vec<Wire>),
}

/// How the rows of a plan are written.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) form: RowForm,
    pub(super) statement: Statement,
}

impl Prepared {
    pub(super) async fn make(
        client: &Client,
        batch: Batch<'_>,
        manner: &Manner,
        encoding: Encoding,
    ) -> DbResult<Self> {
        let target = batch.plan.target();
        let wires = wires(batch, encoding);
        let (form, sql) = if !copies(batch, manner) {
            let wires: Vec<Wire> = wires.map(|it| it.unwrap_or(Wire::Text)).collect();
            let types: Vec<&str> = wires.iter().map(|wire| wire.type_name()).collect();
            let sql = manner.dialect.unnest(target, &types, batch.op, manner.mode);
            (RowForm::Arrays(wires), sql)
        } else if let Some(wires) = wires.collect::<Option<Vec<Wire>>>()
            && let Some(guard) = guard(client, batch, manner, &wires).await?
        {
            let sql = manner.dialect.copy(target, " (FORMAT binary)");
            (RowForm::CopyBinary { guard, wires }, sql)
        } else {
            (RowForm::CopyText, manner.dialect.copy(target, ""))
        };
        let statement = prepare(client, &sql).await?;
        Ok(Self { form, statement })
    }
}

fn wires(batch: Batch<'_>, encoding: Encoding) -> impl Iterator<Item = Option<Wire>> {
    let columns = batch.plan.used(batch.op).iter();
    columns.map(move |column| match encoding {
        Encoding::Binary => Wire::of(column),
        Encoding::Text => None,
    })
}

/// The query of the columns; none if they are not what the plan took them for.
async fn guard(
    client: &Client,
    batch: Batch<'_>,
    manner: &Manner,
    wires: &[Wire],
) -> DbResult<Option<Statement>> {
    let sql = manner.dialect.no_rows(batch.plan.target());
    let guard = prepare(client, &sql).await?;
    // Of a domain, the base type is told.
    let mut pairs = wires.iter().zip(guard.columns());
    let fit = pairs.all(|(wire, column)| wire.is_of(column.type_()));
    Ok(fit.then_some(guard))
}

async fn prepare(client: &Client, sql: &str) -> DbResult<Statement> {
    tracing::debug!("preparing {sql}");
    client.prepare(sql).await.map_err(|e| fault_of(&e))
}
