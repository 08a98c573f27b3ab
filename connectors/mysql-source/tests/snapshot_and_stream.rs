//! A snapshot, then changes, through a task as the worker drives it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by them"
)]

mod common;

use common::{Pipeline, Server, run};

#[tokio::test]
async fn rows_then_changes() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_basic").await;
    run(
        &mut admin,
        "CREATE TABLE book (id INT PRIMARY KEY, title VARCHAR(20));
        INSERT INTO book VALUES (1,'a'),(2,'b');
        CREATE TABLE empty_one (id INT PRIMARY KEY);",
    )
    .await;
    let pipeline = Pipeline::new(&server, "it_basic");
    let mut task = pipeline.start().await;
    let rows = task.rows(2).await;
    assert_eq!(rows[0].topic, "it_basic.it_basic.book");
    assert_eq!(
        (rows[0].op.as_str(), rows[0].after["title"].as_str()),
        ("r", Some("a"))
    );
    assert_eq!(rows[0].source["snapshot"], "first");
    // The table after it is empty, and this is the snapshot's last record.
    assert_eq!(rows[1].source["snapshot"], "last");
    assert!(
        rows[0].offset.contains(r#""snapshot":"INITIAL""#),
        "{}",
        rows[0].offset
    );
    assert!(!rows[1].offset.contains("snapshot"), "{}", rows[1].offset);

    run(
        &mut admin,
        "INSERT INTO book VALUES (3,'c');
        UPDATE book SET title='bb' WHERE id=2;
        UPDATE book SET id=30 WHERE id=3;
        DELETE FROM book WHERE id=1;",
    )
    .await;
    let rows = task.rows(9).await;
    let ops: Vec<&str> = rows[2..].iter().map(|row| row.op.as_str()).collect();
    assert_eq!(ops, ["c", "u", "d", "tombstone", "c", "d", "tombstone"]);
    assert_eq!(rows[3].before["title"], "b");
    assert_eq!(rows[3].after["title"], "bb");
    assert_eq!(rows[6].key["id"], 30);
    task.stop().await;
}
