//! Java client properties, as Connect's files carry them, in librdkafka's terms.
//!
//! [`ClientSettings::from_props`] takes the properties of one client under their Java names (a
//! name that is librdkafka's own passes through) and gives the configuration of that client. A
//! property that has no meaning here is never silently dropped: it is in
//! [`ClientSettings::warnings`], by name and with the reason. One whose loss would change where
//! records go or who may read them is refused.
//!
//! Defaults are the Java client's where they decide about records: keys are partitioned by
//! murmur2, so that they go to the partitions where a Java producer puts them; `acks=all`,
//! idempotence on and five requests in flight unless told otherwise, records of up to 1 MiB,
//! 32 MiB of buffer, 120 s to deliver; consumers read uncommitted. So are the
//! pauses before a broker is tried again. What only concerns speed
//! (`batch.size`, fetch sizes) keeps librdkafka's defaults.
//!
//! [`worker`] lays a worker's and a connector's properties over each other as Connect does.

mod jaas;
mod oauth;
mod rules;
mod sasl;
mod special;
mod tls;
pub mod worker;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;
use thiserror::Error;

use crate::oauth::TokenSource;
use crate::stranded;
pub(crate) use oauth::no_oauth_token;
use rules::Rule;
pub use tls::normalized_pem;

/// Raw properties: names and values as in a properties file.
pub type Props = BTreeMap<String, String>;

/// Which client the settings are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// A producer.
    Producer,
    /// A consumer.
    Consumer,
    /// An admin client.
    Admin,
}

impl fmt::Display for ClientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Admin => "admin",
        })
    }
}

/// A property cannot be used. None of these passes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// A required property is not there.
    #[error("'{key}' is missing: {hint}")]
    Missing {
        /// The property.
        key: String,
        /// What to set.
        hint: String,
    },
    /// The value is not of the property's form.
    #[error("'{key}' has the value '{value}', which is not valid: it must be {expected}")]
    Invalid {
        /// The property.
        key: String,
        /// Its value, or a placeholder where it is a secret.
        value: String,
        /// What is allowed.
        expected: String,
    },
    /// The value is fine for the Java client and cannot be honoured here.
    #[error("'{key}' has the value '{value}', which is not supported: {reason}")]
    Unsupported {
        /// The property.
        key: String,
        /// Its value, or a placeholder where it is a secret.
        value: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The property may not be set at all.
    #[error("'{key}' may not be set: {reason}")]
    Forbidden {
        /// The property.
        key: String,
        /// Why.
        reason: String,
    },
}

impl SettingsError {
    /// Never: somebody has to change the settings.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        false
    }

    /// The property that the error is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Missing { key, .. }
            | Self::Invalid { key, .. }
            | Self::Unsupported { key, .. }
            | Self::Forbidden { key, .. } => key,
        }
    }

    pub(crate) fn invalid(key: &str, value: &str, expected: impl Into<String>) -> Self {
        Self::Invalid {
            key: key.to_owned(),
            value: shown(key, value),
            expected: expected.into(),
        }
    }

    pub(crate) fn unsupported(key: &str, value: &str, reason: impl Into<String>) -> Self {
        Self::Unsupported {
            key: key.to_owned(),
            value: shown(key, value),
            reason: reason.into(),
        }
    }
}

/// A value as it may be shown to people.
fn shown(key: &str, value: &str) -> String {
    if is_secret(key) {
        "[hidden]".to_owned()
    } else {
        value.to_owned()
    }
}

fn is_secret(key: &str) -> bool {
    key.ends_with("password")
        || key.ends_with("passphrase")
        || key.ends_with("secret")
        || matches!(
            key,
            "sasl.jaas.config"
                | "ssl.keystore.key"
                | "ssl.key.pem"
                | "sasl.oauthbearer.config"
                | "sasl.oauthbearer.assertion.private.key.pem"
        )
}

/// The settings of one client, in librdkafka's terms.
#[derive(Clone)]
pub struct ClientSettings {
    kind: ClientKind,
    explicit: BTreeMap<String, String>,
    defaults: BTreeMap<String, String>,
    warnings: Vec<String>,
    max_block: Option<Duration>,
    api_timeout: Duration,
    max_poll_records: Option<usize>,
    tokens: Option<TokenSource>,
}

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config: BTreeMap<&str, String> = self
            .defaults
            .iter()
            .chain(&self.explicit)
            .map(|(key, value)| (key.as_str(), shown(key, value)))
            .collect();
        f.debug_struct("ClientSettings")
            .field("kind", &self.kind)
            .field("config", &config)
            .finish_non_exhaustive()
    }
}

/// Java's `default.api.timeout.ms`.
const DEFAULT_API_TIMEOUT: Duration = Duration::from_secs(60);

