//! A group of one worker.

use std::sync::Arc;

use async_trait::async_trait;
use connect_api::Result;
use tokio::sync::watch;

use super::{GroupView, Lease, Membership, Share};
use crate::info::Health;

/// A group of one worker.
#[derive(Debug)]
pub struct Solo {
    view: watch::Sender<Arc<GroupView>>,
}

impl Solo {
    /// The group of the worker whose REST server is at `url`.
    pub fn new(url: &str) -> Self {
        let view = GroupView {
            revision: 0,
            generation: 0,
            is_leader: true,
            leader_url: Some(url.to_owned()),
            share: Share::All,
            owners: None,
            signs_requests: false,
        };
        Self {
            view: watch::Sender::new(Arc::new(view)),
        }
    }
}

#[async_trait]
impl Membership for Solo {
    /// The generation goes on from where statuses left off: a JVM worker would
    /// take the end of an old run for the newer one otherwise.
    async fn join(&self, stored_generation: i32) -> Result<watch::Receiver<Arc<GroupView>>> {
        self.view.send_modify(|view| {
            Arc::make_mut(view).generation = stored_generation.saturating_add(1);
        });
        Ok(self.view.subscribe())
    }

    fn work_changed(&self, _offset: i64) {}

    fn released(&self, _revision: u64) {}

    async fn leave(&self) {}

    fn lease(&self) -> Lease {
        Lease::unlimited()
    }

    fn health(&self) -> Health {
        Health::Healthy
    }
}
