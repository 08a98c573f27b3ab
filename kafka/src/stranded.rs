//! Clients that have lost all their brokers for good.
//!
//! A Kafka broker that shuts down answers a question for metadata with topics and no broker at
//! all. librdkafka then forgets every broker that it knows, those of `bootstrap.servers` too, and
//! what should begin with them anew is a timer that the same answer can stop (librdkafka's issue
//! 5301; 2.11 to 2.15). Such a client connects to nothing any more, reports no error, and has to
//! be made anew. Its statistics tell: they name no broker.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

/// `statistics.interval.ms`, for clients that are watched.
pub(crate) const INTERVAL_MS: &str = "5000";

/// So many statistics in a row without a broker: the first may have come just when librdkafka
/// begins anew.
const IN_A_ROW: u32 = 2;

/// What brokers are in statistics beside the group's coordinator, which is an address of its own
/// and stays (`rd_kafka_broker_source_t`).
const SOURCES: [&[u8]; 2] = [b"\"source\":\"learned\"", b"\"source\":\"configured\""];

/// Whether a client is stranded, by its statistics.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    without_brokers: AtomicU32,
    found: Notify,
}

impl Watch {
    /// Takes a look at statistics as librdkafka gives them.
    pub(crate) fn observe(&self, statistics: &[u8]) {
        if SOURCES.iter().any(|source| contains(statistics, source)) {
            self.without_brokers.store(0, Ordering::Relaxed);
        } else if self.without_brokers.fetch_add(1, Ordering::Relaxed) + 1 >= IN_A_ROW {
            self.found.notify_one();
        }
    }

    /// Whether the client has no broker left to connect to.
    pub(crate) fn is_stranded(&self) -> bool {
        self.without_brokers.load(Ordering::Relaxed) >= IN_A_ROW
    }

    /// Returns when statistics have told that the client is stranded: once for each that do.
    pub(crate) async fn stranded(&self) {
        self.found.notified().await;
    }
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As librdkafka 2.12.1 gave them, without what is not looked at.
    const CONNECTED: &[u8] = br#"{ "name": "rdkafka#consumer-1", "type": "consumer", "brokers":{ "127.0.0.1:9092/1": { "name":"127.0.0.1:9092/1", "nodeid":1, "nodename":"127.0.0.1:9092", "source":"learned", "state":"UP" }}, "topics":{ } }"#;
    const FIRST: &[u8] = br#"{ "brokers":{ "127.0.0.1:9092/bootstrap": { "nodeid":-1, "nodename":"127.0.0.1:9092", "source":"configured", "state":"CONNECT" }} }"#;
    const STRANDED: &[u8] = br#"{ "brokers":{ "GroupCoordinator": { "name":"GroupCoordinator", "nodeid":-1, "nodename":"127.0.0.1:9092", "source":"logical", "state":"TRY_CONNECT" }}, "topics":{ } }"#;

    #[test]
    fn a_client_without_brokers_in_a_row_of_statistics_is_stranded() {
        let watch = Watch::default();
        for statistics in [FIRST, CONNECTED, STRANDED, CONNECTED, STRANDED] {
            watch.observe(statistics);
            assert!(!watch.is_stranded());
        }
        watch.observe(STRANDED);
        assert!(watch.is_stranded());
        watch.observe(CONNECTED);
        assert!(!watch.is_stranded());
    }

    #[tokio::test]
    async fn who_waits_for_it_is_told() {
        let watch = Watch::default();
        watch.observe(STRANDED);
        watch.observe(STRANDED);
        watch.stranded().await;
    }
}
