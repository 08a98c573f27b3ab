//! Damaged data folders: the broker comes up or says which file it cannot use, and what was before
//! the damage is read. Nothing that is damaged takes other topics with it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use connect_broker::{Broker, BrokerError, Settings};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    CreateTopicsRequest, GroupId, ListOffsetsRequest, OffsetCommitRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use tempfile::TempDir;
use uuid::Uuid;

use crate::batches::{self, next_offset, whole_batches};
use crate::damage::damage;
use crate::process::peak_memory;
use crate::random::{Random, rounds};
use crate::requests::{fetch, produce};
use crate::wire::Wire;

/// Damaged folders of each kind.
const ROUNDS: usize = 80;

/// A start takes milliseconds; one that takes this long does not end.
const ENDLESS: Duration = Duration::from_secs(60);

/// The memory that all of it may take, in MiB.
const MEMORY: usize = 300;

const TOPICS: [&str; 3] = ["plain", "compacted", "transactional"];

/// Batches in each topic.
const BATCHES: i64 = 40;

/// Threads that have panicked.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// The whole batches of each topic, from its start on until there are no more.
type Content = BTreeMap<&'static str, Vec<(i64, Vec<u8>)>>;

#[test]
fn damaged_folders_of_a_stopped_broker() {
    let made = Made::new();
    made.broker.stop();
    damaged(&made.folder, "a stopped broker");
}

#[test]
fn damaged_folders_of_a_killed_broker() {
    let made = Made::new();
    let killed = tempfile::tempdir().expect("a folder");
    // What a kill would have left: nothing is written at the end.
    copy(made.folder.path(), killed.path());
    damaged(&killed, "a killed broker");
}

fn damaged(whole: &TempDir, of: &str) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        usual(info);
    }));
    let random = Random::of_test(of);
    let before = peak_memory(Path::new("/proc/self"));
    let pristine = tempfile::tempdir().expect("a folder");
    copy(whole.path(), pristine.path());
    let baseline = read(&start(pristine.path()).expect("the undamaged one"));
    for topic in TOPICS {
        assert!(baseline[topic].len() > 5, "{topic}");
    }
    let files = files(whole.path());
    assert!(files.len() > 30, "{files:?}");
    let mut came_up = 0;
    for round in 0..rounds(ROUNDS) {
        let mut random = random.part(round as u64);
        let folder = tempfile::tempdir().expect("a folder");
        copy(whole.path(), folder.path());
        let damage = Damage::new(&mut random, folder.path(), &files);
        let panics = PANICS.load(Ordering::SeqCst);
        let (file, at) = (damage.file.display(), damage.at);
        let case = format!("{of}, round {round}: {}, {file} from {at} on", damage.what);
        println!("{case}");
        came_up += usize::from(damage.check(folder.path(), &baseline, &case));
        assert_eq!(PANICS.load(Ordering::SeqCst), panics, "{case}: a panic");
    }
    println!("{came_up} came up");
    assert!(came_up > rounds(ROUNDS) / 2, "{came_up} came up");
    let taken = peak_memory(Path::new("/proc/self")) - before;
    assert!(taken < MEMORY, "{taken} MiB");
}

/// What was done to which file.
struct Damage {
    /// Its path within the folder.
    file: PathBuf,
    what: &'static str,
    /// The first byte that is not as it was.
    at: usize,
    /// As it was before.
    original: Vec<u8>,
}

impl Damage {
    fn new(random: &mut Random, folder: &Path, files: &[PathBuf]) -> Self {
        // A segment as often as all other files of its kind together.
        let kinds = ["log", "index", "timeindex", "snapshot", "aborted", ""];
        let kind = *random.pick(&kinds);
        let of_kind: Vec<&PathBuf> = (files.iter())
            .filter(|file| file.extension().unwrap_or_default() == kind || kind.is_empty())
            .collect();
        let file = match of_kind.is_empty() {
            true => random.pick(files).clone(),
            false => (*random.pick(&of_kind)).clone(),
        };
        let path = folder.join(&file);
        let original = fs::read(&path).expect("reads");
        let (what, bytes) = Self::of(random, &original);
        match &bytes {
            Some(bytes) => fs::write(&path, bytes).expect("writes"),
            None => fs::remove_file(&path).expect("removes"),
        }
        let bytes = bytes.unwrap_or_default();
        let same = original.iter().zip(&bytes).take_while(|(a, b)| a == b);
        Self {
            at: same.count(),
            file,
            what,
            original,
        }
    }

