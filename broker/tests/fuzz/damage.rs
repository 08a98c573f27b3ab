//! What can happen to bytes.

use crate::random::Random;

/// Numbers that lengths and counts are not.
const EXTREMES: [i32; 8] = [
    i32::MAX,
    i32::MIN,
    -1,
    -2,
    0x7fff,
    0x00ff_ffff,
    1_000_001,
    0,
];

/// A compact length of 2^32 - 2, the largest there is.
const LARGEST_COMPACT: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];

/// Damages bytes in one way, in place; answers which.
pub(crate) fn damage(random: &mut Random, bytes: &mut Vec<u8>) -> &'static str {
    if bytes.is_empty() {
        bytes.extend(random.bytes(16));
        return "garbage where nothing was";
    }
    let at = random.below(bytes.len());
    match random.below(8) {
        0 | 1 => {
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            "flipped bits"
        }
        2 => {
            bytes.truncate(at);
            "cut off"
        }
        3 => {
            let more = random.below(200) + 1;
            bytes.extend(random.bytes(more));
            "garbage at the end"
        }
        4 => {
            let extreme = random.pick(&EXTREMES).to_be_bytes();
            let width = *random.pick(&[1, 2, 4]);
            let end = bytes.len().min(at + width);
            bytes[at..end].copy_from_slice(&extreme[..end - at]);
            "a length of another size"
        }
        5 => {
            bytes.splice(at..=at, LARGEST_COMPACT);
            "a compact length of another size"
        }
        6 => {
            let end = at + random.below(bytes.len() - at) + 1;
            let copied = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copied);
            "a part twice"
        }
        _ => {
            let end = at + random.below(bytes.len() - at) + 1;
            bytes[at..end].fill(*random.pick(&[0, 0xff]));
            "a part of one value"
        }
    }
}

/// Every byte in turn made the start of the largest length there is, of each kind.
pub(crate) fn largest_lengths(bytes: &[u8], flexible: bool) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).flat_map(move |at| {
        let mut plain = bytes.to_vec();
        for (to, from) in plain[at..].iter_mut().zip(i32::MAX.to_be_bytes()) {
            *to = from;
        }
        let mut compact = bytes.to_vec();
        compact.splice(at..=at, LARGEST_COMPACT);
        [Some(plain), flexible.then_some(compact)]
            .into_iter()
            .flatten()
    })
}
