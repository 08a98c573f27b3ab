//! Kills, restarts and cut connections, in the middle of a snapshot and of streaming: each row
//! arrives at least once, and the last record of each key is the table's row. With GTIDs and
//! without, and with DDL shortly before the fault (invariant 1).

mod snapshot;
mod streaming;
pub(crate) mod table;
pub(crate) mod writer;
