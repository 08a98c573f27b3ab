//! Streaming: from binlog events to records (`BinlogStreamingChangeEventSource`).

mod client;
mod errors;
mod handler;
mod reader;
mod rows;
mod skip;
mod statements;
mod table_maps;

pub(crate) use errors::position_lost;
pub(crate) use handler::EventHandler;
pub(crate) use reader::Reader;
