//! Numbers that are the same for the same seed (`SplitMix64`).

use std::env;

/// A seed of a run that nobody has asked for: always the same, so that a failure comes again.
const SEED: u64 = 20_261_122;

#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The one of a test, which the environment may set; it is printed.
    pub(crate) fn of_test(test: &str) -> Self {
        let seed = env::var("FUZZ_SEED").map_or(SEED, |seed| seed.parse().expect("FUZZ_SEED"));
        println!("{test}: FUZZ_SEED={seed}");
        Self(seed)
    }

    /// Another one for a part of the run, which does not depend on how far others have come.
    pub(crate) fn part(&self, part: u64) -> Self {
        let mut other = Self(self.0 ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        other.next();
        other
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// How many rounds, where the environment does not say.
pub(crate) fn rounds(usual: usize) -> usize {
    env::var("FUZZ_ROUNDS").map_or(usual, |rounds| rounds.parse().expect("FUZZ_ROUNDS"))
}
