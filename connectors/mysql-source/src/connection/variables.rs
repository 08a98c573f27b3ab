//! Variables of the server that DDL depends on.

use connect_api::Result;

use super::Connection;
use crate::ddl::SqlMode;

/// Variables of the server that the meaning of statements depends on.
#[derive(Debug, Clone)]
pub(crate) struct ServerVariables {
    /// `character_set_server`
    pub(crate) charset: String,
    collation: String,
    /// How statements quote.
    pub(crate) sql_mode: SqlMode,
}

impl ServerVariables {
    pub(crate) async fn read(connection: &mut Connection) -> Result<Self> {
        let of = |value: Option<String>| value.unwrap_or_default();
        let sql_mode = of(connection.global_variable("sql_mode").await?);
        Ok(Self {
            charset: of(connection.global_variable("character_set_server").await?),
            collation: of(connection.global_variable("collation_server").await?),
            sql_mode: SqlMode::parse(&sql_mode),
        })
    }

    /// The statement that sets the character set of databases that name none.
    pub(crate) fn set_statement(&self) -> String {
        format!(
            "SET character_set_server={}, collation_server={}",
            self.charset, self.collation
        )
    }
}
