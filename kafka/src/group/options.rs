//! What a member is configured with.

use std::time::Duration;

use crate::settings::{ClientKind, ClientSettings, Props, SettingsError, worker};
use crate::wire::WireSettings;

/// The settings of a member.
#[derive(Debug, Clone)]
pub struct GroupOptions {
    /// `group.id`.
    pub group_id: String,
    /// What kind of group it is: members of two kinds cannot be in one group.
    pub protocol_type: String,
    /// `session.timeout.ms`: how long a member that is not heard of stays one.
    pub session_timeout: Duration,
    /// `rebalance.timeout.ms`: how long the group waits for a member to join a rebalance.
    pub rebalance_timeout: Duration,
    /// `heartbeat.interval.ms`.
    pub heartbeat_interval: Duration,
    /// How brokers are reached.
    pub wire: WireSettings,
}

impl GroupOptions {
    /// From a worker's properties, which have the group and its three times. The client id is what
    /// the member's id at the coordinator begins with.
    ///
    /// # Errors
    ///
    /// A property that is missing, malformed or not supported.
    pub fn from_props(
        worker_props: &Props,
        protocol_type: &str,
        client_id: &str,
    ) -> Result<Self, SettingsError> {
        let client = worker::worker_admin(worker_props, client_id);
        let settings = ClientSettings::from_props(ClientKind::Admin, &client)?;
        let group_id = worker_props.get("group.id").map(|id| id.trim());
        let Some(group_id) = group_id.filter(|id| !id.is_empty()) else {
            return Err(SettingsError::Missing {
                key: "group.id".to_owned(),
                hint: "set it to the name that all workers of the cluster share".to_owned(),
            });
        };
        let options = Self {
            group_id: group_id.to_owned(),
            protocol_type: protocol_type.to_owned(),
            session_timeout: milliseconds(worker_props, "session.timeout.ms")?,
            rebalance_timeout: milliseconds(worker_props, "rebalance.timeout.ms")?,
            heartbeat_interval: milliseconds(worker_props, "heartbeat.interval.ms")?,
            wire: WireSettings::from_settings(&settings)?,
        };
        if options.heartbeat_interval >= options.session_timeout {
            let limit = options.session_timeout.as_millis();
            return Err(SettingsError::invalid(
                "heartbeat.interval.ms",
                &options.heartbeat_interval.as_millis().to_string(),
                format!("less than session.timeout.ms, which is {limit}"),
            ));
        }
        Ok(options)
    }

    /// A JoinGroup or SyncGroup waits at the coordinator for the slowest member; five seconds more
    /// for what lies between (`AbstractCoordinator.JOIN_GROUP_TIMEOUT_LAPSE`).
    pub(super) fn join_timeout(&self) -> Duration {
        let slowest = self
            .rebalance_timeout
            .saturating_add(Duration::from_secs(5));
        slowest.max(self.wire.request_timeout())
    }

    /// How long one heartbeat may take before it is tried again on a new connection: a broker that
    /// is cut off must not cost the whole session.
    pub(super) fn heartbeat_timeout(&self) -> Duration {
        let third = self.session_timeout / 3;
        third
            .max(self.heartbeat_interval)
            .min(self.wire.request_timeout())
    }
}

/// A positive number of milliseconds that fits the protocol's 32 bits.
fn milliseconds(props: &Props, key: &str) -> Result<Duration, SettingsError> {
    let value = props.get(key).ok_or_else(|| SettingsError::Missing {
        key: key.to_owned(),
        hint: "set it to a positive number of milliseconds".to_owned(),
    })?;
    match value.trim().parse::<i32>() {
        Ok(number @ 1..) => Ok(Duration::from_millis(u64::from(number.unsigned_abs()))),
        _ => Err(SettingsError::invalid(
            key,
            value,
            "a positive number of milliseconds",
        )),
    }
}

/// A duration as the protocol carries it.
pub(super) fn wire_ms(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
