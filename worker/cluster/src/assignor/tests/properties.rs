//! What holds for every history of a group.

use proptest::collection::vec;
use proptest::prelude::*;

use super::simulation::{Event, Group};

/// After whatever happened, so many rounds are enough: the wait for a lost worker
/// to come back, its end, a revocation, its effect, and waits between revocations.
const ROUNDS: usize = 8;

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => (0..8_u8).prop_map(Event::Join),
        2 => any::<u8>().prop_map(Event::Crash),
        1 => any::<u8>().prop_map(Event::Back),
        1 => any::<u8>().prop_map(Event::Lead),
        3 => (any::<u8>(), 0..7_u8).prop_map(|(name, tasks)| Event::Configure(name, tasks)),
        2 => any::<u8>().prop_map(Event::Delete),
        1 => any::<u16>().prop_map(Event::Sleep),
        1 => prop_oneof![Just(0), Just(1), Just(50), Just(10_000), Just(300_000)]
            .prop_map(Event::MaxDelay),
        4 => Just(Event::Round(0)),
        2 => any::<u8>().prop_map(Event::Round),
    ]
}

proptest! {
    /// Also checks each round: see `simulation::check`.
    #[test]
    fn every_history_settles_with_each_task_at_one_worker(
        workers in 1..6_u8,
        events in vec(event(), 0..60),
    ) {
        let mut group = Group::of(workers);
        for event in &events {
            group.happen(event);
        }
        let rounds = group.settle();
        prop_assert!(rounds <= ROUNDS, "{rounds} rounds");
        group.check_settled();
        let plan = group.round(0);
        for told in plan.assignments.values() {
            prop_assert!(told.connectors.is_empty() && told.tasks.is_empty());
            prop_assert!(!told.revokes() && told.delay_ms == 0);
        }
    }

    /// A settled group takes a new connector up in one round and stops nothing.
    #[test]
    fn a_new_connector_stops_nothing(
        workers in 1..6_u8,
        events in vec(event(), 0..40),
        tasks in 0..10_u8,
    ) {
        let mut group = Group::of(workers);
        for event in &events {
            group.happen(event);
        }
        group.happen(&Event::Configure(200, 0));
        group.happen(&Event::Delete(200));
        group.settle();
        let before = group.configured();
        let name = (0..12_u8).find(|name| !before.connectors.contains(&format!("c{name}")));
        let Some(name) = name else { return Ok(()) };
        group.happen(&Event::Configure(name, tasks));
        let plan = group.round(0);
        for told in plan.assignments.values() {
            prop_assert!(!told.revokes() && told.delay_ms == 0);
            let new = format!("c{name}");
            prop_assert!(told.connectors.iter().all(|connector| *connector == new));
            prop_assert!(told.tasks.iter().all(|task| task.connector == new));
        }
        group.check_settled();
    }

    /// Where nothing has to wait, the round after a crash has all that was lost.
    #[test]
    fn without_a_delay_lost_work_runs_again_after_one_round(
        workers in 2..6_u8,
        connectors in vec(0..6_u8, 0..12),
        crash in any::<u8>(),
    ) {
        let mut group = Group::of(workers);
        for (name, tasks) in (0..).zip(connectors) {
            group.happen(&Event::Configure(name, tasks));
        }
        group.settle();
        group.happen(&Event::Crash(crash));
        group.round(0);
        let running: usize = group.running().iter().map(|has| has.tasks.len()).sum();
        prop_assert_eq!(running, group.configured().tasks.len());
        group.check_settled();
    }
}
