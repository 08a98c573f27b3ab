//! From nothing to a herder that serves.

use std::sync::Arc;
use std::time::Duration;

use connect_api::{Error, Result};
use connect_kafka::health::{FailedAttempt, RetryPolicy, wait_for_cluster};
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

use super::handle::Herder;
use super::request::{Request, answer};
use super::run::HerderLoop;
use super::shared::{HerderParts, Shared};
use crate::info::Health;
use crate::membership::GroupView;
use crate::store::config::ConfigUpdate;

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(10);

impl Herder {
    /// Starts a herder on the present (control) runtime and returns its handle
    /// at once: [`health`](Self::health) tells how far it is.
    pub(crate) fn start(parts: HerderParts) -> Self {
        let (shared, inbox) = Shared::new(parts);
        tokio::spawn(live(Arc::clone(&shared), inbox));
        Self { shared }
    }
}

async fn live(shared: Arc<Shared>, mut inbox: mpsc::UnboundedReceiver<Request>) {
    let started = tokio::select! {
        biased;
        started = start_up(&shared) => started,
        () = shut_down_early(&mut inbox) => return,
    };
    let updates = match started {
        Ok(updates) => updates,
        Err(problem) => {
            give_up(&shared, &problem, &mut inbox).await;
            return;
        }
    };
    let generation = shared.statuses.stored_generation();
    let view = match shared.membership.join(generation).await {
        Ok(view) => view,
        Err(problem) => {
            give_up(&shared, &problem, &mut inbox).await;
            return;
        }
    };
    shared.statuses.set_generation(view.borrow().generation);
    shared.set_view(view.clone());
    shared.set_health(Health::Healthy);
    info!(
        worker_id = shared.settings.worker_id,
        "the herder has started"
    );
    let keys = tokio::spawn(keep_session_key(Arc::clone(&shared), view.clone()));
    let worker = shared.worker.clone();
    let stuck = tokio::spawn(async move { worker.watch_for_stuck().await });
    HerderLoop::new(shared, inbox, updates, view).run().await;
    keys.abort();
    stuck.abort();
}

/// The leader makes a key, and another one when it gets old.
async fn keep_session_key(shared: Arc<Shared>, mut view: watch::Receiver<Arc<GroupView>>) {
    loop {
        view.borrow_and_update();
        let due = shared.renew_session_key().await;
        let due = due.map(|due| due.max(FIRST_RETRY));
        tokio::select! {
            () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => {}
            changed = view.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

async fn give_up(shared: &Shared, problem: &Error, inbox: &mut mpsc::UnboundedReceiver<Request>) {
    error!(problem = problem.trace(), "the worker cannot start");
    shared.set_health(Health::Unhealthy(problem.trace()));
    shut_down_early(inbox).await;
}

/// Before there is anything to stop.
async fn shut_down_early(inbox: &mut mpsc::UnboundedReceiver<Request>) {
    while let Some(request) = inbox.recv().await {
        if let Request::ShutDown { reply } = request {
            inbox.close();
            answer(reply, ());
            return;
        }
    }
}

/// Waits for Kafka and reads the stores. Errors are those that no waiting mends.
async fn start_up(shared: &Shared) -> Result<mpsc::UnboundedReceiver<ConfigUpdate>> {
    wait_for_kafka(shared).await?;
    let waiting = "the worker is starting: reading the stores";
    shared.set_health(Health::Starting(waiting.to_owned()));
    let mut backoff = FIRST_RETRY;
    loop {
        let problem = match open_stores(shared).await {
            Ok(updates) => {
                check_classes(shared)?;
                return Ok(updates);
            }
            Err(problem) if problem.is_retriable() => problem,
            Err(problem) => return Err(problem),
        };
        warn!(
            problem = problem.trace(),
            "cannot read the stores, trying again in {} ms",
            backoff.as_millis()
        );
        shared.set_health(Health::Starting(format!("{waiting}: {problem}")));
        tokio::time::sleep(backoff).await;
        backoff = (backoff * 2).min(LAST_RETRY);
    }
}

/// The protocol of the group has no word for what a worker can run: one that
/// joins gets its share of all connectors.
fn check_classes(shared: &Shared) -> Result<()> {
    if !shared.settings.refuses_unknown_connectors {
        return Ok(());
    }
    let state = shared.configs.snapshot();
    let mut unknown = Vec::new();
    for name in state.connectors() {
        let class = state
            .connector(name)
            .and_then(|entry| entry.config.get("connector.class"));
        if let Some(class) = class
            && shared.worker.plugins().connector(class).is_err()
        {
            unknown.push(format!("'{name}' ({class})"));
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Error::config(format!(
        "this worker does not join the group: the cluster has connectors whose classes it does \
         not have, and the group might give them to it: {}. Delete them, or leave them to \
         workers of another group; with --allow-unknown-connectors this worker joins all the \
         same, and what it is given of them is FAILED",
        unknown.join(", ")
    )))
}

async fn wait_for_kafka(shared: &Shared) -> Result<()> {
    let Some(admin) = &shared.kafka else {
        return Ok(());
    };
    let on_failure = |attempt: &FailedAttempt<'_>| {
        warn!(
            attempt = attempt.number,
            problem = %attempt.error,
            "Kafka cannot be reached, trying again in {} ms",
            attempt.next_in.as_millis()
        );
        shared.set_health(Health::Starting(format!(
            "the worker is starting: {}, attempt {}",
            attempt.error, attempt.number
        )));
    };
    let cluster = wait_for_cluster(admin, RetryPolicy::default(), on_failure)
        .await
        .map_err(|error| Error::config(error.to_string()))?;
    info!(cluster_id = cluster.cluster_id, "Kafka has answered");
    shared.set_cluster_id(cluster.cluster_id);
    Ok(())
}

/// Side by side. Updates of the config store queue until the loop runs.
async fn open_stores(shared: &Shared) -> Result<mpsc::UnboundedReceiver<ConfigUpdate>> {
    let (updates, (), ()) = tokio::try_join!(
        shared.configs.start(),
        shared.offsets.start(),
        shared.statuses.start()
    )?;
    Ok(updates)
}
