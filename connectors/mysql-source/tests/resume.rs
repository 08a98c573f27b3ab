//! Restarts, broken connections and crashes: nothing is lost, and no more is
//! told twice than the stored offset makes necessary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by them"
)]

mod common;

use std::time::Duration;

use common::{Pipeline, Server, run};
use mysql_async::prelude::Queryable;

fn ids(rows: &[common::Row]) -> Vec<i64> {
    rows.iter()
        .filter_map(|row| row.after["id"].as_i64())
        .collect()
}

async fn in_the_middle_of_a_transaction(server: Server, name: &str) {
    let mut admin = server.fresh_database(name).await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY, t TEXT);
        CREATE TABLE b (id INT PRIMARY KEY);
        INSERT INTO a VALUES (0,'x');",
    )
    .await;
    let pipeline = Pipeline::new(&server, name);
    let mut task = pipeline.start().await;
    task.rows(1).await;
    run(
        &mut admin,
        "BEGIN;
        INSERT INTO a VALUES (1,'x'),(2,'x'),(3,'x');
        INSERT INTO b VALUES (4),(5);
        DELETE FROM a WHERE id=1;
        INSERT INTO a VALUES (6,'x');
        COMMIT;
        INSERT INTO a VALUES (7,'x');",
    )
    .await;
    let all = task.rows(10).await;
    assert_eq!(ids(&all), [0, 1, 2, 3, 4, 5, 6, 7]);
    let places: Vec<usize> = (0..task.records.len())
        .filter(|index| task.records[*index].record.topic.contains('.'))
        .collect();
    // From each record's offset exactly the ones after it come.
    for (number, index) in places.iter().enumerate() {
        task.commit(*index);
        let resumed = pipeline.start().await;
        let mut resumed = resumed;
        let left: Vec<_> = all[number + 1..].to_vec();
        let found = resumed.rows(left.len()).await;
        let found: Vec<_> = [found, resumed.quiet(Duration::from_millis(150)).await].concat();
        // A row that was half told (a delete without its tombstone) is told again.
        let expected = if all[number].op == "d" {
            &all[number..]
        } else {
            &left[..]
        };
        let simple = |rows: &[common::Row]| -> Vec<_> {
            rows.iter()
                .map(|row| {
                    (
                        row.op.clone(),
                        row.key.clone(),
                        row.source["row"].clone(),
                        row.source["pos"].clone(),
                    )
                })
                .collect()
        };
        assert_eq!(
            simple(&found),
            simple(expected),
            "after record {number}: {}",
            all[number].offset
        );
        resumed.stop().await;
    }
    task.stop().await;
}

#[tokio::test]
async fn from_every_row_of_a_transaction() {
    in_the_middle_of_a_transaction(Server::plain(), "it_resume").await;
}

#[tokio::test]
async fn from_every_row_of_a_transaction_with_gtids() {
    in_the_middle_of_a_transaction(Server::with_gtids(), "it_resume_gtid").await;
}

/// The crash that stops the original for good: FACTS say "DDL shortly before a
/// kill -9" without GTIDs; the history is ahead of the offset.
async fn ddl_after_the_stored_offset(server: Server, name: &str) {
    let mut admin = server.fresh_database(name).await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (0);",
    )
    .await;
    let pipeline = Pipeline::new(&server, name);
    let mut task = pipeline.start().await;
    task.rows(1).await;
    task.commit_all();
    run(
        &mut admin,
        "INSERT INTO a VALUES (1);
        ALTER TABLE a ADD COLUMN v VARCHAR(10) NOT NULL DEFAULT 'd' FIRST;
        INSERT INTO a VALUES ('x',2);
        ALTER TABLE a DROP COLUMN v, ADD COLUMN w INT;
        INSERT INTO a VALUES (3,33);
        DROP TABLE a;
        CREATE TABLE a (k INT, id INT PRIMARY KEY);
        INSERT INTO a VALUES (44,4);",
    )
    .await;
    let all = task.rows(5).await;
    assert_eq!(ids(&all), [0, 1, 2, 3, 4]);
    let told = task.stop().await.len();
    // Nothing of this was committed: the history has all statements, the offset none.
    for _ in 0..2 {
        let mut again = pipeline.start().await;
        let rows = again.rows(4).await;
        assert_eq!(ids(&rows), [1, 2, 3, 4]);
        assert_eq!(rows[1].after["v"], "x");
        assert_eq!(rows[2].after["w"], 33);
        assert_eq!(rows[3].after["k"], 44);
        again.stop().await;
    }
    // And from each record on the way, schema changes included.
    let mut whole = pipeline.start().await;
    whole.rows(4).await;
    let count = whole.records.len();
    assert!(count < told);
    for index in 0..count {
        whole.commit(index);
        let left = common::rows_of(&whole.records[index + 1..]);
        let mut again = pipeline.start().await;
        let rows = again.rows(left.len()).await;
        assert_eq!(ids(&rows), ids(&left), "from record {index}");
        again.stop().await;
    }
    whole.stop().await;
}

