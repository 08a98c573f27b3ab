//! A broker that coordinates a group of one member as well as it is told to: in a thread of its
//! own, so that it goes on when a test stops everything else.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, FindCoordinatorResponse, HeartbeatRequest, HeartbeatResponse,
    JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, MetadataResponse,
    RequestHeader, ResponseHeader, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::{
    Decodable, Encodable, HeaderVersion, StrBytes, decode_request_header_from_buffer,
};

/// What happens to a request instead of the usual answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// The answer carries this error.
    Error(ResponseError),
    /// There is no answer.
    Silence,
    /// The connection ends.
    Hangup,
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) at: Instant,
    pub(crate) member_id: String,
    pub(crate) generation: i32,
}

#[derive(Debug, Default)]
struct State {
    /// The next reactions to requests of a kind.
    reactions: VecDeque<(ApiKey, Reaction)>,
    /// To every request of a kind, while it is set.
    always: Option<(ApiKey, Reaction)>,
    /// Nothing is answered: a cable was pulled.
    held: bool,
    /// Connections end and are refused.
    down: bool,
    /// Another broker is the coordinator.
    elsewhere: Option<SocketAddr>,
    /// A broker of long ago.
    old: bool,
    generation: i32,
    members: i32,
    seen: Vec<Seen>,
    connections: Vec<TcpStream>,
}

#[derive(Debug, Clone)]
pub(crate) struct ScriptedBroker {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl ScriptedBroker {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let broker = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        let accepting = broker.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                if accepting.state.lock().unwrap().down {
                    continue;
                }
                let kept = stream.try_clone().unwrap();
                accepting.state.lock().unwrap().connections.push(kept);
                let serving = accepting.clone();
                thread::spawn(move || serving.serve(stream).ok());
            }
        });
        broker
    }

    pub(crate) fn bootstrap(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn react(&self, api: ApiKey, reaction: Reaction) {
        self.state
            .lock()
            .unwrap()
            .reactions
            .push_back((api, reaction));
    }

    pub(crate) fn fail(&self, api: ApiKey, error: ResponseError) {
        self.react(api, Reaction::Error(error));
    }

    pub(crate) fn always(&self, always: Option<(ApiKey, Reaction)>) {
        self.state.lock().unwrap().always = always;
    }

    pub(crate) fn hold(&self, held: bool) {
        self.state.lock().unwrap().held = held;
        // What was held is lost.
        if !held {
            self.hang_up();
        }
    }

    pub(crate) fn down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
        self.hang_up();
    }

    pub(crate) fn hang_up(&self) {
        for connection in self.state.lock().unwrap().connections.drain(..) {
            connection.shutdown(Shutdown::Both).ok();
        }
    }

    pub(crate) fn move_to(&self, other: &Self) {
        let mut state = self.state.lock().unwrap();
        state.elsewhere = Some(other.address);
        other.state.lock().unwrap().generation = state.generation;
    }

    pub(crate) fn grow_old(&self) {
        self.state.lock().unwrap().old = true;
    }

    pub(crate) fn seen(&self, api: ApiKey) -> Vec<Seen> {
        let state = self.state.lock().unwrap();
        state
            .seen
            .iter()
            .filter(|seen| seen.api == api)
            .cloned()
            .collect()
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        loop {
            let mut length = [0; 4];
            stream.read_exact(&mut length)?;
            let mut request = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut request)?;
            if let Some(answer) = self.answer(Bytes::from(request)) {
                let length = u32::try_from(answer.len()).unwrap();
                stream.write_all(&length.to_be_bytes())?;
                stream.write_all(&answer)?;
            }
        }
    }

    fn answer(&self, mut request: Bytes) -> Option<Bytes> {
        let header = decode_request_header_from_buffer(&mut request).unwrap();
        let api = ApiKey::try_from(header.request_api_key).unwrap();
        let version = header.request_api_version;
        let mut state = self.state.lock().unwrap();
        let (member_id, generation) = who(api, version, request.clone());
        state.seen.push(Seen {
            api,
            version,
            at: Instant::now(),
            member_id: member_id.clone(),
            generation,
        });
        if state.held {
            return None;
        }
        let mut code = 0;
        match state.reaction(api) {
            Some(Reaction::Error(error)) => code = error.code(),
            Some(Reaction::Silence) => return None,
            Some(Reaction::Hangup) => {
                drop(state);
                self.hang_up();
                return None;
            }
            None => {}
        }
        let reply = Reply { header, code };
        Some(match api {
            ApiKey::ApiVersions => reply.api_versions(&state),
            ApiKey::Metadata => reply.metadata(self.address),
            ApiKey::FindCoordinator => {
                reply.find_coordinator(state.elsewhere.unwrap_or(self.address))
            }
            ApiKey::JoinGroup => reply.join(&mut state, &member_id, request),
            ApiKey::SyncGroup => reply.sync(&member_id, request),
            ApiKey::Heartbeat => {
                if code == 0 && state.elsewhere.is_some() {
                    let moved = ResponseError::NotCoordinator.code();
                    Reply {
                        code: moved,
                        ..reply
                    }
                    .heartbeat()
                } else {
                    reply.heartbeat()
                }
            }
            ApiKey::LeaveGroup => reply.leave(),
            other => panic!("{other:?} is not expected"),
        })
    }
}

impl State {
    fn reaction(&mut self, api: ApiKey) -> Option<Reaction> {
        if let Some((always, reaction)) = self.always
            && always == api
        {
            return Some(reaction);
        }
        let index = self.reactions.iter().position(|(of, _)| *of == api)?;
        self.reactions.remove(index).map(|(_, reaction)| reaction)
    }
}

