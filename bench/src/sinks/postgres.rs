//! PostgreSQL: the table, its own tool, and the end.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use connectd_harness::{Postgres, variable};

use super::case::{Load, Mode};
use super::rows::{COLUMNS, Row, TABLE};

/// The database of the benchmark.
pub(crate) fn database() -> Postgres {
    Postgres {
        database: "bench".to_owned(),
        ..Postgres::new()
    }
}

pub(crate) async fn prepare(mode: Mode, rows: u64) {
    let database = Postgres::fresh("bench").await;
    let create = format!(
        "CREATE TABLE {TABLE} (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, email TEXT, street TEXT, \
         amount DECIMAL(12,2) NOT NULL, created TIMESTAMP NOT NULL, visits INT NOT NULL, active BOOLEAN NOT NULL)"
    );
    database.run(&create).await;
    if mode == Mode::Upsert {
        let file = write((0..rows).step_by(2).map(Row::before));
        psql(&[format!("\\copy {TABLE} from '{}' csv", file.display())]);
        std::fs::remove_file(file).expect("deleted");
    }
    database.run(&format!("ANALYZE {TABLE}")).await;
}

/// `\copy` into the table; for upserts into another table, and from there by `ON CONFLICT`.
pub(crate) fn load(mode: Mode, rows: u64) -> Load {
    let file = write((0..rows).map(Row::new));
    let copy = |table: &str| format!("\\copy {table} from '{}' csv", file.display());
    let statements = match mode {
        Mode::Insert => vec![copy(TABLE)],
        Mode::Upsert => {
            let set = COLUMNS.map(|column| format!("{column} = excluded.{column}"));
            vec![
                format!("CREATE UNLOGGED TABLE staging (LIKE {TABLE})"),
                copy("staging"),
                format!(
                    "INSERT INTO {TABLE} SELECT * FROM staging ON CONFLICT (id) DO UPDATE SET {}",
                    set.join(", ")
                ),
            ]
        }
    };
    Box::pin(async move {
        psql(&statements);
        std::fs::remove_file(file).expect("deleted");
    })
}

/// Writes rows to a file for `\copy`.
fn write(rows: impl Iterator<Item = Row>) -> PathBuf {
    let path = std::env::temp_dir().join(format!("connectd-bench-{}.csv", std::process::id()));
    let file = std::fs::File::create(&path).expect("a file");
    let mut file = std::io::BufWriter::new(file);
    for row in rows {
        file.write_all(row.csv().as_bytes()).expect("written");
    }
    file.flush().expect("written");
    path
}

fn psql(statements: &[String]) {
    let database = database();
    let mut command = Command::new(PathBuf::from(variable("POSTGRES_PROGRAMS")).join("psql"));
    command
        .env("PGPASSWORD", &database.password)
        .args(["-q", "-v", "ON_ERROR_STOP=1", "-h", &database.host])
        .args(["-p", &database.port.to_string()])
        .args(["-U", &database.user, "-d", &database.database]);
    for statement in statements {
        command.args(["-c", statement]);
    }
    assert!(
        command.status().expect("psql runs").success(),
        "psql failed"
    );
}

pub(crate) async fn wait_for_last(rows: u64) {
    let client = database().connect().await;
    let query = format!("SELECT visits FROM {TABLE} WHERE id = {}", rows - 1);
    loop {
        let found = client.query_opt(&query, &[]).await.expect("answered");
        if found.is_some_and(|row| row.get::<_, i32>(0) == 1) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