impl ClientSettings {
    /// Translates the properties of one client.
    ///
    /// # Errors
    ///
    /// The first property that is missing, malformed, unsupported or forbidden.
    pub fn from_props(kind: ClientKind, props: &Props) -> Result<Self, SettingsError> {
        let mut builder = Builder::new(kind, props);
        builder.translate()?;
        Ok(builder.settings)
    }

    /// Which client these settings are for.
    #[must_use]
    pub fn kind(&self) -> ClientKind {
        self.kind
    }

    /// One line for each property that has no effect, naming it and saying why.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// A value under librdkafka's name: what was set, or else our default.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.explicit
            .get(key)
            .or_else(|| self.defaults.get(key))
            .map(String::as_str)
    }

    /// Sets a value under librdkafka's name, over whatever was there.
    pub fn set(&mut self, key: &str, value: &str) {
        self.explicit.insert(key.to_owned(), value.to_owned());
    }

    /// Sets a value under librdkafka's name unless the properties said something about it.
    pub fn set_default(&mut self, key: &str, value: &str) {
        self.defaults.insert(key.to_owned(), value.to_owned());
    }

    /// `client.id`.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.get("client.id").unwrap_or("connect")
    }

    /// Java's `max.block.ms`, which librdkafka has not: how long a send may wait for room. None
    /// when the property is not set or not less than Connect's own `Long.MAX_VALUE`.
    #[must_use]
    pub fn max_block(&self) -> Option<Duration> {
        self.max_block
    }

    /// Java's `default.api.timeout.ms`: how long an operation may take as a whole.
    #[must_use]
    pub fn api_timeout(&self) -> Duration {
        self.api_timeout
    }

    /// Java's `max.poll.records`, which librdkafka has not: the reader's batches obey it.
    #[must_use]
    pub fn max_poll_records(&self) -> Option<usize> {
        self.max_poll_records
    }

    /// Where OAUTHBEARER's tokens come from, when that is the mechanism.
    pub(crate) fn tokens(&self) -> Option<&TokenSource> {
        self.tokens.as_ref()
    }

    pub(crate) fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (key, value) in self.defaults.iter().chain(&self.explicit) {
            config.set(key.as_str(), value.as_str());
        }
        config.set_log_level(wanted_log_level());
        config
    }

    /// The same for a client whose events are served as long as it is there: its statistics tell
    /// when it has lost its brokers.
    pub(crate) fn watched_config(&self) -> ClientConfig {
        let mut config = self.client_config();
        config.set("statistics.interval.ms", stranded::INTERVAL_MS);
        config
    }
}

/// librdkafka makes a line before it asks whether anybody wants it, so ask `tracing` first.
fn wanted_log_level() -> RDKafkaLogLevel {
    if tracing::enabled!(target: "librdkafka", tracing::Level::DEBUG) {
        RDKafkaLogLevel::Debug
    } else if tracing::enabled!(target: "librdkafka", tracing::Level::INFO) {
        RDKafkaLogLevel::Info
    } else {
        RDKafkaLogLevel::Warning
    }
}

/// Works through the properties of one client.
struct Builder<'a> {
    props: &'a Props,
    settings: ClientSettings,
}

impl<'a> Builder<'a> {
    fn new(kind: ClientKind, props: &'a Props) -> Self {
        let settings = ClientSettings {
            kind,
            explicit: BTreeMap::new(),
            defaults: BTreeMap::new(),
            warnings: Vec::new(),
            max_block: None,
            api_timeout: DEFAULT_API_TIMEOUT,
            max_poll_records: None,
            tokens: None,
        };
        Self { props, settings }
    }

