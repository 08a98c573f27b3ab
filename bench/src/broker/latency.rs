//! One record at a time: how long from its sending until the consumer has it.

use std::fmt;
use std::time::{Duration, Instant};

use connectd_harness::unique;
use tokio::task::spawn_blocking;

use super::clients::{Consumer, Producer, RECORD_SIZE, create, delete};
use super::node::Node;

/// The time between two records.
const INTERVAL: Duration = Duration::from_millis(5);

/// Records that are not counted: connections are made, and a JVM compiles.
const WARM: u64 = 500;

/// The times of single records, in order of their length.
pub(super) struct Latencies(Vec<Duration>);

impl fmt::Display for Latencies {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share: f64| {
            let last = self.0.len() - 1;
            self.0[(last as f64 * share) as usize].as_secs_f64() * 1e3
        };
        write!(
            out,
            "p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms of {} (acks=all, every {} ms)",
            at(0.5),
            at(0.99),
            at(1.0),
            self.0.len(),
            INTERVAL.as_millis()
        )
    }
}

pub(super) async fn measure(node: &Node, records: u64) -> Latencies {
    let topic = unique("bench");
    create(&node.bootstrap, &topic).await;
    let producer = Producer::new(&node.bootstrap, &topic, &[("linger.ms", "0")]);
    let consumer = Consumer::new(&node.bootstrap, &topic);
    let zero = Instant::now();
    let all = WARM + records;
    let writing = spawn_blocking(move || write(&producer, all, zero));
    let reading = spawn_blocking(move || read(consumer, all, zero));
    writing.await.expect("all are written");
    let mut times = reading.await.expect("all are read");
    times.drain(..WARM as usize);
    times.sort_unstable();
    delete(&node.bootstrap, &topic).await;
    Latencies(times)
}

/// Each record says when it was sent.
fn write(producer: &Producer, records: u64, zero: Instant) {
    for index in 0..records {
        let due = INTERVAL * u32::try_from(index).expect("not so many");
        std::thread::sleep(due.saturating_sub(zero.elapsed()));
        let mut value = [b'.'; RECORD_SIZE];
        let sent = zero.elapsed().as_nanos() as u64;
        value[..8].copy_from_slice(&sent.to_be_bytes());
        producer.send(&value);
    }
    producer.flush();
}

fn read(mut consumer: Consumer, records: u64, zero: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..records {
        consumer.next(|value| {
            let sent = value.first_chunk().expect("eight bytes");
            let sent = Duration::from_nanos(u64::from_be_bytes(*sent));
            times.push(zero.elapsed() - sent);
        });
    }
    times
}
