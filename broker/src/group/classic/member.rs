//! A member of a group (`ClassicGroupMember`).

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

use super::Now;
use crate::group::records::MemberValue;

/// Where a held join is answered.
pub(in crate::group) type JoinAnswer = oneshot::Sender<JoinGroupResponse>;
/// Where a held sync is answered.
pub(in crate::group) type SyncAnswer = oneshot::Sender<SyncGroupResponse>;

/// What a member can be assigned by, the dearest first: names and the member's metadata for each.
pub(in crate::group) type Protocols = Vec<(StrBytes, Bytes)>;

#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: StrBytes,
    pub(super) instance_id: Option<StrBytes>,
    pub(super) client_id: StrBytes,
    pub(super) client_host: StrBytes,
    pub(super) rebalance_timeout: Duration,
    pub(super) session_timeout: Duration,
    pub(super) protocols: Protocols,
    pub(super) assignment: Bytes,
    /// It has not been through a rebalance, and does not know its id yet.
    pub(super) is_new: bool,
    /// When it is taken for dead.
    pub(super) session_deadline: Option<Instant>,
    join: Option<JoinAnswer>,
    sync: Option<SyncAnswer>,
}

/// What a member says of itself when it joins.
#[derive(Debug)]
pub(super) struct NewMember {
    pub(super) id: StrBytes,
    pub(super) instance_id: Option<StrBytes>,
    pub(super) client_id: StrBytes,
    pub(super) client_host: StrBytes,
    pub(super) rebalance_timeout: Duration,
    pub(super) session_timeout: Duration,
    pub(super) protocols: Protocols,
}

impl Member {
    pub(super) fn new(new: NewMember) -> Self {
        Self {
            id: new.id,
            instance_id: new.instance_id,
            client_id: new.client_id,
            client_host: new.client_host,
            rebalance_timeout: new.rebalance_timeout,
            session_timeout: new.session_timeout,
            protocols: new.protocols,
            assignment: Bytes::new(),
            is_new: false,
            session_deadline: None,
            join: None,
            sync: None,
        }
    }

    /// The member as it was written down, with the one protocol that had been chosen.
    pub(super) fn restored(value: MemberValue, protocol: Option<&StrBytes>, now: Now) -> Self {
        let rebalance_ms = match value.rebalance_timeout_ms {
            -1 => value.session_timeout_ms,
            ms => ms,
        };
        let protocol = protocol.cloned().unwrap_or_default();
        let mut member = Self::new(NewMember {
            id: value.member_id,
            instance_id: value.instance_id,
            client_id: value.client_id,
            client_host: value.client_host,
            rebalance_timeout: millis(rebalance_ms),
            session_timeout: millis(value.session_timeout_ms),
            protocols: vec![(protocol, value.subscription)],
        });
        member.assignment = value.assignment;
        member.renew_session(now);
        member
    }

    pub(super) fn value(&self, protocol: &StrBytes, assignment: Bytes) -> MemberValue {
        MemberValue {
            member_id: self.id.clone(),
            instance_id: self.instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            rebalance_timeout_ms: whole_ms(self.rebalance_timeout),
            session_timeout_ms: whole_ms(self.session_timeout),
            subscription: self.metadata(protocol),
            assignment,
        }
    }

    pub(super) fn is_static(&self) -> bool {
        self.instance_id.is_some()
    }

    pub(super) fn awaits_join(&self) -> bool {
        self.join.is_some()
    }

    /// Members that wait for the rebalance cannot send heartbeats; new ones can expire
    /// nevertheless, for nobody would know that they have gone (`hasSatisfiedHeartbeat`).
    pub(super) fn may_expire(&self) -> bool {
        self.is_new || (self.join.is_none() && self.sync.is_none())
    }

    pub(super) fn renew_session(&mut self, now: Now) {
        self.session_deadline = Some(now.at + self.session_timeout);
    }

    pub(super) fn supports(&self, protocol: &StrBytes) -> bool {
        self.protocols.iter().any(|(name, _)| name == protocol)
    }

    /// The member's metadata for a protocol.
    pub(super) fn metadata(&self, protocol: &StrBytes) -> Bytes {
        let mut protocols = self.protocols.iter();
        protocols
            .find(|(name, _)| name == protocol)
            .map(|(_, metadata)| metadata.clone())
            .unwrap_or_default()
    }

    /// Holds a join. A join that is held already was repeated on another connection: it is
    /// answered, so that nothing is left hanging behind it.
    pub(super) fn hold_join(&mut self, answer: JoinAnswer) {
        if let Some(former) = self.join.replace(answer) {
            send(
                former,
                refused_join(&self.id, ResponseError::RebalanceInProgress),
            );
        }
    }

    pub(super) fn hold_sync(&mut self, answer: SyncAnswer) {
        if let Some(former) = self.sync.replace(answer) {
            send(former, refused_sync(ResponseError::RebalanceInProgress));
        }
    }

    pub(super) fn answer_join(&mut self, response: JoinGroupResponse) {
        if let Some(answer) = self.join.take() {
            send(answer, response);
        }
    }

    /// Answers a held sync; false when there is none.
    pub(super) fn answer_sync(&mut self, response: SyncGroupResponse) -> bool {
        match self.sync.take() {
            Some(answer) => {
                send(answer, response);
                true
            }
            None => false,
        }
    }

    /// Answers whatever is held with an error.
    pub(super) fn refuse_waiting(&mut self, error: ResponseError) {
        let refusal = refused_join(&self.id, error);
        self.answer_join(refusal);
        self.answer_sync(refused_sync(error));
    }

    /// The member goes. Whatever it waits for is refused: it forgets its id and joins anew, if it
    /// is still there.
    pub(super) fn dismiss(&mut self) {
        let error = ResponseError::UnknownMemberId;
        self.answer_join(refused_join(&StrBytes::new(), error));
        self.answer_sync(refused_sync(error));
    }
}

pub(super) fn refused_join(member_id: &StrBytes, error: ResponseError) -> JoinGroupResponse {
    JoinGroupResponse::default()
        .with_member_id(member_id.clone())
        .with_error_code(error.code())
}

pub(super) fn refused_sync(error: ResponseError) -> SyncGroupResponse {
    SyncGroupResponse::default().with_error_code(error.code())
}

/// Answers a request; its connection may have gone, which is its own affair.
pub(super) fn send<T>(answer: oneshot::Sender<T>, response: T) {
    drop(answer.send(response));
}

pub(super) fn millis(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn whole_ms(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
