//! The connector: validates, and plans its one task (`MySqlConnector`).

use async_trait::async_trait;
use connect_api::config::{ConfigDef, ConfigValueInfo};
use connect_api::plugin::{Connector, ConnectorContext};
use connect_api::record::OffsetMap;
use connect_api::registry::{ConnectorPlugin, PluginClass, TaskFactory};
use connect_api::{Error, Props, Result};

use crate::config::keys::server;
use crate::config::{self, MySqlConnectorSettings};
use crate::connection::{Database, Privilege, ServerInfo, unable_to_connect};
use crate::offset::{PARTITION_KEY, StoredOffset};
use crate::task::MySqlConnectorTask;

/// The MySQL source as the worker knows it.
pub fn plugin() -> ConnectorPlugin {
    ConnectorPlugin {
        name: PluginClass {
            class: "io.debezium.connector.mysql.MySqlConnector",
            other_classes: &[],
            version: crate::schemas::VERSION,
        },
        task_class: "io.debezium.connector.mysql.MySqlConnectorTask",
        create: || Box::new(MySqlConnector::default()),
        task: TaskFactory::Source(|| Box::new(MySqlConnectorTask::default())),
    }
}

/// Captures the changes of one MySQL server.
#[derive(Debug, Default)]
pub(crate) struct MySqlConnector {
    props: Props,
}

#[async_trait]
impl Connector for MySqlConnector {
    fn config(&self) -> ConfigDef {
        config::definition()
    }

    fn validate(&self, props: &Props) -> Vec<ConfigValueInfo> {
        config::validate(props)
    }

    async fn validate_outside(&self, props: &Props, values: &mut Vec<ConfigValueInfo>) {
        let Ok(settings) = MySqlConnectorSettings::new(props) else {
            return;
        };
        let limit = settings.connection.validation_timeout;
        let error = match tokio::time::timeout(limit, check_server(&settings)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(_) => (
                server::DATABASE_HOSTNAME.name(),
                format!(
                    "Connection validation timed out after {} ms",
                    limit.as_millis()
                ),
            ),
        };
        let (name, message) = error;
        if let Some(value) = values.iter_mut().find(|value| value.name == name) {
            value.errors.push(message);
            // The original shows no value beside an error.
            value.value = None;
        }
    }

    fn warnings(&self, props: &Props) -> Vec<String> {
        config::warnings(props)
    }

    async fn start(&mut self, _context: ConnectorContext, props: &Props) -> Result<()> {
        MySqlConnectorSettings::new(props)?;
        self.props = props.clone();
        Ok(())
    }

    async fn task_props(&self, _max_tasks: usize) -> Result<Vec<Props>> {
        // A binlog has one reader.
        Ok(vec![self.props.clone()])
    }

    async fn stop(&mut self) {}

    fn check_offsets(&self, offsets: &[(OffsetMap, Option<OffsetMap>)]) -> Result<()> {
        for (partition, offset) in offsets {
            let keys: Vec<&String> = partition.keys().collect();
            if keys != [PARTITION_KEY] || !partition[PARTITION_KEY].is_string() {
                return Err(Error::config(format!(
                    "a source partition of this connector is {{\"{PARTITION_KEY}\":\"<topic.prefix>\"}}, not {}",
                    serde_json::Value::Object(partition.clone())
                )));
            }
            if let Some(offset) = offset {
                StoredOffset::parse(offset)?;
            }
        }
        Ok(())
    }
}

type Refusal = (&'static str, String);

/// The server can be reached, has the binlog that is needed, and gives it to this user.
async fn check_server(settings: &MySqlConnectorSettings) -> std::result::Result<(), Refusal> {
    let at_host = |error: Error| (server::DATABASE_HOSTNAME.name(), error.to_string());
    let at_user = |error: Error| (server::DATABASE_USER.name(), error.to_string());
    let database = Database::new(settings.connection.clone());
    let mut connection = database
        .connect()
        .await
        .map_err(|error| (server::DATABASE_HOSTNAME.name(), unable_to_connect(&error)))?;
    let info = ServerInfo::read(&mut connection).await.map_err(at_host)?;
    if settings.snapshot.mode.streams() {
        info.check_binlog(&mut connection).await.map_err(at_host)?;
        let needed = [Privilege::ReplicationSlave, Privilege::ReplicationClient];
        info.check_privileges(&mut connection, &needed)
            .await
            .map_err(at_user)?;
    }
    connection.close().await;
    Ok(())
}
