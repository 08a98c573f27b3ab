//! The group's coordinator: which broker it is, and what is asked of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    MetadataRequest, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::error::GroupError;
use super::handler::Generation;
use super::options::{GroupOptions, wire_ms};
use super::session::Membership;
use crate::wire::{self, Connection, Endpoint, WireError};

/// The longest reason that JoinGroup and LeaveGroup carry (`JoinGroupRequest.maybeTruncateReason`).
const MAX_REASON: usize = 255;

/// Finds the coordinator and speaks to it. Both tasks of a member share one.
#[derive(Debug)]
pub(super) struct Coordinator {
    options: GroupOptions,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    coordinator: Option<Endpoint>,
    /// Whom to ask for it: `bootstrap.servers`, and the brokers that the cluster named.
    brokers: Vec<Endpoint>,
    next: usize,
}

impl Coordinator {
    pub(super) fn new(options: GroupOptions) -> Self {
        let known = Known {
            coordinator: None,
            brokers: options.wire.bootstrap().to_vec(),
            next: 0,
        };
        Self {
            options,
            known: Mutex::new(known),
        }
    }

    pub(super) fn options(&self) -> &GroupOptions {
        &self.options
    }

    /// A new connection to the coordinator.
    pub(super) async fn connect(&self) -> Result<Connection, GroupError> {
        let known = self.known().coordinator.clone();
        let endpoint = match known {
            Some(endpoint) => endpoint,
            None => match self.find().await? {
                Found::Here(connection) => return Ok(connection),
                Found::At(endpoint) => endpoint,
            },
        };
        let opened = Connection::open(&self.options.wire, &endpoint).await;
        if opened.is_err() {
            // It may be another broker by now.
            self.forget();
        }
        Ok(opened?)
    }

