//! From a request to who answers it.

use std::net::IpAddr;

use bytes::BytesMut;
use kafka_protocol::messages::{ApiKey, SaslAuthenticateResponse};
use kafka_protocol::protocol::{Encodable, HeaderVersion};

use super::{
    Disconnect, Request, Session, Shared, configs, delete_records, fetch, list_offsets, metadata,
    produce, topics, versions,
};
use crate::group::find_coordinator;
use crate::server::{AnswerPermit, ClientContext, Frame};

/// What is sent back for a request.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) frame: BytesMut,
    /// What is taken for it of the memory that connections share, until it has been sent.
    #[expect(dead_code, reason = "it is given back when this is dropped")]
    memory: Option<AnswerPermit>,
}

impl From<BytesMut> for Reply {
    fn from(frame: BytesMut) -> Self {
        Self {
            frame,
            memory: None,
        }
    }
}

/// The frame of a reply; nothing where none is wanted.
type Answer = Result<Option<BytesMut>, Disconnect>;

/// Answers a frame. It may take as long as the request says: a fetch waits for records, a join for
/// the group's other members.
pub(crate) async fn answer(
    broker: &Shared,
    session: &mut Session,
    host: IpAddr,
    frame: Frame,
) -> Result<Option<Reply>, Disconnect> {
    let mut request = Request::read(frame)?;
    if request.from_the_future {
        let frame = request.reply_in(0, &versions::answer_to_the_future())?;
        return Ok(frame.map(Reply::from));
    }
    if !session.may(request.key) {
        return Err(Disconnect::Unauthenticated(format!(
            "a {:?} request of a client that has not authenticated itself",
            request.key
        )));
    }
    if request.key == ApiKey::Fetch {
        let body = request.body()?;
        let (response, memory) = fetch::fetch(broker, request.version, body).await;
        let frame = request.reply(&response)?;
        let memory = Some(memory);
        return Ok(frame.map(|frame| Reply { frame, memory }));
    }
    let answer = other(broker, session, host, request).await?;
    Ok(answer.map(Reply::from))
}

/// Answers what is no Fetch.
async fn other(
    broker: &Shared,
    session: &mut Session,
    host: IpAddr,
    mut request: Request,
) -> Answer {
    match request.key {
        ApiKey::Produce => {
            let body = request.body()?;
            match produce::produce(broker, request.version, body)? {
                Some(response) => request.reply(&response),
                None => Ok(None),
            }
        }
        ApiKey::SaslHandshake | ApiKey::SaslAuthenticate => sasl(broker, session, request),
        _ => {
            let client = ClientContext {
                client_id: request.client_id.clone(),
                client_host: host,
            };
            group(broker, &client, request).await
        }
    }
}

fn sasl(broker: &Shared, session: &mut Session, mut request: Request) -> Answer {
    let security = &broker.settings.security;
    if request.key == ApiKey::SaslHandshake {
        let body = request.body()?;
        return request.reply(&session.handshake(security, &body));
    }
    let body = request.body()?;
    let response: SaslAuthenticateResponse = session.authenticate(security, &body);
    request.reply(&response)
}

/// The group coordinator's; what is not, is passed on.
async fn group(broker: &Shared, client: &ClientContext, mut request: Request) -> Answer {
    let groups = &broker.groups;
    let version = request.version;
    match request.key {
        ApiKey::FindCoordinator => answered(&mut request, |body| {
            find_coordinator(version, body, &broker.node)
        }),
        ApiKey::JoinGroup => {
            let body = request.body()?;
            request.reply(&groups.join(client, version, body).await)
        }
        ApiKey::SyncGroup => {
            let body = request.body()?;
            request.reply(&groups.sync(version, body).await)
        }
        ApiKey::Heartbeat => answered(&mut request, |body| groups.heartbeat(body)),
        ApiKey::LeaveGroup => answered(&mut request, |body| groups.leave(version, body)),
        ApiKey::DescribeGroups => answered(&mut request, |body| groups.describe(version, body)),
        ApiKey::ListGroups => answered(&mut request, |body| groups.list(body)),
        ApiKey::DeleteGroups => answered(&mut request, |body| groups.delete(body)),
        ApiKey::OffsetCommit => answered(&mut request, |body| groups.commit_offsets(version, body)),
        ApiKey::OffsetFetch => answered(&mut request, |body| groups.fetch_offsets(version, body)),
        ApiKey::OffsetDelete => answered(&mut request, |body| groups.delete_offsets(body)),
        _ => transaction(broker, request),
    }
}

/// The transaction coordinator's; what is not, is passed on.
fn transaction(broker: &Shared, mut request: Request) -> Answer {
    let transactions = &broker.transactions;
    let version = request.version;
    match request.key {
        ApiKey::InitProducerId => answered(&mut request, |body| {
            transactions.init_producer_id(version, &body)
        }),
        ApiKey::AddPartitionsToTxn => answered(&mut request, |body| {
            transactions.add_partitions(version, &body)
        }),
        ApiKey::AddOffsetsToTxn => answered(&mut request, |body| {
            transactions.add_offsets(version, &body)
        }),
        ApiKey::TxnOffsetCommit => answered(&mut request, |body| {
            transactions.txn_offset_commit(version, body)
        }),
        ApiKey::EndTxn => answered(&mut request, |body| transactions.end_txn(version, &body)),
        _ => cluster(broker, request),
    }
}

/// Topics, configurations and the cluster.
fn cluster(broker: &Shared, mut request: Request) -> Answer {
    let version = request.version;
    let request = &mut request;
    match request.key {
        ApiKey::ApiVersions => answered(request, |body| versions::answer(version, &body)),
        ApiKey::Metadata => answered(request, |body| metadata::metadata(broker, version, body)),
        ApiKey::DescribeTopicPartitions => {
            answered(request, |body| metadata::topic_partitions(broker, body))
        }
        ApiKey::DescribeCluster => answered(request, |body| metadata::cluster(broker, &body)),
        ApiKey::CreateTopics => answered(request, |body| topics::create(broker, &body)),
        ApiKey::CreatePartitions => answered(request, |body| topics::add_partitions(broker, &body)),
        ApiKey::DeleteTopics => answered(request, |body| topics::delete(broker, version, body)),
        ApiKey::DeleteRecords => answered(request, |body| delete_records::delete(broker, &body)),
        ApiKey::ListOffsets => answered(request, |body| list_offsets::list(broker, version, &body)),
        ApiKey::OffsetForLeaderEpoch => answered(request, |body| {
            list_offsets::for_leader_epoch(broker, &body)
        }),
        ApiKey::DescribeConfigs => answered(request, |body| configs::describe(broker, &body)),
        ApiKey::AlterConfigs => answered(request, |body| configs::alter(broker, &body)),
        ApiKey::IncrementalAlterConfigs => {
            answered(request, |body| configs::alter_incrementally(broker, &body))
        }
        key => Err(Disconnect::Unsupported {
            key: key as i16,
            version,
        }),
    }
}

/// Decodes the body, has it answered, and encodes the answer.
fn answered<B, R>(request: &mut Request, handle: impl FnOnce(B) -> R) -> Answer
where
    B: kafka_protocol::protocol::Decodable,
    R: Encodable + HeaderVersion,
{
    let body = request.body()?;
    request.reply(&handle(body))
}
