//! What is written to the config store. Its effects come back from there.

use connect_api::config::ConfigInfos;
use connect_api::{Error, ErrorKind, Props, Result};
use connect_runtime::TargetState;
use indexmap::IndexMap;

use super::restart;
use super::shared::{Shared, not_found};
use crate::info::{ConnectorInfo, ConnectorStateInfo, Created};

const NAME: &str = "name";

impl Shared {
    pub(super) async fn put_connector(
        &self,
        name: &str,
        mut config: Props,
        target: Option<TargetState>,
        allow_replace: bool,
    ) -> Result<Created<ConnectorInfo>> {
        let name = name.trim();
        match config.get(NAME) {
            Some(given) if given != name => {
                return Err(Error::config(format!(
                    "Connector name configuration ({given}) doesn't match connector name in the \
                     URL ({name})"
                )));
            }
            Some(_) => {}
            None => {
                config.insert(NAME.to_owned(), name.to_owned());
            }
        }
        self.store_connector(name, config, target, allow_replace)
            .await
    }

    pub(super) async fn patch_connector(
        &self,
        name: &str,
        patch: IndexMap<String, Option<String>>,
    ) -> Result<Created<ConnectorInfo>> {
        let mut config = self.connector_info(name)?.config;
        for (key, value) in patch {
            match value {
                Some(value) => config.insert(key, value),
                None => config.shift_remove(&key),
            };
        }
        self.store_connector(name, config, None, true).await
    }

    async fn store_connector(
        &self,
        name: &str,
        config: Props,
        target: Option<TargetState>,
        allow_replace: bool,
    ) -> Result<Created<ConnectorInfo>> {
        refuse_errors(&self.validate(&config).await?)?;
        let _turn = self.write_turn(name).await;
        self.check_leader().await?;
        let state = self.state()?;
        let exists = state.connector(name).is_some();
        if exists && !allow_replace {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("Connector {name} already exists"),
            ));
        }
        if !exists {
            check_new_name(name)?;
        }
        self.configs.put_connector(name, &config, target).await?;
        Ok(Created {
            created: !exists,
            result: self.info(name, config, &state),
        })
    }

    pub(super) async fn delete_connector(&self, name: &str) -> Result<()> {
        let _turn = self.write_turn(name).await;
        self.check_leader().await?;
        if self.state()?.connector(name).is_none() {
            return Err(not_found(name));
        }
        self.configs.remove_connector(name).await
    }

    pub(super) async fn set_target(&self, name: &str, target: TargetState) -> Result<()> {
        let _turn = self.write_turn(name).await;
        if self.state()?.connector(name).is_none() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("Unknown connector {name}"),
            ));
        }
        if target == TargetState::Stopped {
            // First, so that no worker that knows no STOPPED keeps its tasks.
            self.check_leader().await?;
            self.configs.put_tasks(name, &[]).await?;
        } else {
            self.joined().await;
        }
        self.configs.put_target(name, target).await
    }

    /// Asks all workers for a restart; the states that it goes through.
    pub(super) async fn request_restart(
        &self,
        name: &str,
        include_tasks: bool,
        only_failed: bool,
    ) -> Result<ConnectorStateInfo> {
        self.check_connector_known(name)?;
        self.check_leader().await?;
        // Before the request is written: the restart may be quicker than we.
        let plan = self
            .status_info(name)
            .map(|info| restart::plan(info, include_tasks, only_failed));
        self.configs
            .put_restart(name, include_tasks, only_failed)
            .await?;
        plan.map(|plan| plan.info).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("Status for connector {name} not found"),
            )
        })
    }
}

/// A slash in a name cannot be written in a path of the REST API: a connector
/// with it could not be managed any more.
fn check_new_name(name: &str) -> Result<()> {
    if !name.contains('/') {
        return Ok(());
    }
    Err(invalid_config(&[&format!(
        "Invalid value {name} for configuration name: String may not contain '/'"
    )]))
}

fn refuse_errors(infos: &ConfigInfos) -> Result<()> {
    if infos.error_count == 0 {
        return Ok(());
    }
    let errors: Vec<&str> = infos.errors().collect();
    Err(invalid_config_of(infos.error_count, &errors))
}

fn invalid_config(errors: &[&str]) -> Error {
    invalid_config_of(errors.len(), errors)
}

/// `AbstractHerder.maybeAddConfigErrors`.
fn invalid_config_of(count: usize, errors: &[&str]) -> Error {
    Error::config(format!(
        "Connector configuration is invalid and contains the following {count} error(s):\n{}\n\
         You can also find the above list of errors at the endpoint \
         `/connector-plugins/{{connectorType}}/config/validate`",
        errors.join("\n")
    ))
}
