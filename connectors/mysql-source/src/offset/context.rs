//! Where the reader stands, and where a restart would go on.

use std::sync::Arc;

use bytestring::ByteString;
use connect_api::Result;

use super::position::{BinlogPosition, StoredOffset};
use crate::gtid::GtidSet;

/// The reader's place, event by event: the rules are those of the original's
/// `BinlogOffsetContext`, so that each finds its way from the other's offsets.
#[derive(Debug, Clone, Default)]
pub struct OffsetContext {
    /// The file that is read.
    file: ByteString,
    /// Where the present event begins.
    pos: u64,
    event_length: u64,
    restart_file: ByteString,
    restart_pos: u64,
    events_done: u64,
    current_gtids: GtidSet,
    current_gtids_text: Option<Arc<str>>,
    restart_gtids: Option<Arc<str>>,
    gtid: Option<ByteString>,
    in_transaction: bool,
    server_id: u32,
    ts_sec: Option<i64>,
}

impl OffsetContext {
    /// Goes on from a stored offset.
    pub fn resume(offset: &StoredOffset) -> Result<Self> {
        let position = &offset.position;
        let mut context = Self {
            file: position.file.clone(),
            pos: position.pos,
            restart_file: position.file.clone(),
            restart_pos: position.pos,
            events_done: position.event,
            server_id: position.server_id,
            ts_sec: position.ts_sec,
            ..Self::default()
        };
        if let Some(gtids) = &position.gtids {
            context.set_completed(GtidSet::parse(gtids)?);
        }
        Ok(context)
    }

    /// Sets all completed transactions.
    pub fn set_completed(&mut self, gtids: GtidSet) {
        let text: Arc<str> = gtids.to_string().into();
        self.current_gtids = gtids;
        self.current_gtids_text = Some(Arc::clone(&text));
        self.restart_gtids = Some(text);
    }

    /// Forgets all GTIDs: the offset is file and position alone.
    pub fn clear_gtids(&mut self) {
        self.current_gtids = GtidSet::default();
        self.current_gtids_text = None;
        self.restart_gtids = None;
        self.gtid = None;
    }

    /// The file that is read.
    pub fn file(&self) -> &ByteString {
        &self.file
    }

    /// Where the present event begins.
    pub fn pos(&self) -> u64 {
        self.pos
    }

    /// The present transaction's GTID.
    pub fn gtid(&self) -> Option<&ByteString> {
        self.gtid.as_ref()
    }

    /// Whether a transaction has begun and is not completed.
    pub fn is_in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Completed events of the transaction.
    pub fn events_done(&self) -> u64 {
        self.events_done
    }

    /// The server that wrote the present event.
    pub fn server_id(&self) -> u32 {
        self.server_id
    }

    /// The rotation to another file, or the beginning of a stream.
    pub fn rotate(&mut self, file: ByteString, pos: u64) {
        self.restart_file = file.clone();
        self.file = file;
        self.pos = pos;
        self.restart_pos = pos;
        self.events_done = 0;
    }

    /// An event begins. Events inside a compressed transaction have no place
    /// of their own.
    pub fn start_event(&mut self, server_id: u32, end: u64, length: u64) {
        self.server_id = server_id;
        if end == 0 {
            return;
        }
        self.pos = end.saturating_sub(length);
        self.event_length = length;
        if !self.in_transaction {
            self.restart_pos = end;
            self.events_done = 0;
        }
    }

    /// When the change happened that is told next, in seconds of the epoch.
    pub fn set_time(&mut self, ts_sec: i64) {
        self.ts_sec = Some(ts_sec);
    }

    /// A statement that is a transaction of its own (DDL) is done: its GTID
    /// counts as completed. (The original completes it with the next one, and
    /// so tells it twice after a restart in between.)
    pub fn complete_statement(&mut self) {
        if !self.in_transaction {
            self.restart_gtids = self.current_gtids_text.clone();
        }
    }

    /// An event is done.
    pub fn complete_event(&mut self) {
        self.events_done += 1;
    }

    /// The transaction that follows has this GTID.
    pub fn start_gtid(&mut self, source: &str, number: u64) {
        self.current_gtids.add(source, number);
        let text: Arc<str> = self.current_gtids.to_string().into();
        self.restart_gtids = Some(
            self.current_gtids_text
                .replace(Arc::clone(&text))
                .unwrap_or(text),
        );
        self.gtid = Some(format!("{source}:{number}").into());
    }

    /// A transaction begins at the present event.
    pub fn begin(&mut self) {
        self.events_done = 0;
        self.restart_file = self.file.clone();
        self.restart_pos = self.pos;
        self.in_transaction = true;
    }

    /// The transaction is completed by the present event.
    pub fn commit(&mut self) {
        self.restart_gtids = self.current_gtids_text.clone();
        self.restart_file = self.file.clone();
        self.restart_pos = self.pos + self.event_length;
        self.events_done = 0;
        self.in_transaction = false;
    }

    /// Where a restart goes on, but for the row.
    pub fn position(&self) -> BinlogPosition {
        BinlogPosition {
            ts_sec: self.ts_sec,
            file: self.restart_file.clone(),
            pos: self.restart_pos,
            gtids: self.restart_gtids.clone(),
            server_id: self.server_id,
            event: self.events_done,
            snapshot: super::SnapshotState::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_api::record::SourcePosition;

    fn offset(context: &OffsetContext, row: u64) -> String {
        serde_json::to_string(&context.position().offset(row)).unwrap()
    }

    #[test]
    fn inside_a_transaction_the_offset_is_its_beginning() {
        // golden e_heartbeat: the anonymous GTID event is from 155 to 234.
        let mut context = OffsetContext::default();
        context.rotate("mysql-bin.000021".into(), 155);
        context.set_time(1795261014);
        context.start_event(223355, 234, 79);
        context.complete_event();
        context.start_event(223355, 313, 79);
        context.begin();
        context.complete_event();
        context.start_event(223355, 380, 67);
        context.complete_event();
        context.start_event(223355, 430, 50);
        assert_eq!(
            offset(&context, 1),
            r#"{"ts_sec":1795261014,"file":"mysql-bin.000021","pos":234,"row":1,"server_id":223355,"event":2}"#
        );
        context.complete_event();
        context.start_event(223355, 461, 31);
        context.commit();
        assert_eq!(
            offset(&context, 0),
            r#"{"ts_sec":1795261014,"file":"mysql-bin.000021","pos":461,"server_id":223355}"#
        );
    }

    #[test]
    fn gtids_are_those_completed() {
        let uuid = "fee9422b-e59f-11f1-b998-02fc00000001";
        let mut context = OffsetContext::default();
        context.set_completed(GtidSet::parse(&format!("{uuid}:1-24")).unwrap());
        let gtids = |context: &OffsetContext| {
            context
                .position()
                .gtids
                .as_deref()
                .map(|text| text[uuid.len()..].to_owned())
        };
        context.start_gtid(uuid, 25);
        assert_eq!(gtids(&context).as_deref(), Some(":1-24"));
        context.complete_statement();
        assert_eq!(gtids(&context).as_deref(), Some(":1-25"));
        context.start_gtid(uuid, 26);
        context.begin();
        context.complete_statement();
        assert_eq!(gtids(&context).as_deref(), Some(":1-25"));
        context.commit();
        assert_eq!(gtids(&context).as_deref(), Some(":1-26"));
        assert_eq!(
            context.gtid().map(|gtid| &**gtid),
            Some(&*format!("{uuid}:26"))
        );
    }
}
