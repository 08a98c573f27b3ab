//! The connector: checks the configuration, and gives each task all of it.

use async_trait::async_trait;
use connect_api::config::{ConfigDef, ConfigValueInfo};
use connect_api::plugin::{Connector, ConnectorContext};
use connect_api::{Error, Props, Result};
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::config::{self, Resources, Retries, Settings};

#[derive(Default)]
pub(crate) struct ElasticsearchSinkConnector {
    props: Props,
}

#[async_trait]
impl Connector for ElasticsearchSinkConnector {
    fn config(&self) -> ConfigDef {
        config::definition().clone()
    }

    fn validate(&self, props: &Props) -> Vec<ConfigValueInfo> {
        config::validate(props)
    }

    async fn validate_outside(&self, props: &Props, values: &mut Vec<ConfigValueInfo>) {
        let Ok(mut settings) = Settings::parse(props) else {
            return;
        };
        // A user waits for the answer: one look at each node is all.
        settings.retries = Retries {
            max: 0,
            limits_outages: true,
            ..settings.retries
        };
        for (key, text) in outside(&settings).await {
            if let Some(value) = values.iter_mut().find(|value| value.name == key) {
                value.errors.push(text);
            }
        }
    }

    fn warnings(&self, props: &Props) -> Vec<String> {
        let mut warnings = self.config().deprecations(props);
        warnings.extend(config::warnings(props));
        warnings
    }

    async fn start(&mut self, _context: ConnectorContext, props: &Props) -> Result<()> {
        Settings::parse(props)?;
        self.props = props.clone();
        Ok(())
    }

    async fn task_props(&self, max_tasks: usize) -> Result<Vec<Props>> {
        Ok(vec![self.props.clone(); max_tasks])
    }

    async fn stop(&mut self) {}
}

/// What the server has against the settings: key and reason.
async fn outside(settings: &Settings) -> Vec<(&'static str, String)> {
    let client = match Client::new(settings, CancellationToken::new()) {
        Ok(client) => client,
        Err(error) => return vec![("elastic.security.protocol", error.trace())],
    };
    let server = match client.server().await {
        Ok(server) => server,
        Err(error) => return unreachable(settings, &error),
    };
    let mut errors = Vec::new();
    if let Some(reason) = server.unsupported() {
        errors.push(("connection.url", reason));
    }
    if settings.resources.are_data_streams() && !server.has_data_streams() {
        let text = format!("{server} has no data streams: version 7.9 or later is needed.");
        errors.push(("connection.url", text.clone()));
        errors.push(("data.stream.type", text.clone()));
        errors.push(("data.stream.dataset", text));
    }
    if let Err(error) = resources_exist(&client, &settings.resources).await {
        errors.push(("topic.to.external.resource.mapping", error.trace()));
    }
    errors
}

fn unreachable(settings: &Settings, error: &Error) -> Vec<(&'static str, String)> {
    let text = format!(
        "Could not connect to Elasticsearch. Error message: {}",
        error.trace()
    );
    let mut errors = vec![("connection.url", text.clone())];
    let is_denied = error.trace().contains("answered 401");
    if settings.credentials.is_some() && is_denied {
        let text = format!("Could not authenticate the user. {}", error.trace());
        errors.push(("connection.username", text.clone()));
        errors.push(("connection.password", text));
    }
    if settings.tls.is_some() {
        errors.push(("elastic.security.protocol", text.clone()));
    }
    if settings.proxy.is_some() {
        errors.push(("proxy.host", text));
    }
    errors
}

async fn resources_exist(client: &Client, resources: &Resources) -> Result<()> {
    let Resources::External {
        topics, aliases, ..
    } = resources
    else {
        return Ok(());
    };
    for resource in topics.values() {
        let is_there = if *aliases {
            client.has_alias(resource).await?
        } else {
            client.exists(resource).await?
        };
        if !is_there {
            return Err(Error::config(format!(
                "'{resource}' does not exist in Elasticsearch"
            )));
        }
    }
    Ok(())
}
