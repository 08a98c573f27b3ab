//! Producers that number their batches (KIP-98).

use kafka_protocol::messages::{InitProducerIdRequest, ProducerId};
use serde_json::{Map, Value, json};

use crate::batch::{Producer, batch, record};
use crate::compare::behaviours;
use crate::raw::{self, first, from};
use crate::target::Target;
use crate::wire::{Wire, error};

behaviours![
    producers_get_an_id,
    a_batch_that_is_repeated_is_stored_once,
    a_gap_in_the_numbers_is_refused,
    an_older_epoch_is_refused,
    a_new_epoch_begins_at_zero,
    an_unknown_producer_may_begin_anywhere,
    numbers_begin_again_after_the_highest,
    an_epoch_is_raised_on_demand,
];

/// A producer's id that the broker has given.
pub(crate) async fn new_id(wire: &mut Wire) -> i64 {
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000);
    loop {
        let answer = wire.ask(4, &request).await;
        if !raw::wants_patience(answer.error_code) {
            assert_eq!(error(answer.error_code), "none");
            return answer.producer_id.0;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn producers_get_an_id(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    let mut ids = Vec::new();
    for version in 0..=5 {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(60_000);
        let answer = wire.ask(version, &request).await;
        ids.push(answer.producer_id.0);
        let seen = json!([
            error(answer.error_code),
            answer.producer_id.0 >= 0,
            answer.producer_epoch
        ]);
        observed.insert(version.to_string(), seen);
    }
    ids.dedup();
    observed.insert("different ids".to_owned(), ids.len().into());
    observed.into()
}

/// Batches of two records, by producer, epoch and number.
pub(crate) async fn send(
    wire: &mut Wire,
    topic: &str,
    id: i64,
    epoch: i16,
    sequence: i32,
) -> Value {
    let producer = Producer {
        id,
        epoch,
        sequence,
        transactional: false,
    };
    let value = format!("{epoch}/{sequence}");
    let batch = batch(&[record(&value), record(&value)], producer);
    raw::produce(wire, first(topic), batch).await
}

async fn a_batch_that_is_repeated_is_stored_once(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = new_id(&mut wire).await;
    let mut observed = Vec::new();
    // The last five batches are remembered.
    for sequence in [0, 0, 2, 4, 6, 8, 10, 12, 10, 12, 4, 6, 2, 0, 14, 5] {
        observed.push(json!([
            sequence,
            send(&mut wire, &name, id, 0, sequence).await
        ]));
    }
    let fetched = raw::fetch(&mut wire, first(&name), from(0)).await;
    json!({ "sent": observed, "fetched": fetched })
}

async fn a_gap_in_the_numbers_is_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = new_id(&mut wire).await;
    let mut observed = Vec::new();
    for sequence in [0, 3, 2, 1, 100, 4, -1] {
        observed.push(json!([
            sequence,
            send(&mut wire, &name, id, 0, sequence).await
        ]));
    }
    json!({ "sent": observed })
}

async fn an_older_epoch_is_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = new_id(&mut wire).await;
    let mut observed = Vec::new();
    for (epoch, sequence) in [(0, 0), (3, 0), (2, 0), (0, 2), (3, 2), (-1, 0)] {
        observed.push(json!([
            epoch,
            sequence,
            send(&mut wire, &name, id, epoch, sequence).await
        ]));
    }
    json!({ "sent": observed })
}

async fn a_new_epoch_begins_at_zero(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = new_id(&mut wire).await;
    let mut observed = Vec::new();
    for (epoch, sequence) in [(0, 0), (1, 2), (1, 0), (1, 2), (0, 2)] {
        observed.push(json!([
            epoch,
            sequence,
            send(&mut wire, &name, id, epoch, sequence).await
        ]));
    }
    json!({ "sent": observed })
}

async fn an_unknown_producer_may_begin_anywhere(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = new_id(&mut wire).await;
    let mut observed = Vec::new();
    for sequence in [7, 9, 0, 7] {
        observed.push(json!([
            sequence,
            send(&mut wire, &name, id, 0, sequence).await
        ]));
    }
    json!({ "sent": observed })
}

async fn numbers_begin_again_after_the_highest(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = new_id(&mut wire).await;
    let mut observed = Vec::new();
    for sequence in [i32::MAX - 2, i32::MAX, 1, 3, i32::MAX] {
        observed.push(json!([
            sequence,
            send(&mut wire, &name, id, 0, sequence).await
        ]));
    }
    json!({ "sent": observed })
}

async fn an_epoch_is_raised_on_demand(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let id = new_id(&mut wire).await;
    let mut observed = Vec::new();
    // KIP-360 raises the epochs of transactional producers only.
    for epoch in [0, 0, 5, -1] {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(60_000)
            .with_producer_id(ProducerId(id))
            .with_producer_epoch(epoch);
        let answer = wire.ask(4, &request).await;
        let same = answer.producer_id.0 == id;
        observed.push(json!([
            epoch,
            error(answer.error_code),
            same,
            answer.producer_epoch
        ]));
    }
    json!({ "asked": observed })
}
