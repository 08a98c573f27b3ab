//! How much CPU a record costs between `send` and its outcome.
//!
//! ```text
//! KAFKA_BOOTSTRAP=host:port cargo run --release -p connect-kafka --example produce_bench \
//!     [records] [bytes] [producer property=value …]
//! ```
//!
//! Prints records per second, and CPU microseconds per record of this process (librdkafka's
//! threads included), with the settings of a source task's producer.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::producer::{
    Delivered, DeliveryError, DeliverySink, NO_HEADERS, OutgoingRecord, Producer, SendError,
};
use connect_kafka::settings::worker;
use connect_kafka::{ClientKind, ClientSettings, Props};

#[derive(Clone, Default)]
struct Counts {
    delivered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
}

impl DeliverySink for Counts {
    fn delivered(&self, _token: u64, outcome: Result<Delivered, DeliveryError>) {
        let count = if outcome.is_ok() {
            &self.delivered
        } else {
            &self.failed
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// User and system time of this process (`/proc/self/stat`, fields 14 and 15, in ticks of 10 ms).
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat
        .rsplit(')')
        .next()
        .ok_or("no process name in /proc/self/stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

fn memory(line: &str) -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let found = status.lines().find(|text| text.starts_with(line));
    Ok(found
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .collect::<Vec<_>>()
        .join(" "))
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "a program for the command line")]
async fn main() -> Result<(), Box<dyn Error>> {
    let bootstrap = std::env::var("KAFKA_BOOTSTRAP")
        .map_err(|_| "KAFKA_BOOTSTRAP is not set: give it a broker's host:port")?;
    let (overrides, numbers): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.contains('='));
    let number = |at: usize, default: u64| numbers.get(at).map_or(Ok(default), |n| n.parse());
    let (records, bytes) = (number(0, 1_000_000)?, number(1, 800)?);

    let mut props = Props::from([("bootstrap.servers".to_owned(), bootstrap)]);
    for (key, value) in overrides.iter().filter_map(|text| text.split_once('=')) {
        props.insert(format!("producer.{key}"), value.to_owned());
    }
    let admin = worker::worker_admin(&props, "produce-bench");
    let admin = Admin::new(&ClientSettings::from_props(ClientKind::Admin, &admin)?)?;
    let topic = format!("kafka-crate-bench-{}", std::process::id());
    admin
        .create_topic(&NewTopic::new(topic.clone(), 1, -1))
        .await?;

    let props = worker::source_task_producer(&props, &Props::new(), "produce-bench");
    let settings = ClientSettings::from_props(ClientKind::Producer, &props)?;
    let counts = Counts::default();
    let producer = Producer::new(&settings, counts.clone())?;
    let value: Vec<u8> = (0..bytes).map(|n| b'a' + (n * 7 % 26) as u8).collect();
    let (started, cpu) = (Instant::now(), cpu_time()?);
    let mut waits = 0_u64;
    for token in 0..records {
        let key = token.to_be_bytes();
        let record = OutgoingRecord {
            topic: &topic,
            partition: None,
            timestamp: None,
            key: Some(&key),
            value: Some(&value),
        };
        while let Err(error) = producer.send(&record, NO_HEADERS, token) {
            if error != SendError::Backpressure {
                return Err(error.into());
            }
            waits += 1;
            producer.wait_for_room().await?;
        }
    }
    producer.flush(Duration::from_secs(120)).await?;
    let (took, cpu) = (started.elapsed(), cpu_time()? - cpu);
    let failed = counts.failed.load(Ordering::Relaxed);
    println!(
        "{records} records of {bytes} bytes: {:.0} records/s, {:.2} CPU µs/record, {waits} waits \
         for room, {failed} failed, peak {}",
        records as f64 / took.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / records as f64,
        memory("VmHWM")?,
    );
    admin.delete_topic(&topic).await?;
    Ok(())
}
