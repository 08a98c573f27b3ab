//! A broker of one's own, and clients for it: librdkafka's and a raw one.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use connect_broker::{Broker, Settings};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, FetchRequest, RequestHeader, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::OwnedMessage;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// As long as anything may take.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

pub(crate) struct Fixture {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) broker: Broker,
}

impl Fixture {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::new("127.0.0.1:0", folder.path());
        change(&mut settings);
        let broker = Broker::start(settings).unwrap();
        Self { folder, broker }
    }

    /// Stops it in good order and starts it again on the same folder.
    pub(crate) fn restarted(self) -> Self {
        let Self { folder, broker } = self;
        broker.stop();
        let broker = Broker::start(Settings::new("127.0.0.1:0", folder.path())).unwrap();
        Self { folder, broker }
    }

    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.broker.bootstrap());
        config
    }

    pub(crate) fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.client().create().unwrap()
    }

    pub(crate) fn create(&self, topic: &str, partitions: i32, configs: &[(&str, &str)]) {
        let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        for (name, value) in configs {
            new = new.set(name, value);
        }
        let created = wait(self.admin().create_topics(&[new], &AdminOptions::new()));
        assert_eq!(created.unwrap(), [Ok(topic.to_owned())]);
    }

    /// Produces to partition 0 and waits for the acknowledgements.
    pub(crate) fn produce(&self, topic: &str, records: &[(&str, &str)]) {
        self.produce_with(topic, records, &[]).unwrap();
    }

    pub(crate) fn produce_with(
        &self,
        topic: &str,
        records: &[(&str, &str)],
        settings: &[(&str, &str)],
    ) -> Result<(), KafkaError> {
        let mut config = self.client();
        for (name, value) in settings {
            config.set(*name, *value);
        }
        let producer: BaseProducer = config.create()?;
        for (key, value) in records {
            let record = BaseRecord::to(topic).partition(0).key(*key).payload(*value);
            producer.send(record).map_err(|(error, _)| error)?;
        }
        producer.flush(WAIT)
    }

    /// Everything in partition 0, from its beginning.
    pub(crate) fn consume(&self, topic: &str) -> Vec<OwnedMessage> {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "reader")
            .set("enable.partition.eof", "true")
            .set("enable.auto.commit", "false")
            .create()
            .unwrap();
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, 0, Offset::Beginning)
            .unwrap();
        consumer.assign(&from).unwrap();
        let mut messages = Vec::new();
        loop {
            match consumer.poll(WAIT).expect("no message and no end in time") {
                Ok(message) => messages.push(message.detach()),
                Err(KafkaError::PartitionEOF(_)) => return messages,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Runs what is asynchronous only because of its interface.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// A connection on which anything can be sent.
pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        Self(stream)
    }

    /// How long an answer is waited for.
    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.0.set_read_timeout(Some(timeout)).unwrap();
    }

    /// What comes first of an answer, or why nothing does.
    pub(crate) fn try_receive(&mut self) -> io::Result<u8> {
        let mut first = [0];
        self.0.read_exact(&mut first)?;
        Ok(first[0])
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    pub(crate) fn send<R: Request>(&mut self, version: i16, correlation_id: i32, request: &R) {
        let frame = frame(version, correlation_id, request);
        self.send_bytes(&frame);
    }

    pub(crate) fn receive<R: Request>(&mut self, version: i16) -> (i32, R::Response) {
        let mut frame = self.receive_bytes().expect("an answer");
        let header_version = R::Response::header_version(version);
        let header = ResponseHeader::decode(&mut frame, header_version).unwrap();
        let response = R::Response::decode(&mut frame, version).unwrap();
        assert!(frame.is_empty(), "{} bytes too many", frame.len());
        (header.correlation_id, response)
    }

    pub(crate) fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.send(version, 5, request);
        let (correlation_id, response) = self.receive::<R>(version);
        assert_eq!(correlation_id, 5);
        response
    }

    /// A frame without its length; none where the broker has ended the connection.
    pub(crate) fn receive_bytes(&mut self) -> Option<Bytes> {
        let mut length = [0; 4];
        match self.0.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if is_end(&error) => return None,
            Err(error) => panic!("{error}"),
        }
        let mut frame = vec![0; i32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut frame).unwrap();
        Some(Bytes::from(frame))
    }

    /// The broker has ended the connection, and has answered nothing.
    pub(crate) fn assert_closed(&mut self) {
        assert_eq!(self.receive_bytes(), None);
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
    )
}

/// What a client that says what it is asks first.
pub(crate) fn versions_request() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name("raw".into())
        .with_client_software_version("1.0".into())
}

/// A request with its length before it.
pub(crate) fn frame<R: Request>(version: i16, correlation_id: i32, request: &R) -> Bytes {
    let key = ApiKey::try_from(R::KEY).unwrap();
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some("raw".into()));
    let mut body = BytesMut::new();
    header
        .encode(&mut body, key.request_header_version(version))
        .unwrap();
    request.encode(&mut body, version).unwrap();
    let mut frame = BytesMut::from(&(body.len() as i32).to_be_bytes()[..]);
    frame.extend_from_slice(&body);
    frame.freeze()
}

/// Asks for records of partition 0 of the topic `t`.
pub(super) fn fetch(offset: i64, min_bytes: i32, wait: Duration) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default()
        .with_topic(TopicName(StrBytes::from_static_str("t")))
        .with_partitions(vec![partition]);
    FetchRequest::default()
        .with_max_wait_ms(wait.as_millis() as i32)
        .with_min_bytes(min_bytes)
        .with_max_bytes(1 << 20)
        .with_topics(vec![topic])
}
