//! Which segments a compaction writes into one (`Cleaner.groupSegmentsBySize`).

use super::Source;

/// Neighbouring segments together while they do not get larger than one may be, nor their offsets
/// further apart than an index can hold.
pub(super) fn by_size(sources: Vec<Source>, segment_bytes: u64) -> Vec<Vec<Source>> {
    let mut groups: Vec<Vec<Source>> = Vec::new();
    let mut size = 0;
    for source in sources {
        let group = groups.last_mut().filter(|group| {
            size + source.size <= segment_bytes
                && source.until - group[0].base <= i64::from(i32::MAX)
        });
        match group {
            Some(group) => {
                size += source.size;
                group.push(source);
            }
            None => {
                size = source.size;
                groups.push(vec![source]);
            }
        }
    }
    groups
}
