//! How Java writes and reads numbers, dates and collections as text.

pub(crate) mod decimal;
pub(crate) mod float;
pub(crate) mod time;
pub(crate) mod to_string;
