//! What a worker says when it joins, and does with what it is told
//! (`WorkerCoordinator`, `DistributedHerder.handleRebalanceCompleted`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use connect_api::Result;
use connect_kafka::group::{AssignError, Generation, GroupHandler, Joining, Lost, Next};
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, error, info, warn};

use super::links::Links;
use super::settings::{CLIENT_ID_PREFIX, GroupSettings};
use crate::assignor::{self, Configured, Memory, Owners, Round};
use crate::membership::Share;
use crate::protocol::{Assignment, ConnectProtocol, ProtocolError, WorkerState};
use crate::store::config::ConfigStore;

/// How long to wait before joining again where the config topic could not be read.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(1);

/// A worker as a member of its group.
pub(super) struct GroupWorker {
    settings: GroupSettings,
    configs: ConfigStore,
    links: Links,
    /// What the group has given this worker.
    held: Option<Assignment>,
    /// What the group spoke last.
    spoken: Option<ConnectProtocol>,
    /// The last generation for which this worker got its assignment.
    completed: i32,
    memory: Memory,
    owners: Option<Arc<Owners>>,
}

impl GroupWorker {
    pub(super) fn new(settings: GroupSettings, configs: ConfigStore, links: Links) -> Self {
        Self {
            settings,
            configs,
            links,
            held: None,
            spoken: None,
            completed: -1,
            memory: Memory::default(),
            owners: None,
        }
    }

    fn state(&self) -> WorkerState {
        WorkerState {
            url: self.settings.url.clone(),
            offset: self.configs.snapshot().offset(),
            assignment: self.held.clone(),
        }
    }

    /// An eager worker stops everything before each join.
    async fn give_up_all(&mut self) {
        if self.held.take().is_some() {
            let revision = self.links.show(|view| view.share = Share::none());
            self.links.wait_for_release(revision).await;
        }
    }

    async fn read_to(&self, offset: i64) -> bool {
        if self.configs.snapshot().offset() >= offset {
            return true;
        }
        info!(offset, "catching up with the config topic");
        let read = timeout(self.settings.sync_timeout, self.configs.read_to_end());
        matches!(read.await, Ok(Ok(()))) && self.configs.snapshot().offset() >= offset
    }

    async fn share_out(
        &mut self,
        generation: &Generation,
        members: Vec<(String, Bytes)>,
    ) -> Result<Vec<(String, Bytes)>, ShareError> {
        let protocol = ConnectProtocol::from_name(&generation.protocol)?;
        let members = members
            .into_iter()
            .map(|(id, metadata)| Ok((id, WorkerState::decode(&metadata)?)))
            .collect::<Result<BTreeMap<_, _>, ProtocolError>>()?;
        let newest = members.values().map(|state| state.offset).max();
        self.read_to(newest.unwrap_or_default()).await;
        let state = self.configs.snapshot();
        let configured = Configured::new(state.offset(), &state);
        let round = Round {
            protocol,
            generation: generation.id,
            last_completed_generation: self.completed,
            leader: &generation.leader_id,
            members: &members,
            configured: &configured,
            now_ms: now_ms(),
            max_delay_ms: self.max_delay_ms(members.keys()),
        };
        let plan = assignor::plan(&self.memory, &round)?;
        let assignments = plan.encode(protocol)?;
        self.memory = plan.memory;
        self.owners = plan.owners.map(Arc::new);
        let bytes = assignments
            .into_iter()
            .map(|(id, bytes)| (id, bytes.into()));
        Ok(bytes.collect())
    }

