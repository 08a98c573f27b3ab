//! Changes of a stopped connector's offsets (KIP-875).

use std::sync::Arc;

use connect_api::record::OffsetMap;
use connect_api::{Error, Props, Result};
use connect_runtime::{OffsetStore, TargetState};

use super::runner::Runner;
use super::shared::not_found;
use crate::info::ConnectorType;

type Change = (OffsetMap, Option<OffsetMap>);

impl Runner {
    /// Stores offsets, or takes all away where none are given. What to tell the user.
    pub(super) async fn change_offsets(&mut self, offsets: Option<Vec<Change>>) -> Result<String> {
        let shared = Arc::clone(&self.shared);
        shared.check_leader().await?;
        shared.configs.read_to_end().await?;
        let state = shared.state()?;
        let entry = state
            .connector(&self.name)
            .ok_or_else(|| not_found(&self.name))?;
        if state.target(&self.name) != TargetState::Stopped || entry.task_count() != 0 {
            return Err(Error::config(format!(
                "Connectors must be in the STOPPED state before their offsets can be modified. \
                 This can be done for the specified connector by issuing a 'PUT' request to the \
                 '/connectors/{}/stop' endpoint",
                self.name
            )));
        }
        let is_reset = offsets.is_none();
        let done = format!(
            "The offsets for this connector have been {} successfully",
            if is_reset { "reset" } else { "altered" }
        );
        if shared.connector_type(&entry.config) == ConnectorType::Sink {
            self.change_sink_offsets(&entry.config, offsets).await?;
            return Ok(done);
        }
        let offsets = match offsets {
            Some(offsets) => offsets,
            None => self.all_reset().await?,
        };
        let offsets = self.check_offsets(&entry.config, offsets).await?;
        if !offsets.is_empty() {
            let offsets = offsets
                .into_iter()
                .map(|(partition, offset)| (Arc::new(partition), offset))
                .collect();
            shared.offsets.put(&self.name, offsets).await?;
        }
        Ok(done)
    }

    /// A sink's offsets are those of its consumer group.
    async fn change_sink_offsets(
        &self,
        config: &Props,
        offsets: Option<Vec<Change>>,
    ) -> Result<()> {
        let resolved = self.shared.providers.resolve(config)?;
        let worker = &self.shared.worker;
        match offsets {
            Some(offsets) => {
                let offsets = self.check_offsets(config, offsets).await?;
                worker.alter_sink_offsets(&resolved, &offsets).await
            }
            None => {
                let stored = worker.sink_offsets(&resolved).await?;
                let all = stored.into_iter().map(|(partition, _)| (partition, None));
                self.check_offsets(config, all.collect()).await?;
                worker.reset_sink_offsets(&resolved).await
            }
        }
    }

    async fn all_reset(&self) -> Result<Vec<Change>> {
        let stored = self.shared.offsets.all(&self.name).await?;
        Ok(stored
            .into_iter()
            .map(|(partition, _)| (partition, None))
            .collect())
    }

    /// Asks the plugin, on a thread of its own. The check is pure by contract,
    /// so a short-lived instance will do.
    async fn check_offsets(&self, config: &Props, offsets: Vec<Change>) -> Result<Vec<Change>> {
        let class = config
            .get("connector.class")
            .map(String::as_str)
            .unwrap_or_default();
        let plugin = *self.shared.worker.plugins().connector(class)?;
        let check = tokio::task::spawn_blocking(move || {
            (plugin.create)().check_offsets(&offsets).map(|()| offsets)
        });
        check.await.unwrap_or_else(|error| {
            Err(Error::internal("the connector's check of the offsets ended").caused_by(error))
        })
    }
}
