//! Keys of the connection to the server, in the order of the original.

use connect_api::config::{Check, ClassName, ConfigDef, Key, Secret, Width};

use crate::config::validate::positive;

/// First part of all topic names and the name of the server in every event; one for each connector.
pub const TOPIC_PREFIX: Key<Option<String>> = Key::new("topic.prefix")
    .default_null()
    .check(Check::NonEmpty)
    .high()
    .group("MySQL")
    .width(Width::Medium)
    .display_name("Topic prefix")
    .aliases(&["database.server.name"])
    .doc("First part of all topic names and the name of the server in every event; one for each connector.");

/// Host name or address of the MySQL server.
pub const DATABASE_HOSTNAME: Key<Option<String>> = Key::new("database.hostname")
    .default_null()
    .check(Check::NonEmpty)
    .high()
    .group("MySQL")
    .width(Width::Medium)
    .display_name("Hostname")
    .doc("Host name or address of the MySQL server.");

/// Port of the MySQL server.
pub const DATABASE_PORT: Key<i32> = Key::new("database.port")
    .default("3306")
    .high()
    .group("MySQL")
    .width(Width::Short)
    .display_name("Port")
    .doc("Port of the MySQL server.");

/// User with which the connector logs in.
pub const DATABASE_USER: Key<Option<String>> = Key::new("database.user")
    .default_null()
    .check(Check::NonEmpty)
    .high()
    .group("MySQL")
    .width(Width::Short)
    .display_name("User")
    .doc("User with which the connector logs in.");

/// The user's password.
pub const DATABASE_PASSWORD: Key<Option<Secret>> = Key::new("database.password")
    .default_null()
    .high()
    .group("MySQL")
    .width(Width::Short)
    .display_name("Password")
    .doc("The user's password.");

/// How long a query may take, in milliseconds; 0 means without limit.
pub const DATABASE_QUERY_TIMEOUT_MS: Key<i32> = Key::new("database.query.timeout.ms")
    .default("600000")
    .check(Check::AtLeast(0))
    .group("MySQL")
    .display_name("Query timeout")
    .doc("How long a query may take, in milliseconds; 0 means without limit.");

/// Statements, separated by semicolons, run on each new connection except that of the binlog reader; a doubled semicolon stands for one in a statement.
pub const DATABASE_INITIAL_STATEMENTS: Key<Option<String>> = Key::new("database.initial.statements")
    .default_null()
    .group("MySQL")
    .width(Width::Long)
    .display_name("Initial statements")
    .doc("Statements, separated by semicolons, run on each new connection except that of the binlog reader; a doubled semicolon stands for one in a statement.");

/// The id with which the connector joins the MySQL topology: unique among all servers and clients that read its binlog.
pub const DATABASE_SERVER_ID: Key<Option<i64>> = Key::new("database.server.id")
    .default_null()
    .check(Check::Custom(positive))
    .high()
    .group("MySQL")
    .width(Width::Long)
    .display_name("Cluster ID")
    .doc("The id with which the connector joins the MySQL topology: unique among all servers and clients that read its binlog.");

/// Only for parallel snapshots of the original; without effect here.
pub const DATABASE_SERVER_ID_OFFSET: Key<i64> = Key::new("database.server.id.offset")
    .default("10000")
    .high()
    .group("MySQL")
    .width(Width::Long)
    .display_name("Cluster ID offset")
    .doc("Only for parallel snapshots of the original; without effect here.");

/// PKCS #12 file with the client's certificate and key.
pub const DATABASE_SSL_KEYSTORE: Key<Option<String>> = Key::new("database.ssl.keystore")
    .default_null()
    .medium()
    .group("MySQL")
    .width(Width::Long)
    .display_name("SSL Keystore")
    .doc("PKCS #12 file with the client's certificate and key.");

/// Password of the client's key store.
pub const DATABASE_SSL_KEYSTORE_PASSWORD: Key<Option<Secret>> =
    Key::new("database.ssl.keystore.password")
        .default_null()
        .medium()
        .group("MySQL")
        .width(Width::Medium)
        .display_name("SSL Keystore Password")
        .doc("Password of the client's key store.");

/// PEM or DER file with the certificates of the authorities to trust.
pub const DATABASE_SSL_TRUSTSTORE: Key<Option<String>> = Key::new("database.ssl.truststore")
    .default_null()
    .medium()
    .group("MySQL")
    .width(Width::Long)
    .display_name("SSL Truststore")
    .doc("PEM or DER file with the certificates of the authorities to trust.");

/// Password of the trust store; a PEM file has none.
pub const DATABASE_SSL_TRUSTSTORE_PASSWORD: Key<Option<Secret>> =
    Key::new("database.ssl.truststore.password")
        .default_null()
        .medium()
        .group("MySQL")
        .width(Width::Medium)
        .display_name("SSL Truststore Password")
        .doc("Password of the trust store; a PEM file has none.");

/// JDBC driver of the original; without effect here.
pub const DATABASE_JDBC_DRIVER: Key<ClassName> = Key::new("database.jdbc.driver")
    .default("com.mysql.cj.jdbc.Driver")
    .group("MySQL")
    .width(Width::Medium)
    .display_name("JDBC Driver Class Name")
    .doc("JDBC driver of the original; without effect here.");

/// JDBC protocol of the original; without effect here.
pub const DATABASE_PROTOCOL: Key<String> = Key::new("database.protocol")
    .default("jdbc:mysql")
    .group("MySQL")
    .width(Width::Medium)
    .display_name("JDBC Protocol")
    .doc("JDBC protocol of the original; without effect here.");

/// disabled: no TLS; preferred: TLS if the server offers it; required: TLS; verify_ca: and the certificate's authority is checked; verify_identity: and the host name too.
pub const DATABASE_SSL_MODE: Key<String> = Key::new("database.ssl.mode")
    .default("preferred")
    .check(Check::OneOfAnyCase(&["verify_identity", "disabled", "preferred", "required", "verify_ca"]))
    .recommended(&["verify_identity", "disabled", "preferred", "required", "verify_ca"])
    .medium()
    .group("MySQL")
    .width(Width::Medium)
    .display_name("SSL mode")
    .doc("disabled: no TLS; preferred: TLS if the server offers it; required: TLS; verify_ca: and the certificate's authority is checked; verify_identity: and the host name too.");

/// Adds the keys to `definition`.
pub(super) fn add_to(definition: ConfigDef) -> ConfigDef {
    definition
        .with(&TOPIC_PREFIX)
        .with(&DATABASE_HOSTNAME)
        .with(&DATABASE_PORT)
        .with(&DATABASE_USER)
        .with(&DATABASE_PASSWORD)
        .with(&DATABASE_QUERY_TIMEOUT_MS)
        .with(&DATABASE_INITIAL_STATEMENTS)
        .with(&DATABASE_SERVER_ID)
        .with(&DATABASE_SERVER_ID_OFFSET)
        .with(&DATABASE_SSL_KEYSTORE)
        .with(&DATABASE_SSL_KEYSTORE_PASSWORD)
        .with(&DATABASE_SSL_TRUSTSTORE)
        .with(&DATABASE_SSL_TRUSTSTORE_PASSWORD)
        .with(&DATABASE_JDBC_DRIVER)
        .with(&DATABASE_PROTOCOL)
        .with(&DATABASE_SSL_MODE)
}
