//! What the snapshot and streaming share: settings, structures, records, queue.

use std::sync::Arc;

use crate::config::MySqlConnectorSettings;
use crate::database_schema::DatabaseSchema;
use crate::queue::QueueSender;
use crate::record_maker::RecordMaker;

/// What the snapshot and streaming share.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) settings: Arc<MySqlConnectorSettings>,
    pub(crate) schema: DatabaseSchema,
    pub(crate) maker: RecordMaker,
    pub(crate) queue: QueueSender,
}
