//! Many records: written, read, and both at once.

use std::sync::Arc;

use connectd_harness::unique;
use tokio::task::spawn_blocking;

use super::clients::{Consumer, Producer, RECORD_SIZE, create, delete};
use super::node::Node;
use crate::figures::Figures;
use crate::process;

/// How the producer batches: librdkafka's own batches of a megabyte, plain and compressed, and
/// batches of 16 kB, which is a Java producer's default (`batch.size`).
const CASES: [(&str, &[(&str, &str)]); 3] = [
    ("none", &[("linger.ms", "20")]),
    ("lz4", &[("linger.ms", "20"), ("compression.type", "lz4")]),
    ("16 kB", &[("linger.ms", "20"), ("batch.size", "16384")]),
];

/// Different values; together they are more than a compressor looks back.
const VALUES: usize = 4096;

/// A measurement of the broker's process, and what the clients took meanwhile.
pub(super) struct Measured {
    pub(super) figures: Figures,
    pub(super) clients_cpu_seconds: f64,
}

/// All cases, after one that is not counted.
pub(super) async fn measure(node: &Node, records: u64) -> Vec<Measured> {
    let values = Arc::new(values());
    case(node, &values, records / 5, "warm", CASES[1].1).await;
    let mut all = Vec::new();
    for (name, settings) in CASES {
        all.extend(case(node, &values, records, name, settings).await);
    }
    all
}

async fn case(
    node: &Node,
    values: &Arc<Vec<[u8; RECORD_SIZE]>>,
    records: u64,
    name: &str,
    settings: &'static [(&'static str, &'static str)],
) -> [Measured; 3] {
    let bootstrap = &node.bootstrap;
    let (first, second) = (unique("bench"), unique("bench"));
    create(bootstrap, &first).await;
    create(bootstrap, &second).await;

    let producer = Producer::new(bootstrap, &first, settings);
    let work = write(producer, Arc::clone(values), records);
    let written = measured(node, format!("{name}: produced"), records, work).await;

    let work = read(Consumer::new(bootstrap, &first), records);
    let was_read = measured(node, format!("{name}: consumed"), records, work).await;

    let producer = Producer::new(bootstrap, &second, settings);
    let reading = read(Consumer::new(bootstrap, &second), records);
    let writing = write(producer, Arc::clone(values), records);
    let work = async {
        tokio::join!(writing, reading);
    };
    let both = measured(node, format!("{name}: both at once"), records, work).await;

    delete(bootstrap, &first).await;
    delete(bootstrap, &second).await;
    [written, was_read, both]
}

async fn measured(
    node: &Node,
    what: String,
    records: u64,
    work: impl Future<Output = ()>,
) -> Measured {
    let clients = std::process::id();
    let before = process::cpu_seconds(clients);
    let figures = Figures::measure(what, records, node.pid, work).await;
    Measured {
        figures,
        clients_cpu_seconds: process::cpu_seconds(clients) - before,
    }
}

async fn write(producer: Producer, values: Arc<Vec<[u8; RECORD_SIZE]>>, records: u64) {
    let writing = spawn_blocking(move || {
        for value in values.iter().cycle().take(count(records)) {
            producer.send(value);
        }
        producer.flush();
    });
    writing.await.expect("all are written");
}

async fn read(mut consumer: Consumer, records: u64) {
    let reading = spawn_blocking(move || {
        for _ in 0..records {
            consumer.next(|_| ());
        }
    });
    reading.await.expect("all are read");
}

fn count(records: u64) -> usize {
    usize::try_from(records).expect("that fits")
}

/// Values as an application has them: the same names, other contents.
fn values() -> Vec<[u8; RECORD_SIZE]> {
    let value = |index: usize| {
        // Knuth's multiplicative hash, for contents that do not repeat.
        let hash = (index as u32).wrapping_mul(2_654_435_761);
        let text = format!(
            "{{\"id\":{index:08},\"name\":\"customer {hash:010}\",\"city\":\"{:08x}\",\"amount\":{:06}.{:02},\"paid\":true}}",
            hash.rotate_left(13),
            hash % 1_000_000,
            hash % 100
        );
        let mut value = [b' '; RECORD_SIZE];
        value[..text.len()].copy_from_slice(text.as_bytes());
        value
    };
    (0..VALUES).map(value).collect()
}
