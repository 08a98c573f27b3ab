//! What the benchmarks share.

use std::time::Instant;

/// Prints the best of five rounds, after one that warms up.
pub(crate) fn measure(what: &str, mut once: impl FnMut()) {
    const ROUNDS: u32 = 300_000;
    for _ in 0..ROUNDS / 10 {
        once();
    }
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..ROUNDS {
                once();
            }
            start.elapsed()
        })
        .min()
        .unwrap_or_default();
    let nanos = best.as_nanos() / u128::from(ROUNDS);
    println!("{what:<40} {nanos:>6} ns a record");
}
