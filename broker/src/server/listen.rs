//! Opens everything, accepts connections until told to stop, and closes everything.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kafka_protocol::protocol::StrBytes;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{AnswerMemory, Node, RequestMemory, connection, tls};
use crate::api::Shared;
use crate::error::BrokerError;
use crate::group::{GroupSettings, Groups};
use crate::settings::{NODE_ID, Settings};
use crate::topics::Topics;
use crate::transaction::{TransactionSettings, Transactions};

/// How long connections have to finish what they are answering when the broker stops.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// How long to wait before another try to accept, when there is no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// What the owner of a broker that has started is told.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    pub(super) bootstrap: String,
    pub(super) cluster_id: String,
}

/// Runs a broker until it is told to stop.
pub(super) async fn listen(
    settings: Settings,
    started: &mpsc::SyncSender<Result<Listening, BrokerError>>,
    stop: watch::Receiver<bool>,
) {
    let opened = open(settings).await;
    let (open, listening) = match opened {
        Ok((open, listening)) => (Ok(open), Ok(listening)),
        Err(error) => (Err(()), Err(error)),
    };
    // An owner that does not wait for this any more has dropped the other end, and stops it.
    if started.send(listening).is_err() {
        return;
    }
    if let Ok(open) = open {
        open.run(stop).await;
    }
}

struct Open {
    listener: TcpListener,
    acceptor: Option<tls::Acceptor>,
    shared: Arc<Shared>,
}

async fn open(settings: Settings) -> Result<(Open, Listening), BrokerError> {
    let acceptor = settings.security.tls.as_ref().map(tls::Acceptor::new);
    let acceptor = acceptor.transpose()?;
    let failed = |source| BrokerError::Listen {
        address: settings.listen.clone(),
        source,
    };
    let listener = TcpListener::bind(&settings.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let node = node(&settings, address)?;
    let topics = Arc::new(Topics::open(&settings.data)?);
    let groups = Groups::open(Arc::clone(&topics), group_settings(&settings))?;
    let transactions = Transactions::open(
        transaction_settings(&settings),
        Arc::clone(&topics),
        Arc::clone(&groups),
    )?;
    let listening = Listening {
        address,
        bootstrap: format!("{}:{}", node.host, node.port),
        cluster_id: topics.cluster_id().to_owned(),
    };
    let shared = Arc::new(Shared {
        request_memory: RequestMemory::new(settings.max_queued_request_bytes),
        answer_memory: AnswerMemory::new(settings.max_answer_bytes),
        settings,
        node,
        topics,
        groups,
        transactions,
    });
    let open = Open {
        listener,
        acceptor,
        shared,
    };
    Ok((open, listening))
}

fn group_settings(settings: &Settings) -> GroupSettings {
    GroupSettings {
        initial_rebalance_delay: settings.group_initial_rebalance_delay,
        min_session_timeout: settings.group_min_session_timeout,
        max_session_timeout: settings.group_max_session_timeout,
        members_outlive_restart: settings.group_members_outlive_restart,
        max_offset_metadata: settings.offset_metadata_max_bytes,
        offsets_partitions: settings.internal_partitions,
        ..GroupSettings::default()
    }
}

fn transaction_settings(settings: &Settings) -> TransactionSettings {
    TransactionSettings {
        data: settings.data.clone(),
        max_timeout: settings.transaction_max_timeout,
        transactional_id_expiration: settings.transactional_id_expiration,
        state_partitions: settings.internal_partitions,
    }
}

/// Where clients are told to connect to: what the settings say, or else where it listens.
fn node(settings: &Settings, address: SocketAddr) -> Result<Node, BrokerError> {
    let (host, port) = match &settings.advertised {
        Some((host, port)) => (host.clone(), *port),
        None if address.ip().is_unspecified() => {
            return Err(BrokerError::Setting(format!(
                "{} is every address of this machine: say which one clients are to connect to (the advertised address)",
                settings.listen
            )));
        }
        // The name that it was given, since a certificate may be for that.
        None => match settings.listen.rsplit_once(':') {
            Some((host, _)) if host.parse::<SocketAddr>().is_err() => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                (host.to_owned(), address.port())
            }
            _ => (address.ip().to_string(), address.port()),
        },
    };
    Ok(Node {
        id: NODE_ID,
        host: StrBytes::from_string(host),
        port: i32::from(port),
    })
}

