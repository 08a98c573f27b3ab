//! What a broker is started with.

use std::path::PathBuf;
use std::time::Duration;

/// The only node's id.
pub(crate) const NODE_ID: i32 = 1;

/// The epoch of every partition's leader: there is one node, and it always leads.
pub(crate) const LEADER_EPOCH: i32 = 0;

/// A broker's settings. The defaults are Kafka's, but for what only delays a node that is alone.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on; port 0 takes a free one.
    pub listen: String,
    /// The host and port that clients are told to connect to, when it is not the listener's.
    pub advertised: Option<(String, u16)>,
    /// The data folder, created when it is not there.
    pub data: PathBuf,
    /// Who may connect, and how; without it everybody who reaches the address.
    pub security: Security,
    /// The largest request that is read (`socket.request.max.bytes`).
    pub max_request_bytes: usize,
    /// The bytes of all requests over 64 KiB that are read or being answered; no more is read from
    /// connections until others have been answered (`queued.max.request.bytes`, which Kafka does
    /// not bound unless told to).
    pub max_queued_request_bytes: usize,
    /// The bytes of records in all answers that are being sent. With less than that free, answers
    /// are shorter than asked for.
    pub max_answer_bytes: usize,
    /// Whether a topic that is asked for and not there is created (`auto.create.topics.enable`).
    pub auto_create_topics: bool,
    /// The partitions of a topic that does not say how many (`num.partitions`).
    pub default_partitions: i32,
    /// The partitions of `__consumer_offsets` and `__transaction_state`.
    pub internal_partitions: i32,
    /// How often compaction is looked after (`log.cleaner.backoff.ms`).
    pub clean_every: Duration,
    /// How often retention is looked after (`log.retention.check.interval.ms`). So long even a
    /// record stays whose timestamp is older than its topic keeps any.
    pub retain_every: Duration,
    /// How long a group waits for more members after its first (`group.initial.rebalance.delay.ms`;
    /// Kafka waits for three seconds).
    pub group_initial_rebalance_delay: Duration,
    /// The shortest session that a member may ask for (`group.min.session.timeout.ms`).
    pub group_min_session_timeout: Duration,
    /// The longest session that a member may ask for (`group.max.session.timeout.ms`).
    pub group_max_session_timeout: Duration,
    /// Whether a group's members are waited for after a restart until their sessions are over, as
    /// Kafka does. Without it every group is empty at the start, and a member that lived on joins
    /// anew: for a broker whose clients end with its process.
    pub group_members_outlive_restart: bool,
    /// The longest metadata that may be stored with an offset (`offset.metadata.max.bytes`).
    pub offset_metadata_max_bytes: usize,
    /// The longest time-out that a transaction may ask for (`transaction.max.timeout.ms`).
    pub transaction_max_timeout: Duration,
    /// How long an unused transactional id is kept (`transactional.id.expiration.ms`).
    pub transactional_id_expiration: Duration,
}

/// Who may connect.
#[derive(Clone, Default)]
pub struct Security {
    /// The users of SASL/PLAIN and their passwords; without any, nobody has to authenticate.
    pub users: Vec<(String, String)>,
    /// The certificate chain and the private key of the listener, as PEM; without it no TLS.
    pub tls: Option<Tls>,
}

/// A listener's TLS.
#[derive(Clone)]
pub struct Tls {
    /// The certificate chain, as PEM.
    pub certificates: Vec<u8>,
    /// The private key, as PEM.
    pub key: Vec<u8>,
}

impl Settings {
    /// The defaults, with an address to listen on and a data folder.
    #[must_use]
    pub fn new(listen: impl Into<String>, data: impl Into<PathBuf>) -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            listen: listen.into(),
            advertised: None,
            data: data.into(),
            security: Security::default(),
            max_request_bytes: 100 << 20,
            max_queued_request_bytes: 256 << 20,
            max_answer_bytes: 256 << 20,
            auto_create_topics: true,
            default_partitions: 1,
            internal_partitions: 1,
            clean_every: Duration::from_secs(15),
            retain_every: Duration::from_secs(5 * 60),
            group_initial_rebalance_delay: Duration::ZERO,
            group_min_session_timeout: Duration::from_secs(6),
            group_max_session_timeout: Duration::from_secs(30 * 60),
            group_members_outlive_restart: true,
            offset_metadata_max_bytes: 4096,
            transaction_max_timeout: Duration::from_secs(15 * 60),
            transactional_id_expiration: Duration::from_secs(7 * DAY),
        }
    }
}

impl std::fmt::Debug for Security {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let users: Vec<_> = self.users.iter().map(|(name, _)| name).collect();
        f.debug_struct("Security")
            .field("users", &users)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}
