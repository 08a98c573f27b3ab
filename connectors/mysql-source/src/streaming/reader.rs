//! The reader: streams the binlog until the task is stopped, and opens it
//! again where it broke.

use connect_api::{Error, ErrorKind, Result};
use mysql_async::binlog::EventType;
use mysql_async::binlog::events::Event;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::client::{BinlogClient, StreamStart};
use super::errors::position_lost;
use super::handler::EventHandler;
use crate::connection::{Database, ServerInfo};
use crate::gtid::GtidSet;
use crate::heartbeat::Heartbeat;
use crate::offset::StoredOffset;
use crate::queue::stopped;
use crate::retries::Retries;

/// Streams the binlog.
pub(crate) struct Reader {
    pub(crate) handler: EventHandler,
    pub(crate) database: Database,
    pub(crate) server: ServerInfo,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) cancelled: CancellationToken,
}

impl Reader {
    /// Reads from `offset` until the task is stopped or a fault does not pass.
    pub(crate) async fn run(mut self, offset: StoredOffset) -> Result<()> {
        let retries = self.handler.capture.settings.retries;
        let mut retries = Retries::new(retries, self.cancelled.clone());
        let mut resume = offset;
        loop {
            let cancelled = self.cancelled.clone();
            let streamed = tokio::select! {
                biased;
                () = cancelled.cancelled() => Err(stopped()),
                ended = self.stream(&resume, &mut retries) => ended,
            };
            let error = match streamed {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let place = self.handler.resume_point();
            if !place.position.file.is_empty() {
                resume = place;
            }
            match error.kind() {
                ErrorKind::Stopped => return Ok(()),
                ErrorKind::NotFound => {
                    let offset = serde_json::Value::Object(resume.to_map()).to_string();
                    return Err(position_lost(&offset, error.message()).caused_by(error));
                }
                _ => retries.wait(error).await?,
            }
        }
    }

    async fn stream(&mut self, from: &StoredOffset, retries: &mut Retries) -> Result<()> {
        self.handler.resume(from)?;
        let start = self.start(from).await?;
        tracing::info!(?start, "reading the binlog");
        let server_id = self.database.settings().server_id;
        let mut client = BinlogClient::connect(&self.database, &start).await?;
        loop {
            let event = match client.ready(server_id) {
                Some(event) => event?,
                None => self.wait(&mut client, server_id).await?,
            };
            self.handler.handle(&event).await?;
            if is_progress(&event) {
                retries.reset();
            }
            self.beat();
            self.stop_if_cancelled()?;
        }
    }

    /// Nothing has arrived: what is gathered is sent before the next event is
    /// waited for.
    async fn wait(&mut self, client: &mut BinlogClient, server_id: u32) -> Result<Event> {
        loop {
            self.handler.capture.queue.flush().await?;
            let Some(due) = self.heartbeat.due() else {
                return client.next(server_id).await;
            };
            tokio::select! {
                event = client.next(server_id) => return event,
                () = tokio::time::sleep_until(due) => self.beat(),
            }
        }
    }

    fn beat(&mut self) {
        if self
            .heartbeat
            .due()
            .is_some_and(|due| due <= Instant::now())
            && self.heartbeat.is_due()
        {
            let offset = self.handler.offset();
            let record = self
                .handler
                .capture
                .maker
                .heartbeat(self.heartbeat.topic(), offset);
            self.handler.capture.queue.push(record, 128);
        }
    }

    /// Where the server is asked to begin
    /// (`BinlogStreamingChangeEventSource.execute`).
    async fn start(&mut self, from: &StoredOffset) -> Result<StreamStart> {
        let by_position = || StreamStart::Position {
            file: from.position.file.clone(),
            pos: from.position.pos,
        };
        if !self.server.gtid_mode {
            return Ok(by_position());
        }
        if self.handler.capture.settings.ignore_gtids {
            self.handler.context.clear_gtids();
            return Ok(by_position());
        }
        let mut connection = self.database.connect().await?;
        let start = self.gtid_start(&mut connection, from).await;
        connection.close().await;
        start
    }

    async fn gtid_start(
        &mut self,
        connection: &mut crate::connection::Connection,
        from: &StoredOffset,
    ) -> Result<StreamStart> {
        let purged = self.server.purged_gtids(connection).await?;
        let Some(stored) = &from.position.gtids else {
            if !from.position.file.is_empty() {
                // GTIDs were turned on after the offset was stored.
                return Ok(StreamStart::Position {
                    file: from.position.file.clone(),
                    pos: from.position.pos,
                });
            }
            self.handler.context.set_completed(purged.clone());
            return Ok(StreamStart::Gtids(purged));
        };
        // Sources that are not captured stay in the set, or the server would
        // send all that it has of them.
        let start = GtidSet::parse(stored)?.plus(&purged);
        self.handler.context.set_completed(start.clone());
        Ok(StreamStart::Gtids(start))
    }

    fn stop_if_cancelled(&self) -> Result<(), Error> {
        if self.cancelled.is_cancelled() {
            Err(stopped())
        } else {
            Ok(())
        }
    }
}

/// Events that a stream does not begin with: one that breaks at the same event
/// again and again has not gone well.
fn is_progress(event: &Event) -> bool {
    let kind = event.header().event_type();
    let begins = matches!(
        kind,
        Ok(EventType::ROTATE_EVENT
            | EventType::FORMAT_DESCRIPTION_EVENT
            | EventType::PREVIOUS_GTIDS_EVENT
            | EventType::GTID_EVENT
            | EventType::GTID_TAGGED_LOG_EVENT
            | EventType::ANONYMOUS_GTID_EVENT)
    );
    !begins
}
