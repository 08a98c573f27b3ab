//! Snapshots while tables and databases come and go: none fails, and no row is missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by them"
)]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Pipeline, Server, Task, run};

const TABLES: i64 = 60;
const SNAPSHOTS: u32 = 5;

fn ids(rows: &[common::Row]) -> BTreeSet<i64> {
    rows.iter()
        .filter_map(|row| row.after["id"].as_i64())
        .collect()
}

/// Makes tables in the captured database, each with a row, and makes and drops another database.
async fn come_and_go(server: Server, name: &str) {
    let mut admin = server.admin().await;
    for number in 0..TABLES {
        run(
            &mut admin,
            &format!(
                "CREATE DATABASE {name}_other;
                CREATE TABLE {name}_other.a (id INT PRIMARY KEY);
                CREATE TABLE {name}.t{number} (id INT PRIMARY KEY);
                INSERT INTO {name}.t{number} VALUES ({number});
                DROP DATABASE {name}_other;"
            ),
        )
        .await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn snapshots_among_ddl(server: Server, name: &str, rights: &str, locking: &str) {
    let mut admin = server.fresh_database(name).await;
    let user = format!("u_{name}");
    run(
        &mut admin,
        &format!(
            "DROP DATABASE IF EXISTS {name}_other;
            DROP USER IF EXISTS {user};
            CREATE USER {user} IDENTIFIED BY 'pw';
            GRANT SELECT, {rights} REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user};"
        ),
    )
    .await;
    let changes = tokio::spawn({
        let (server, name) = (server.clone(), name.to_owned());
        async move { come_and_go(server, &name).await }
    });
    let mut running: Vec<(Pipeline, Task)> = Vec::new();
    for number in 0..SNAPSHOTS {
        let mut pipeline = Pipeline::new(&server, name);
        let id = format!("{}{number}", pipeline.props["database.server.id"]);
        pipeline.set("database.server.id", &id);
        pipeline.set("database.user", &user);
        pipeline.set("database.password", "pw");
        pipeline.set("snapshot.locking.mode", locking);
        let task = pipeline.start().await;
        running.push((pipeline, task));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (_, task) in &mut running {
        let all = (0..TABLES).collect();
        task.until(|rows| ids(rows) == all).await;
    }
    changes.await.unwrap();
    for (_, task) in running {
        task.stop().await;
    }
    run(&mut admin, &format!("DROP DATABASE {name}")).await;
}

#[tokio::test]
async fn under_a_global_lock() {
    snapshots_among_ddl(Server::plain(), "it_ddl_global", "RELOAD,", "minimal").await;
}

#[tokio::test]
async fn under_locks_of_tables() {
    snapshots_among_ddl(Server::plain(), "it_ddl_tables", "LOCK TABLES,", "minimal").await;
}

#[tokio::test]
async fn under_no_lock() {
    snapshots_among_ddl(Server::plain(), "it_ddl_none", "", "none").await;
}
