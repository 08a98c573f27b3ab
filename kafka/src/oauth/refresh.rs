//! When a token is renewed.

/// Java's `sasl.login.refresh.*`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RefreshRules {
    pub(crate) window_factor: f64,
    pub(crate) window_jitter: f64,
    pub(crate) min_period_seconds: i64,
    pub(crate) buffer_seconds: i64,
}

impl Default for RefreshRules {
    /// Java's (`SaslConfigs`).
    fn default() -> Self {
        Self {
            window_factor: 0.80,
            window_jitter: 0.05,
            min_period_seconds: 60,
            buffer_seconds: 300,
        }
    }
}

impl RefreshRules {
    /// When a token that came at `now` is to be renewed, in milliseconds since 1970, as Java
    /// decides (`ExpiringCredentialRefreshingLogin.refreshMs`): after a part of its life, but not
    /// within the buffer before its end, and not sooner than the least period from now. A life
    /// that is too short for both is divided without them. `random` is from 0 to 1.
    pub(super) fn due(&self, now: i64, issued: Option<i64>, expires: i64, random: f64) -> i64 {
        let part = self.window_factor + self.window_jitter * random;
        let of_life = |from: i64| from + ((expires - from) as f64 * part) as i64;
        let (least, buffer) = (self.min_period_seconds * 1000, self.buffer_seconds * 1000);
        if now + least + buffer > expires {
            return of_life(now);
        }
        let proposed = of_life(issued.unwrap_or(now));
        let (soonest, latest) = (now + least, expires - buffer);
        if proposed > latest {
            latest
        } else {
            proposed.max(soonest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn the_window_is_a_part_of_a_tokens_life() {
        let rules = RefreshRules::default();
        assert_eq!(rules.due(0, None, HOUR, 0.0), HOUR * 80 / 100);
        assert_eq!(rules.due(0, None, HOUR, 1.0), HOUR * 85 / 100);
        // From when it was issued, not from when it came.
        assert_eq!(rules.due(HOUR / 2, Some(0), HOUR, 0.0), HOUR * 80 / 100);
    }

    #[test]
    fn the_buffer_before_the_end_and_the_least_period_are_kept() {
        let rules = RefreshRules {
            window_factor: 1.0,
            ..RefreshRules::default()
        };
        assert_eq!(rules.due(0, None, HOUR, 0.0), HOUR - 300_000);
        let rules = RefreshRules {
            min_period_seconds: 900,
            ..RefreshRules::default()
        };
        let late = HOUR - 1_300_000;
        assert_eq!(rules.due(late, Some(0), HOUR, 0.0), late + 900_000);
    }

    #[test]
    fn a_short_life_has_no_room_for_them() {
        let rules = RefreshRules::default();
        assert_eq!(rules.due(1000, Some(0), 6000, 0.0), 5000);
    }
}
