//! Damaged requests, while another client works on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, CreateTopicsRequest, FetchRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::batches;
use crate::damage::{damage, largest_lengths};
use crate::process::Process;
use crate::random::{Random, rounds};
use crate::samples::{About, sample};
use crate::wire::{Outcome, WAIT, Wire, header};

/// Damaged requests of each API and version, beside those with the largest lengths everywhere.
const ROUNDS: usize = 60;

/// How long a damaged request may go without an answer before the next is tried: most of those that
/// are answered are so in far less than a millisecond.
const PATIENCE: Duration = Duration::from_millis(30);

/// The memory that all of it may take, in MiB.
const MEMORY: usize = 100;

/// The quiet client works while this is not set.
static DONE: AtomicBool = AtomicBool::new(false);

#[test]
fn damaged_requests_cost_a_client_its_own_connection_only() {
    let random = Random::of_test("damaged requests");
    let mut process = Process::start();
    let address = process.address;
    let about = About {
        topic: "fuzzed".to_owned(),
        id: create(address, "fuzzed"),
        group: String::new(),
    };
    create(address, "quiet");
    let versions = versions(address);
    let before = (process.peak_memory(), process.open_files());
    let next = AtomicUsize::new(0);
    let quiet = std::thread::spawn(move || work_quietly(address));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&(key, version)) = versions.get(index) else {
                        return;
                    };
                    let attack = Attack::new(address, key, version, about.clone());
                    attack.run(random.part(index as u64));
                }
            });
        }
    });
    DONE.store(true, Ordering::Relaxed);
    let worked = quiet.join().expect("the quiet client was disturbed");
    assert!(worked > 100, "it has produced {worked} times only");
    process.assert_sound();
    let taken = process.peak_memory() - before.0;
    println!("{worked} quiet requests; {taken} MiB taken");
    assert!(taken < MEMORY, "{taken} MiB");
    // Those who have gone leave no connection behind, whatever they were waiting for.
    let until = Instant::now() + Duration::from_secs(20);
    while process.open_files() > before.1 + 200 {
        assert!(
            Instant::now() < until,
            "{} files are open, {} were",
            process.open_files(),
            before.1
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Every API and version that is offered.
fn versions(address: SocketAddr) -> Vec<(ApiKey, i16)> {
    let asked = Wire::connect(address).ask(0, &ApiVersionsRequest::default());
    let mut versions = Vec::new();
    for offered in asked.api_keys {
        let key = ApiKey::try_from(offered.api_key).expect("a key");
        // Of Produce more is said to be known than is (KAFKA-18659).
        let first = offered.min_version.max(key.valid_versions().min);
        versions.extend((first..=offered.max_version).map(|version| (key, version)));
    }
    assert!(versions.len() > 100, "{versions:?}");
    versions
}

fn create(address: SocketAddr, name: &'static str) -> Uuid {
    let topic = CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_static_str(name)))
        .with_num_partitions(1)
        .with_replication_factor(1);
    let request = CreateTopicsRequest::default().with_topics(vec![topic]);
    let created = &Wire::connect(address).ask(7, &request).topics[0];
    assert_eq!(created.error_code, 0);
    created.topic_id
}

/// Requests of one API in one version.
struct Attack {
    address: SocketAddr,
    wire: Wire,
    key: ApiKey,
    version: i16,
    about: About,
    sent: usize,
}

impl Attack {
    fn new(address: SocketAddr, key: ApiKey, version: i16, about: About) -> Self {
        Self {
            address,
            wire: Wire::connect(address),
            key,
            version,
            about,
            sent: 0,
        }
    }

    fn run(mut self, mut random: Random) {
        let whole = self.sample();
        let answered = self.wire.send(&whole, WAIT);
        assert_eq!(answered, Outcome::Answered, "{self:?}: the whole request");
        let flexible = self.key.request_header_version(self.version) >= 2;
        let body_at = header(self.key, self.version).len();
        for body in largest_lengths(&whole[body_at..], flexible) {
            let mut frame = whole[..body_at].to_vec();
            frame.extend(body);
            self.send(&frame, "the largest length");
        }
        for _ in 0..rounds(ROUNDS) {
            let mut frame = self.sample();
            let what = damage(&mut random, &mut frame);
            self.send(&frame, what);
        }
        if self.key == ApiKey::Produce {
            self.records(&mut random);
        }
    }

