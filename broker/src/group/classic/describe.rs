//! What a group shows of itself.

use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::protocol::StrBytes;

use super::member::Member;
use super::{ClassicGroup, State};
use crate::group::records::{Entry, GroupValue};

/// The name of the protocol in which members assign the work themselves.
pub(in crate::group) const GROUP_TYPE: &str = "classic";

impl ClassicGroup {
    /// `GroupMetadataManager.describeGroups`: metadata are of a protocol, which is settled in a
    /// stable group only.
    pub(in crate::group) fn described(&self) -> DescribedGroup {
        let settled = (self.state == State::Stable)
            .then(|| self.protocol.clone())
            .flatten();
        let members = self.members.values();
        DescribedGroup::default()
            .with_group_id(self.id.clone().into())
            .with_group_state(StrBytes::from_static_str(self.state.name()))
            .with_protocol_type(self.protocol_type.clone().unwrap_or_default())
            .with_members(members.map(|m| described(m, settled.as_ref())).collect())
            .with_protocol_data(settled.unwrap_or_default())
    }

    pub(in crate::group) fn listed(&self) -> ListedGroup {
        ListedGroup::default()
            .with_group_id(self.id.clone().into())
            .with_protocol_type(self.protocol_type.clone().unwrap_or_default())
            .with_group_state(StrBytes::from_static_str(self.state.name()))
            .with_group_type(StrBytes::from_static_str(GROUP_TYPE))
    }

    /// What is written when a group comes into being (`newEmptyGroupMetadataRecord`).
    pub(in crate::group) fn first_record(&self) -> Entry {
        Entry::Group {
            group: self.id.clone(),
            value: Some(GroupValue {
                protocol_type: StrBytes::new(),
                generation: 0,
                protocol: None,
                leader: None,
                state_since: self.state_since,
                members: Vec::new(),
            }),
        }
    }
}

fn described(member: &Member, protocol: Option<&StrBytes>) -> DescribedGroupMember {
    DescribedGroupMember::default()
        .with_member_id(member.id.clone())
        .with_group_instance_id(member.instance_id.clone())
        .with_client_id(member.client_id.clone())
        .with_client_host(member.client_host.clone())
        .with_member_metadata(
            protocol
                .map(|name| member.metadata(name))
                .unwrap_or_default(),
        )
        .with_member_assignment(member.assignment.clone())
}