#[tokio::test]
async fn ddl_before_a_crash() {
    ddl_after_the_stored_offset(Server::plain(), "it_ddl").await;
}

#[tokio::test]
async fn ddl_before_a_crash_with_gtids() {
    ddl_after_the_stored_offset(Server::with_gtids(), "it_ddl_gtid").await;
}

/// Runs statements that the binlog does not have.
async fn run_unlogged(admin: &mut mysql_async::Conn, sql: &str) {
    run(admin, "SET SESSION sql_log_bin=0").await;
    run(admin, sql).await;
    run(admin, "SET SESSION sql_log_bin=1").await;
}

/// The offset stands inside a transaction whose tables have changed or gone
/// since; its rows of them are sent. `snapshot.mode=recovery`, which the errors
/// of unknown structures advise, must be able to go on from there.
async fn done_rows_of_a_changed_table(server: Server, name: &str) {
    let mut admin = server.fresh_database(name).await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(10));
        CREATE TABLE b (id INT PRIMARY KEY);
        CREATE TABLE c (id INT PRIMARY KEY);
        INSERT INTO a VALUES (0,'x');",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, name);
    let mut task = pipeline.start().await;
    task.rows(1).await;
    run(
        &mut admin,
        "BEGIN;
        INSERT INTO b VALUES (1);
        INSERT INTO a VALUES (2,'x'),(3,'y');
        UPDATE a SET v = 'z' WHERE id IN (2,3);
        INSERT INTO c VALUES (4);
        COMMIT;",
    )
    .await;
    assert_eq!(ids(&task.rows(7).await), [0, 1, 2, 3, 2, 3, 4]);
    let of_rows: Vec<usize> = (0..task.records.len())
        .filter(|index| task.records[*index].record.topic.contains('.'))
        .collect();
    run_unlogged(&mut admin, "ALTER TABLE a ADD COLUMN secret INT").await;
    run_unlogged(&mut admin, "DROP TABLE b").await;
    run(&mut admin, "INSERT INTO a VALUES (5,'new',55)").await;
    let error = task.error().await.trace();
    assert!(error.contains("snapshot.mode=recovery"), "{error}");

    pipeline.set("snapshot.mode", "recovery");
    // The last of the updates is sent, then the row of c too.
    for (sent, left) in [(5, vec![4, 5]), (6, vec![5])] {
        task.commit(of_rows[sent]);
        let mut again = pipeline.start().await;
        let rows = again.rows(left.len()).await;
        assert_eq!(ids(&rows), left, "after record {sent}");
        assert_eq!(rows[left.len() - 1].after["secret"], 55);
        again.stop().await;
    }
    // A row that is not sent cannot be decoded.
    task.commit(of_rows[4]);
    let mut again = pipeline.start().await;
    let error = again.error().await.trace();
    assert!(
        error.contains("2 columns") && error.contains("take a new snapshot"),
        "{error}"
    );
    again.stop().await;
    task.stop().await;
}

#[tokio::test]
async fn done_rows_of_a_changed_table_are_not_decoded() {
    done_rows_of_a_changed_table(Server::plain(), "it_done").await;
}

#[tokio::test]
async fn done_rows_of_a_changed_table_are_not_decoded_with_gtids() {
    done_rows_of_a_changed_table(Server::with_gtids(), "it_done_gtid").await;
}

#[tokio::test]
async fn rows_of_skipped_operations_are_not_decoded() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_skipped").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        CREATE TABLE b (id INT PRIMARY KEY, v INT);
        INSERT INTO a VALUES (1);
        INSERT INTO b VALUES (1,1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_skipped");
    pipeline.set("skipped.operations", "c");
    let mut task = pipeline.start().await;
    task.rows(2).await;
    run_unlogged(&mut admin, "ALTER TABLE a ADD COLUMN v INT").await;
    run(
        &mut admin,
        "INSERT INTO a VALUES (2,2);
        UPDATE b SET v = 2;",
    )
    .await;
    let rows = task.rows(3).await;
    assert_eq!(rows[2].after["v"], 2, "the insert is passed over");
    run(&mut admin, "DELETE FROM a WHERE id = 2").await;
    let error = task.error().await.trace();
    assert!(error.contains("it_skipped.a"), "{error}");
    task.stop().await;
}

/// Ids of the server's threads that send a binlog.
async fn dump_threads(admin: &mut mysql_async::Conn, server_user: &str) -> Vec<u64> {
    let sql = format!(
        "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%' AND user = '{server_user}'"
    );
    admin.query(sql).await.unwrap()
}

