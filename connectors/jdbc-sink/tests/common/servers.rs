//! The real databases.

use connect_api::Props;
use mysql_async::prelude::Queryable;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::props;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: start the servers with `tests/services/up mysql postgres` and set what it prints")
    })
}

/// Asks a database for rows of text.
pub enum Database {
    Postgres(Client),
    MySql(mysql_async::Conn),
    Sqlite(String),
}

/// Rows of text, null as `-`.
pub type Rows = Vec<Vec<String>>;

/// A PostgreSQL schema made anew, and the properties of a sink into it.
pub async fn postgres(name: &str) -> (Database, Props) {
    let (host, port) = (variable("POSTGRES_HOST"), variable("POSTGRES_PORT"));
    let (user, password) = (variable("POSTGRES_USER"), variable("POSTGRES_PASSWORD"));
    let client = postgres_client().await;
    let sql = format!(
        "DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}; SET search_path TO {name}"
    );
    client
        .batch_execute(&sql)
        .await
        .expect("a schema can be made");
    let url = format!("jdbc:postgresql://{host}:{port}/postgres?currentSchema={name}");
    let props = props(&[
        ("name", "sink"),
        ("connection.url", &url),
        ("connection.user", &user),
        ("connection.username", &user),
        ("connection.password", &password),
        ("connection.backoff.ms", "500"),
        ("retry.backoff.ms", "200"),
    ]);
    (Database::Postgres(client), props)
}

async fn postgres_client() -> Client {
    let (host, port) = (variable("POSTGRES_HOST"), variable("POSTGRES_PORT"));
    let (user, password) = (variable("POSTGRES_USER"), variable("POSTGRES_PASSWORD"));
    let dsn = format!("host={host} port={port} user={user} password={password} dbname=postgres");
    let (client, connection) = tokio_postgres::connect(&dsn, NoTls)
        .await
        .expect("PostgreSQL is there");
    // It ends when the client is dropped.
    tokio::spawn(connection);
    client
}

/// A MySQL database made anew, and the properties of a sink into it.
pub async fn mysql(name: &str) -> (Database, Props) {
    let (host, port) = (variable("MYSQL_HOST"), variable("MYSQL_PORT"));
    let password = variable("MYSQL_ROOT_PASSWORD");
    let mut conn = mysql_conn().await;
    for sql in ["DROP DATABASE IF EXISTS", "CREATE DATABASE", "USE"] {
        conn.query_drop(format!("{sql} {name}")).await.unwrap();
    }
    let url = format!("jdbc:mysql://{host}:{port}/{name}");
    let props = props(&[
        ("name", "sink"),
        ("connection.url", &url),
        ("connection.user", "root"),
        ("connection.username", "root"),
        ("connection.password", &password),
        ("connection.backoff.ms", "500"),
        ("retry.backoff.ms", "200"),
    ]);
    (Database::MySql(conn), props)
}

async fn mysql_conn() -> mysql_async::Conn {
    let opts = mysql_async::OptsBuilder::default()
        .ip_or_hostname(variable("MYSQL_HOST"))
        .tcp_port(variable("MYSQL_PORT").parse().unwrap())
        .user(Some("root"))
        .pass(Some(variable("MYSQL_ROOT_PASSWORD")))
        .prefer_socket(false);
    mysql_async::Conn::new(opts).await.expect("MySQL is there")
}

/// An SQLite file, and the properties of a sink into it.
pub fn sqlite(folder: &tempfile::TempDir) -> (Database, Props) {
    let path = folder.path().join("sink.db").display().to_string();
    let url = format!("jdbc:sqlite:{path}");
    let props = props(&[("name", "sink"), ("connection.url", &url)]);
    (Database::Sqlite(path), props)
}

impl Database {
    /// One more connection to the place called `name`.
    pub async fn another(&self, name: &str) -> Database {
        let mut other = match self {
            Database::Postgres(_) => Database::Postgres(postgres_client().await),
            Database::MySql(_) => Database::MySql(mysql_conn().await),
            Database::Sqlite(path) => Database::Sqlite(path.clone()),
        };
        match &other {
            Database::Postgres(_) => other.run(&format!("SET search_path TO {name}")).await,
            Database::MySql(_) => other.run(&format!("USE {name}")).await,
            Database::Sqlite(_) => {}
        }
        other
    }

    /// A query's rows as text.
    pub async fn rows(&mut self, sql: &str) -> Rows {
        match self {
            Database::Postgres(client) => client
                .simple_query(sql)
                .await
                .expect(sql)
                .into_iter()
                .filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => Some(
                        (0..row.len())
                            .map(|column| row.get(column).unwrap_or("-").to_owned())
                            .collect(),
                    ),
                    _ => None,
                })
                .collect(),
            Database::MySql(conn) => {
                let rows: Vec<mysql_async::Row> = conn.query(sql).await.expect(sql);
                rows.into_iter()
                    .map(|row| row.unwrap().into_iter().map(mysql_text).collect())
                    .collect()
            }
            Database::Sqlite(path) => sqlite_rows(path, sql),
        }
    }

    pub async fn run(&mut self, sql: &str) {
        match self {
            Database::Postgres(client) => client.batch_execute(sql).await.expect(sql),
            Database::MySql(conn) => conn.query_drop(sql).await.expect(sql),
            Database::Sqlite(path) => rusqlite::Connection::open(path)
                .unwrap()
                .execute_batch(sql)
                .expect(sql),
        }
    }
}

fn mysql_text(value: mysql_async::Value) -> String {
    match value {
        mysql_async::Value::NULL => "-".to_owned(),
        mysql_async::Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => other.as_sql(true),
    }
}

fn sqlite_rows(path: &str, sql: &str) -> Rows {
    use rusqlite::types::ValueRef;
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).expect(sql);
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut result = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let text = |column| match row.get_ref(column).unwrap() {
            ValueRef::Null => "-".to_owned(),
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => value.to_string(),
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                String::from_utf8_lossy(text).into_owned()
            }
        };
        result.push((0..columns).map(text).collect());
    }
    result
}
