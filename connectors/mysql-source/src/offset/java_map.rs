//! The order in which Java's `HashMap` gives its entries: the original keeps
//! offsets in one, and its order is that of the stored JSON.

use connect_api::record::OffsetMap;
use serde_json::Value;

/// The entries in the order of a `HashMap` into which they were put one by one.
pub(crate) fn in_java_order(mut entries: Vec<(String, Value)>) -> OffsetMap {
    // HashMap: 16 buckets, doubled when more than three quarters are in use.
    let mut buckets = 16_usize;
    while entries.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    // Entries of one bucket stay in the order in which they were put.
    entries.sort_by_key(|(key, _)| bucket(key, buckets));
    entries.into_iter().collect()
}

fn bucket(key: &str, buckets: usize) -> usize {
    let hash = key.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(unit.into())
    });
    (hash ^ (hash >> 16)) as usize & (buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_as_in_stored_offsets() {
        // golden/formats/debezium-offsets.txt
        let put = [
            "server_id",
            "gtids",
            "file",
            "pos",
            "event",
            "row",
            "ts_sec",
            "transaction_id",
            "transaction_data_collection_order_inv.ty",
        ];
        let map = in_java_order(put.map(|key| (key.to_owned(), Value::Null)).into());
        let order: Vec<&str> = map.keys().map(String::as_str).collect();
        assert_eq!(
            order,
            [
                "transaction_id",
                "transaction_data_collection_order_inv.ty",
                "ts_sec",
                "file",
                "pos",
                "gtids",
                "row",
                "server_id",
                "event"
            ]
        );
    }
}
