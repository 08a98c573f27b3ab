//! Topics, their partitions and their configurations.

pub(crate) mod configs;
mod delete_topics;
mod metadata;
mod partitions;
mod topics;
