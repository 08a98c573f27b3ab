//! The table and the changes that are measured.

use connectd_harness::MySql;
use mysql_async::prelude::Queryable;

pub(crate) const DATABASE: &str = "bench";

/// Rows an insert.
const BATCH: u64 = 2_000;

/// Makes the table with `rows` rows.
pub(crate) async fn table(rows: u64) {
    let mut connection = MySql::plain().connect().await;
    for statement in [
        "DROP DATABASE IF EXISTS bench",
        "CREATE DATABASE bench CHARACTER SET utf8mb4",
        "USE bench",
        "CREATE TABLE rows_of_bench (id INT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, email VARCHAR(60), \
         street VARCHAR(60), amount DECIMAL(10,2), created DATETIME, changed DATETIME(3))",
    ] {
        connection.query_drop(statement).await.expect(statement);
    }
    let mut id = 0;
    while id < rows {
        let end = (id + BATCH).min(rows);
        let values: Vec<String> = (id..end).map(row).collect();
        let insert = format!("INSERT INTO rows_of_bench VALUES {}", values.join(","));
        connection.query_drop(insert).await.expect("inserted");
        id = end;
    }
    connection.disconnect().await.expect("disconnected");
}

/// Three texts of about 40 characters, a decimal, two times.
fn row(id: u64) -> String {
    let day = id % 28 + 1;
    format!(
        "({id},'name of customer number {id:012} here','customer.{id:012}@mail.example.com','{id:08} Long Street in some city, block {day:02}',\
         {}.{:02},'2024-02-{day:02} 10:20:30','2024-03-{day:02} 11:22:33.456')",
        id % 100_000,
        id % 100
    )
}

/// Updates rows, 1,000 a transaction.
pub(crate) async fn updates(count: u64) {
    change(count, 1_000).await;
}

/// Updates rows, one a transaction.
pub(crate) async fn single_row_transactions(count: u64) {
    change(count, 1).await;
}

async fn change(count: u64, per_transaction: u64) {
    let mut connection = MySql::plain().connect().await;
    connection
        .query_drop("USE bench")
        .await
        .expect("the database is there");
    let mut done = 0;
    while done < count {
        let end = (done + per_transaction).min(count);
        let update = format!(
            "UPDATE rows_of_bench SET amount = amount + 1, changed = NOW(3) WHERE id >= {done} AND id < {end}"
        );
        connection.query_drop(update).await.expect("updated");
        done = end;
    }
    connection.disconnect().await.expect("disconnected");
}