    fn prop(&self, key: &str) -> Option<&'a str> {
        self.props.get(key).map(|value| value.trim())
    }

    fn set(&mut self, key: &str, value: impl Into<String>) {
        self.settings.explicit.insert(key.to_owned(), value.into());
    }

    fn ignored(&mut self, key: &str, why: &str) {
        let kind = self.settings.kind;
        self.settings
            .warnings
            .push(format!("{kind} setting '{key}' has no effect: {why}"));
    }

    fn warn(&mut self, text: String) {
        self.settings.warnings.push(text);
    }

    fn translate(&mut self) -> Result<(), SettingsError> {
        if self.prop("bootstrap.servers").is_none_or(str::is_empty)
            && self.prop("metadata.broker.list").is_none_or(str::is_empty)
        {
            return Err(SettingsError::Missing {
                key: "bootstrap.servers".to_owned(),
                hint: "set it to the host:port list of the Kafka cluster".to_owned(),
            });
        }
        for (key, value) in self.props {
            self.translate_one(key, value.trim())?;
        }
        sasl::authentication(self)?;
        tls::stores(self)?;
        self.defaults();
        self.check()
    }

    fn translate_one(&mut self, key: &'a str, value: &'a str) -> Result<(), SettingsError> {
        let Some((clients, rule)) = rules::rule(key) else {
            return self.pass_through(key, value);
        };
        if let Rule::Refused(reason) = rule {
            return Err(SettingsError::Forbidden {
                key: key.to_owned(),
                reason: reason.to_owned(),
            });
        }
        if !clients.includes(self.settings.kind) {
            let why = format!("it is not a setting of the {} client", self.settings.kind);
            self.ignored(key, &why);
            return Ok(());
        }
        match rule {
            Rule::Same => self.set(key, value),
            Rule::LowerCase => self.set(key, value.to_ascii_lowercase()),
            Rule::Number(name, low, high) => {
                let number = self.bounded(key, value, low, high)?;
                self.set(name, number.to_string());
            }
            Rule::Special => special::translate(self, key, value)?,
            Rule::Ignored(why) => self.ignored(key, why),
            // Answered above.
            Rule::Refused(_) => {}
        }
        Ok(())
    }

    /// A name that is not Java's: librdkafka's, or nobody's.
    fn pass_through(&mut self, key: &str, value: &str) -> Result<(), SettingsError> {
        let mut probe = ClientConfig::new();
        probe.set(key, value);
        match probe.create_native_config() {
            Ok(_) => self.set(key, value),
            Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => {
                self.ignored(
                    key,
                    "neither the Java client nor librdkafka has such a setting",
                );
            }
            Err(error) => return Err(refusal(key, value, &error)),
        }
        Ok(())
    }

    fn number(&self, key: &str, value: &str) -> Result<i64, SettingsError> {
        value
            .parse()
            .map_err(|_| SettingsError::invalid(key, value, "a whole number"))
    }

    fn bounded(
        &mut self,
        key: &str,
        value: &str,
        low: i64,
        high: i64,
    ) -> Result<i64, SettingsError> {
        let number = self.number(key, value)?;
        let used = number.clamp(low, high);
        // Java's "not limited" and "not batched" are at the ends of the range on purpose.
        let same_meaning = number == -1 && low == 0 || number == 0 && low == 1;
        if used != number && !same_meaning {
            self.warn(format!(
                "{} setting '{key}' is {used} instead of {number}: librdkafka allows {low} to {high}",
                self.settings.kind
            ));
        }
        Ok(used)
    }

    fn defaults(&mut self) {
        let settings = &mut self.settings;
        // The Java client's: librdkafka would let a returning broker wait for up to 10 s.
        settings.set_default("reconnect.backoff.ms", "50");
        settings.set_default("reconnect.backoff.max.ms", "1000");
        match settings.kind {
            ClientKind::Producer => producer_defaults(settings),
            ClientKind::Consumer => settings.set_default("isolation.level", "read_uncommitted"),
            ClientKind::Admin => {
                // Asking about a topic must not create it.
                settings.set_default("allow.auto.create.topics", "false");
            }
        }
    }

    /// Lets librdkafka judge every value, so that a bad one is named before a client is made.
    fn check(&self) -> Result<(), SettingsError> {
        // All at once, which is what nearly always does; one by one to know which it is.
        let mut all = ClientConfig::new();
        for (key, value) in &self.settings.explicit {
            all.set(key.as_str(), value.as_str());
        }
        if all.create_native_config().is_ok() {
            return Ok(());
        }
        for (key, value) in &self.settings.explicit {
            let mut probe = ClientConfig::new();
            probe.set(key.as_str(), value.as_str());
            if let Err(error) = probe.create_native_config() {
                return Err(refusal(key, value, &error));
            }
        }
        Ok(())
    }
}

fn producer_defaults(settings: &mut ClientSettings) {
    for (key, value) in [
        // The Java producer's own hash: the same key goes to the same partition from both.
        ("partitioner", "murmur2_random"),
        ("acks", "all"),
        ("max.in.flight.requests.per.connection", "5"),
        ("message.max.bytes", "1048576"),
        ("queue.buffering.max.kbytes", "32768"),
        ("delivery.timeout.ms", "120000"),
    ] {
        settings.set_default(key, value);
    }
    // As the Java producer: idempotence is on unless another setting is in its way.
    let acks_all = matches!(settings.get("acks"), Some("all" | "-1"));
    let retries = settings.get("retries") != Some("0");
    let in_flight = settings
        .get("max.in.flight.requests.per.connection")
        .and_then(|number| number.parse::<u32>().ok())
        .is_some_and(|number| number <= 5);
    let possible = acks_all && retries && in_flight;
    settings.set_default(
        "enable.idempotence",
        if possible { "true" } else { "false" },
    );
}

fn refusal(key: &str, value: &str, error: &KafkaError) -> SettingsError {
    let reason = match error {
        KafkaError::ClientConfig(_, description, ..) => description.clone(),
        other => other.to_string(),
    };
    SettingsError::unsupported(key, value, format!("librdkafka says: {reason}"))
}
