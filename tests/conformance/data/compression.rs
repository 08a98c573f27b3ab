//! Compressed batches, made and read by librdkafka.

use rdkafka::producer::FutureRecord;
use serde_json::{Map, Value, json};

use crate::client;
use crate::compare::behaviours;
use crate::raw::{self, fetch_request, first, from};
use crate::target::Target;
use crate::wire::Wire;

behaviours![
    compressed_batches_are_kept_as_they_were_sent,
    large_compressed_messages_arrive,
    an_unknown_compression_is_refused,
];

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

/// Sends records in one batch.
async fn send(target: &Target, topic: &str, codec: &str, values: &[String]) -> Vec<i64> {
    let settings = [
        ("compression.type", codec),
        ("linger.ms", "500"),
        ("message.max.bytes", "2000000"),
    ];
    let producer = client::producer(target, &settings);
    let sent = values.iter().map(|value| {
        let record = FutureRecord::to(topic).key("key").payload(value);
        producer
            .send_result(record.timestamp(1_700_000_000_000))
            .expect("queued")
    });
    let sent: Vec<_> = sent.collect();
    let mut offsets = Vec::new();
    for delivery in sent {
        let delivery = delivery.await.expect("a report").expect("delivered");
        offsets.push(delivery.offset);
    }
    offsets
}

async fn compressed_batches_are_kept_as_they_were_sent(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for codec in CODECS {
        let name = raw::create(target, 1, &[]).await;
        let values: Vec<String> = (0..200)
            .map(|number| format!("{number} {}", "text ".repeat(20)))
            .collect();
        let offsets = send(target, &name, codec, &values).await;
        let answer = wire
            .ask(raw::FETCH, &fetch_request(first(&name), from(0)))
            .await;
        let mut records = answer.responses[0].partitions[0].records.clone().unwrap();
        let stored = records.len();
        let batches = crate::batch::read(records.split_to(stored));
        let seen = json!({
            "offsets": offsets, "stored": stored, "batches": batches,
            "consumed": client::consume(target, &name, 200),
        });
        observed.insert(codec.to_owned(), seen);
    }
    observed.into()
}

async fn large_compressed_messages_arrive(target: &Target) -> Value {
    let mut observed = Map::new();
    for codec in CODECS {
        let name = raw::create(target, 1, &[]).await;
        let value = "0123456789".repeat(90_000);
        let offsets = send(target, &name, codec, &[value]).await;
        let consumed = client::consume(target, &name, 1);
        observed.insert(codec.to_owned(), json!([offsets, consumed]));
    }
    observed.into()
}

async fn an_unknown_compression_is_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let mut observed = Map::new();
    for codec in [1, 2, 3, 4, 5, 7] {
        // Of the known ones it has no data.
        let mut batch = crate::batch::plain(&[crate::batch::record("a")]);
        batch[22] |= codec;
        let checksum = crc32c::crc32c(&batch[21..]).to_be_bytes();
        batch[17..21].copy_from_slice(&checksum);
        let seen = raw::produce(&mut wire, first(&name), batch).await;
        // Kafka has no better name for it than an unknown error.
        observed.insert(codec.to_string(), json!(seen["error"] != "none"));
    }
    observed.into()
}
