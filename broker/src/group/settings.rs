//! What the group coordinator is started with.

use std::time::Duration;

/// The group coordinator's settings. The defaults are Kafka's (`GroupCoordinatorConfig`), but for
/// the two that a development broker of one node has no use for: the initial delay and the
/// number of partitions of the offsets topic.
#[derive(Debug, Clone)]
pub(crate) struct GroupSettings {
    /// `group.initial.rebalance.delay.ms`: how long a group's first members wait for others.
    pub(crate) initial_rebalance_delay: Duration,
    /// `group.min.session.timeout.ms`.
    pub(crate) min_session_timeout: Duration,
    /// `group.max.session.timeout.ms`.
    pub(crate) max_session_timeout: Duration,
    /// `group.max.size`.
    pub(crate) max_size: usize,
    /// How long a new member's join may be held before it has to be sent again.
    pub(crate) new_member_join_timeout: Duration,
    /// Whether members are waited for after a restart.
    pub(crate) members_outlive_restart: bool,
    /// `offset.metadata.max.bytes`.
    pub(crate) max_offset_metadata: usize,
    /// `offsets.topic.num.partitions`, when the topic is created.
    pub(crate) offsets_partitions: i32,
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self {
            initial_rebalance_delay: Duration::ZERO,
            min_session_timeout: Duration::from_secs(6),
            max_session_timeout: Duration::from_secs(30 * 60),
            max_size: i32::MAX as usize,
            new_member_join_timeout: Duration::from_secs(5 * 60),
            members_outlive_restart: true,
            max_offset_metadata: 4096,
            offsets_partitions: 1,
        }
    }
}
