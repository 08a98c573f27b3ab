//! Transformations and predicates.

use crate::Result;
use crate::record::Record;

/// What becomes of a record after a transformation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on.
    Keep,
    /// It is filtered out. Its offset still counts as read.
    Drop,
}

/// Changes records in place. One instance for each task and alias.
///
/// Caches what it derives from a schema by the schema's identity.
pub trait Transformation: Send {
    /// Changes `record`, or says that it is to be dropped. After an error the
    /// record is not used any more.
    fn apply(&mut self, record: &mut Record) -> Result<Outcome>;
}

/// Decides whether a transformation applies to a record.
pub trait Predicate: Send {
    /// True if the predicate holds for `record`.
    fn test(&mut self, record: &Record) -> Result<bool>;
}
