//! What `/health` says of the group.

use std::time::Duration;

use connect_kafka::group::{GroupHealth, GroupState};

use crate::info::Health;
use crate::membership::GroupView;

/// How long a worker may be without its group before it is unhealthy: so long
/// does the original wait for its herder's thread, which is busy with the group
/// meanwhile (`RestServer.DEFAULT_HEALTH_CHECK_TIMEOUT_MS`).
const PATIENCE: Duration = Duration::from_secs(10);

/// How a worker is whose member and view of the group are these; there is no
/// member before its thread has begun.
pub(super) fn of(group: &str, member: Option<&GroupHealth>, view: &GroupView) -> Health {
    let problem = member.and_then(|member| member.problem.as_ref());
    // Before the first assignment.
    if view.revision == 0 {
        let what = problem.map_or_else(
            || format!("joining group '{group}'"),
            |problem| format!("{}, attempt {}", problem.error, problem.times),
        );
        return Health::Starting(format!("the worker is starting: {what}"));
    }
    let Some(member) = member else {
        return Health::Healthy;
    };
    let (since, why) = match (&member.state, problem) {
        (GroupState::Member(_), None) => return Health::Healthy,
        // A rebalance: what it holds runs on.
        (GroupState::Joining, None) if view.is_member() => return Health::Healthy,
        (GroupState::Left { .. }, _) => {
            return Health::Unhealthy(format!("the worker has left group '{group}'"));
        }
        (GroupState::Joining, None) => (
            member.since,
            "it has lost its place there, and the group has not taken it in again yet".to_owned(),
        ),
        (_, Some(problem)) => (problem.since, problem.error.to_string()),
    };
    let lasted = since.elapsed();
    if lasted < PATIENCE {
        return Health::Healthy;
    }
    Health::Unhealthy(format!(
        "the worker has been without group '{group}' for {} s: {why}",
        lasted.as_secs()
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use connect_kafka::group::{Generation, GroupError, GroupProblem};

    use super::*;
    use crate::membership::Share;

    fn ago(seconds: u64) -> Instant {
        Instant::now() - Duration::from_secs(seconds)
    }

    fn member(state: GroupState, since: Instant, problem_since: Option<Instant>) -> GroupHealth {
        let problem = problem_since.map(|since| GroupProblem {
            error: Arc::new(GroupError::Protocol {
                doing: "join group 'g'".to_owned(),
                reason: "it is of another kind".to_owned(),
            }),
            since,
            times: 3,
        });
        GroupHealth {
            state,
            since,
            problem,
        }
    }

    fn stable() -> GroupState {
        GroupState::Member(Arc::new(Generation {
            id: 1,
            member_id: "m".to_owned(),
            leader_id: "m".to_owned(),
            protocol: "sessioned".to_owned(),
        }))
    }

    fn view(revision: u64, is_member: bool) -> GroupView {
        GroupView {
            revision,
            generation: 1,
            is_leader: is_member,
            leader_url: is_member.then(|| "http://h:8083/".to_owned()),
            share: Share::none(),
            owners: None,
            signs_requests: true,
        }
    }

    fn text(health: &Health) -> &str {
        match health {
            Health::Healthy => "",
            Health::Starting(text) | Health::Unhealthy(text) => text,
        }
    }

    #[test]
    fn a_worker_starts_until_it_was_given_its_share() {
        let outside = view(0, false);
        let joining = member(GroupState::Joining, ago(60), None);
        let refused = member(GroupState::Joining, ago(60), Some(ago(60)));
        let expected = [
            (None, "the worker is starting: joining group 'g'"),
            (Some(&joining), "the worker is starting: joining group 'g'"),
            (
                Some(&refused),
                "the worker is starting: cannot join group 'g': it is of another kind, attempt 3",
            ),
        ];
        for (member, expected) in expected {
            let health = of("g", member, &outside);
            assert!(matches!(health, Health::Starting(_)), "{health:?}");
            assert_eq!(text(&health), expected);
        }
        assert_eq!(
            of("g", Some(&member(stable(), ago(1), None)), &view(1, true)),
            Health::Healthy
        );
    }

    #[test]
    fn rebalances_however_long_and_short_troubles_are_healthy() {
        for (state, since, problem) in [
            (GroupState::Joining, ago(60), None),
            (GroupState::Joining, ago(9), Some(ago(9))),
            (stable(), ago(60), Some(ago(9))),
        ] {
            let member = member(state, since, problem);
            assert_eq!(of("g", Some(&member), &view(3, true)), Health::Healthy);
        }
    }

    #[test]
    fn a_worker_without_its_group_for_long_is_unhealthy_and_says_why() {
        let without = "the worker has been without group 'g' for 12 s: ";
        let error = "cannot join group 'g': it is of another kind";
        for (state, problem, is_member, why) in [
            (GroupState::Joining, Some(ago(12)), true, error),
            (GroupState::Joining, Some(ago(12)), false, error),
            (stable(), Some(ago(12)), true, error),
            (
                GroupState::Joining,
                None,
                false,
                "it has lost its place there, and the group has not taken it in again yet",
            ),
        ] {
            let member = member(state, ago(12), problem);
            let health = of("g", Some(&member), &view(3, is_member));
            assert!(matches!(health, Health::Unhealthy(_)), "{health:?}");
            assert_eq!(text(&health), format!("{without}{why}"));
        }
    }
}