    fn sample(&mut self) -> Vec<u8> {
        self.sent += 1;
        self.about.group = format!(
            "{:03}-{:02}-{:05}",
            self.key as i16, self.version, self.sent
        );
        let mut frame = header(self.key, self.version);
        frame.extend(sample(self.key, self.version, &self.about));
        frame
    }

    fn send(&mut self, frame: &[u8], what: &str) {
        let outcome = self.wire.send(frame, PATIENCE);
        if outcome != Outcome::Answered {
            self.wire = Wire::connect(self.address);
        }
        // A broker that is gone is told of with what it was sent last.
        let alive =
            !self.sent.is_multiple_of(50) || self.wire.send(&alive(), WAIT) == Outcome::Answered;
        assert!(alive, "{self:?}: {what}: {frame:02x?}");
    }

    /// Batches whose records are damaged before the checksum is made.
    fn records(&mut self, random: &mut Random) {
        for codec in batches::CODECS {
            let values = [vec![b'a'; 200], random.bytes(60), vec![b'b'; 900]];
            let whole = batches::batch(codec, 1_700_000_000_000, &values);
            for _ in 0..rounds(ROUNDS) {
                let mut batch = whole.clone();
                let what = if random.below(2) == 0 {
                    let mut stored = batches::stored_records(&mut batch);
                    let what = damage(random, &mut stored);
                    batch.extend(stored);
                    what
                } else {
                    damage(random, &mut batch)
                };
                batches::seal(&mut batch);
                let body = produce("fuzzed", self.about.id, batch, self.version);
                let mut frame = header(ApiKey::Produce, self.version);
                frame.extend(encoded(&body, self.version));
                self.send(&frame, what);
            }
        }
    }
}

impl std::fmt::Debug for Attack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {} after {}", self.key, self.version, self.sent)
    }
}

fn alive() -> Vec<u8> {
    header(ApiKey::ApiVersions, 0)
}

fn encoded<R: kafka_protocol::protocol::Encodable>(request: &R, version: i16) -> Bytes {
    let mut body = bytes::BytesMut::new();
    request.encode(&mut body, version).expect("encodes");
    body.freeze()
}

/// A request with one batch for a topic's partition 0.
pub(crate) fn produce(topic: &str, id: Uuid, batch: Vec<u8>, version: i16) -> ProduceRequest {
    let data = PartitionProduceData::default().with_records(Some(Bytes::from(batch)));
    let to = TopicProduceData::default().with_partition_data(vec![data]);
    let to = if version < 13 {
        to.with_name(TopicName(StrBytes::from_string(topic.to_owned())))
    } else {
        to.with_topic_id(id)
    };
    ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(1000)
        .with_topic_data(vec![to])
}

/// Produces and reads back, each time what it has just written, on one connection, until told to
/// stop; how many times.
fn work_quietly(address: SocketAddr) -> usize {
    let mut wire = Wire::connect(address);
    let mut count = 0;
    while !DONE.load(Ordering::Relaxed) {
        let value = format!("quiet {count}").into_bytes();
        let batch = batches::batch(0, 1_700_000_000_000, std::slice::from_ref(&value));
        let request = produce("quiet", Uuid::nil(), batch, 9);
        let produced = wire.ask(9, &request).responses.remove(0);
        let produced = &produced.partition_responses[0];
        assert_eq!((produced.error_code, produced.base_offset), (0, count));
        let records = fetch(&mut wire, "quiet", count).expect("no error");
        let read = batches::whole_batches(&records);
        let found = read.first().expect("what was written");
        assert_eq!(found.0, count);
        let holds = found.1.windows(value.len()).any(|part| part == value);
        assert!(holds, "{found:?}");
        count += 1;
    }
    usize::try_from(count).expect("a count")
}

/// The records of a topic's partition 0 from an offset on, or an error's code.
pub(crate) fn fetch(wire: &mut Wire, topic: &str, offset: i64) -> Result<Bytes, i16> {
    let partition = FetchPartition::default()
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default()
        .with_topic(TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_bytes(1 << 20)
        .with_topics(vec![topic]);
    let answer = wire.ask(11, &request);
    assert_eq!(answer.error_code, 0);
    let partition = &answer.responses[0].partitions[0];
    match partition.error_code {
        0 => Ok(partition.records.clone().unwrap_or_default()),
        code => Err(code),
    }
}
