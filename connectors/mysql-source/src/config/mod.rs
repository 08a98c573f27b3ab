//! Configuration: keys, checks, parsed settings, filters.

mod connection_settings;
mod filters;
pub mod keys;
pub(crate) mod modes;
mod regex_list;
mod settings;
mod snapshot_settings;
mod unsupported;
pub(crate) mod validate;

pub use connection_settings::{ConnectionSettings, SslMode, SslSettings};
pub use filters::Filters;
pub use keys::definition;
pub use regex_list::RegexList;
pub(crate) use regex_list::split as split_regex_list;
pub use settings::{
    FailureMode, HeartbeatSettings, MySqlConnectorSettings, QueueSettings, RetrySettings,
};
pub use snapshot_settings::{LockingMode, SnapshotMode, SnapshotSettings, TableOrder};
pub use unsupported::warnings;
pub use validate::validate;

#[cfg(test)]
mod tests;
