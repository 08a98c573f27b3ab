//! What a restart inside a transaction leaves out: events and rows that are
//! already sent (`BinlogStreamingChangeEventSource.handleEvent`).

/// Counts what is left out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Skip {
    events: u64,
    rows: u64,
    active: bool,
}

impl Skip {
    /// As the offset says: completed events of the transaction, completed rows
    /// of the next event.
    pub(super) fn new(events: u64, rows: u64) -> Self {
        Self {
            events,
            rows,
            active: false,
        }
    }

    /// The transaction begins.
    pub(super) fn begin(&mut self) {
        self.active = self.events > 0;
    }

    /// The transaction ends.
    pub(super) fn commit(&mut self) {
        self.active = false;
    }

    /// An event is done or left out.
    pub(super) fn event_done(&mut self) {
        if self.active {
            self.events -= 1;
            self.active = self.events > 0;
        }
    }

    /// Whether the present event's changes are sent already.
    pub(super) fn is_active(self) -> bool {
        self.active
    }

    /// Rows of the next event that are sent already.
    pub(super) fn rows(self) -> u64 {
        self.rows
    }

    /// The first row of the present event that is not sent yet; asked once.
    pub(super) fn take_rows(&mut self) -> u64 {
        std::mem::take(&mut self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_the_transaction_are_left_out_and_rows_of_the_next() {
        // {"event":2,"row":1}: BEGIN and TABLE_MAP are done, and one row.
        let mut skip = Skip::new(2, 1);
        skip.event_done(); // the format description, before the transaction
        skip.begin();
        assert!(skip.is_active());
        skip.event_done();
        assert!(skip.is_active(), "the table map");
        skip.event_done();
        assert!(!skip.is_active(), "the rows");
        assert_eq!(skip.take_rows(), 1);
        assert_eq!(skip.take_rows(), 0);
        skip.commit();
        skip.begin();
        assert!(!skip.is_active());
    }
}
