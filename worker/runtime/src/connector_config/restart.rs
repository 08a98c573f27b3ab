//! Whether what failed starts again by itself: `errors.restart.*`. The keys are
//! ours. Connect has none like them, and its answers about a configuration
//! count keys: so these are listed only where one of them is set.

use std::time::Duration;

use connect_api::config::{Check, ConfigDef, ConfigInfo, ConfigValue, Key, Width};
use connect_api::{Props, Result};

use super::common::with_orders;
use crate::RunFailure;
use crate::task::backoff::jittered;

const PREFIX: &str = "errors.restart.";

/// After which causes a restart follows.
const POLICY: Key<String> = Key::new("errors.restart.policy")
    .default("none")
    .check(Check::OneOf(&["none", "retriable", "always"]))
    .medium()
    .group("Error Handling")
    .width(Width::Short)
    .display_name("Restart Policy")
    .doc(
        "Whether a failed connector or task is restarted by itself: 'none' never does; \
         'retriable' does where the cause may pass, such as a database that cannot be reached; \
         'always' does after every failure.",
    );

/// The pause before the first restart.
const DELAY: Key<i64> = Key::new("errors.restart.delay.ms")
    .default("1000")
    .check(Check::AtLeast(1))
    .medium()
    .group("Error Handling")
    .width(Width::Medium)
    .display_name("First Delay Before a Restart")
    .doc(
        "How many milliseconds after a failure the first restart follows. The delay doubles \
         from one restart to the next.",
    );

/// The longest pause before a restart.
const DELAY_MAX: Key<i64> = Key::new("errors.restart.delay.max.ms")
    .default("60000")
    .check(Check::AtLeast(1))
    .medium()
    .group("Error Handling")
    .width(Width::Medium)
    .display_name("Maximum Delay Before a Restart")
    .doc(
        "The longest delay before a restart, in milliseconds. Jitter is added once this limit \
         is reached, so that not all tasks of a system that was away come back at once.",
    );

/// How many restarts may follow one another.
const MAX_ATTEMPTS: Key<i32> = Key::new("errors.restart.max.attempts")
    .default("-1")
    .check(Check::Custom(unlimited_or_some))
    .medium()
    .group("Error Handling")
    .width(Width::Short)
    .display_name("Maximum Number of Restarts")
    .doc("How many restarts in a row may fail before no other follows; -1 for no limit.");

/// When the count of restarts begins anew.
const RESET: Key<i64> = Key::new("errors.restart.reset.ms")
    .default("600000")
    .check(Check::AtLeast(0))
    .group("Error Handling")
    .width(Width::Medium)
    .display_name("Time Until Restarts Are Forgotten")
    .doc(
        "How many milliseconds a connector or task must have run for its next failure to count \
         as the first again.",
    );

fn restart_config() -> ConfigDef {
    let keys = ConfigDef::new()
        .with(&POLICY)
        .with(&DELAY)
        .with(&DELAY_MAX)
        .with(&MAX_ATTEMPTS)
        .with(&RESET);
    // After those of every connector and of sinks.
    with_orders(
        &keys,
        &[
            (POLICY.name(), 9),
            (DELAY.name(), 10),
            (DELAY_MAX.name(), 11),
            (MAX_ATTEMPTS.name(), 12),
            (RESET.name(), 13),
        ],
    )
}

