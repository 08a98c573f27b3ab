//! How attempts follow each other.

use std::time::Duration;

/// Pauses that double from one failure to the next, each between 80% and 120% of its step, as the
/// Java client's `ExponentialBackoff` has them: members that lost the same broker do not all come
/// back at the same moment.
#[derive(Debug, Clone)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    attempts: u32,
}

impl Backoff {
    /// Starts at `initial`.
    #[must_use]
    pub fn new(initial: Duration, max: Duration) -> Self {
        Self {
            initial,
            max: max.max(initial),
            attempts: 0,
        }
    }

    /// The next pause.
    pub fn next_pause(&mut self) -> Duration {
        let step = self
            .initial
            .saturating_mul(1_u32.checked_shl(self.attempts.min(20)).unwrap_or(u32::MAX))
            .min(self.max);
        self.attempts = self.attempts.saturating_add(1);
        step.mul_f64(0.8 + 0.4 * random_fraction()).min(self.max)
    }

    /// How many pauses there were since the last success.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// It worked: the next failure starts from the beginning.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// 0 to 1, so that those who began together do not go on together. The middle where there is no
/// randomness: when they go on is no secret.
pub(crate) fn random_fraction() -> f64 {
    let mut bytes = [0_u8; 2];
    match openssl::rand::rand_bytes(&mut bytes) {
        Ok(()) => f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_maximum_and_start_again() {
        let (initial, max) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut backoff = Backoff::new(initial, max);
        for step in [100, 200, 400, 800, 1000, 1000] {
            let pause = backoff.next_pause().as_millis();
            assert!(
                (step * 8 / 10..=step * 12 / 10).contains(&pause),
                "{step}: {pause}"
            );
            assert!(pause <= 1000);
        }
        assert_eq!(backoff.attempts(), 6);
        backoff.reset();
        assert!(backoff.next_pause() <= initial.mul_f64(1.2));
        for _ in 0..100 {
            backoff.next_pause();
        }
    }
}
