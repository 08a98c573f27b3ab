//! `gtid.source.includes` and `gtid.source.excludes`.

use std::sync::Arc;

use crate::config::{MySqlConnectorSettings, RegexList};

/// Which GTID sources count.
#[derive(Debug, Clone, Default)]
pub(crate) struct GtidFilter {
    includes: Option<Arc<RegexList>>,
    excludes: Option<Arc<RegexList>>,
}

impl GtidFilter {
    pub(crate) fn new(settings: &MySqlConnectorSettings) -> Self {
        Self {
            includes: settings.gtid_includes.clone().map(Arc::new),
            excludes: settings.gtid_excludes.clone().map(Arc::new),
        }
    }

    /// Whether transactions of the server with this UUID count.
    pub(crate) fn allows(&self, uuid: &str) -> bool {
        self.includes.as_ref().is_none_or(|list| list.matches(uuid))
            && !self
                .excludes
                .as_ref()
                .is_some_and(|list| list.matches(uuid))
    }
}
