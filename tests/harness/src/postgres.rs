//! SQL against the PostgreSQL under test.

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::services::variable;
use crate::wait::eventually;

/// A database of the PostgreSQL under test.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// The server's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// A superuser.
    pub user: String,
    /// The superuser's password.
    pub password: String,
    /// The database.
    pub database: String,
}

/// A row as text, null as none.
pub type TextRow = Vec<Option<String>>;

impl Postgres {
    /// The database `postgres`, which is always there.
    ///
    /// # Panics
    /// If there is no server.
    pub fn new() -> Self {
        Self {
            host: variable("POSTGRES_HOST"),
            port: variable("POSTGRES_PORT").parse().expect("a port"),
            user: variable("POSTGRES_USER"),
            password: variable("POSTGRES_PASSWORD"),
            database: "postgres".to_owned(),
        }
    }

    /// A new database called `name`; one of that name is dropped before.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn fresh(name: &str) -> Self {
        let server = Self::new();
        let drop = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
        server.run(&drop).await;
        server.run(&format!("CREATE DATABASE \"{name}\"")).await;
        Self {
            database: name.to_owned(),
            ..server
        }
    }

    /// The database's address as JDBC writes it.
    pub fn jdbc_url(&self) -> String {
        format!(
            "jdbc:postgresql://{}:{}/{}",
            self.host, self.port, self.database
        )
    }

    /// A connection.
    ///
    /// # Panics
    /// If there is none to be had.
    pub async fn connect(&self) -> Client {
        self.open().await.expect("PostgreSQL answers")
    }

    /// A connection; none while there is none to be had.
    pub async fn try_connect(&self) -> Option<Client> {
        self.open().await.ok()
    }

    async fn open(&self) -> Result<Client, tokio_postgres::Error> {
        let mut config = Config::new();
        config.host(&self.host).port(self.port);
        config.user(&self.user).password(&self.password);
        config.dbname(&self.database);
        let (client, connection) = config.connect(NoTls).await?;
        // It ends when the client is dropped or the server goes away.
        tokio::spawn(connection);
        Ok(client)
    }

    /// Runs the statements of a script on one connection.
    ///
    /// # Panics
    /// If one fails.
    pub async fn run(&self, script: &str) {
        let client = self.connect().await;
        client
            .batch_execute(script)
            .await
            .unwrap_or_else(|error| panic!("{script}: {error:?}"));
    }

    /// The rows of a query, every value in the server's text for it.
    ///
    /// # Panics
    /// If it fails.
    pub async fn rows(&self, query: &str) -> Vec<TextRow> {
        let rows = self.try_rows(query).await;
        rows.unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    async fn try_rows(&self, query: &str) -> Result<Vec<TextRow>, tokio_postgres::Error> {
        let messages = self.open().await?.simple_query(query).await?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|column| row.get(column).map(str::to_owned));
                Some(values.collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Asks until the query has these rows, every value in the server's text for it. Until then it
    /// may fail: the table may not be there yet.
    ///
    /// # Panics
    /// If it has other ones after a minute.
    pub async fn wait_for_rows(&self, query: &str, expected: &[&[&str]]) {
        let expected: Vec<TextRow> = (expected.iter())
            .map(|row| row.iter().map(|value| Some((*value).to_owned())).collect())
            .collect();
        let mut last = String::new();
        let waited = async || {
            let found = self.try_rows(query).await;
            last = format!("{found:?}");
            found.is_ok_and(|rows| rows == expected).then_some(())
        };
        let limit = std::time::Duration::from_secs(59);
        let done = tokio::time::timeout(limit, eventually(query, waited)).await;
        assert!(done.is_ok(), "{query} is not {expected:?}: {last}");
    }
}

impl Default for Postgres {
    fn default() -> Self {
        Self::new()
    }
}
