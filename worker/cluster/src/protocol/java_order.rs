//! The order in which Java's `HashSet` goes over strings. `ConnectProtocol` puts
//! the connectors of an assignment into one before it writes them.

use std::collections::HashSet;

/// The names, each once, as a `new HashSet<>(names)` has them.
///
/// Names of one bucket stay in the order given, as long as Java does not make a
/// tree of the bucket, which takes more than eight; readers do not mind either.
pub(super) fn hash_set_order<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Vec<&'a str> {
    let buckets = bucket_count(names.len());
    let mut seen = HashSet::with_capacity(names.len());
    let mut ordered: Vec<&str> = names.filter(|name| seen.insert(*name)).collect();
    ordered.sort_by_cached_key(|name| spread(hash_code(name)) & (buckets - 1));
    ordered
}

/// `String.hashCode`.
fn hash_code(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    })
}

/// `HashMap.hash`.
fn spread(hash: u32) -> u32 {
    hash ^ (hash >> 16)
}

/// How many buckets `new HashSet<>(collection)` makes (of Java 17; from 19 on it
/// makes half as many for some sizes): room for all below the load factor of
/// 0.75, at least 16, a power of two.
fn bucket_count(elements: usize) -> u32 {
    let wanted = (elements.saturating_mul(4) / 3 + 1).max(16);
    u32::try_from(wanted)
        .ok()
        .and_then(u32::checked_next_power_of_two)
        .unwrap_or(1 << 30)
}
