//! SQL against the MySQL under test.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row};

use crate::services::variable;
use crate::sql::statements;

/// `ER_LOCK_DEADLOCK`: the server has rolled back and asks to try again.
const DEADLOCK: u16 = 1213;
const SERVERS_OWN: &[&str] = &["mysql", "sys", "information_schema", "performance_schema"];

/// One of the MySQL servers under test.
#[derive(Debug, Clone)]
pub struct MySql {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl MySql {
    /// The server without GTIDs.
    pub fn plain() -> Self {
        Self::at("MYSQL_HOST", "MYSQL_PORT")
    }

    /// The server with GTIDs.
    pub fn gtid() -> Self {
        Self::at("MYSQL_GTID_HOST", "MYSQL_GTID_PORT")
    }

    fn at(host: &str, port: &str) -> Self {
        let port = variable(port).parse().expect("a port");
        Self {
            host: variable(host),
            port,
        }
    }

    /// A connection as root.
    ///
    /// # Panics
    /// If there is none to be had.
    pub async fn connect(&self) -> Conn {
        self.open().await.expect("MySQL answers")
    }

    /// A connection as root; none while there is none to be had.
    pub async fn try_connect(&self) -> Option<Conn> {
        self.open().await.ok()
    }

    async fn open(&self) -> mysql_async::Result<Conn> {
        let options = OptsBuilder::default()
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some("root"))
            .pass(Some("debezium"))
            .prefer_socket(false);
        Conn::new(options).await
    }

    /// Runs the statements of a script on one connection; one that meets a deadlock is repeated.
    ///
    /// # Panics
    /// If one fails.
    pub async fn run(&self, script: &str) {
        let mut connection = self.connect().await;
        for statement in statements(script) {
            let mut done = connection.query_drop(statement).await;
            while matches!(&done, Err(mysql_async::Error::Server(error)) if error.code == DEADLOCK)
            {
                done = connection.query_drop(statement).await;
            }
            done.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        connection.disconnect().await.expect("disconnected");
    }

    /// Drops all databases but the server's own.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn drop_databases(&self) {
        for row in self.rows("SHOW DATABASES").await {
            let name: String = mysql_async::from_row(row);
            if !SERVERS_OWN.contains(&name.as_str()) {
                self.run(&format!("DROP DATABASE `{name}`")).await;
            }
        }
    }

    /// The rows of a query.
    ///
    /// # Panics
    /// If it fails.
    pub async fn rows(&self, query: &str) -> Vec<Row> {
        let mut connection = self.connect().await;
        let rows = connection
            .query(query)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        connection.disconnect().await.expect("disconnected");
        rows
    }
}
