//! A member of a group, by hand, of the protocol type `connect` if nothing else is said.

use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    SyncGroupRequest,
};
use serde_json::{Value, json};

use crate::raw;
use crate::target::Target;
use crate::wire::{Wire, error, text};

/// The newest versions.
pub(crate) const JOIN: i16 = 9;
pub(crate) const SYNC: i16 = 5;
pub(crate) const HEARTBEAT: i16 = 4;
pub(crate) const LEAVE: i16 = 5;

/// What a member says when it joins.
#[derive(Debug, Clone)]
pub(crate) struct Joining {
    pub(crate) protocol_type: &'static str,
    pub(crate) protocols: Vec<(&'static str, &'static str)>,
    pub(crate) session_ms: i32,
    pub(crate) rebalance_ms: i32,
    pub(crate) instance: Option<&'static str>,
}

impl Default for Joining {
    fn default() -> Self {
        Self {
            protocol_type: "connect",
            protocols: vec![("sessioned", "s"), ("compatible", "c")],
            session_ms: 30_000,
            rebalance_ms: 30_000,
            instance: None,
        }
    }
}

/// A member on a connection of its own.
pub(crate) struct Member {
    pub(crate) wire: Wire,
    pub(crate) group: String,
    pub(crate) id: String,
    pub(crate) generation: i32,
    pub(crate) joining: Joining,
}

impl Member {
    pub(crate) async fn new(target: &Target, group: &str) -> Self {
        Self::with(target, group, Joining::default()).await
    }

    pub(crate) async fn with(target: &Target, group: &str, joining: Joining) -> Self {
        let mut wire = Wire::open(target).await;
        raw::wait_for_coordinator(&mut wire, group, 0).await;
        Self {
            wire,
            group: group.to_owned(),
            id: String::new(),
            generation: -1,
            joining,
        }
    }

    pub(crate) fn join_request(&self) -> JoinGroupRequest {
        let protocols = self.joining.protocols.iter().map(|(name, metadata)| {
            JoinGroupRequestProtocol::default()
                .with_name(text(name))
                .with_metadata(Bytes::from_static(metadata.as_bytes()))
        });
        JoinGroupRequest::default()
            .with_group_id(GroupId(text(&self.group)))
            .with_session_timeout_ms(self.joining.session_ms)
            .with_rebalance_timeout_ms(self.joining.rebalance_ms)
            .with_member_id(text(&self.id))
            .with_group_instance_id(self.joining.instance.map(text))
            .with_protocol_type(text(self.joining.protocol_type))
            .with_protocols(protocols.collect())
    }

    /// Asks to join; a member without an id gets one first (KIP-394).
    pub(crate) async fn start_join(&mut self) {
        if self.id.is_empty() && self.joining.instance.is_none() {
            let answer = self.join_once().await;
            assert_eq!(error(answer.error_code), "MemberIdRequired");
            self.id = answer.member_id.to_string();
        }
        let request = self.join_request();
        self.wire.say(JOIN, &request).await;
    }

    /// What came of it.
    pub(crate) async fn finish_join(&mut self) -> Value {
        let answer = self.wire.hear::<JoinGroupRequest>(JOIN).await;
        self.joined(&answer)
    }

    /// Asks to join once, and waits for the answer.
    pub(crate) async fn join_once(&mut self) -> JoinGroupResponse {
        loop {
            let request = self.join_request();
            let answer = self.wire.ask(JOIN, &request).await;
            if !raw::wants_patience(answer.error_code) {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn join(&mut self) -> Value {
        self.start_join().await;
        self.finish_join().await
    }

    fn joined(&mut self, answer: &JoinGroupResponse) -> Value {
        if answer.error_code == 0 {
            self.id = answer.member_id.to_string();
            self.generation = answer.generation_id;
        }
        let mut members: Vec<Value> = (answer.members.iter())
            .map(|member| {
                let instance = member.group_instance_id.as_ref().map(ToString::to_string);
                json!([instance, member.metadata.escape_ascii().to_string()])
            })
            .collect();
        members.sort_by_key(ToString::to_string);
        json!({
            "error": error(answer.error_code), "generation": answer.generation_id,
            "type": answer.protocol_type.as_ref().map(ToString::to_string),
            "protocol": answer.protocol_name.as_ref().map(ToString::to_string),
            "leads": answer.leader == answer.member_id, "skip": answer.skip_assignment,
            "members": members,
        })
    }

    pub(crate) fn sync_request(&self, assignments: &[(&str, &'static str)]) -> SyncGroupRequest {
        let assignments = assignments.iter().map(|(member, assignment)| {
            SyncGroupRequestAssignment::default()
                .with_member_id(text(member))
                .with_assignment(Bytes::from_static(assignment.as_bytes()))
        });
        SyncGroupRequest::default()
            .with_group_id(GroupId(text(&self.group)))
            .with_generation_id(self.generation)
            .with_member_id(text(&self.id))
            .with_group_instance_id(self.joining.instance.map(text))
            .with_protocol_type(Some(text(self.joining.protocol_type)))
            .with_protocol_name(Some(text(self.joining.protocols[0].0)))
            .with_assignments(assignments.collect())
    }

    pub(crate) async fn start_sync(&mut self, assignments: &[(&str, &'static str)]) {
        let request = self.sync_request(assignments);
        self.wire.say(SYNC, &request).await;
    }

    pub(crate) async fn finish_sync(&mut self) -> Value {
        let answer = self.wire.hear::<SyncGroupRequest>(SYNC).await;
        json!([
            error(answer.error_code),
            answer.protocol_type.as_ref().map(ToString::to_string),
            answer.protocol_name.as_ref().map(ToString::to_string),
            answer.assignment.escape_ascii().to_string()
        ])
    }

    pub(crate) async fn sync(&mut self, assignments: &[(&str, &'static str)]) -> Value {
        self.start_sync(assignments).await;
        self.finish_sync().await
    }

    pub(crate) async fn heartbeat(&mut self) -> String {
        let request = HeartbeatRequest::default()
            .with_group_id(GroupId(text(&self.group)))
            .with_generation_id(self.generation)
            .with_member_id(text(&self.id))
            .with_group_instance_id(self.joining.instance.map(text));
        error(self.wire.ask(HEARTBEAT, &request).await.error_code)
    }

    /// Waits until the group asks its members to join again.
    pub(crate) async fn wait_for_rebalance(&mut self) {
        for _ in 0..1500 {
            match self.heartbeat().await.as_str() {
                "none" => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                "RebalanceInProgress" => return,
                other => panic!("{other}"),
            }
        }
        panic!("no rebalance");
    }

    pub(crate) async fn leave(&mut self) -> Value {
        let member = MemberIdentity::default()
            .with_member_id(text(&self.id))
            .with_group_instance_id(self.joining.instance.map(text));
        let request = LeaveGroupRequest::default()
            .with_group_id(GroupId(text(&self.group)))
            .with_members(vec![member]);
        let answer = self.wire.ask(LEAVE, &request).await;
        let members = answer.members.iter().map(|member| error(member.error_code));
        json!([error(answer.error_code), members.collect::<Vec<_>>()])
    }
}
