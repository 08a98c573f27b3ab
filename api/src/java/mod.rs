//! How Java writes and reads numbers, dates and collections as text: what
//! clients and databases got from the JVM originals.

pub mod calendar;
pub mod decimal;
pub mod float;
pub mod json;
pub mod time;
pub mod to_string;
