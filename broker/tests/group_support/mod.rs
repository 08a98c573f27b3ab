//! A client that says exactly what a test wants said, frame by frame.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{Read, Write};
use std::marker::PhantomData;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, RequestHeader, ResponseHeader,
    SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

/// Long enough for whatever is waited for to have happened if it ever does.
pub(crate) const WAIT: Duration = Duration::from_secs(40);

pub(crate) struct Connection {
    stream: TcpStream,
    last_id: i32,
}

/// An answer that is still to come. Answers come in the order of the requests.
#[must_use]
pub(crate) struct Pending<R> {
    id: i32,
    version: i16,
    request: PhantomData<R>,
}

impl Connection {
    pub(crate) fn open(bootstrap: &str) -> Self {
        let stream = TcpStream::connect(bootstrap).expect("connecting");
        stream.set_read_timeout(Some(WAIT)).expect("a time-out");
        Self { stream, last_id: 0 }
    }

    pub(crate) fn send<R: Request>(&mut self, version: i16, request: &R) -> Pending<R> {
        self.last_id += 1;
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.last_id)
            .with_client_id(Some(text("raw")));
        let mut body = BytesMut::new();
        header
            .encode(&mut body, R::header_version(version))
            .expect("a header");
        request.encode(&mut body, version).expect("a request");
        let mut frame = BytesMut::new();
        frame.put_u32(u32::try_from(body.len()).expect("a short frame"));
        frame.put_slice(&body);
        self.stream.write_all(&frame).expect("sent");
        Pending {
            id: self.last_id,
            version,
            request: PhantomData,
        }
    }

    pub(crate) fn receive<R: Request>(&mut self, pending: Pending<R>) -> R::Response {
        let mut size = [0; 4];
        self.stream.read_exact(&mut size).expect("an answer");
        let mut frame = vec![0; u32::from_be_bytes(size) as usize];
        self.stream.read_exact(&mut frame).expect("all of it");
        let mut frame = Bytes::from(frame);
        let version = R::Response::header_version(pending.version);
        let header = ResponseHeader::decode(&mut frame, version).expect("a header");
        assert_eq!(header.correlation_id, pending.id);
        let response = R::Response::decode(&mut frame, pending.version).expect("a response");
        assert!(!frame.has_remaining(), "something follows the response");
        response
    }

    pub(crate) fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        let pending = self.send(version, request);
        self.receive(pending)
    }
}

/// A member of a group of the type `connect`.
pub(crate) struct Worker {
    pub(crate) connection: Connection,
    pub(crate) group: String,
    pub(crate) member_id: StrBytes,
    pub(crate) generation: i32,
    pub(crate) protocols: Vec<(String, Bytes)>,
}

impl Worker {
    pub(crate) fn new(bootstrap: &str, group: &str) -> Self {
        let metadata = Bytes::from_static(b"the worker's metadata");
        Self {
            connection: Connection::open(bootstrap),
            group: group.to_owned(),
            member_id: StrBytes::new(),
            generation: -1,
            protocols: ["sessioned", "compatible", "default"]
                .map(|name| (name.to_owned(), metadata.clone()))
                .to_vec(),
        }
    }

    pub(crate) fn group_id(&self) -> GroupId {
        GroupId(text(&self.group))
    }

    pub(crate) fn join_request(&self, protocol_type: &str) -> JoinGroupRequest {
        let protocols = self.protocols.iter().map(|(name, metadata)| {
            JoinGroupRequestProtocol::default()
                .with_name(text(name))
                .with_metadata(metadata.clone())
        });
        JoinGroupRequest::default()
            .with_group_id(self.group_id())
            .with_session_timeout_ms(6_000)
            .with_rebalance_timeout_ms(20_000)
            .with_member_id(self.member_id.clone())
            .with_protocol_type(text(protocol_type))
            .with_protocols(protocols.collect())
    }

    /// Asks for a member id, as clients do that do not know theirs yet.
    pub(crate) fn take_id(&mut self) {
        let request = self.join_request("connect");
        let response = self.connection.ask(9, &request);
        assert_eq!(response.error_code, 79, "MEMBER_ID_REQUIRED");
        self.member_id = response.member_id;
    }

    pub(crate) fn send_join(&mut self) -> Pending<JoinGroupRequest> {
        let request = self.join_request("connect");
        self.connection.send(9, &request)
    }

    pub(crate) fn joined(&mut self, pending: Pending<JoinGroupRequest>) -> JoinGroupResponse {
        let response = self.connection.receive(pending);
        assert_eq!(response.error_code, 0);
        self.generation = response.generation_id;
        response
    }

    /// Asks for its assignment; the leader says whose is what.
    pub(crate) fn send_sync(
        &mut self,
        assignments: &[(&StrBytes, &str)],
    ) -> Pending<SyncGroupRequest> {
        let assignments = assignments.iter().map(|(member_id, work)| {
            SyncGroupRequestAssignment::default()
                .with_member_id((*member_id).clone())
                .with_assignment(Bytes::from((*work).to_owned()))
        });
        let request = SyncGroupRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(self.generation)
            .with_member_id(self.member_id.clone())
            .with_protocol_type(Some(text("connect")))
            .with_protocol_name(Some(text("sessioned")))
            .with_assignments(assignments.collect());
        self.connection.send(5, &request)
    }

    pub(crate) fn synced(&mut self, pending: Pending<SyncGroupRequest>) -> SyncGroupResponse {
        self.connection.receive(pending)
    }

    /// The error code of a heartbeat.
    pub(crate) fn heartbeat(&mut self) -> i16 {
        let request = HeartbeatRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(self.generation)
            .with_member_id(self.member_id.clone());
        self.connection.ask(4, &request).error_code
    }

    /// Sends heartbeats until one is answered with this error.
    pub(crate) fn heartbeat_until(&mut self, error_code: i16) {
        eventually("the heartbeat's answer", || {
            (self.heartbeat() == error_code).then_some(())
        });
    }
}

/// The leader and a follower of a stable group.
pub(crate) fn two_workers(bootstrap: &str, group: &str) -> (Worker, Worker) {
    let mut leader = Worker::new(bootstrap, group);
    leader.take_id();
    let joining = leader.send_join();
    leader.joined(joining);
    let mut follower = Worker::new(bootstrap, group);
    follower.take_id();
    let following = follower.send_join();
    leader.heartbeat_until(REBALANCE_IN_PROGRESS);
    let leading = leader.send_join();
    let joined = leader.joined(leading);
    assert_eq!(joined.leader, leader.member_id);
    assert_eq!(joined.members.len(), 2);
    follower.joined(following);
    (leader, follower)
}

pub(crate) const ILLEGAL_GENERATION: i16 = 22;
pub(crate) const INCONSISTENT_GROUP_PROTOCOL: i16 = 23;
pub(crate) const UNKNOWN_MEMBER_ID: i16 = 25;
pub(crate) const REBALANCE_IN_PROGRESS: i16 = 27;

pub(crate) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Tries until there is something.
pub(crate) fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + WAIT;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < until, "{what}: not within {WAIT:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
