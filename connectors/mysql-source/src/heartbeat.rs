//! Heartbeat records, so that offsets move on though no captured table changes
//! (`HeartbeatImpl`, `DatabaseHeartbeatImpl`).

use std::sync::Arc;

use bytestring::ByteString;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::HeartbeatSettings;
use crate::connection::{Connection, Database};

/// Makes a heartbeat now and then.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    settings: HeartbeatSettings,
    topic: ByteString,
    next: Option<Instant>,
    database: Database,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Heartbeat {
    pub(crate) fn new(settings: HeartbeatSettings, database: Database) -> Self {
        Self {
            topic: settings.topic.clone().into(),
            next: settings.interval.map(|interval| Instant::now() + interval),
            settings,
            database,
            connection: Arc::default(),
        }
    }

    /// When the next one is due; none if never.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.next
    }

    /// The topic of heartbeats.
    pub(crate) fn topic(&self) -> &ByteString {
        &self.topic
    }

    /// Whether a heartbeat is due; then the next one is due an interval later.
    pub(crate) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        if self.next.is_none_or(|next| next > now) {
            return false;
        }
        self.next = self.settings.interval.map(|interval| now + interval);
        self.run_action();
        true
    }

    /// Runs `heartbeat.action.query` beside the reader, which must not wait
    /// for it; a beat is left out while the one before still runs.
    fn run_action(&self) {
        let Some(query) = self.settings.action_query.clone() else {
            return;
        };
        let database = self.database.clone();
        let connection = Arc::clone(&self.connection);
        tokio::spawn(async move {
            let Ok(mut slot) = connection.try_lock() else {
                return;
            };
            let opened = match slot.take() {
                Some(connection) => Ok(connection),
                None => database.connect().await,
            };
            let done = match opened {
                Ok(mut connection) => match connection.run(&query).await {
                    Ok(()) => {
                        *slot = Some(connection);
                        Ok(())
                    }
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::warn!(error = %error.trace(), "heartbeat.action.query failed");
            }
        });
    }
}