impl Open {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        let mut chores = JoinSet::new();
        chores.spawn(clean(Arc::clone(&self.shared)));
        chores.spawn(look_after_transactions(Arc::clone(&self.shared)));
        let stopping = stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                // Those that have ended are forgotten as they do.
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!("a connection is lost to a defect: {error}");
                    }
                    continue;
                }
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, _)) => {
                    let acceptor = self.acceptor.clone();
                    let shared = Arc::clone(&self.shared);
                    connections.spawn(connection::serve(
                        shared,
                        acceptor,
                        stream,
                        stopping.clone(),
                    ));
                }
                Err(error) => {
                    tracing::warn!("no connection can be accepted: {error}");
                    tokio::time::sleep(NO_ROOM).await;
                }
            }
        }
        drop(self.listener);
        self.shared.groups.close();
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_ANSWERS, ended).await.is_err() {
            connections.shutdown().await;
        }
        chores.shutdown().await;
        close(&self.shared.topics);
    }
}

fn close(topics: &Topics) {
    for topic in topics.all() {
        for (index, partition) in topic.partitions.iter().enumerate() {
            let closed = partition.close();
            if let Err(error) = closed {
                tracing::error!("closing {}-{index}: {error}", topic.name);
            }
        }
    }
}

/// Retention and compaction of every partition, now and then.
async fn clean(shared: Arc<Shared>) {
    let mut due = tokio::time::interval(shared.settings.clean_every);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is at once, when there is nothing to clean yet.
    due.tick().await;
    let mut retained = Instant::now();
    loop {
        due.tick().await;
        let retain = retained.elapsed() >= shared.settings.retain_every;
        if retain {
            retained = Instant::now();
        }
        for topic in shared.topics.all() {
            for (index, partition) in topic.partitions.iter().enumerate() {
                let partition = Arc::clone(partition);
                let cleaned = tokio::task::spawn_blocking(move || {
                    if retain {
                        partition.retain(now_ms())?;
                    }
                    partition.clean(now_ms())
                });
                match cleaned.await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!("cleaning {}-{index}: {error}", topic.name),
                    Err(error) => tracing::error!("cleaning {}-{index}: {error}", topic.name),
                }
            }
        }
    }
}

/// Transactions that have been open for too long, and markers that are not written yet.
async fn look_after_transactions(shared: Arc<Shared>) {
    let mut due = tokio::time::interval(Duration::from_secs(1));
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        let shared = Arc::clone(&shared);
        let done = tokio::task::spawn_blocking(move || shared.transactions.run_due()).await;
        if let Err(error) = done {
            tracing::error!("looking after transactions: {error}");
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advertised(listen: &str, address: &str) -> Result<String, BrokerError> {
        let node = node(&Settings::new(listen, "data"), address.parse().unwrap())?;
        Ok(format!("{} {}", node.host, node.port))
    }

    #[test]
    fn clients_are_told_what_they_can_reach() {
        let told = |listen, address| advertised(listen, address).unwrap();
        assert_eq!(told("127.0.0.1:0", "127.0.0.1:4711"), "127.0.0.1 4711");
        assert_eq!(told("localhost:9092", "127.0.0.1:9092"), "localhost 9092");
        assert_eq!(told("[::1]:0", "[::1]:4711"), "::1 4711");
        let error = advertised("0.0.0.0:9092", "0.0.0.0:9092").unwrap_err();
        assert!(error.to_string().contains("0.0.0.0:9092"), "{error}");
    }
}