#[tokio::test]
async fn a_killed_connection_is_opened_again() {
    for (server, name) in [
        (Server::plain(), "it_killed"),
        (Server::with_gtids(), "it_killed_gtid"),
    ] {
        let mut admin = server.fresh_database(name).await;
        let user = format!("u_{name}");
        run(&mut admin, &format!("DROP USER IF EXISTS {user};
            CREATE USER {user} IDENTIFIED BY 'pw';
            GRANT SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user};
            CREATE TABLE a (id INT PRIMARY KEY);
            INSERT INTO a VALUES (0);")).await;
        let mut pipeline = Pipeline::new(&server, name);
        pipeline.set("database.user", &user);
        pipeline.set("database.password", "pw");
        let mut task = pipeline.start().await;
        task.rows(1).await;
        for round in 0..3_i64 {
            run(
                &mut admin,
                &format!("INSERT INTO a(id) VALUES ({})", round * 2 + 1),
            )
            .await;
            task.rows(usize::try_from(round).unwrap() * 2 + 2).await;
            for thread in dump_threads(&mut admin, &user).await {
                run(&mut admin, &format!("KILL {thread}")).await;
            }
            run(
                &mut admin,
                &format!("ALTER TABLE a ADD COLUMN c{round} INT"),
            )
            .await;
            run(
                &mut admin,
                &format!("INSERT INTO a(id) VALUES ({})", round * 2 + 2),
            )
            .await;
            task.rows(usize::try_from(round).unwrap() * 2 + 3).await;
        }
        let rows = [
            task.rows(7).await,
            task.quiet(Duration::from_millis(300)).await,
        ]
        .concat();
        assert_eq!(ids(&rows), [0, 1, 2, 3, 4, 5, 6], "each row once");
        task.stop().await;
    }
}

#[tokio::test]
async fn a_snapshot_that_is_cut_off_is_taken_anew() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_cut").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1),(2),(3);",
    )
    .await;
    let pipeline = Pipeline::new(&server, "it_cut");
    let mut task = pipeline.start().await;
    task.rows(3).await;
    let first_row = task
        .records
        .iter()
        .position(|record| record.record.topic.contains('.'))
        .unwrap();
    task.commit(first_row);
    task.stop().await;
    assert!(pipeline.offsets.text().unwrap().contains("INITIAL"));
    let mut again = pipeline.start().await;
    let rows = again.rows(3).await;
    assert_eq!(ids(&rows), [1, 2, 3]);
    assert!(rows.iter().all(|row| row.op == "r"));
    again.commit_all();
    again.stop().await;
    let mut last = pipeline.start().await;
    assert_eq!(last.quiet(Duration::from_millis(300)).await, []);
    last.stop().await;
}

#[tokio::test]
async fn a_snapshot_whose_connection_breaks_is_begun_anew() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_broken").await;
    let user = "u_it_broken";
    run(
        &mut admin,
        &format!(
            "DROP USER IF EXISTS {user};
        CREATE USER {user} IDENTIFIED BY 'pw';
        GRANT SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user};
        CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT);
        INSERT INTO a(t) VALUES (REPEAT('x',60000));"
        ),
    )
    .await;
    for _ in 0..9 {
        run(&mut admin, "INSERT INTO a(t) SELECT t FROM a").await;
    }
    let mut pipeline = Pipeline::new(&server, "it_broken");
    pipeline.set("database.user", user);
    pipeline.set("database.password", "pw");
    pipeline.set("max.batch.size", "10");
    pipeline.set("max.queue.size", "20");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    let threads: Vec<u64> = admin
        .query(format!(
            "SELECT id FROM information_schema.processlist WHERE user='{user}'"
        ))
        .await
        .unwrap();
    assert!(!threads.is_empty(), "the snapshot is not being read");
    for thread in threads {
        run(&mut admin, &format!("KILL {thread}")).await;
    }
    let is_last = |row: &common::Row| row.source["snapshot"] == "last";
    let rows = task.until(|rows| rows.last().is_some_and(is_last)).await;
    let begins: Vec<usize> = (0..rows.len())
        .filter(|index| rows[*index].source["snapshot"] == "first")
        .collect();
    assert_eq!(begins.len(), 2, "begun twice");
    assert_eq!(rows.len() - begins[1], 512, "and whole the second time");
    run(&mut admin, "INSERT INTO a(t) VALUES ('y')").await;
    let rows = task
        .until(|rows| rows.last().is_some_and(|row| row.op == "c"))
        .await;
    assert_eq!(rows.last().unwrap().after["t"], "y");
    task.stop().await;
    run(&mut admin, "DROP DATABASE it_broken").await;
}
