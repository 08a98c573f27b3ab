//! The connector: as many tasks as are allowed, each with the same settings.

use async_trait::async_trait;
use connect_api::config::{ConfigDef, ConfigValueInfo};
use connect_api::plugin::{Connector, ConnectorContext};
use connect_api::{Props, Result};

use crate::config::{self, Flavor, SinkSettings};
use crate::db::Session;
use crate::url::JdbcUrl;

/// A connector of any of the classes.
pub(crate) struct JdbcSinkConnector {
    flavor: Flavor,
    props: Props,
}

impl JdbcSinkConnector {
    pub(crate) fn new(flavor: Flavor) -> Self {
        Self {
            flavor,
            props: Props::new(),
        }
    }
}

#[async_trait]
impl Connector for JdbcSinkConnector {
    fn config(&self) -> ConfigDef {
        config::config_def(self.flavor)
    }

    fn validate(&self, props: &Props) -> Vec<ConfigValueInfo> {
        config::validate(self.flavor, props)
    }

    /// `AbstractJdbcConnectorValidation.validateConnection`; only Confluent's
    /// class does it.
    async fn validate_outside(&self, props: &Props, values: &mut Vec<ConfigValueInfo>) {
        if self.flavor != Flavor::Confluent {
            return;
        }
        let Ok(settings) = SinkSettings::parse(self.flavor, props) else {
            return;
        };
        let Ok(url) = JdbcUrl::parse(&settings) else {
            return;
        };
        match Session::connect(&url, &settings.style).await {
            Ok(session) => session.close().await,
            Err(error) => {
                let key = values
                    .iter_mut()
                    .find(|value| value.name == "connection.url");
                if let Some(value) = key {
                    value
                        .errors
                        .push(format!("Could not connect to database. {error}"));
                }
            }
        }
    }

    fn warnings(&self, props: &Props) -> Vec<String> {
        config::warnings(self.flavor, props)
    }

    async fn start(&mut self, _context: ConnectorContext, props: &Props) -> Result<()> {
        let settings = SinkSettings::parse(self.flavor, props)?;
        JdbcUrl::parse(&settings)?;
        self.props = props.clone();
        Ok(())
    }

    async fn task_props(&self, max_tasks: usize) -> Result<Vec<Props>> {
        Ok(vec![self.props.clone(); max_tasks])
    }

    async fn stop(&mut self) {}
}
