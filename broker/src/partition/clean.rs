//! What a log needs now and then: retention, compaction, and forgetting silent producers.

use std::collections::HashMap;

use super::{Partition, State};
use crate::log::{CleanBounds, LastRecord, LogError};

impl Partition {
    /// Deletes what is too old or too much.
    pub(crate) fn retain(&self, now_ms: i64) -> Result<(), LogError> {
        let mut state = self.write();
        state.log.delete_old_segments(now_ms)?;
        state.forget_deleted();
        Ok(())
    }

    /// Compacts, and forgets producers that have been silent for long. One call at a time; what
    /// takes long is done with the log unlocked.
    pub(crate) fn clean(&self, now_ms: i64) -> Result<(), LogError> {
        let plan = {
            let mut state = self.write();
            state.log.flush_if_due()?;
            state.producers.expire(now_ms);
            state.forget_deleted();
            state.log.plan_clean(now_ms, &state.clean_bounds())?
        };
        let cleaned = plan.run()?;
        self.write().log.finish_clean(cleaned)
    }
}

impl State {
    /// What compaction leaves alone: open transactions, and each producer's last batch, from which
    /// its sequences are known again after a start.
    fn clean_bounds(&self) -> CleanBounds {
        let mut producers = HashMap::new();
        if self.compact {
            for (id, entry) in self.producers.entries() {
                let last_data_offset = entry.batches.back().map(|batch| batch.last_offset);
                producers.insert(
                    id,
                    LastRecord {
                        last_data_offset,
                        epoch: entry.epoch,
                    },
                );
            }
        }
        CleanBounds {
            last_stable: self.last_stable_offset(),
            producers,
        }
    }
}
