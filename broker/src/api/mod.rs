//! What is answered to each request.

mod configs;
mod delete_records;
mod dispatch;
mod fetch;
mod list_offsets;
mod metadata;
mod produce;
mod request;
mod sasl;
mod shape;
mod topics;
mod versions;

use std::sync::Arc;

pub(crate) use self::dispatch::{Reply, answer};
pub(crate) use self::request::{Disconnect, Request};
pub(crate) use self::sasl::Session;
use crate::group::Groups;
use crate::server::{AnswerMemory, Node, RequestMemory};
use crate::settings::Settings;
use crate::topics::Topics;
use crate::transaction::Transactions;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// For requests, on their way in.
    pub(crate) request_memory: RequestMemory,
    /// For records, on their way out.
    pub(crate) answer_memory: AnswerMemory,
    /// The only node, where clients reach it.
    pub(crate) node: Node,
    pub(crate) topics: Arc<Topics>,
    pub(crate) groups: Arc<Groups>,
    pub(crate) transactions: Arc<Transactions>,
}

/// Everything that may be done with a topic, as bits (`AclEntry.supportedOperations`).
const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;

/// Everything that may be done with the cluster, as bits.
const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

/// What stands for "nobody asked" where operations would be.
const NOT_ASKED: i32 = i32::MIN;
