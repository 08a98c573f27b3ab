//! A place in a group of several workers, by Kafka's group protocol.
//!
//! The group has a thread of its own: heartbeats wait for nobody (invariant 2).

mod health;
mod links;
mod settings;
mod worker;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use connect_api::{Error, Result};
use connect_kafka::group::{GroupHealth, GroupMember};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, warn};

use super::{GroupView, Lease, Membership};
use crate::info::Health;
use crate::store::config::ConfigStore;
use links::Links;
pub(crate) use settings::GroupSettings;
use worker::GroupWorker;

/// How long leaving may take: a coordinator that is gone finds out by itself.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);

/// How the member is; not there before the group's thread has begun.
type MemberHealth = Arc<OnceLock<watch::Receiver<GroupHealth>>>;

enum Command {
    Rejoin,
    Leave(oneshot::Sender<()>),
}

/// A place in a group of several workers.
pub(crate) struct GroupMembership {
    group: String,
    lease: Lease,
    links: Links,
    member: MemberHealth,
    commands: mpsc::UnboundedSender<Command>,
    /// What the thread starts with.
    start: Mutex<Option<Start>>,
}

struct Start {
    settings: GroupSettings,
    configs: ConfigStore,
    inbox: mpsc::UnboundedReceiver<Command>,
}

impl GroupMembership {
    /// Nothing connects before [`Membership::join`].
    pub(crate) fn new(settings: GroupSettings, configs: ConfigStore, lease: Lease) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        // Nobody leads before the group says so.
        configs.give_up_leader_writes();
        Self {
            group: settings.member.group_id.clone(),
            lease,
            links: Links::new(),
            member: MemberHealth::default(),
            commands,
            start: Mutex::new(Some(Start {
                settings,
                configs,
                inbox,
            })),
        }
    }

    fn tell(&self, command: Command) {
        // An error means that the group was left.
        drop(self.commands.send(command));
    }
}

#[async_trait]
impl Membership for GroupMembership {
    async fn join(&self, stored_generation: i32) -> Result<watch::Receiver<Arc<GroupView>>> {
        let start = lock(&self.start).take();
        let Some(start) = start else {
            return Err(Error::internal("the group was joined already"));
        };
        debug!(stored_generation, "joining the group");
        let (links, lease) = (self.links.clone(), self.lease.clone());
        let health = Arc::clone(&self.member);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::internal("starting the group's thread").caused_by(error))?;
        std::thread::Builder::new()
            .name("group".to_owned())
            .spawn(move || runtime.block_on(live(start, links, lease, &health)))
            .map_err(|error| Error::internal("starting the group's thread").caused_by(error))?;
        Ok(self.links.views())
    }

    fn work_changed(&self, offset: i64) {
        self.links.work_changed(offset);
        self.tell(Command::Rejoin);
    }

    fn released(&self, revision: u64) {
        self.links.released(revision);
    }

    async fn leave(&self) {
        let (done, left) = oneshot::channel();
        self.tell(Command::Leave(done));
        // The thread ends by itself, sooner or later.
        drop(left.await);
    }

    fn lease(&self) -> Lease {
        self.lease.clone()
    }

    fn health(&self) -> Health {
        let member = self.member.get().map(|member| member.borrow().clone());
        health::of(&self.group, member.as_ref(), &self.links.view())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The life of the group's thread.
async fn live(start: Start, links: Links, lease: Lease, health: &MemberHealth) {
    let Start {
        settings,
        configs,
        mut inbox,
    } = start;
    let options = settings.member.clone();
    let mut due = links.rejoins();
    let links_due = links.clone();
    let member = GroupMember::start(options, GroupWorker::new(settings, configs, links));
    let mut rounds = links_due.rounds();
    // Something is to be shared out anew, once the last rebalance lies far enough back.
    let mut is_asked = false;
    lease.begin(member.last_answered());
    // Set once: a group is joined once.
    drop(health.set(member.health()));
    loop {
        let at: Option<Instant> = *due.borrow_and_update();
        let next_at = rounds.borrow_and_update().next_at();
        let next_at = next_at.filter(|_| is_asked);
        tokio::select! {
            command = inbox.recv() => match command {
                Some(Command::Rejoin) => is_asked = true,
                Some(Command::Leave(done)) => {
                    if !member.leave("the worker is stopping", LEAVE_TIMEOUT).await {
                        warn!("the group could not be told that this worker leaves it");
                    }
                    // Whoever waited may have lost patience.
                    done.send(()).unwrap_or_default();
                    return;
                }
                None => return,
            },
            changed = due.changed() => if changed.is_err() {
                error!("the group's worker has ended");
                return;
            },
            _ = rounds.changed() => {}
            () = sleep_until(next_at.unwrap_or_else(Instant::now)), if next_at.is_some() => {
                is_asked = false;
                // A rebalance meanwhile, by whatever reason, may have been about it too.
                if !links_due.is_shared_out() {
                    member.request_rejoin("connectors or tasks have changed");
                }
            }
            () = sleep_until(at.unwrap_or_else(Instant::now)), if at.is_some() => {
                links_due.rejoin_at(None);
                member.request_rejoin("the scheduled rebalance is due");
            }
        }
    }
}
