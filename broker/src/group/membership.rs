//! JoinGroup, SyncGroup, Heartbeat and LeaveGroup.

use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

use super::Groups;
use super::classic::{JoinAnswer, Joining, Syncing};
use crate::server::ClientContext;

/// Until this version a join has one time-out for everything.
const REBALANCE_TIMEOUT: i16 = 1;
/// From this version a protocol's name may be null.
const NULLABLE_PROTOCOL: i16 = 7;
/// From this version a sync has to say what it believes the protocol to be.
const SYNC_NAMES_PROTOCOL: i16 = 5;
/// From this version several members can leave at once.
const LEAVE_MANY: i16 = 3;

impl Groups {
    /// Joins a group; answered when the rebalance has everybody it waits for.
    pub(crate) async fn join(
        &self,
        client: &ClientContext,
        version: i16,
        request: JoinGroupRequest,
    ) -> JoinGroupResponse {
        let member_id = request.member_id.clone();
        let response = match self.check_join(&request) {
            Ok(()) => {
                let (answer, answered) = oneshot::channel();
                self.begin_join(
                    &request.group_id.0.clone(),
                    joining(client, version, request),
                    answer,
                );
                // Every way through the state machine answers; only its end could drop it.
                answered
                    .await
                    .unwrap_or_else(|_| refused(&member_id, ResponseError::NotCoordinator))
            }
            Err(error) => refused(&member_id, error),
        };
        of_version(version, response)
    }

    fn check_join(&self, request: &JoinGroupRequest) -> Result<(), ResponseError> {
        check_group_id(&request.group_id)?;
        let session_timeout = millis(request.session_timeout_ms);
        let allowed = self.settings.min_session_timeout..=self.settings.max_session_timeout;
        if request.session_timeout_ms < 0 || !allowed.contains(&session_timeout) {
            return Err(ResponseError::InvalidSessionTimeout);
        }
        Ok(())
    }

    fn begin_join(&self, group_id: &StrBytes, joining: Joining, answer: JoinAnswer) {
        let mut coordinated = self.lock();
        let refusal = if coordinated.closed {
            Some(ResponseError::CoordinatorNotAvailable)
        } else if coordinated.groups.contains_key(group_id) {
            None
        } else if joining.member_id.is_empty() {
            self.create_group(&mut coordinated, group_id).err()
        } else {
            Some(ResponseError::UnknownMemberId)
        };
        if let Some(error) = refusal {
            drop(answer.send(refused(&joining.member_id, error)));
            return;
        }
        self.with_group_of(&mut coordinated, group_id, |group, turn| {
            group.join(turn, joining, answer);
        });
    }

    /// Asks for what one is assigned; answered when the leader has assigned.
    pub(crate) async fn sync(&self, version: i16, request: SyncGroupRequest) -> SyncGroupResponse {
        let refused =
            |error: ResponseError| SyncGroupResponse::default().with_error_code(error.code());
        let unnamed = request.protocol_type.is_none() || request.protocol_name.is_none();
        if version >= SYNC_NAMES_PROTOCOL && unnamed {
            return refused(ResponseError::InconsistentGroupProtocol);
        }
        if let Err(error) = check_group_id(&request.group_id) {
            return refused(error);
        }
        let (answer, answered) = oneshot::channel();
        let group_id = request.group_id.0.clone();
        let syncing = syncing(request);
        let known = self.with_group(&group_id, |group, turn| group.sync(turn, syncing, answer));
        if known.is_none() {
            return refused(ResponseError::UnknownMemberId);
        }
        answered
            .await
            .unwrap_or_else(|_| refused(ResponseError::NotCoordinator))
    }

    /// A member's sign of life.
    pub(crate) fn heartbeat(&self, request: HeartbeatRequest) -> HeartbeatResponse {
        let outcome = check_group_id(&request.group_id).and_then(|()| {
            let instance_id = request.group_instance_id.as_ref();
            self.with_group(&request.group_id.0, |group, turn| {
                group.heartbeat(turn, &request.member_id, instance_id, request.generation_id)
            })
            .unwrap_or(Err(ResponseError::UnknownMemberId))
        });
        HeartbeatResponse::default().with_error_code(code(outcome))
    }