    /// Our own workers take over at once, unless the user wants to wait. JVM
    /// workers expect their own default.
    fn max_delay_ms<'a>(&self, mut members: impl Iterator<Item = &'a String>) -> i32 {
        self.settings.max_delay_ms.unwrap_or_else(|| {
            if members.all(|id| id.starts_with(CLIENT_ID_PREFIX)) {
                0
            } else {
                self.settings.default_max_delay_ms
            }
        })
    }

    /// Follows an assignment as far as the config topic can be read.
    async fn follow(&mut self, generation: &Generation, assignment: Assignment) -> Next {
        let protocol = ConnectProtocol::from_name(&generation.protocol);
        self.spoken = protocol.ok();
        self.completed = generation.id;
        let (failed, revokes) = (assignment.failed(), assignment.revokes());
        let (offset, delay_ms) = (assignment.offset, assignment.delay_ms);
        let leader_url = assignment.leader_url.clone();
        let is_cooperative = self.spoken.is_some_and(ConnectProtocol::is_cooperative);
        self.schedule(delay_ms);
        let held = if is_cooperative {
            assignment.added_to(self.held.as_ref())
        } else {
            assignment
        };
        let has_read = self.read_to(offset).await;
        let may_write = self.lead(generation).await;
        let (share, revision) = (
            share(&held),
            self.show(generation, may_write, &leader_url, &held),
        );
        debug!(generation = generation.id, ?share, "the group's assignment");
        self.held = Some(Assignment {
            error: Assignment::NO_ERROR,
            revoked_connectors: Vec::new(),
            revoked_tasks: Vec::new(),
            ..held
        });
        if revokes {
            self.links.wait_for_release(revision).await;
            return Next::Rejoin("what was revoked has stopped".to_owned());
        }
        if !has_read || !may_write {
            warn!(offset, "the config topic could not be read to its end");
            sleep(UNREADABLE_PAUSE).await;
            return Next::Rejoin("the config topic could not be read".to_owned());
        }
        if failed {
            return Next::Rejoin("the leader had not read the newest configurations".to_owned());
        }
        self.links.round_ends(offset);
        Next::Stay
    }

    /// A leader may write, once it has read what leaders before it have
    /// written. False if it could not read that.
    async fn lead(&mut self, generation: &Generation) -> bool {
        if !generation.is_leader() {
            self.owners = None;
            self.configs.give_up_leader_writes();
            return true;
        }
        if self.links.view().is_leader {
            return true;
        }
        let claim = timeout(
            self.settings.sync_timeout,
            self.configs.claim_leader_writes(),
        );
        let may_write = matches!(claim.await, Ok(Ok(())));
        if may_write {
            info!(generation = generation.id, "this worker leads the group");
        }
        may_write
    }

    fn show(
        &self,
        generation: &Generation,
        may_write: bool,
        leader_url: &str,
        held: &Assignment,
    ) -> u64 {
        let owners = self.owners.clone();
        let signs_requests = self.spoken == Some(ConnectProtocol::Sessioned);
        self.links.show(|view| {
            view.generation = generation.id;
            view.is_leader = generation.is_leader() && may_write;
            view.leader_url = Some(leader_url.to_owned());
            view.owners = owners;
            view.signs_requests = signs_requests;
            view.share = share(held);
        })
    }

    fn schedule(&self, delay_ms: i32) {
        let delay = u64::try_from(delay_ms).ok().filter(|delay| *delay > 0);
        if let Some(delay) = delay {
            info!("the group waits {delay} ms before it shares out again");
        }
        self.links
            .rejoin_at(delay.map(|delay| Instant::now() + Duration::from_millis(delay)));
    }
}

#[async_trait]
impl GroupHandler for GroupWorker {
    async fn prepare(&mut self, joining: Joining<'_>) -> Vec<(String, Bytes)> {
        debug!(reason = joining.reason, "joining the group");
        self.links.round_begins();
        if self.spoken == Some(ConnectProtocol::Eager) {
            self.give_up_all().await;
        }
        let metadata = self.settings.protocol.join_metadata(&self.state());
        let metadata = metadata.unwrap_or_else(|problem| {
            // Only a URL or a name of more than 32 KiB: nobody could be told of it.
            error!(%problem, "this worker cannot say what it has");
            Vec::new()
        });
        let metadata = metadata.into_iter();
        metadata
            .map(|(name, bytes)| (name.to_owned(), bytes.into()))
            .collect()
    }

    async fn assign(
        &mut self,
        generation: &Generation,
        members: Vec<(String, Bytes)>,
    ) -> Result<Vec<(String, Bytes)>, AssignError> {
        let shared = self.share_out(generation, members).await;
        shared.map_err(|problem| AssignError(problem.to_string()))
    }

    async fn assigned(&mut self, generation: &Generation, assignment: Bytes) -> Next {
        match Assignment::decode(&assignment) {
            Ok(assignment) => self.follow(generation, assignment).await,
            Err(problem) => {
                error!(%problem, "the leader's assignment cannot be read");
                sleep(UNREADABLE_PAUSE).await;
                Next::Rejoin("the leader's assignment could not be read".to_owned())
            }
        }
    }

    async fn lost(&mut self, why: Lost) {
        warn!(reason = %why, "this worker is not in the group any more: what it runs stops");
        self.held = None;
        self.owners = None;
        self.links.rejoin_at(None);
        self.configs.give_up_leader_writes();
        let revision = self.links.show(|view| {
            view.is_leader = false;
            view.leader_url = None;
            view.owners = None;
            view.share = Share::none();
        });
        // Before it joins again: what still runs would write in the name of the next generation.
        self.links.wait_for_release(revision).await;
    }
}

/// Why the work could not be shared out.
#[derive(Debug, thiserror::Error)]
enum ShareError {
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    #[error(transparent)]
    Assign(#[from] assignor::AssignError),
}

fn share(held: &Assignment) -> Share {
    Share::Some {
        connectors: held.connectors.iter().cloned().collect(),
        tasks: held.tasks.iter().cloned().collect(),
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}
