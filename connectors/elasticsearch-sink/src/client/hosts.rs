//! The nodes, in turn; one that does not answer is left out for a while.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::Url;

/// How long a node is left out after its first failure, and at most.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Hosts {
    hosts: Vec<Url>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: usize,
    health: Vec<Health>,
}

#[derive(Debug, Clone, Default)]
struct Health {
    failures: u32,
    rests_until: Option<Instant>,
}

/// A node that a request goes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Host<'h> {
    index: usize,
    url: &'h Url,
}

impl<'h> Host<'h> {
    pub(super) fn url(self) -> &'h Url {
        self.url
    }
}

impl Hosts {
    pub(super) fn new(hosts: Vec<Url>) -> Self {
        let health = vec![Health::default(); hosts.len()];
        Self {
            hosts,
            state: Mutex::new(State { next: 0, health }),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.hosts.len()
    }

    /// The next node that does not rest, or else the one that rests least long.
    pub(super) fn next(&self) -> Host<'_> {
        let mut state = self.lock();
        let now = Instant::now();
        let count = self.hosts.len();
        let first = state.next;
        let rests = |index: &usize| {
            state.health[*index]
                .rests_until
                .filter(|until| *until > now)
        };
        let turn = (0..count).map(|step| (first + step) % count);
        let index = turn.min_by_key(rests).unwrap_or(0);
        state.next = (index + 1) % count.max(1);
        Host {
            index,
            url: &self.hosts[index],
        }
    }

    pub(super) fn answered(&self, host: Host<'_>) {
        self.lock().health[host.index] = Health::default();
    }

    pub(super) fn failed(&self, host: Host<'_>) {
        let health = &mut self.lock().health[host.index];
        let rest = FIRST_REST.saturating_mul(1 << health.failures.min(10));
        health.failures += 1;
        health.rests_until = Some(Instant::now() + rest.min(LONGEST_REST));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it is held; the state is good in any case.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A URL without its user and password.
pub(crate) fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // A URL with a host takes both.
    if shown.set_username("").is_err() || shown.set_password(None).is_err() {
        return url.host_str().unwrap_or_default().to_owned();
    }
    shown.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts::new(
            ["http://a:1", "http://b:2", "http://c:3"]
                .map(|url| Url::parse(url).unwrap())
                .to_vec(),
        )
    }

    fn name(host: Host<'_>) -> &str {
        host.url().host_str().unwrap()
    }

    #[test]
    fn nodes_take_turns_and_those_that_fail_rest() {
        let hosts = hosts();
        let first = hosts.next();
        assert_eq!(name(first), "a");
        hosts.failed(first);
        let turns: Vec<&str> = (0..4).map(|_| name(hosts.next())).collect();
        assert_eq!(turns, ["b", "c", "b", "c"]);
        hosts.answered(first);
        let turns: Vec<&str> = (0..3).map(|_| name(hosts.next())).collect();
        assert_eq!(turns, ["a", "b", "c"]);
    }

    #[test]
    fn where_all_rest_the_first_to_be_back_is_asked() {
        let hosts = hosts();
        for _ in 0..3 {
            let host = hosts.next();
            hosts.failed(host);
        }
        assert_eq!(name(hosts.next()), "a");
    }

    #[test]
    fn credentials_are_not_shown() {
        let url = Url::parse("http://elastic:secret@host:9200/").unwrap();
        assert_eq!(shown(&url), "http://host:9200");
    }
}
