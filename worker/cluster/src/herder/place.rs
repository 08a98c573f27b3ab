//! Which worker a request is for.

use std::time::Duration;

use connect_runtime::ConnectorTaskId;
use tokio::time::timeout;

use super::handle::Herder;
use super::shared::Shared;
use crate::membership::{GroupView, Owners};

/// How long a request waits for a group that is settling.
const PATIENCE: Duration = Duration::from_secs(10);

/// The worker that a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// This one.
    Here,
    /// The one whose REST server has this URL.
    At(String),
    /// There is no leader, also after a short wait.
    Unknown,
}

impl Herder {
    /// The leader, which alone writes configurations. Waits a moment for one.
    pub async fn leader_place(&self) -> Place {
        self.shared.leader().await
    }

    /// The worker of a connector, if this worker knows it; the leader, which
    /// does, if not.
    pub async fn connector_place(&self, name: &str) -> Place {
        self.shared
            .place(|view| {
                place_of(view.has_connector(name), view, |owners| {
                    owners.connector(name)
                })
            })
            .await
    }

    /// The worker of a task, if this worker knows it; the leader, which does,
    /// if not.
    pub async fn task_place(&self, id: &ConnectorTaskId) -> Place {
        self.shared
            .place(|view| place_of(view.has_task(id), view, |owners| owners.task(id)))
            .await
    }
}

fn place_of(
    is_here: bool,
    view: &GroupView,
    owner: impl FnOnce(&Owners) -> Option<&str>,
) -> Option<Place> {
    if is_here {
        return Some(Place::Here);
    }
    let owner = owner(view.owners.as_deref()?)?;
    Some(Place::At(owner.to_owned()))
}

impl Shared {
    pub(super) async fn leader(&self) -> Place {
        self.place(|_| None).await
    }

    async fn place(&self, known: impl Fn(&GroupView) -> Option<Place>) -> Place {
        let Some(mut views) = self.view_changes() else {
            return Place::Unknown;
        };
        let settled = views.wait_for(|view| view.is_leader || view.leader_url.is_some());
        let Ok(Ok(view)) = timeout(PATIENCE, settled).await else {
            return Place::Unknown;
        };
        if let Some(place) = known(&view) {
            return place;
        }
        match &view.leader_url {
            _ if view.is_leader => Place::Here,
            Some(url) => Place::At(url.clone()),
            None => Place::Unknown,
        }
    }
}
