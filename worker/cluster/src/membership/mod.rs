//! Who leads the group, and what of its work is this worker's.
//!
//! The herder knows the group only through [`Membership`]. [`Solo`] is a group
//! of one: it leads and has everything.

mod group;
mod lease;
mod solo;
mod view;

use std::sync::Arc;

use async_trait::async_trait;
use connect_api::Result;
use tokio::sync::watch;

use crate::info::Health;
pub(crate) use group::{GroupMembership, GroupSettings};
pub use lease::Lease;
pub use solo::Solo;
pub use view::{GroupView, Owners, Share};

/// A place in a group of workers.
#[async_trait]
pub trait Membership: Send + Sync {
    /// Joins the group. Called once, when the stores have been read;
    /// `stored_generation` is the highest that any status carries. The view
    /// changes with the group from then on; the herder acts on each change.
    ///
    /// An error is one that no waiting mends.
    async fn join(&self, stored_generation: i32) -> Result<watch::Receiver<Arc<GroupView>>>;

    /// The connectors or their tasks are other ones now, by the config topic up
    /// to this offset: the work may have to be shared out anew.
    fn work_changed(&self, offset: i64);

    /// Everything that the view of this revision does not have has stopped
    /// here, and its statuses are stored: others may start it.
    fn released(&self, revision: u64);

    /// Leaves the group, once everything has stopped here.
    async fn leave(&self);

    /// Until when this worker may believe that what it has is its own.
    fn lease(&self) -> Lease;

    /// Starting until the group was joined for the first time; unhealthy while
    /// the group cannot be reached or does not take this worker in.
    fn health(&self) -> Health;
}
