//! The tracker against a plain model, over random interleavings.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn map(value: serde_json::Value) -> Arc<OffsetMap> {
    Arc::new(value.as_object().cloned().unwrap())
}

fn offset(number: u64) -> SourceOffset {
    SourceOffset::Map(map(json!({ "n": number })))
}

fn tracker() -> DeliveryTracker {
    DeliveryTracker::new(Arc::new(Acks::new(Arc::default())))
}

/// The committable offsets by partition, as numbers.
fn taken(tracker: &mut DeliveryTracker) -> BTreeMap<String, u64> {
    tracker.advance();
    tracker
        .take_committable()
        .into_iter()
        .map(|(partition, offset)| {
            let number = offset.to_map()["n"].as_u64().unwrap();
            (canonical(&partition), number)
        })
        .collect()
}

/// What a test does next.
#[derive(Debug, Clone)]
enum Act {
    /// A record of this partition goes out.
    Send(usize),
    /// One of those that are out is acknowledged, oldest or not.
    Settle(usize),
    Commit,
    /// A commit fails: what it took comes back.
    CommitInVain,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..3_usize).prop_map(Act::Send),
        4 => any::<usize>().prop_map(Act::Settle),
        1 => Just(Act::Commit),
        1 => Just(Act::CommitInVain),
    ]
}

/// One partition in the model: each record with whether it is settled.
#[derive(Debug, Default, Clone)]
struct Model {
    records: Vec<(u64, bool)>,
    stored: Option<u64>,
}

impl Model {
    fn committable(&self) -> Option<u64> {
        let settled = self.records.iter().take_while(|(_, settled)| *settled);
        settled.last().map(|(token, _)| *token)
    }
}

proptest! {
    #[test]
    fn no_offset_passes_an_unacknowledged_record(acts in prop::collection::vec(act(), 0..300)) {
        let mut tracker = tracker();
        let partitions: Vec<_> = (0..3).map(|number| map(json!({ "p": number }))).collect();
        let mut models = vec![Model::default(); 3];
        for act in acts {
            match act {
                Act::Send(index) => {
                    let token = tracker.next_token().unwrap();
                    tracker.push(&partitions[index], offset(token));
                    models[index].records.push((token, false));
                }
                Act::Settle(choice) => {
                    let mut out: Vec<&mut (u64, bool)> = models
                        .iter_mut()
                        .flat_map(|model| &mut model.records)
                        .filter(|(_, settled)| !settled)
                        .collect();
                    if !out.is_empty() {
                        let index = choice % out.len();
                        out[index].1 = true;
                        tracker.acks.settle(out[index].0);
                    }
                }
                Act::Commit => {
                    let stored = taken(&mut tracker);
                    for (model, partition) in models.iter_mut().zip(&partitions) {
                        let wanted = model.committable().filter(|it| Some(*it) != model.stored);
                        prop_assert_eq!(stored.get(&canonical(partition)).copied(), wanted);
                        model.stored = wanted.or(model.stored);
                    }
                }
                Act::CommitInVain => {
                    tracker.advance();
                    let offsets = tracker.take_committable();
                    tracker.restore(offsets);
                }
            }
        }
        tracker.advance();
        let out: usize = models
            .iter()
            .map(|model| model.records.len() - model.records.iter().take_while(|it| it.1).count())
            .sum();
        prop_assert_eq!(tracker.out(), out);
    }
}

#[test]
fn the_window_bounds_what_is_out_and_moves_on() {
    let mut tracker = tracker();
    let partition = map(json!({}));
    for token in 0..WINDOW {
        assert_eq!(tracker.next_token(), Some(token));
        tracker.push(&partition, offset(token));
    }
    assert_eq!(tracker.next_token(), None);
    // A later one frees nothing, the oldest does.
    tracker.acks.settle(1);
    assert_eq!(tracker.next_token(), None);
    tracker.acks.settle(0);
    assert_eq!(tracker.next_token(), Some(WINDOW));
    tracker.push(&partition, offset(WINDOW));
    assert_eq!(taken(&mut tracker).into_values().collect::<Vec<_>>(), [1]);
    // The place of token 0 in the ring is the new record's, and not settled.
    assert_eq!(tracker.next_token(), Some(WINDOW + 1));
    for token in 2..=WINDOW {
        tracker.acks.settle(token);
    }
    assert_eq!(
        taken(&mut tracker).into_values().collect::<Vec<_>>(),
        [WINDOW]
    );
    assert_eq!(tracker.out(), 0);
}

#[test]
fn a_partition_is_the_same_by_content_in_any_order() {
    let mut tracker = tracker();
    for (number, source) in [json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1})]
        .into_iter()
        .enumerate()
    {
        tracker.push(&map(source), offset(number as u64));
        tracker.acks.settle(number as u64);
    }
    assert_eq!(taken(&mut tracker).into_values().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_failed_commit_does_not_undo_a_newer_offset() {
    let mut tracker = tracker();
    let partition = map(json!({}));
    tracker.push(&partition, offset(0));
    tracker.acks.settle(0);
    tracker.advance();
    let first = tracker.take_committable();
    tracker.push(&partition, offset(1));
    tracker.acks.settle(1);
    tracker.advance();
    tracker.restore(first);
    assert_eq!(taken(&mut tracker).into_values().collect::<Vec<_>>(), [1]);
}

#[test]
fn settled_partitions_are_forgotten_when_there_are_many() {
    let mut tracker = tracker();
    for number in 0..2 * MANY_PARTITIONS as u64 {
        tracker.push(&map(json!({ "p": number })), offset(number));
        if number != 7 {
            tracker.acks.settle(number);
        }
    }
    assert_eq!(taken(&mut tracker).len(), 2 * MANY_PARTITIONS - 1);
    assert_eq!(tracker.partitions.len(), 1);
    tracker.push(&map(json!({ "p": 7 })), offset(99_999));
    assert_eq!(tracker.partitions.len(), 1);
    assert!(tracker.find(7).is_some() && tracker.find(8).is_none());
}
