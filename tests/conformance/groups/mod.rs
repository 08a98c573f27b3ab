//! Groups: their members, and the offsets they keep.

mod consumers;
mod listed;
pub(crate) mod member;
mod membership;
pub(crate) mod offsets;
mod static_members;
