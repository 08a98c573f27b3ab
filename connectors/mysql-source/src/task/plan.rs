//! What a start does: recover the history and stream, or take a snapshot
//! (`BaseSourceTask.validateSchemaHistory`, the original's snapshotters).

use connect_api::{Error, Result};

use crate::config::SnapshotMode;
use crate::offset::StoredOffset;

/// What is known when the task starts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// The history has records.
    pub(super) history_exists: bool,
    /// The binlog still has the offset's place.
    pub(super) position_exists: bool,
}

/// What the start does.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// Rebuild the tables from the history, then stream.
    Resume(StoredOffset),
    /// Take a snapshot first.
    Snapshot {
        /// Rows too.
        data: bool,
        /// Where to stream from, instead of the snapshot's place.
        keep: Option<StoredOffset>,
    },
    /// Stream from the oldest binlog on, with no table known (`never` of 1.0).
    FromBeginning,
}

/// Decides. The errors' words are the original's.
pub(super) fn plan(mode: SnapshotMode, offset: Option<StoredOffset>, known: Known) -> Result<Plan> {
    let Some(offset) = offset else {
        if mode.recovers_history() {
            return Err(Error::config(
                "Could not find existing redo log information while attempting schema only recovery snapshot: snapshot.mode=recovery needs the stored offset of this connector; use snapshot.mode=initial, or no_data to go on without the rows",
            ));
        }
        if !mode.snapshots_schema(false, false) {
            return Ok(Plan::FromBeginning);
        }
        return Ok(Plan::Snapshot {
            data: mode.snapshots_data(false, false),
            keep: None,
        });
    };
    if offset.is_snapshot_running() {
        if !mode.snapshots_schema(true, true) {
            return Err(Error::config(
                "The connector previously stopped while taking a snapshot, but now the connector is configured to never allow snapshots. Reconfigure the connector to use snapshots initially or when needed.",
            ));
        }
        return Ok(Plan::Snapshot {
            data: mode.snapshots_data(true, true),
            keep: None,
        });
    }
    if !known.position_exists && mode.streams() {
        if mode.recovers_position() {
            tracing::warn!("the offset is no longer in the binlog: taking a snapshot");
            return Ok(Plan::Snapshot {
                data: mode.snapshots_data(false, false),
                keep: None,
            });
        }
        let text = serde_json::Value::Object(offset.to_map()).to_string();
        return Err(crate::streaming::position_lost(
            &text,
            "the binlog was purged, or the server is another one",
        ));
    }
    resume(mode, offset, known)
}

fn resume(mode: SnapshotMode, offset: StoredOffset, known: Known) -> Result<Plan> {
    if mode == SnapshotMode::Always {
        return Ok(Plan::Snapshot {
            data: true,
            keep: None,
        });
    }
    if mode.recovers_history() {
        // The present structures stand for those at the offset: the user has
        // made sure that none has changed since.
        return Ok(Plan::Snapshot {
            data: false,
            keep: Some(offset),
        });
    }
    if !known.history_exists {
        if mode.recovers_position() {
            tracing::warn!("the schema history is missing: taking a snapshot");
            return Ok(Plan::Snapshot {
                data: mode.snapshots_data(false, false),
                keep: None,
            });
        }
        return Err(Error::config(
            "The db history topic or its content is fully or partially missing. Please check database schema history topic configuration and re-execute the snapshot: with snapshot.mode=recovery once the history is rebuilt from the present tables, provided that no table was altered since the stored offset",
        ));
    }
    let data = mode.snapshots_data(true, false);
    if data || mode.snapshots_schema(true, false) {
        return Ok(Plan::Snapshot { data, keep: None });
    }
    Ok(Plan::Resume(offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offset::{BinlogPosition, SnapshotState};

    const ALL: Known = Known {
        history_exists: true,
        position_exists: true,
    };

    fn offset(snapshot: SnapshotState) -> Option<StoredOffset> {
        let position = BinlogPosition {
            file: "f.000001".into(),
            snapshot,
            ..BinlogPosition::default()
        };
        Some(StoredOffset { position, row: 0 })
    }

    fn name(plan: &Result<Plan>) -> String {
        match plan {
            Ok(Plan::Resume(_)) => "resume".to_owned(),
            Ok(Plan::FromBeginning) => "beginning".to_owned(),
            Ok(Plan::Snapshot { data, keep }) => {
                format!("snapshot data={data} keep={}", keep.is_some())
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn without_an_offset() {
        let plan = |mode| name(&plan(mode, None, Known::default()));
        assert_eq!(plan(SnapshotMode::Initial), "snapshot data=true keep=false");
        assert_eq!(plan(SnapshotMode::NoData), "snapshot data=false keep=false");
        assert_eq!(plan(SnapshotMode::Never), "beginning");
        // golden d_snapshot_recovery
        assert!(plan(SnapshotMode::Recovery).starts_with(
            "Could not find existing redo log information while attempting schema only recovery snapshot"
        ));
    }

    #[test]
    fn with_an_offset() {
        let done = |mode, known| name(&plan(mode, offset(SnapshotState::None), known));
        assert_eq!(done(SnapshotMode::Initial, ALL), "resume");
        assert_eq!(done(SnapshotMode::NoData, ALL), "resume");
        assert_eq!(done(SnapshotMode::Never, ALL), "resume");
        assert_eq!(
            done(SnapshotMode::Always, ALL),
            "snapshot data=true keep=false"
        );
        assert_eq!(
            done(SnapshotMode::Recovery, ALL),
            "snapshot data=false keep=true"
        );
        let purged = Known {
            position_exists: false,
            ..ALL
        };
        assert_eq!(
            done(SnapshotMode::WhenNeeded, purged),
            "snapshot data=true keep=false"
        );
        assert!(done(SnapshotMode::Initial, purged).contains("no longer available on the server"));
        assert_eq!(done(SnapshotMode::InitialOnly, purged), "resume");
        let lost = Known {
            history_exists: false,
            ..ALL
        };
        let text = done(SnapshotMode::Initial, lost);
        assert!(text.contains("fully or partially missing"), "{text}");
        assert!(text.contains("snapshot.mode=recovery"), "{text}");
        assert_eq!(
            done(SnapshotMode::Recovery, lost),
            "snapshot data=false keep=true"
        );
    }

    #[test]
    fn in_the_middle_of_a_snapshot() {
        let running = |mode| name(&plan(mode, offset(SnapshotState::Initial), ALL));
        assert_eq!(
            running(SnapshotMode::Initial),
            "snapshot data=true keep=false"
        );
        assert!(running(SnapshotMode::Never).contains("never allow snapshots"));
    }
}