fn unlimited_or_some(value: &ConfigValue) -> Result<(), String> {
    match value {
        ConfigValue::Int(number) if *number < -1 || *number == 0 => Err(
            "Value must be -1, for no limit, or at least 1; errors.restart.policy=none is for no \
             restarts"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

fn is_used(props: &Props) -> bool {
    props.keys().any(|name| name.starts_with(PREFIX))
}

/// Rows for the connector's `errors.restart.*`; none where it has no such key.
pub(super) fn validate(props: &Props) -> Vec<ConfigInfo> {
    if !is_used(props) {
        return Vec::new();
    }
    let keys = restart_config();
    let values = keys.validate(props);
    keys.infos(values)
}

/// Warnings about keys that have no effect.
pub(super) fn warnings(props: &Props) -> Vec<String> {
    let keys = restart_config();
    let policy = props.get(POLICY.name()).map_or("none", String::as_str);
    let mut warnings = Vec::new();
    for name in props.keys().filter(|name| name.starts_with(PREFIX)) {
        if keys.key(name).is_none() {
            let known: Vec<&str> = keys.keys().map(|key| &*key.name).collect();
            let known = known.join(", ");
            warnings.push(format!("'{name}' is not known; known are {known}"));
        } else if policy == "none" && name != POLICY.name() {
            let policy = POLICY.name();
            warnings.push(format!("'{name}' has no effect: '{policy}' is 'none'"));
        }
    }
    warnings
}

/// When what failed is restarted by itself, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartPolicy {
    only_passing: bool,
    delay: Duration,
    delay_max: Duration,
    max_attempts: Option<u32>,
    reset_after: Duration,
}

impl RestartPolicy {
    /// A connector's policy; none where nothing is restarted.
    pub fn parse(props: &Props) -> Result<Option<Self>> {
        if !is_used(props) {
            return Ok(None);
        }
        let settings = restart_config().parse(props)?;
        let policy = settings.get(&POLICY)?;
        let milliseconds = |key| -> Result<Duration> {
            let value: i64 = settings.get(key)?;
            Ok(Duration::from_millis(value.unsigned_abs()))
        };
        let parsed = Self {
            only_passing: policy == "retriable",
            delay: milliseconds(&DELAY)?,
            delay_max: milliseconds(&DELAY_MAX)?,
            max_attempts: u32::try_from(settings.get(&MAX_ATTEMPTS)?).ok(),
            reset_after: milliseconds(&RESET)?,
        };
        Ok((policy != "none").then_some(parsed))
    }

    /// True if a restart may mend such a failure.
    pub fn covers(&self, failure: &RunFailure) -> bool {
        failure.is_passing || !self.only_passing
    }

    /// The pause before restart number `attempt`, from 1.
    pub fn delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(20);
        let delay = self.delay.saturating_mul(1 << doublings);
        if delay > self.delay_max {
            jittered(self.delay_max)
        } else {
            delay
        }
    }

    /// How many restarts in a row may fail; none for no limit.
    pub fn max_attempts(&self) -> Option<u32> {
        self.max_attempts
    }

    /// How long a run must last for its failure to be the first again.
    pub fn reset_after(&self) -> Duration {
        self.reset_after
    }
}

#[cfg(test)]
mod tests {
    use connect_api::Error;

    use super::*;

    fn props(pairs: &[(&str, &str)]) -> Props {
        pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn policy(pairs: &[(&str, &str)]) -> Option<RestartPolicy> {
        RestartPolicy::parse(&props(pairs)).unwrap()
    }

    #[test]
    fn nothing_is_restarted_unless_a_policy_says_so() {
        assert!(restart_config().check_defaults().is_empty());
        assert_eq!(policy(&[("errors.tolerance", "all")]), None);
        assert_eq!(policy(&[("errors.restart.delay.ms", "5")]), None);
        assert_eq!(policy(&[("errors.restart.policy", "none")]), None);
        let passing = RunFailure::from(&Error::retriable("away"));
        let lasting = RunFailure::from(&Error::data("too odd"));
        let retriable = policy(&[("errors.restart.policy", "retriable")]).unwrap();
        assert!(retriable.covers(&passing) && !retriable.covers(&lasting));
        let always = policy(&[("errors.restart.policy", "always")]).unwrap();
        assert!(always.covers(&passing) && always.covers(&lasting));
    }

    #[test]
    fn delays_double_up_to_the_limit_and_are_spread_there() {
        let policy = policy(&[
            ("errors.restart.policy", "always"),
            ("errors.restart.delay.ms", "100"),
            ("errors.restart.delay.max.ms", "1000"),
        ])
        .unwrap();
        let delays: Vec<u128> = (1..5).map(|it| policy.delay(it).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800]);
        for attempt in [5, 6, 1000, u32::MAX] {
            let delay = policy.delay(attempt).as_millis();
            assert!((500..=1000).contains(&delay), "{attempt}: {delay}");
        }
    }

    #[test]
    fn wrong_values_are_refused_by_name() {
        for (name, value) in [
            ("errors.restart.policy", "sometimes"),
            ("errors.restart.delay.ms", "0"),
            ("errors.restart.delay.max.ms", "soon"),
            ("errors.restart.max.attempts", "0"),
            ("errors.restart.max.attempts", "-2"),
            ("errors.restart.reset.ms", "-1"),
        ] {
            let given = props(&[(name, value)]);
            let error = RestartPolicy::parse(&given).unwrap_err();
            assert!(error.message().contains(name), "{name}={value}: {error}");
            let rows = validate(&given);
            let wrong: Vec<&str> = rows
                .iter()
                .filter(|row| !row.value.errors.is_empty())
                .map(|row| row.value.name.as_str())
                .collect();
            assert_eq!(wrong, [name]);
            assert_eq!(rows.len(), 5, "all are listed once one is set");
        }
        assert!(validate(&props(&[("errors.tolerance", "all")])).is_empty());
    }

    #[test]
    fn what_has_no_effect_is_warned_about() {
        let told = warnings(&props(&[
            ("errors.restart.delay.ms", "5"),
            ("errors.restart.attempts", "5"),
        ]));
        assert_eq!(
            told[0],
            "'errors.restart.delay.ms' has no effect: 'errors.restart.policy' is 'none'"
        );
        assert!(told[1].starts_with("'errors.restart.attempts' is not known; known are"));
        let told = warnings(&props(&[
            ("errors.restart.policy", "always"),
            ("errors.restart.delay.ms", "5"),
        ]));
        assert_eq!(told, Vec::<String>::new());
    }
}
