//! What becomes of each Java property: the one table of them.

use super::ClientKind;

/// How one Java property is turned into librdkafka's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// The same name and values on both sides.
    Same,
    /// A number that librdkafka bounds; what lies outside is moved to the bound, with a warning.
    Number(&'static str, i64, i64),
    /// A name in lower case on librdkafka's side.
    LowerCase,
    /// Needs code: see `Builder::special`.
    Special,
    /// No meaning outside the JVM, or librdkafka has nothing of the kind. The text says why.
    Ignored(&'static str),
    /// Would break what the wrappers promise, or run code of the user's choice. The text says why.
    Refused(&'static str),
}

/// Which clients a property is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    All,
    Producer,
    Consumer,
}

impl For {
    pub(super) fn includes(self, kind: ClientKind) -> bool {
        match self {
            Self::All => true,
            Self::Producer => kind == ClientKind::Producer,
            Self::Consumer => kind == ClientKind::Consumer,
        }
    }
}

const I32_MAX: i64 = i32::MAX as i64;
const JVM_ONLY: &str = "it configures classes of the Java client";
const JVM_TLS: &str = "it configures the JVM's TLS provider; OpenSSL is used here";
const JVM_METRICS: &str = "it configures the Java client's metrics";
const JVM_LOGIN: &str = "it configures the Java client's login thread";
const NO_ASSERTIONS: &str = "tokens are asked for with a client's id and secret only";
const SERIALIZER: &str = "converters serialize, the client moves bytes";
const RUNS_CODE: &str = "it would load or run code chosen by the configuration";
const BREAKS_DELIVERY: &str = "delivery reports and events are this program's own";

/// Every Java client property known here, with the librdkafka ones that are refused. Anything
/// else is passed on if librdkafka knows it, and warned about if not.
#[rustfmt::skip]
pub(super) const RULES: &[(&str, For, Rule)] = &[
    ("bootstrap.servers", For::All, Rule::Special),
    ("client.id", For::All, Rule::Same),
    ("client.rack", For::All, Rule::Same),
    ("client.dns.lookup", For::All, Rule::Special),
    ("metadata.max.age.ms", For::All, Rule::Number("topic.metadata.refresh.interval.ms", 1, 3_600_000)),
    ("metadata.recovery.strategy", For::All, Rule::LowerCase),
    ("metadata.recovery.rebootstrap.trigger.ms", For::All, Rule::Same),
    ("reconnect.backoff.ms", For::All, Rule::Number("reconnect.backoff.ms", 0, 3_600_000)),
    ("reconnect.backoff.max.ms", For::All, Rule::Number("reconnect.backoff.max.ms", 0, 3_600_000)),
    ("retry.backoff.ms", For::All, Rule::Number("retry.backoff.ms", 1, 300_000)),
    ("retry.backoff.max.ms", For::All, Rule::Number("retry.backoff.max.ms", 1, 300_000)),
    // Java's -1 is "the operating system's default", which is librdkafka's 0.
    ("send.buffer.bytes", For::All, Rule::Number("socket.send.buffer.bytes", 0, 100_000_000)),
    ("receive.buffer.bytes", For::All, Rule::Number("socket.receive.buffer.bytes", 0, 100_000_000)),
    // Java's -1 is "never", which is librdkafka's 0.
    ("connections.max.idle.ms", For::All, Rule::Number("connections.max.idle.ms", 0, I32_MAX)),
    ("socket.connection.setup.timeout.ms", For::All, Rule::Number("socket.connection.setup.timeout.ms", 1000, I32_MAX)),
    ("socket.connection.setup.timeout.max.ms", For::All, Rule::Ignored("librdkafka's connection timeout does not grow")),
    ("request.timeout.ms", For::All, Rule::Special),
    ("default.api.timeout.ms", For::All, Rule::Special),
    ("enable.metrics.push", For::All, Rule::LowerCase),
    ("bootstrap.resolve.timeout.ms", For::All, Rule::Ignored("librdkafka keeps resolving")),
    ("metadata.cluster.check.enable", For::All, Rule::Ignored(JVM_ONLY)),
    ("metadata.max.idle.ms", For::All, Rule::Ignored("librdkafka keeps the metadata of topics in use")),

    ("security.protocol", For::All, Rule::Special),
    ("security.providers", For::All, Rule::Ignored(JVM_TLS)),
    ("sasl.mechanism", For::All, Rule::Special),
    ("sasl.jaas.config", For::All, Rule::Special),
    ("sasl.client.callback.handler.class", For::All, Rule::Ignored(JVM_ONLY)),
    ("sasl.login.callback.handler.class", For::All, Rule::Special),
    ("sasl.login.class", For::All, Rule::Ignored(JVM_ONLY)),
    ("sasl.login.connect.timeout.ms", For::All, Rule::Special),
    ("sasl.login.read.timeout.ms", For::All, Rule::Special),
    ("sasl.login.refresh.buffer.seconds", For::All, Rule::Special),
    ("sasl.login.refresh.min.period.seconds", For::All, Rule::Special),
    ("sasl.login.refresh.window.factor", For::All, Rule::Special),
    ("sasl.login.refresh.window.jitter", For::All, Rule::Special),
    ("sasl.login.retry.backoff.max.ms", For::All, Rule::Special),
    ("sasl.login.retry.backoff.ms", For::All, Rule::Special),
    ("sasl.kerberos.kinit.cmd", For::All, Rule::Refused(RUNS_CODE)),
    ("sasl.kerberos.ticket.renew.jitter", For::All, Rule::Ignored(JVM_LOGIN)),
    ("sasl.kerberos.ticket.renew.window.factor", For::All, Rule::Ignored(JVM_LOGIN)),
    ("sasl.oauthbearer.token.endpoint.url", For::All, Rule::Special),
    ("sasl.oauthbearer.client.credentials.client.id", For::All, Rule::Special),
    ("sasl.oauthbearer.client.credentials.client.secret", For::All, Rule::Special),
    ("sasl.oauthbearer.scope", For::All, Rule::Special),
    ("sasl.oauthbearer.grant.type", For::All, Rule::Special),
    // librdkafka's own names for the same, which it heeds only where it asks for tokens itself.
    ("sasl.oauthbearer.method", For::All, Rule::Ignored("an endpoint is asked where sasl.oauthbearer.token.endpoint.url is set")),
    ("sasl.oauthbearer.client.id", For::All, Rule::Ignored("Java's name is sasl.oauthbearer.client.credentials.client.id")),
    ("sasl.oauthbearer.client.secret", For::All, Rule::Ignored("Java's name is sasl.oauthbearer.client.credentials.client.secret")),
    ("sasl.oauthbearer.metadata.authentication.type", For::All, Rule::Ignored(NO_ASSERTIONS)),
    ("sasl.oauthbearer.extensions", For::All, Rule::Refused("SASL extensions cannot be said beside an endpoint's token")),
    ("sasl.oauthbearer.jwt.retriever.class", For::All, Rule::Special),
    ("sasl.oauthbearer.jwt.validator.class", For::All, Rule::Special),
    ("sasl.oauthbearer.clock.skew.seconds", For::All, Rule::Ignored("it is for the broker's side")),
    ("sasl.oauthbearer.expected.audience", For::All, Rule::Ignored("it is for the broker's side")),
    ("sasl.oauthbearer.expected.issuer", For::All, Rule::Ignored("it is for the broker's side")),
    ("sasl.oauthbearer.header.urlencode", For::All, Rule::Special),
    ("sasl.oauthbearer.scope.claim.name", For::All, Rule::Ignored("the scope in a token is for the broker's side")),
    ("sasl.oauthbearer.sub.claim.name", For::All, Rule::Special),
    ("sasl.oauthbearer.jwks.endpoint.url", For::All, Rule::Ignored("it is for the broker's side")),

    ("ssl.truststore.location", For::All, Rule::Special),
    ("ssl.truststore.certificates", For::All, Rule::Special),
    ("ssl.truststore.password", For::All, Rule::Special),
    ("ssl.truststore.type", For::All, Rule::Special),
    ("ssl.keystore.location", For::All, Rule::Special),
    ("ssl.keystore.key", For::All, Rule::Special),
    ("ssl.keystore.certificate.chain", For::All, Rule::Special),
    ("ssl.keystore.password", For::All, Rule::Special),
    ("ssl.keystore.type", For::All, Rule::Special),
    ("ssl.key.password", For::All, Rule::Same),
    ("ssl.endpoint.identification.algorithm", For::All, Rule::Special),
    ("ssl.cipher.suites", For::All, Rule::Special),
    ("ssl.enabled.protocols", For::All, Rule::Ignored(JVM_TLS)),
    ("ssl.engine.factory.class", For::All, Rule::Ignored(JVM_TLS)),
    ("ssl.keymanager.algorithm", For::All, Rule::Ignored(JVM_TLS)),
    ("ssl.protocol", For::All, Rule::Ignored(JVM_TLS)),
    ("ssl.provider", For::All, Rule::Ignored(JVM_TLS)),
    ("ssl.secure.random.implementation", For::All, Rule::Ignored(JVM_TLS)),
    ("ssl.trustmanager.algorithm", For::All, Rule::Ignored(JVM_TLS)),

    ("acks", For::Producer, Rule::Same),
    ("linger.ms", For::Producer, Rule::Number("linger.ms", 0, 900_000)),
    // Java's 0 turns batching off, which is one byte here: a batch always takes its first record.
    ("batch.size", For::Producer, Rule::Number("batch.size", 1, I32_MAX)),
    ("buffer.memory", For::Producer, Rule::Special),
    ("compression.type", For::Producer, Rule::LowerCase),
    ("compression.gzip.level", For::Producer, Rule::Special),
    ("compression.lz4.level", For::Producer, Rule::Special),
    ("compression.zstd.level", For::Producer, Rule::Special),
    ("max.request.size", For::Producer, Rule::Number("message.max.bytes", 1000, 1_000_000_000)),
    ("max.in.flight.requests.per.connection", For::Producer, Rule::Number("max.in.flight.requests.per.connection", 1, 1_000_000)),
    ("delivery.timeout.ms", For::Producer, Rule::Number("delivery.timeout.ms", 0, I32_MAX)),
    ("max.block.ms", For::Producer, Rule::Special),
    ("enable.idempotence", For::Producer, Rule::LowerCase),
    ("retries", For::All, Rule::Special),
    ("transactional.id", For::Producer, Rule::Same),
    ("transaction.timeout.ms", For::Producer, Rule::Number("transaction.timeout.ms", 1000, I32_MAX)),
    ("transaction.two.phase.commit.enable", For::Producer, Rule::Ignored("librdkafka has no such setting")),
    ("partitioner.class", For::Producer, Rule::Special),
    ("partitioner.ignore.keys", For::Producer, Rule::Special),
    ("partitioner.adaptive.partitioning.enable", For::Producer, Rule::Ignored("librdkafka has no such setting")),
    ("partitioner.availability.timeout.ms", For::Producer, Rule::Ignored("librdkafka has no such setting")),
    ("partitioner.rack.aware", For::Producer, Rule::Ignored("librdkafka has no such setting")),
    ("buffer.memory.allocation.strategy", For::Producer, Rule::Ignored(JVM_ONLY)),
    ("key.serializer", For::Producer, Rule::Ignored(SERIALIZER)),
    ("value.serializer", For::Producer, Rule::Ignored(SERIALIZER)),

    ("group.id", For::Consumer, Rule::Same),
    ("group.instance.id", For::Consumer, Rule::Same),
    ("group.protocol", For::Consumer, Rule::LowerCase),
    ("group.remote.assignor", For::Consumer, Rule::Same),
    ("auto.offset.reset", For::Consumer, Rule::Special),
    ("isolation.level", For::Consumer, Rule::LowerCase),
    ("fetch.min.bytes", For::Consumer, Rule::Number("fetch.min.bytes", 1, 100_000_000)),
    ("fetch.max.bytes", For::Consumer, Rule::Number("fetch.max.bytes", 0, 2_147_483_135)),
    ("fetch.max.wait.ms", For::Consumer, Rule::Number("fetch.wait.max.ms", 0, 300_000)),
    ("max.partition.fetch.bytes", For::Consumer, Rule::Number("max.partition.fetch.bytes", 1, 1_000_000_000)),
    ("max.poll.records", For::Consumer, Rule::Special),
    ("max.poll.interval.ms", For::Consumer, Rule::Number("max.poll.interval.ms", 1, 86_400_000)),
    ("session.timeout.ms", For::Consumer, Rule::Number("session.timeout.ms", 1, 3_600_000)),
    ("heartbeat.interval.ms", For::Consumer, Rule::Number("heartbeat.interval.ms", 1, 3_600_000)),
    ("partition.assignment.strategy", For::Consumer, Rule::Special),
    ("enable.auto.commit", For::Consumer, Rule::LowerCase),
    ("auto.commit.interval.ms", For::Consumer, Rule::Number("auto.commit.interval.ms", 0, 86_400_000)),
    ("allow.auto.create.topics", For::Consumer, Rule::LowerCase),
    ("check.crcs", For::Consumer, Rule::LowerCase),
    ("exclude.internal.topics", For::Consumer, Rule::Ignored("librdkafka has no such setting")),
    ("key.deserializer", For::Consumer, Rule::Ignored(SERIALIZER)),
    ("value.deserializer", For::Consumer, Rule::Ignored(SERIALIZER)),

    ("interceptor.classes", For::All, Rule::Ignored(JVM_ONLY)),
    ("metric.reporters", For::All, Rule::Ignored(JVM_METRICS)),
    ("auto.include.jmx.reporter", For::All, Rule::Ignored(JVM_METRICS)),
    ("metrics.num.samples", For::All, Rule::Ignored(JVM_METRICS)),
    ("metrics.recording.level", For::All, Rule::Ignored(JVM_METRICS)),
    ("metrics.sample.window.ms", For::All, Rule::Ignored(JVM_METRICS)),
    ("config.providers", For::All, Rule::Ignored("values are resolved before they reach a client")),
    ("bootstrap.controllers", For::All, Rule::Refused("an admin client talks to brokers; set bootstrap.servers")),

    ("delivery.report.only.error", For::All, Rule::Refused(BREAKS_DELIVERY)),
    ("enabled_events", For::All, Rule::Refused(BREAKS_DELIVERY)),
    ("log.queue", For::All, Rule::Refused(BREAKS_DELIVERY)),
    ("plugin.library.paths", For::All, Rule::Refused(RUNS_CODE)),
    ("ssl.engine.location", For::All, Rule::Refused(RUNS_CODE)),
    ("ssl.providers", For::All, Rule::Refused(RUNS_CODE)),
];

pub(super) fn rule(key: &str) -> Option<(For, Rule)> {
    if key.starts_with("metrics.context.") {
        return Some((For::All, Rule::Ignored(JVM_METRICS)));
    }
    if key.starts_with("sasl.oauthbearer.assertion.") {
        return Some((For::All, Rule::Ignored(NO_ASSERTIONS)));
    }
    RULES
        .iter()
        .find(|(name, _, _)| *name == key)
        .map(|(_, clients, rule)| (*clients, *rule))
}