    /// The next connection asks again which broker it is.
    pub(super) fn forget(&self) {
        self.known().coordinator = None;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks one broker after another, starting with the one that answered last.
    async fn find(&self) -> Result<Found, GroupError> {
        let (brokers, first) = {
            let known = self.known();
            (known.brokers.clone(), known.next)
        };
        let mut problem = None;
        for offset in 0..brokers.len() {
            let index = (first + offset) % brokers.len();
            // Whoever gives up waiting for this one asks another one the next time.
            self.known().next = (index + 1) % brokers.len();
            match self.ask(&brokers[index]).await {
                Ok(found) => {
                    self.known().next = index;
                    return Ok(found);
                }
                Err(error @ GroupError::Wire(_)) => problem = Some(error),
                // The broker is fine, and the others would say the same.
                Err(error) => {
                    self.known().next = index;
                    return Err(error);
                }
            }
        }
        Err(problem.unwrap_or_else(|| self.refused("find", ResponseError::CoordinatorNotAvailable)))
    }

    async fn ask(&self, broker: &Endpoint) -> Result<Found, GroupError> {
        let mut connection = Connection::open(&self.options.wire, broker).await?;
        self.learn_brokers(&mut connection).await?;
        let coordinator = self.find_coordinator(&mut connection).await?;
        tracing::debug!(
            group = self.options.group_id,
            %coordinator,
            "found the group's coordinator"
        );
        self.known().coordinator = Some(coordinator.clone());
        if coordinator == *broker {
            return Ok(Found::Here(connection));
        }
        Ok(Found::At(coordinator))
    }

    /// The bootstrap servers may all be gone one day, and the cluster still be there.
    async fn learn_brokers(&self, connection: &mut Connection) -> Result<(), WireError> {
        // An empty list is "no topics" from version 1 on, and "all" before.
        connection.version::<MetadataRequest>(4)?;
        let request = MetadataRequest::default()
            .with_topics(Some(Vec::new()))
            .with_allow_auto_topic_creation(false);
        let limit = connection.request_timeout();
        let answer = connection.send(&request, limit).await?;
        let mut brokers = self.options.wire.bootstrap().to_vec();
        for broker in answer.brokers {
            if let Some(endpoint) = Endpoint::of(&broker.host, broker.port)
                && !brokers.contains(&endpoint)
            {
                brokers.push(endpoint);
            }
        }
        let mut known = self.known();
        known.next %= brokers.len();
        known.brokers = brokers;
        Ok(())
    }

    async fn find_coordinator(&self, connection: &mut Connection) -> Result<Endpoint, GroupError> {
        match wire::find_coordinator(connection, &self.options.group_id).await? {
            wire::Coordinator::At(endpoint) => Ok(endpoint),
            wire::Coordinator::Refused(code) => Err(self.refused("find the coordinator of", code)),
            wire::Coordinator::Nowhere(place) => Err(GroupError::Protocol {
                doing: self.doing("find the coordinator of"),
                reason: format!("{} named '{place}'", connection.endpoint()),
            }),
        }
    }

    pub(super) async fn join(
        &self,
        connection: &mut Connection,
        member_id: &str,
        reason: &str,
        protocols: &[(String, Bytes)],
    ) -> Result<JoinGroupResponse, WireError> {
        // Below version 4 (Kafka 2.2) the coordinator does not tell a member its id before it is
        // in (KIP-394): one whose answer is lost stays in the group for a session's time.
        let version = connection.version::<JoinGroupRequest>(4)?;
        let protocols = protocols
            .iter()
            .map(|(name, metadata)| {
                JoinGroupRequestProtocol::default()
                    .with_name(StrBytes::from_string(name.clone()))
                    .with_metadata(metadata.clone())
            })
            .collect();
        let mut request = JoinGroupRequest::default()
            .with_group_id(self.group_id())
            .with_member_id(StrBytes::from_string(member_id.to_owned()))
            .with_session_timeout_ms(wire_ms(self.options.session_timeout))
            .with_rebalance_timeout_ms(wire_ms(self.options.rebalance_timeout))
            .with_protocol_type(StrBytes::from_string(self.options.protocol_type.clone()))
            .with_protocols(protocols);
        if version >= 8 {
            request = request.with_reason(Some(short(reason)));
        }
        connection.send(&request, self.options.join_timeout()).await
    }

    pub(super) async fn sync(
        &self,
        connection: &mut Connection,
        generation: &Generation,
        assignments: Vec<(String, Bytes)>,
    ) -> Result<SyncGroupResponse, WireError> {
        let assignments = assignments
            .into_iter()
            .map(|(member_id, assignment)| {
                SyncGroupRequestAssignment::default()
                    .with_member_id(StrBytes::from_string(member_id))
                    .with_assignment(assignment)
            })
            .collect();
        let mut request = SyncGroupRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(generation.id)
            .with_member_id(StrBytes::from_string(generation.member_id.clone()))
            .with_assignments(assignments);
        if connection.version::<SyncGroupRequest>(0)? >= 5 {
            let protocol_type = StrBytes::from_string(self.options.protocol_type.clone());
            let protocol = StrBytes::from_string(generation.protocol.clone());
            request = request
                .with_protocol_type(Some(protocol_type))
                .with_protocol_name(Some(protocol));
        }
        connection.send(&request, self.options.join_timeout()).await
    }

    pub(super) async fn heartbeat(
        &self,
        connection: &mut Connection,
        membership: &Membership,
        limit: Duration,
    ) -> Result<Option<ResponseError>, WireError> {
        let request = HeartbeatRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(membership.generation)
            .with_member_id(StrBytes::from_string(membership.member_id.clone()));
        let answer = connection.send(&request, limit).await?;
        Ok(answer.error_code.err())
    }

    pub(super) async fn leave(
        &self,
        connection: &mut Connection,
        member_id: &str,
        reason: &str,
    ) -> Result<(), GroupError> {
        let member_id = StrBytes::from_string(member_id.to_owned());
        let version = connection.version::<LeaveGroupRequest>(0)?;
        let mut request = LeaveGroupRequest::default().with_group_id(self.group_id());
        if version >= 3 {
            let mut member = MemberIdentity::default().with_member_id(member_id);
            if version >= 5 {
                member = member.with_reason(Some(short(reason)));
            }
            request = request.with_members(vec![member]);
        } else {
            request = request.with_member_id(member_id);
        }
        let limit = connection.request_timeout();
        let answer = connection.send(&request, limit).await?;
        let of_member = answer.members.first().map(|member| member.error_code);
        match answer.error_code.err().or_else(|| of_member?.err()) {
            Some(code) => Err(self.refused("leave", code)),
            None => Ok(()),
        }
    }

    pub(super) fn refused(&self, doing: &str, code: ResponseError) -> GroupError {
        GroupError::Refused {
            doing: self.doing(doing),
            code,
        }
    }

    pub(super) fn doing(&self, doing: &str) -> String {
        format!("{doing} group '{}'", self.options.group_id)
    }

    fn group_id(&self) -> GroupId {
        GroupId(StrBytes::from_string(self.options.group_id.clone()))
    }
}

enum Found {
    /// The broker that was asked.
    Here(Connection),
    At(Endpoint),
}

fn short(reason: &str) -> StrBytes {
    StrBytes::from_string(reason.chars().take(MAX_REASON).collect())
}
