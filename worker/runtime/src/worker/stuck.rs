//! Connectors and tasks that are stuck: in one call for longer than `task.stuck.timeout.ms`.
//! The call is not cancelled and the state stays what it is; log, status and
//! metrics tell.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connect_api::java::time::iso_text;

use crate::task::activity::{Activity, Call, Present};

/// How often a limit's tasks are looked at: so late a report may come.
pub(super) fn period(limit: Duration) -> Duration {
    (limit / 10).clamp(Duration::from_millis(10), Duration::from_secs(10))
}

/// What is to be told of a connector or task.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is stuck; why, as its status says it.
    Stuck(String),
    /// It is no longer stuck in this call.
    Returned(Call),
}

/// What was seen of one of them.
#[derive(Debug, Default)]
pub(super) struct StuckWatch {
    /// A call that was too long when it was looked at last.
    suspect: Option<u64>,
    /// What was told.
    told: Option<Present>,
}

impl StuckWatch {
    /// Looks at it, once a [`period`]. A call is told of when it is too
    /// long twice in a row: the whole process may have been asleep (SIGSTOP).
    pub(super) fn look(&mut self, activity: &Activity, limit: Duration) -> Option<Finding> {
        let present = activity.present();
        let word = present.map(|present| present.word);
        if let Some(told) = self.told {
            if word == Some(told.word) {
                return None;
            }
            self.told = None;
            return Some(Finding::Returned(told.call));
        }
        let long = present.filter(|present| present.lasted >= limit);
        let was_suspect = self.suspect.take();
        let long = long?;
        if was_suspect != Some(long.word) {
            self.suspect = Some(long.word);
            return None;
        }
        self.told = Some(long);
        Some(Finding::Stuck(text(activity, &long, limit)))
    }
}

fn text(activity: &Activity, present: &Present, limit: Duration) -> String {
    let since = SystemTime::now()
        .checked_sub(present.lasted)
        .and_then(|since| since.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .map(iso_text)
        .unwrap_or_default();
    let text = format!(
        "no progress since {since}: the {} lasts longer than task.stuck.timeout.ms = {}",
        present.call.text(),
        limit.as_millis()
    );
    match activity.trouble_of(present) {
        Some(trace) => format!("{text}; it is tried again after: {trace}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use connect_api::Error;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(300);

    #[tokio::test(start_paused = true)]
    async fn a_call_that_lasts_is_told_once_and_its_return_too() {
        let (activity, mut watch) = (Activity::default(), StuckWatch::default());
        let put = activity.enter(Call::Put);
        activity.trouble(&Error::retriable("the target is away"));
        let mut found = Vec::new();
        for _ in 0..40 {
            tokio::time::advance(period(LIMIT)).await;
            found.extend(watch.look(&activity, LIMIT).map(|finding| {
                let lasted = activity.present().unwrap().lasted.as_secs();
                (lasted, finding)
            }));
        }
        let [(lasted, Finding::Stuck(text))] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(*lasted, 310);
        assert!(text.starts_with("no progress since 2"), "{text}");
        assert!(
            text.ends_with(
                "Z: the put into the sink lasts longer than task.stuck.timeout.ms = 300000; it is \
                 tried again after: the target is away"
            ),
            "{text}"
        );
        drop(put);
        let _next = activity.enter(Call::Put);
        assert_eq!(
            watch.look(&activity, LIMIT),
            Some(Finding::Returned(Call::Put))
        );
        assert_eq!(watch.look(&activity, LIMIT), None);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_return_are_never_told_of() {
        let (activity, mut watch) = (Activity::default(), StuckWatch::default());
        for _ in 0..100 {
            let _poll = activity.enter(Call::Poll);
            tokio::time::advance(Duration::from_millis(9_700)).await;
            assert_eq!(watch.look(&activity, LIMIT), None);
        }
        // The process was asleep within a call, and goes on.
        let asleep = activity.enter(Call::Poll);
        tokio::time::advance(LIMIT * 2).await;
        assert_eq!(watch.look(&activity, LIMIT), None);
        drop(asleep);
        let _poll = activity.enter(Call::Poll);
        assert_eq!(watch.look(&activity, LIMIT), None);
        assert_eq!(watch.look(&activity, LIMIT), None);
    }
}