    fn of(random: &mut Random, original: &[u8]) -> (&'static str, Option<Vec<u8>>) {
        let mut bytes = original.to_vec();
        match random.below(12) {
            0 => ("removed", None),
            1 => ("emptied", Some(Vec::new())),
            2 => ("garbage", Some(random.bytes(original.len()))),
            // The start of a batch, which its checksum does not cover, wherever there may be one.
            3 | 4 if bytes.len() > 61 => {
                let all = whole_batches(original);
                let nth = random.below(all.len().max(1));
                let at: usize = all[..nth].iter().map(|(_, batch)| batch.len()).sum();
                bytes[at + random.below(16)] ^= 1 << random.below(8);
                ("a batch's place", Some(bytes))
            }
            _ => {
                let what = damage(random, &mut bytes);
                (what, Some(bytes))
            }
        }
    }

    /// Whether the broker came up.
    fn check(&self, folder: &Path, baseline: &Content, case: &str) -> bool {
        let name = self.file.display().to_string();
        let started = match start(folder) {
            Ok(broker) => {
                self.compare(&read(&broker), baseline, case);
                writes(&broker, case);
                broker.stop();
                true
            }
            Err(error) => {
                let said = chain(&error);
                let named = name.split('/').any(|part| {
                    let topic = part.rsplit_once('-').map_or(part, |(topic, _)| topic);
                    said.contains(topic)
                });
                assert!(named, "{case}: {said}");
                false
            }
        };
        if !name.contains('/') {
            // The file that says what there is comes back, and so does what there was.
            fs::write(folder.join(&self.file), &self.original).expect("writes");
            let again = start(folder).unwrap_or_else(|error| panic!("{case}: {}", chain(&error)));
            let found = read(&again);
            for topic in TOPICS {
                let before = &baseline[topic];
                assert!(found[topic].starts_with(before), "{case}: then {topic}");
            }
        }
        started
    }

    /// The other topics have everything, this one what was before the damage.
    fn compare(&self, found: &Content, baseline: &Content, case: &str) {
        let owner = self.file.parent().and_then(Path::to_str).unwrap_or("");
        if self.file == Path::new("topics.json") {
            return;
        }
        for topic in TOPICS {
            let (found, before) = (&found[topic], &baseline[topic]);
            if self.file == Path::new(&format!("{topic}-0")).join("checkpoint") {
                // It says where the log begins: without it what was deleted or compacted may be there again.
                let mut found = found.iter();
                let all = before.iter().all(|batch| found.any(|it| it == batch));
                assert!(all, "{case}: {topic} lacks a batch");
                continue;
            }
            let in_segment = self.file.extension().is_some_and(|kind| kind == "log");
            if owner != format!("{topic}-0") || !in_segment {
                // A coordinator that has forgotten what it did last does it again.
                let more = owner.starts_with("__transaction_state") && topic == "transactional";
                let same = found == before || more && found.starts_with(before);
                assert!(same, "{case}: {topic} is not what it was");
                continue;
            }
            let stem = self.file.file_stem().and_then(|stem| stem.to_str());
            let base: i64 = stem.expect("a name").parse().expect("an offset");
            let mut kept = before.iter().filter(|(at, _)| *at < base).count();
            let mut end = 0;
            for batch in before.iter().skip(kept) {
                end += batch.1.len();
                kept += usize::from(end <= self.at.min(self.original.len()));
            }
            let same = found.iter().zip(before).take_while(|(a, b)| a == b);
            let same = same.count();
            assert!(same >= kept, "{case}: {same} of {kept} batches of {topic}");
        }
    }
}

/// Whatever was damaged, a topic that is new can be used.
fn writes(broker: &Broker, case: &str) {
    let mut wire = Wire::connect(broker.address());
    create(&mut wire, "after", &[]);
    let request = produce("after", Uuid::nil(), batches::batch(0, 1, &[vec![1]]), 9);
    let answer = wire.ask(9, &request);
    let code = answer.responses[0].partition_responses[0].error_code;
    assert_eq!(code, 0, "{case}");
}

/// Starts a broker; that must end.
fn start(folder: &Path) -> Result<Broker, BrokerError> {
    let (send, started) = mpsc::channel();
    let settings = settings(folder, Duration::from_secs(3600));
    std::thread::spawn(move || send.send(Broker::start(settings)));
    started
        .recv_timeout(ENDLESS)
        .expect("the start does not end")
}

fn settings(folder: &Path, clean_every: Duration) -> Settings {
    let mut settings = Settings::new("127.0.0.1:0", folder);
    settings.auto_create_topics = false;
    settings.clean_every = clean_every;
    settings
}

