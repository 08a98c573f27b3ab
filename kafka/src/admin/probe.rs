//! The client for questions, and another one in its place when it gets no answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::BaseConsumer;

use super::token_login;
use crate::context::LoggingContext;
use crate::error::ClientError;
use crate::settings::ClientSettings;

/// A consumer without a group, which asks only for what it is told to ask.
pub(super) type Probe = BaseConsumer<LoggingContext>;

const EVENTS_PER_CALL: usize = 64;

/// A client is left this long to find a broker.
const PATIENCE: Duration = Duration::from_secs(5);

/// The client of the moment. One that gets no answer may have lost its brokers for good (see
/// [`crate::stranded`]; nobody serves its events between calls, so that it is not watched).
pub(super) struct Probes {
    settings: ClientSettings,
    current: Mutex<Made>,
}

struct Made {
    probe: Arc<Probe>,
    at: Instant,
}

impl Probes {
    pub(super) fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        Ok(Self {
            settings: settings.clone(),
            current: Mutex::new(Made::new(settings)?),
        })
    }

    pub(super) fn current(&self) -> Arc<Probe> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current.probe)
    }

    /// Makes another client in the place of this one, unless there is one or this one is new.
    /// Blocks for a moment.
    pub(super) fn replace(&self, unanswered: &Arc<Probe>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current.probe, unanswered) || current.at.elapsed() < PATIENCE {
            return;
        }
        match Made::new(&self.settings) {
            Ok(made) => *current = made,
            Err(error) => tracing::warn!("going on with the old admin client: {error}"),
        }
    }
}

impl Made {
    fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        let mut config = settings.client_config();
        // End offsets shall be those of the log, not of its last finished transaction.
        config.set("isolation.level", "read_uncommitted");
        let probe = Probe::from_config_and_context(&config, LoggingContext::new(settings))
            .map_err(|error| ClientError::create(settings.client_id(), &error))?;
        let probe = Arc::new(probe);
        token_login::serve(settings, &probe)?;
        let at = Instant::now();
        Ok(Self { probe, at })
    }
}

/// Serves the log lines and errors that have come up. A poll serves one and does not tell whether
/// there was any, so it is done often enough for what a call gives rise to.
pub(super) fn drain(probe: &Probe) {
    for _ in 0..EVENTS_PER_CALL {
        // The probe reads no topic, so there is no record to lose.
        drop(probe.poll(Duration::ZERO));
    }
}
