//! The binlog client: one connection that has become a stream of events.

use std::time::Duration;

use bytestring::ByteString;
use connect_api::{Error, Result};
use futures_util::{FutureExt, StreamExt};
use mysql_async::binlog::events::Event;
use mysql_async::{BinlogStream, BinlogStreamRequest};

use super::errors;
use crate::connection::Database;
use crate::gtid::GtidSet;

/// Where reading begins.
#[derive(Debug, Clone)]
pub(crate) enum StreamStart {
    /// After these transactions.
    Gtids(GtidSet),
    /// At this place; an empty file means the oldest one.
    Position {
        /// The file.
        file: ByteString,
        /// The position in it.
        pos: u64,
    },
}

/// A stream of binlog events.
pub(crate) struct BinlogClient {
    stream: BinlogStream,
    silence: Option<Duration>,
}

impl std::fmt::Debug for BinlogClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BinlogClient").finish_non_exhaustive()
    }
}

impl BinlogClient {
    /// Asks the server for its binlog.
    pub(crate) async fn connect(database: &Database, start: &StreamStart) -> Result<Self> {
        let settings = database.settings();
        let conn = database.connect_for_binlog(session_of(database)).await?;
        let request = BinlogStreamRequest::new(settings.server_id);
        let stream = match start {
            StreamStart::Gtids(gtids) => {
                let request = request.with_gtid().with_gtid_set(gtids.to_sids()?);
                conn.get_binlog_stream(request).await
            }
            StreamStart::Position { file, pos } => {
                let request = request
                    .with_filename(file.as_bytes())
                    .with_pos((*pos).max(4));
                conn.get_binlog_stream(request).await
            }
        };
        Ok(Self {
            stream: stream.map_err(|error| errors::of_stream(error, settings.server_id))?,
            silence: settings.keep_alive,
        })
    }

    /// The next event, if it has arrived.
    pub(crate) fn ready(&mut self, server_id: u32) -> Option<Result<Event>> {
        let next = self.stream.next().now_or_never()?;
        Some(event_of(next, server_id))
    }

    /// The next event. A server that is silent for longer than it promised is gone.
    pub(crate) async fn next(&mut self, server_id: u32) -> Result<Event> {
        let next = match self.silence {
            None => self.stream.next().await,
            Some(silence) => match tokio::time::timeout(silence, self.stream.next()).await {
                Ok(next) => next,
                Err(_) => {
                    return Err(Error::retriable(format!(
                        "no heartbeat from MySQL within connect.keep.alive.interval.ms={}",
                        silence.as_millis()
                    )));
                }
            },
        };
        event_of(next, server_id)
    }
}

fn event_of(next: Option<mysql_async::Result<Event>>, server_id: u32) -> Result<Event> {
    match next {
        Some(Ok(event)) => Ok(event),
        Some(Err(error)) => Err(errors::of_stream(error, server_id)),
        None => Err(Error::retriable("MySQL has ended the binlog stream")),
    }
}

/// The session's variables. The server sends a heartbeat after so long without
/// events (`COM_BINLOG_DUMP` in MySQL's documentation; nanoseconds), well
/// before we take it for dead.
fn session_of(database: &Database) -> Vec<String> {
    let settings = database.settings();
    let mut statements = Vec::new();
    if let Some(silence) = settings.keep_alive {
        let nanos = silence.as_nanos() / 2;
        statements.push(format!("SET @master_heartbeat_period = {nanos}"));
        statements.push(format!("SET @source_heartbeat_period = {nanos}"));
    }
    if let Some(seconds) = settings.net_write_timeout {
        statements.push(format!("SET net_write_timeout = {seconds}"));
    }
    if let Some(seconds) = settings.net_read_timeout {
        statements.push(format!("SET net_read_timeout = {seconds}"));
    }
    statements
}