/// Member id and generation of a request.
fn who(api: ApiKey, version: i16, mut body: Bytes) -> (String, i32) {
    match api {
        ApiKey::JoinGroup => {
            let join = JoinGroupRequest::decode(&mut body, version).unwrap();
            (join.member_id.to_string(), -1)
        }
        ApiKey::SyncGroup => {
            let sync = SyncGroupRequest::decode(&mut body, version).unwrap();
            (sync.member_id.to_string(), sync.generation_id)
        }
        ApiKey::Heartbeat => {
            let beat = HeartbeatRequest::decode(&mut body, version).unwrap();
            (beat.member_id.to_string(), beat.generation_id)
        }
        ApiKey::LeaveGroup => {
            let leave = LeaveGroupRequest::decode(&mut body, version).unwrap();
            let member = leave
                .members
                .first()
                .map_or(&leave.member_id, |m| &m.member_id);
            (member.to_string(), -1)
        }
        _ => (String::new(), -1),
    }
}

struct Reply {
    header: RequestHeader,
    code: i16,
}

impl Reply {
    fn encode<M: Encodable + HeaderVersion>(&self, body: &M) -> Bytes {
        self.encode_as(body, self.header.request_api_version)
    }

    fn encode_as<M: Encodable + HeaderVersion>(&self, body: &M, version: i16) -> Bytes {
        let mut bytes = BytesMut::new();
        ResponseHeader::default()
            .with_correlation_id(self.header.correlation_id)
            .encode(&mut bytes, M::header_version(version))
            .unwrap();
        body.encode(&mut bytes, version).unwrap();
        bytes.freeze()
    }

    /// Kafka 2.3 knew ApiVersions up to version 2, and answers in version 0 what it does not know.
    fn api_versions(&self, state: &State) -> Bytes {
        let unknown = state.old && self.header.request_api_version > 2;
        let of = |api: ApiKey, newest: i16, old: i16| {
            ApiVersion::default()
                .with_api_key(api as i16)
                .with_max_version(if state.old { old } else { newest })
        };
        let keys = vec![
            of(ApiKey::ApiVersions, 4, 2),
            of(ApiKey::Metadata, 13, 8),
            of(ApiKey::FindCoordinator, 6, 2),
            of(ApiKey::JoinGroup, 9, 5),
            of(ApiKey::SyncGroup, 5, 3),
            of(ApiKey::Heartbeat, 4, 3),
            of(ApiKey::LeaveGroup, 5, 2),
        ];
        if unknown {
            let error = ResponseError::UnsupportedVersion.code();
            return self.encode_as(&ApiVersionsResponse::default().with_error_code(error), 0);
        }
        self.encode(&ApiVersionsResponse::default().with_api_keys(keys))
    }

    fn metadata(&self, address: SocketAddr) -> Bytes {
        let broker = MetadataResponseBroker::default()
            .with_host(StrBytes::from_string(address.ip().to_string()))
            .with_port(i32::from(address.port()));
        self.encode(&MetadataResponse::default().with_brokers(vec![broker]))
    }

    fn find_coordinator(&self, at: SocketAddr) -> Bytes {
        let (host, port) = (
            StrBytes::from_string(at.ip().to_string()),
            i32::from(at.port()),
        );
        if self.header.request_api_version < 4 {
            return self.encode(
                &FindCoordinatorResponse::default()
                    .with_error_code(self.code)
                    .with_host(host)
                    .with_port(port),
            );
        }
        let coordinator = Coordinator::default()
            .with_error_code(self.code)
            .with_host(host)
            .with_port(port);
        self.encode(&FindCoordinatorResponse::default().with_coordinators(vec![coordinator]))
    }

    fn join(&self, state: &mut State, member_id: &str, mut request: Bytes) -> Bytes {
        if self.code != 0 {
            return self.encode(&JoinGroupResponse::default().with_error_code(self.code));
        }
        let version = self.header.request_api_version;
        let join = JoinGroupRequest::decode(&mut request, version).unwrap();
        if member_id.is_empty() {
            state.members += 1;
            let id = format!("member-{}", state.members);
            return self.encode(
                &JoinGroupResponse::default()
                    .with_error_code(ResponseError::MemberIdRequired.code())
                    .with_member_id(StrBytes::from_string(id)),
            );
        }
        state.generation += 1;
        let protocol = &join.protocols[0];
        let member = JoinGroupResponseMember::default()
            .with_member_id(join.member_id.clone())
            .with_metadata(protocol.metadata.clone());
        let mut answer = JoinGroupResponse::default()
            .with_generation_id(state.generation)
            .with_protocol_name(Some(protocol.name.clone()))
            .with_leader(join.member_id.clone())
            .with_member_id(join.member_id.clone())
            .with_members(vec![member]);
        if version >= 7 {
            answer = answer.with_protocol_type(Some(join.protocol_type.clone()));
        }
        self.encode(&answer)
    }

    fn sync(&self, member_id: &str, mut request: Bytes) -> Bytes {
        let version = self.header.request_api_version;
        let sync = SyncGroupRequest::decode(&mut request, version).unwrap();
        let own = sync
            .assignments
            .iter()
            .find(|of| *of.member_id == *member_id);
        let mut answer = SyncGroupResponse::default().with_error_code(self.code);
        if self.code == 0 {
            answer = answer.with_assignment(own.unwrap().assignment.clone());
            if version >= 5 {
                answer = answer
                    .with_protocol_type(sync.protocol_type.clone())
                    .with_protocol_name(sync.protocol_name.clone());
            }
        }
        self.encode(&answer)
    }

    fn heartbeat(&self) -> Bytes {
        self.encode(&HeartbeatResponse::default().with_error_code(self.code))
    }

    fn leave(&self) -> Bytes {
        self.encode(&LeaveGroupResponse::default().with_error_code(self.code))
    }
}

/// Waits in real time for something that the broker sees.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