/// A broker that has written a file of every kind.
struct Made {
    folder: TempDir,
    broker: Broker,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let often = Duration::from_millis(200);
        let broker = Broker::start(settings(folder.path(), often)).expect("starts");
        let mut wire = Wire::connect(broker.address());
        // A segment for each few batches, an entry of the index for each.
        let small = [
            ("segment.ms", "2500"),
            ("index.interval.bytes", "0"),
            ("retention.ms", "-1"),
        ];
        create(&mut wire, "plain", &small);
        create(&mut wire, "transactional", &small);
        let compacted = [
            ("cleanup.policy", "compact"),
            ("min.cleanable.dirty.ratio", "0.01"),
        ];
        create(&mut wire, "compacted", &[&small[..], &compacted].concat());
        for index in 0..BATCHES {
            for topic in ["plain", "compacted"] {
                // Sixty keys, so that compaction leaves a part of them.
                let value = |place| format!("{:02} {}", (index * 3 + place) % 60, "v".repeat(100));
                let values = (0..=index % 9).map(|place| value(place).into_bytes());
                let values: Vec<_> = values.collect();
                let codec = (index % 5) as i16;
                let batch = batches::batch(codec, 1_700_000_000_000 + index * 1000, &values);
                let answer = wire.ask(9, &produce(topic, Uuid::nil(), batch, 9));
                let code = answer.responses[0].partition_responses[0].error_code;
                assert_eq!(code, 0);
            }
            commit(&mut wire, index);
        }
        transactions(broker.bootstrap());
        std::thread::sleep(Duration::from_millis(600));
        Self { folder, broker }
    }
}

fn create(wire: &mut Wire, name: &str, configs: &[(&str, &str)]) {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let configs = configs.iter().map(|(name, value)| {
        CreatableTopicConfig::default()
            .with_name(text(name))
            .with_value(Some(text(value)))
    });
    let topic = CreatableTopic::default()
        .with_name(TopicName(text(name)))
        .with_num_partitions(1)
        .with_replication_factor(1)
        .with_configs(configs.collect());
    let request = CreateTopicsRequest::default().with_topics(vec![topic]);
    let created = &wire.ask(7, &request).topics[0];
    assert_eq!(created.error_code, 0, "{created:?}");
}

fn commit(wire: &mut Wire, offset: i64) {
    let partition = OffsetCommitRequestPartition::default().with_committed_offset(offset);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(TopicName(StrBytes::from_static_str("plain")))
        .with_partitions(vec![partition]);
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(StrBytes::from_static_str("group")))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic]);
    let answer = wire.ask(8, &request);
    assert_eq!(answer.topics[0].partitions[0].error_code, 0);
}

/// Every other one is aborted, the last stays open.
fn transactions(bootstrap: &str) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("transactional.id", "id")
        .set("transaction.timeout.ms", "900000")
        .create()
        .expect("a producer");
    let wait = Duration::from_secs(20);
    producer.init_transactions(wait).expect("a producer id");
    for index in 0..10_i64 {
        producer.begin_transaction().expect("begun");
        for _ in 0..3 {
            let record = BaseRecord::<(), str>::to("transactional")
                .partition(0)
                .timestamp(1_700_000_000_000 + index * 1000)
                .payload("value");
            producer
                .send(record)
                .map_err(|(error, _)| error)
                .expect("sent");
            producer.flush(wait).expect("flushed");
        }
        match index {
            9 => {}
            _ if index % 2 == 0 => producer.commit_transaction(wait).expect("committed"),
            _ => producer.abort_transaction(wait).expect("aborted"),
        }
    }
}

/// What can be read of each topic, until its end or the first batch that is not whole.
fn read(broker: &Broker) -> Content {
    let mut wire = Wire::connect(broker.address());
    let mut content = Content::new();
    for topic in TOPICS {
        content.insert(topic, batches_of(&mut wire, topic));
    }
    content
}

fn batches_of(wire: &mut Wire, topic: &str) -> Vec<(i64, Vec<u8>)> {
    let mut batches: Vec<(i64, Vec<u8>)> = Vec::new();
    let mut offset = start_of(wire, topic).unwrap_or(0);
    while let Ok(records) = fetch(wire, topic, offset) {
        let found = whole_batches(&records);
        let Some(last) = found.last() else {
            break;
        };
        let next = next_offset(last);
        batches.extend(found);
        // A batch that is somewhere else now leads back.
        if next <= offset {
            break;
        }
        offset = next;
    }
    batches
}

/// A topic's first offset.
fn start_of(wire: &mut Wire, topic: &str) -> Option<i64> {
    let partition = ListOffsetsPartition::default().with_timestamp(-2);
    let topic = ListOffsetsTopic::default()
        .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default()
        .with_replica_id((-1).into())
        .with_topics(vec![topic]);
    let answer = wire.ask(5, &request);
    let partition = &answer.topics[0].partitions[0];
    (partition.error_code == 0).then_some(partition.offset)
}

/// All files of a folder, by their path in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("reads") {
        let name = PathBuf::from(entry.expect("reads").file_name());
        let path = folder.join(&name);
        if path.is_dir() {
            for inner in fs::read_dir(&path).expect("reads") {
                files.push(name.join(inner.expect("reads").file_name()));
            }
        } else if name != Path::new(".lock") {
            files.push(name);
        }
    }
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().expect("a folder")).expect("creates");
        fs::copy(from.join(&file), target).expect("copies");
    }
}

fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}
