//! A way to the broker that can answer questions for metadata as a broker does that shuts down:
//! with topics, and without a single broker. In threads of its own, one connection in two.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::metadata_response::{
    MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiKey, BrokerId, FindCoordinatorResponse, MetadataResponse, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{
    Decodable, Encodable, HeaderVersion, StrBytes, decode_request_header_from_buffer,
};

/// The more partitions there are in an answer, the longer librdkafka looks at it.
const MANY_PARTITIONS: i32 = 5_000;

/// Api and version of the requests that are not answered yet.
type Asked = Arc<Mutex<VecDeque<(i16, i16)>>>;

#[derive(Debug, Clone)]
pub(crate) struct ForgetfulProxy {
    address: SocketAddr,
    broker: String,
    is_forgetful: Arc<AtomicBool>,
    forgot: Arc<AtomicUsize>,
}

impl ForgetfulProxy {
    pub(crate) fn start(broker: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            broker: broker.to_owned(),
            is_forgetful: Arc::default(),
            forgot: Arc::default(),
        };
        let accepting = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                accepting.connect(client.unwrap());
            }
        });
        proxy
    }

    pub(crate) fn bootstrap(&self) -> String {
        self.address.to_string()
    }

    /// From now on only the first answer of each connection names the broker: a client has to know
    /// one to forget it. Or all do again.
    pub(crate) fn forget(&self, is_forgetful: bool) {
        self.is_forgetful.store(is_forgetful, Ordering::SeqCst);
    }

    /// How many answers named no broker.
    pub(crate) fn forgot(&self) -> usize {
        self.forgot.load(Ordering::SeqCst)
    }

    fn connect(&self, client: TcpStream) {
        let broker = TcpStream::connect(&self.broker).unwrap();
        let asked = Asked::default();
        let (mut from, mut to) = (client.try_clone().unwrap(), broker.try_clone().unwrap());
        let asking = Arc::clone(&asked);
        thread::spawn(move || {
            while let Ok(request) = frame(&mut from) {
                let header = decode_request_header_from_buffer(&mut request.clone()).unwrap();
                let of = (header.request_api_key, header.request_api_version);
                asking.lock().unwrap().push_back(of);
                if write_frame(&mut to, &request).is_err() {
                    break;
                }
            }
            to.shutdown(std::net::Shutdown::Both).ok();
        });
        let proxy = self.clone();
        thread::spawn(move || proxy.answer(broker, client, &asked));
    }

    fn answer(&self, mut broker: TcpStream, mut client: TcpStream, asked: &Asked) {
        let mut is_first = true;
        while let Ok(mut answer) = frame(&mut broker) {
            let of = asked.lock().unwrap().pop_front();
            answer = match of.map(|(api, version)| (ApiKey::try_from(api), version)) {
                Some((Ok(ApiKey::Metadata), version)) => {
                    let forgets = self.is_forgetful.load(Ordering::SeqCst) && !is_first;
                    is_first = false;
                    rewrite(answer, version, |metadata| self.metadata(metadata, forgets))
                }
                Some((Ok(ApiKey::FindCoordinator), version)) => {
                    rewrite(answer, version, |found| self.coordinators(found))
                }
                _ => answer,
            };
            if write_frame(&mut client, &answer).is_err() {
                break;
            }
        }
        client.shutdown(std::net::Shutdown::Both).ok();
    }

    /// Metadata by which the client comes here, or by which it can go nowhere.
    fn metadata(&self, metadata: &mut MetadataResponse, forgets: bool) {
        for broker in &mut metadata.brokers {
            (broker.host, broker.port) = self.here();
        }
        if forgets && !metadata.topics.is_empty() {
            forget_brokers(metadata);
            self.forgot.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn coordinators(&self, found: &mut FindCoordinatorResponse) {
        (found.host, found.port) = self.here();
        for coordinator in &mut found.coordinators {
            (coordinator.host, coordinator.port) = self.here();
        }
    }

    fn here(&self) -> (StrBytes, i32) {
        let host = StrBytes::from_string(self.address.ip().to_string());
        (host, i32::from(self.address.port()))
    }
}

fn rewrite<M: Decodable + Encodable + HeaderVersion>(
    mut answer: Bytes,
    version: i16,
    change: impl FnOnce(&mut M),
) -> Bytes {
    let header_version = M::header_version(version);
    let header = ResponseHeader::decode(&mut answer, header_version).unwrap();
    let mut body = M::decode(&mut answer, version).unwrap();
    change(&mut body);
    let mut bytes = BytesMut::new();
    header.encode(&mut bytes, header_version).unwrap();
    body.encode(&mut bytes, version).unwrap();
    bytes.freeze()
}

fn forget_brokers(metadata: &mut MetadataResponse) {
    metadata.brokers.clear();
    metadata.controller_id = BrokerId(-1);
    for topic in &mut metadata.topics {
        for partition in &mut topic.partitions {
            partition.leader_id = BrokerId(-1);
        }
    }
    let partition = |index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(BrokerId(-1))
    };
    let name = TopicName(StrBytes::from_static_str("many-partitions"));
    let topic = MetadataResponseTopic::default()
        .with_name(Some(name))
        .with_partitions((0..MANY_PARTITIONS).map(partition).collect());
    metadata.topics.push(topic);
}

fn frame(stream: &mut TcpStream) -> io::Result<Bytes> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut bytes)?;
    Ok(Bytes::from(bytes))
}

fn write_frame(stream: &mut TcpStream, bytes: &Bytes) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).unwrap();
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(bytes)
}
