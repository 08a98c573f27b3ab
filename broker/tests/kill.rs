//! The broker is killed a hundred times while a producer writes: every acknowledged record is
//! there afterwards, in order and once.
#![allow(clippy::expect_used, reason = "a step that fails fails the test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connect_broker::{Broker, Settings};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::topic_partition_list::Offset;
use rdkafka::{ClientConfig, ClientContext, Message, TopicPartitionList};

const KILLS: u32 = 100;
const TOPIC: &str = "killed";
const WAIT: Duration = Duration::from_secs(60);
/// Records in flight, so that the load is steady.
const IN_FLIGHT: i32 = 2_000;
const LISTEN: &str = "KILL_TEST_LISTEN";
const DATA: &str = "KILL_TEST_DATA";

/// What the other test kills: this same program, with this test alone.
#[test]
#[ignore = "a process of its own, which the other test of this file starts and kills"]
fn broker_process() {
    let listen = std::env::var(LISTEN).expect("the address to listen on");
    let data = std::env::var(DATA).expect("the data folder");
    let broker = Broker::start(Settings::new(listen, data)).expect("starts");
    println!("\nready {}", broker.bootstrap());
    loop {
        std::thread::park();
    }
}

/// The broker as a process; it is killed at the end whatever happens.
struct Process {
    child: Child,
    bootstrap: String,
    /// Open, so that the process can write to it.
    output: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts the broker and waits until it listens.
    fn start(listen: &str, data: &Path) -> Self {
        let program = std::env::current_exe().expect("this program");
        let child = Command::new(program)
            .args(["--ignored", "--exact", "broker_process", "--nocapture"])
            .env(LISTEN, listen)
            .env(DATA, data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut process = Self {
            child,
            bootstrap: String::new(),
            output: None,
        };
        process.wait_until_ready();
        process
    }

    fn wait_until_ready(&mut self) {
        let mut output = BufReader::new(self.child.stdout.take().expect("its output"));
        let mut line = String::new();
        while self.bootstrap.is_empty() {
            line.clear();
            let read = output.read_line(&mut line).expect("its output");
            assert!(read > 0, "the broker has ended at its start");
            if let Some(bootstrap) = line.trim_end().strip_prefix("ready ") {
                self.bootstrap = bootstrap.to_string();
            }
        }
        self.output = Some(output);
    }

    /// As kill -9.
    fn kill(&mut self) {
        self.child.kill().expect("kills");
        self.child.wait().expect("ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        self.output = None;
    }
}

/// Counts the acknowledgements, which must tell the n-th record to be at offset n. They may come
/// in another order: of batches that are sent again, a later one's may arrive first.
#[derive(Default)]
struct Acknowledged {
    count: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = Box<u64>;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Self::DeliveryOpaque) {
        self.count.fetch_add(1, Ordering::SeqCst);
        let wrong = match result {
            Ok(message) if message.offset() == *number as i64 => return,
            Ok(message) => format!("record {number} at offset {}", message.offset()),
            Err((error, _)) => format!("record {number}: {error}"),
        };
        self.wrong.lock().expect("no panic").push(wrong);
    }
}

fn create_topic(bootstrap: &str) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()
        .expect("a client");
    // Small segments, so that kills hit their changes too.
    let topic = NewTopic::new(TOPIC, 1, TopicReplication::Fixed(1)).set("segment.bytes", "1048576");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let created = runtime
        .expect("a runtime")
        .block_on(admin.create_topics([&topic], &AdminOptions::new()))
        .expect("an answer");
    created[0].as_ref().expect("created");
}

fn producer(bootstrap: &str) -> ThreadedProducer<Acknowledged> {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("enable.idempotence", "true")
        .set("linger.ms", "1")
        .set("compression.type", "lz4")
        .set("retry.backoff.ms", "10")
        .set("reconnect.backoff.ms", "5")
        .set("reconnect.backoff.max.ms", "20")
        .create_with_context(Acknowledged::default())
        .expect("a producer")
}

/// Sends numbered records until it is told to stop; answers how many.
fn send(producer: &ThreadedProducer<Acknowledged>, stop: &AtomicBool) -> u64 {
    let padding = "x".repeat(200);
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        if producer.in_flight_count() > IN_FLIGHT {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let value = format!("{number} {padding}");
        let record = BaseRecord::<(), str, Box<u64>>::with_opaque_to(TOPIC, Box::new(number));
        match producer.send(record.partition(0).payload(&value)) {
            Ok(()) => number += 1,
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err((error, _)) => panic!("record {number} cannot be sent: {error}"),
        }
    }
    number
}

/// The numbers of all records in the topic.
fn read_numbers(bootstrap: &str, count: u64) -> Vec<u64> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "reader")
        .set("enable.partition.eof", "true")
        .set("check.crcs", "true")
        .create()
        .expect("a consumer");
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(TOPIC, 0, Offset::Beginning)
        .expect("a partition");
    consumer.assign(&from).expect("assigned");
    let mut numbers = Vec::with_capacity(count as usize);
    let until = Instant::now() + WAIT;
    while Instant::now() < until {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                let value = message
                    .payload_view::<str>()
                    .expect("a value")
                    .expect("text");
                let number = value.split(' ').next().expect("a number");
                numbers.push(number.parse().expect("a number"));
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return numbers,
            Some(Err(error)) => panic!("after {} records: {error}", numbers.len()),
            None => {}
        }
    }
    panic!(
        "the end was not reached within {WAIT:?}, {} records were read",
        numbers.len()
    );
}

/// A time to live from 20 to 147 ms; the same in every run.
fn lifetime(kill: u32) -> Duration {
    Duration::from_millis(20 + u64::from(kill.wrapping_mul(2_654_435_761) >> 25))
}

#[test]
fn a_hundred_kills_lose_and_repeat_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut process = Process::start("127.0.0.1:0", dir.path());
    let bootstrap = process.bootstrap.clone();
    create_topic(&bootstrap);
    let producer = producer(&bootstrap);
    let stop = Arc::new(AtomicBool::new(false));
    let sender = {
        let (producer, stop) = (producer.clone(), Arc::clone(&stop));
        std::thread::spawn(move || send(&producer, &stop))
    };
    let acknowledged = || producer.context().count.load(Ordering::SeqCst);
    let mut lives_with_records = 0;
    for kill in 0..KILLS {
        let before = acknowledged();
        std::thread::sleep(lifetime(kill));
        process.kill();
        lives_with_records += u32::from(acknowledged() > before);
        process = Process::start(&bootstrap, dir.path());
    }
    stop.store(true, Ordering::SeqCst);
    let sent = sender.join().expect("the sender");
    producer.flush(WAIT).expect("flushes");
    assert_eq!(acknowledged(), sent);
    let wrong = producer.context().wrong.lock().expect("no panic").clone();
    assert!(
        wrong.is_empty(),
        "{} wrong, the first: {}",
        wrong.len(),
        wrong[0]
    );
    assert!(
        lives_with_records > KILLS / 10,
        "{lives_with_records} lives had load"
    );

    process.kill();
    let process = Process::start(&bootstrap, dir.path());
    let numbers = read_numbers(&process.bootstrap, sent);
    assert!(
        numbers.iter().copied().eq(0..sent),
        "{} of {sent} records",
        numbers.len()
    );
}
