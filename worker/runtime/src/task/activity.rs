//! Which call a connector or task is in, and since when: told by one store of a number at
//! its begin and one at its end, read by the watch for tasks that are stuck.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connect_api::Error;
use tokio::time::Instant;

/// Where a connector or task may stay for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    StartConnector,
    TaskConfigs,
    StopConnector,
    Start,
    Open,
    Poll,
    Convert,
    Send,
    Put,
    PreCommit,
    Committed,
    Close,
    Stop,
}

const CALLS: [Call; 13] = [
    Call::StartConnector,
    Call::TaskConfigs,
    Call::StopConnector,
    Call::Start,
    Call::Open,
    Call::Poll,
    Call::Convert,
    Call::Send,
    Call::Put,
    Call::PreCommit,
    Call::Committed,
    Call::Close,
    Call::Stop,
];

impl Call {
    /// What the task is doing, as a user reads it: by the method's name in the
    /// original where it is the plugin's.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Call::StartConnector => "start of the connector",
            Call::TaskConfigs => "planning of the tasks (taskConfigs)",
            Call::StopConnector => "stop of the connector",
            Call::Start => "start of the plugin's task",
            Call::Open => "open of partitions",
            Call::Poll => "poll of the source",
            Call::Convert => "conversion and transformation of a batch",
            Call::Send => "sending of a batch to Kafka",
            Call::Put => "put into the sink",
            Call::PreCommit => "preCommit of the sink",
            Call::Committed => "commit of the source",
            Call::Close => "close of partitions",
            Call::Stop => "stop of the plugin's task",
        }
    }
}

/// What a connector or task is doing. A handle: clones are the same one's.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    begun: Instant,
    /// Milliseconds since `begun`, shifted, with the call's number; 0 for none.
    word: AtomicU64,
    /// What went wrong last, and in which call: its word.
    trouble: Mutex<Option<(u64, String)>>,
}

/// A call that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) call: Call,
    /// Tells it from other calls of the task.
    pub(crate) word: u64,
    /// How long it has lasted.
    pub(crate) lasted: Duration,
}

/// The call ends when this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Entered(Option<Arc<Inner>>);

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(inner) = &self.0 {
            inner.word.store(0, Ordering::Relaxed);
        }
    }
}

impl Default for Activity {
    fn default() -> Self {
        Self(Arc::new(Inner {
            begun: Instant::now(),
            word: AtomicU64::new(0),
            trouble: Mutex::default(),
        }))
    }
}

impl Inner {
    fn word(&self, call: Call) -> u64 {
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or_default();
        millis << 8 | (call as u64 + 1)
    }
}

impl Activity {
    /// The task begins a call. Within another one this says nothing: what
    /// counts is the outermost, which may be tried again and again.
    pub(crate) fn enter(&self, call: Call) -> Entered {
        let inner = &self.0;
        if inner.word.load(Ordering::Relaxed) != 0 {
            return Entered(None);
        }
        inner.word.store(inner.word(call), Ordering::Relaxed);
        Entered(Some(Arc::clone(inner)))
    }

    /// The present call gets on: it is as good as new.
    pub(crate) fn progressed(&self) {
        if let Some(present) = self.present() {
            let word = self.0.word(present.call);
            self.0.word.store(word, Ordering::Relaxed);
        }
    }

    /// Something went wrong in the present call, which is tried again.
    pub(crate) fn trouble(&self, error: &Error) {
        let word = self.0.word.load(Ordering::Relaxed);
        let mut trouble = self
            .0
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *trouble = Some((word, error.trace()));
    }

    /// The call that the task is in.
    pub(crate) fn present(&self) -> Option<Present> {
        let word = self.0.word.load(Ordering::Relaxed);
        let number = usize::try_from(word & 0xff).unwrap_or_default();
        let call = *CALLS.get(number.checked_sub(1)?)?;
        let since = self.0.begun + Duration::from_millis(word >> 8);
        Some(Present {
            call,
            word,
            lasted: Instant::now().saturating_duration_since(since),
        })
    }

    /// What went wrong last in a call.
    pub(crate) fn trouble_of(&self, present: &Present) -> Option<String> {
        let trouble = self
            .0
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*trouble {
            Some((word, trace)) if *word == present.word => Some(trace.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_outermost_call_counts_from_its_begin() {
        let activity = Activity::default();
        assert_eq!(activity.present(), None);
        for call in CALLS {
            let entered = activity.enter(call);
            tokio::time::advance(Duration::from_secs(3)).await;
            drop(activity.enter(Call::Open));
            let present = activity.present().unwrap();
            assert_eq!((present.call, present.lasted.as_secs()), (call, 3));
            drop(entered);
            assert_eq!(activity.present(), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn progress_makes_the_call_new_and_trouble_belongs_to_one_call() {
        let activity = Activity::default();
        let _put = activity.enter(Call::Put);
        activity.trouble(&Error::retriable("away"));
        let before = activity.present().unwrap();
        assert_eq!(activity.trouble_of(&before).as_deref(), Some("away"));
        tokio::time::advance(Duration::from_secs(3)).await;
        activity.progressed();
        let after = activity.present().unwrap();
        assert_eq!((after.call, after.lasted), (Call::Put, Duration::ZERO));
        assert_ne!(after.word, before.word);
        assert_eq!(activity.trouble_of(&after), None);
    }
}
