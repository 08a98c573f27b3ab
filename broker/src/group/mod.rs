//! Group membership and the offsets of groups.
