//! What a worker brings to its group.

use std::time::Duration;

use connect_api::config::Settings;
use connect_api::{Error, Result};
use connect_kafka::group::GroupOptions;
use tracing::warn;

use crate::distributed::keys;
use crate::protocol::ConnectProtocol;

/// The kind of group that Connect's workers form.
const PROTOCOL_TYPE: &str = "connect";

/// A member hears of a rebalance by the answer to its next heartbeat, and the
/// group waits for the last to hear: what one worker hands over, another starts
/// within a second.
const HEARTBEAT_AT_LEAST: Duration = Duration::from_millis(200);

/// How member ids of our own workers begin: the coordinator makes them from the
/// client id. By this a leader knows whether all workers are ours.
pub(super) const CLIENT_ID_PREFIX: &str = "connectd-";

/// What a worker brings to its group.
#[derive(Debug, Clone)]
pub(crate) struct GroupSettings {
    /// The group, its timeouts, and how to reach it.
    pub(crate) member: GroupOptions,
    /// The URL of the worker's REST server.
    pub(crate) url: String,
    /// `connect.protocol`.
    pub(crate) protocol: ConnectProtocol,
    /// `scheduled.rebalance.max.delay.ms`, if it was set.
    pub(crate) max_delay_ms: Option<i32>,
    /// Its default, for groups with JVM workers: they expect it.
    pub(crate) default_max_delay_ms: i32,
    /// `worker.sync.timeout.ms`: how long a worker reads on in the config topic
    /// before it joins again.
    pub(crate) sync_timeout: Duration,
}

impl GroupSettings {
    /// The settings of the worker whose REST server is at `url`. `client_id` is
    /// how the names of its Kafka clients begin.
    pub(crate) fn parse(
        settings: &Settings,
        kafka: &connect_kafka::Props,
        client_id: &str,
        url: &str,
    ) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| Error::config(error.to_string());
        let client_id = format!("{CLIENT_ID_PREFIX}{}", client_id.trim_end_matches('-'));
        let mut kafka = kafka.clone();
        for key in [
            &keys::SESSION_TIMEOUT,
            &keys::REBALANCE_TIMEOUT,
            &keys::HEARTBEAT_INTERVAL,
        ] {
            kafka.insert(key.name().to_owned(), settings.get(key)?.to_string());
        }
        let mut member = GroupOptions::from_props(&kafka, PROTOCOL_TYPE, &client_id)
            .map_err(|error| failed(&error))?;
        for warning in member.wire.warnings() {
            warn!("{warning}");
        }
        member.heartbeat_interval = member.heartbeat_interval.min(HEARTBEAT_AT_LEAST);
        let protocol: String = settings.get(&keys::CONNECT_PROTOCOL)?;
        let max_delay = settings.get(&keys::SCHEDULED_REBALANCE_MAX_DELAY)?;
        let sync_timeout: i32 = settings.get(&keys::WORKER_SYNC_TIMEOUT)?;
        Ok(Self {
            member,
            url: url.to_owned(),
            protocol: protocol.parse().map_err(|error| failed(&error))?,
            max_delay_ms: settings
                .props()
                .contains_key(keys::SCHEDULED_REBALANCE_MAX_DELAY.name())
                .then_some(max_delay),
            default_max_delay_ms: max_delay,
            sync_timeout: Duration::from_millis(sync_timeout.max(0).unsigned_abs().into()),
        })
    }
}
