//! What the task subscribes to: a list, or the topics whose names match now.

use std::time::Duration;

use connect_api::Result;
use connect_api::regex::JavaRegex;
use connect_kafka::ClientSettings;
use tokio::time::Instant;

use super::member::{Member, failed};
use crate::connector_config::Subscription;

/// How often the topics' names are looked at, unless `metadata.max.age.ms` says
/// otherwise.
const REFRESH: Duration = Duration::from_secs(30);
/// How often while none matches.
const REFRESH_EMPTY: Duration = Duration::from_secs(2);
const LIST_TIMEOUT: Duration = Duration::from_secs(10);
/// What a Java consumer does not match either (`exclude.internal.topics`).
const INTERNAL: &[&str] = &[
    "__consumer_offsets",
    "__transaction_state",
    "__share_group_state",
];

/// Keeps the consumer subscribed.
pub(super) enum Subscriber {
    /// To these.
    Topics(Vec<String>),
    /// To what matches.
    Regex(Box<Matching>),
}

/// The topics that match a regex. librdkafka has regexes of its own, which are
/// not Java's, so the names are looked at here.
pub(super) struct Matching {
    regex: Box<JavaRegex>,
    subscribed: Vec<String>,
    period: Duration,
    next_at: Instant,
}

impl Subscriber {
    pub(super) fn new(subscription: Subscription, settings: &ClientSettings) -> Self {
        match subscription {
            Subscription::Topics(topics) => Self::Topics(topics),
            Subscription::Regex(regex) => Self::Regex(Box::new(Matching {
                regex,
                subscribed: Vec::new(),
                period: settings
                    .get("topic.metadata.refresh.interval.ms")
                    .and_then(|text| text.parse().ok())
                    .map_or(REFRESH, Duration::from_millis),
                next_at: Instant::now(),
            })),
        }
    }

    /// Joins the group for a list of topics.
    pub(super) fn start(&self, member: &Member) -> Result<()> {
        match self {
            Self::Topics(topics) => member
                .consumer
                .subscribe(topics)
                .map_err(|error| failed("subscribing", error)),
            Self::Regex(_) => Ok(()),
        }
    }

    /// When [`refresh`](Self::refresh) is due.
    pub(super) fn due_at(&self) -> Option<Instant> {
        match self {
            Self::Topics(_) => None,
            Self::Regex(matching) => Some(matching.next_at),
        }
    }

    /// Subscribes anew if other topics match than before.
    pub(super) async fn refresh(&mut self, member: &mut Member) -> Result<()> {
        let Self::Regex(matching) = self else {
            return Ok(());
        };
        if matching.next_at > Instant::now() {
            return Ok(());
        }
        let listing = member.consumer.list_topics(LIST_TIMEOUT);
        let names = match member.beside(listing).await {
            Ok(names) => names,
            Err(error) => {
                tracing::warn!("cannot look for topics that match topics.regex: {error}");
                matching.next_at = Instant::now() + REFRESH_EMPTY;
                return Ok(());
            }
        };
        let mut matched = Vec::new();
        for name in names {
            if !INTERNAL.contains(&name.as_str()) && matching.regex.matches(&name)? {
                matched.push(name);
            }
        }
        matched.sort();
        if matched != matching.subscribed {
            tracing::info!(
                "subscribing to the topics that match topics.regex: {}",
                matched.join(", ")
            );
            member
                .consumer
                .subscribe(&matched)
                .map_err(|error| failed("subscribing", error))?;
            matching.subscribed = matched;
        }
        let period = match matching.subscribed.is_empty() {
            true => REFRESH_EMPTY,
            false => matching.period,
        };
        matching.next_at = Instant::now() + period;
        Ok(())
    }
}
