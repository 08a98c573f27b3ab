//! Many producers at once, while time-outs are looked after and readers read: nothing waits for
//! ever, and what is read as committed is what was committed.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const PRODUCERS: usize = 6;
const ROUNDS: usize = 40;

/// One producer with a transactional id of its own.
struct Client<'a> {
    broker: &'a Broker,
    name: TransactionalId,
    producer: Producer,
    /// The next sequence of each partition.
    sequences: [i32; 2],
}

impl<'a> Client<'a> {
    fn new(broker: &'a Broker, number: usize) -> Self {
        let name = TransactionalId(StrBytes::from_string(format!("producer-{number}")));
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(name.clone()))
            .with_transaction_timeout_ms(60_000);
        let response = broker.transactions.init_producer_id(4, &request);
        assert_eq!(response.error_code, 0);
        let producer = Producer {
            id: response.producer_id.0,
            epoch: response.producer_epoch,
        };
        Self {
            broker,
            name,
            producer,
            sequences: [0; 2],
        }
    }

    fn begin(&self) {
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(TopicName(StrBytes::from_static_str("t")))
            .with_partitions(vec![0, 1]);
        let request = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(self.name.clone())
            .with_v3_and_below_producer_id(ProducerId(self.producer.id))
            .with_v3_and_below_producer_epoch(self.producer.epoch)
            .with_v3_and_below_topics(vec![topic]);
        let response = self.broker.transactions.add_partitions(3, &request);
        for result in &response.results_by_topic_v3_and_below[0].results_by_partition {
            assert_eq!(result.partition_error_code, 0);
        }
    }

    fn send(&mut self, partition: usize, value: &str) {
        let options = BatchOptions {
            timestamp: now_ms(),
            attributes: TRANSACTIONAL,
            producer_id: self.producer.id,
            producer_epoch: self.producer.epoch,
            base_sequence: self.sequences[partition],
        };
        let record = NewRecord {
            value: Some(Bytes::copy_from_slice(value.as_bytes())),
            ..NewRecord::default()
        };
        let at = partition as i32;
        let log = self.broker.topics.get("t", at).expect("the partition");
        let records = build_batch(&[record], &options).freeze();
        let produced = log.produce_in(records, |id, epoch| {
            let transactions = &self.broker.transactions;
            transactions.verify(&self.name, id, epoch, ("t", at), true)
        });
        produced.expect("produced");
        self.sequences[partition] += 1;
    }

    fn end(&self, commit: bool) {
        let request = EndTxnRequest::default()
            .with_transactional_id(self.name.clone())
            .with_producer_id(ProducerId(self.producer.id))
            .with_producer_epoch(self.producer.epoch)
            .with_committed(commit);
        assert_eq!(self.broker.transactions.end_txn(4, &request).error_code, 0);
    }

    /// Answers what it has committed.
    fn run(mut self, number: usize) -> Vec<String> {
        let mut committed = Vec::new();
        for round in 0..ROUNDS {
            self.begin();
            let commit = !(number + round).is_multiple_of(3);
            for partition in [0, 1] {
                for record in 0..=round % 3 {
                    let value = format!("{partition}: {number}, {round}, {record}");
                    self.send(partition, &value);
                    if commit {
                        committed.push(value);
                    }
                }
            }
            self.end(commit);
        }
        committed
    }
}

/// What a consumer of committed records hands out: it leaves out the records of a producer from
/// an aborted transaction's first offset on, up to the marker (`CompletedFetch`).
fn read_committed(log: &Partition) -> Vec<String> {
    let mut values = Vec::new();
    let mut next = 0;
    while next < log.last_stable_offset() {
        let fetched = log.fetch(next, 2000, true).expect("fetched");
        let mut aborted = fetched.aborted;
        aborted.sort_unstable_by_key(|(_, first_offset)| *first_offset);
        let mut aborted = aborted.into_iter().peekable();
        let mut aborting = HashSet::new();
        for (range, header) in crate::log::split_batches(&fetched.records).expect("batches") {
            while let Some((producer_id, _)) =
                aborted.next_if(|(_, first)| *first <= header.last_offset())
            {
                aborting.insert(producer_id);
            }
            next = header.next_offset();
            if header.is_control() {
                aborting.remove(&header.producer_id);
            } else if !aborting.contains(&header.producer_id) {
                let batch = BatchRecords::open(&fetched.records[range]).expect("a batch");
                let record = batch.iter().next().expect("a record").expect("a good one");
                let value = record.value.expect("a value");
                values.push(String::from_utf8_lossy(value).into_owned());
            }
        }
    }
    values
}

#[tokio::test]
async fn many_producers_at_once_lose_and_mix_nothing() {
    let dir = folder();
    let broker = &Broker::with_topic(dir.path());
    let stop = &AtomicBool::new(false);
    let mut committed = thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|number| scope.spawn(move || Client::new(broker, number).run(number)))
            .collect();
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                broker.transactions.run_due();
                for partition in [0, 1] {
                    read_committed(&broker.topics.get("t", partition).expect("the partition"));
                }
            }
        });
        let joined: Vec<_> = producers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        stop.store(true, Ordering::Relaxed);
        let committed = joined
            .into_iter()
            .map(|committed| committed.expect("a producer"));
        committed.flatten().collect::<Vec<_>>()
    });
    let mut read = Vec::new();
    for partition in [0, 1] {
        let log = broker.topics.get("t", partition).expect("the partition");
        assert_eq!(log.last_stable_offset(), log.end_offset());
        read.extend(read_committed(&log));
    }
    committed.sort_unstable();
    read.sort_unstable();
    assert!(committed.len() > PRODUCERS * ROUNDS);
    assert_eq!(read, committed);
}
