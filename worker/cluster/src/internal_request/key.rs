//! The group's session key.

use std::fmt;

/// The key with which workers of a group sign requests to each other (KIP-507),
/// as the leader wrote it to the config topic (`session-key`).
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey {
    /// The algorithm that it was generated for, by Java's name. A key can sign
    /// by any algorithm, whatever this says.
    pub algorithm: String,
    /// The key itself.
    pub key: Vec<u8>,
    /// When it was made, in milliseconds since 1970.
    pub created: i64,
}

/// The key is a secret.
impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKey")
            .field("algorithm", &self.algorithm)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}