    /// Members leave their group.
    pub(crate) fn leave(&self, version: i16, request: LeaveGroupRequest) -> LeaveGroupResponse {
        let refused =
            |error: ResponseError| LeaveGroupResponse::default().with_error_code(error.code());
        if let Err(error) = check_group_id(&request.group_id) {
            return refused(error);
        }
        let leaving = match version {
            0..LEAVE_MANY => vec![alone(request.member_id)],
            _ => request.members,
        };
        let outcomes = self.with_group(&request.group_id.0, |group, turn| {
            group.leave(turn, &leaving)
        });
        // Nobody is a member of a group that is not there.
        let unknown = || Ok(vec![Err(ResponseError::UnknownMemberId); leaving.len()]);
        let outcomes = match outcomes.unwrap_or_else(unknown) {
            Ok(outcomes) => outcomes,
            Err(error) => return refused(error),
        };
        if version < LEAVE_MANY {
            let outcome = outcomes.into_iter().next().unwrap_or(Ok(()));
            return LeaveGroupResponse::default().with_error_code(code(outcome));
        }
        let members = leaving.into_iter().zip(outcomes).map(|(member, outcome)| {
            MemberResponse::default()
                .with_member_id(member.member_id)
                .with_group_instance_id(member.group_instance_id)
                .with_error_code(code(outcome))
        });
        LeaveGroupResponse::default().with_members(members.collect())
    }
}

fn joining(client: &ClientContext, version: i16, request: JoinGroupRequest) -> Joining {
    let rebalance_timeout_ms = match version {
        0..REBALANCE_TIMEOUT => request.session_timeout_ms,
        _ => request.rebalance_timeout_ms,
    };
    let protocols = request.protocols.into_iter();
    Joining {
        version,
        client_id: StrBytes::from_string(client.client_id.clone()),
        // As Java writes an address without a name.
        client_host: StrBytes::from_string(format!("/{}", client.client_host)),
        member_id: request.member_id,
        instance_id: request.group_instance_id,
        session_timeout: millis(request.session_timeout_ms),
        rebalance_timeout: millis(rebalance_timeout_ms),
        protocol_type: request.protocol_type,
        protocols: protocols.map(|one| (one.name, one.metadata)).collect(),
        reason: request
            .reason
            .filter(|reason| !reason.is_empty())
            .unwrap_or_else(|| StrBytes::from_static_str("not provided")),
    }
}

fn syncing(request: SyncGroupRequest) -> Syncing {
    let assignments = request.assignments.into_iter();
    Syncing {
        member_id: request.member_id,
        instance_id: request.group_instance_id,
        generation: request.generation_id,
        protocol_type: request.protocol_type,
        protocol: request.protocol_name,
        assignments: assignments
            .map(|one| (one.member_id, one.assignment))
            .collect(),
    }
}

fn alone(member_id: StrBytes) -> MemberIdentity {
    MemberIdentity::default()
        .with_member_id(member_id)
        .with_group_instance_id(None)
}

/// `JoinGroupResponse`: how a protocol that is not known is written depends on the version.
pub(super) fn of_version(version: i16, response: JoinGroupResponse) -> JoinGroupResponse {
    let protocol = response.protocol_name.clone();
    let protocol = match version {
        0..NULLABLE_PROTOCOL => Some(protocol.unwrap_or_default()),
        _ => protocol.filter(|name| !name.is_empty()),
    };
    response.with_protocol_name(protocol)
}

fn refused(member_id: &StrBytes, error: ResponseError) -> JoinGroupResponse {
    JoinGroupResponse::default()
        .with_member_id(member_id.clone())
        .with_error_code(error.code())
}

/// A group that has members has a name, and one that its records can hold.
fn check_group_id(group_id: &StrBytes) -> Result<(), ResponseError> {
    if group_id.is_empty() || i16::try_from(group_id.len()).is_err() {
        return Err(ResponseError::InvalidGroupId);
    }
    Ok(())
}

pub(super) fn code(outcome: Result<(), ResponseError>) -> i16 {
    outcome.err().map_or(0, |error| error.code())
}

fn millis(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
