//! Keeps a token of an endpoint, and renews it before it runs out.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime;

use super::{Token, TokenEndpoint, TokenError, now};
use crate::settings::SettingsError;

/// How long somebody waits for the first token. librdkafka's callback comes on threads that have
/// other things to do, and asks again after ten seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// After an answer that is no token, or none. Less than librdkafka's ten seconds, so that it finds
/// the token of an endpoint that has come back when it asks again.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The clock may be set while nothing happens.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The keepers in use. As with Java's `LoginManager`, clients of the same settings log in once.
static KEEPERS: Mutex<Vec<Weak<Keeper>>> = Mutex::new(Vec::new());

/// Holds the token of one endpoint. Its thread begins when a token is first asked for, and ends
/// when nobody holds the keeper any more.
pub(crate) struct Keeper {
    shared: Arc<Shared>,
}

struct Shared {
    endpoint: TokenEndpoint,
    client: reqwest::Client,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    has_begun: bool,
    /// The endpoint is being asked, or will be in a moment.
    is_asking: bool,
    is_closed: bool,
    token: Option<Token>,
    /// What was wrong last; none once there is a token.
    problem: Option<TokenError>,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keeper")
            .field(&self.shared.endpoint)
            .finish()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_all();
    }
}

impl Keeper {
    /// The keeper of this endpoint's tokens, made if there is none.
    pub(crate) fn of(endpoint: TokenEndpoint) -> Result<Arc<Self>, SettingsError> {
        let mut keepers = KEEPERS.lock().unwrap_or_else(PoisonError::into_inner);
        keepers.retain(|keeper| keeper.strong_count() > 0);
        let mut alive = keepers.iter().filter_map(Weak::upgrade);
        if let Some(keeper) = alive.find(|keeper| keeper.shared.endpoint == endpoint) {
            return Ok(keeper);
        }
        let keeper = Arc::new(Self {
            shared: Arc::new(Shared {
                client: endpoint.client()?,
                endpoint,
                state: Mutex::default(),
                changed: Condvar::new(),
            }),
        });
        keepers.push(Arc::downgrade(&keeper));
        Ok(keeper)
    }

    /// A token that is valid now. Waits for the first one, but not longer than [`PATIENCE`].
    pub(super) fn token(&self) -> Result<Token, TokenError> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.lock();
        if !state.has_begun {
            begin(&self.shared)?;
            state.has_begun = true;
            state.is_asking = true;
        }
        loop {
            if let Some(token) = state.token.as_ref().filter(|token| token.expires > now()) {
                return Ok(token.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || !state.is_asking {
                return Err(state.problem.clone().unwrap_or_else(|| self.waiting()));
            }
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn waiting(&self) -> TokenError {
        TokenError::Waiting {
            url: self.shared.endpoint.shown(),
            after: PATIENCE,
        }
    }
}

fn begin(shared: &Arc<Shared>) -> Result<(), TokenError> {
    let failed = |error: std::io::Error| TokenError::Thread(error.to_string());
    // A runtime of its own: those who ask may be on one, and may be the last to leave it.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let shared = Arc::clone(shared);
    thread::Builder::new()
        .name("oauth-token".to_owned())
        .spawn(move || shared.keep_fresh(&runtime))
        .map(drop)
        .map_err(failed)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_fresh(&self, runtime: &runtime::Runtime) {
        loop {
            let fetching = self
                .endpoint
                .fetch(&self.client, |problem| self.note(problem));
            let due = match runtime.block_on(fetching) {
                Ok(token) => self.keep(token),
                Err(error) => self.fail(error),
            };
            if !self.sleep_until(due) {
                return;
            }
        }
    }

    fn keep(&self, token: Token) -> i64 {
        tracing::debug!(
            principal = token.principal,
            "there is a new OAUTHBEARER token"
        );
        // A token that is old when it comes must not make this a loop without pause.
        let due = token.renewed.max(now() + 500);
        let mut state = self.lock();
        state.token = Some(token);
        state.problem = None;
        state.is_asking = false;
        self.changed.notify_all();
        due
    }

    /// The clients tell of it who need a token; while they have the old one nobody else would.
    fn fail(&self, error: TokenError) -> i64 {
        let mut state = self.lock();
        if state.token.is_some() && state.problem.as_ref() != Some(&error) {
            tracing::warn!("the OAUTHBEARER token cannot be renewed: {error}");
        }
        state.problem = Some(error);
        state.is_asking = false;
        self.changed.notify_all();
        now() + AFTER_FAILURE.as_millis() as i64
    }

    fn note(&self, problem: &TokenError) {
        tracing::debug!("an attempt to get an OAUTHBEARER token failed: {problem}");
        self.lock().problem = Some(problem.clone());
    }

    /// Whether there is still somebody who wants a token then.
    fn sleep_until(&self, due: i64) -> bool {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return false;
            }
            let left = u64::try_from(due - now()).unwrap_or(0);
            if left == 0 {
                state.is_asking = true;
                return true;
            }
            let left = Duration::from_millis(left).min(LONGEST_SLEEP);
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
