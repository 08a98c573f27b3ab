#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::collections::VecDeque;

use super::*;
use crate::settings::{ClientKind, Props};

/// A lane with a queue in librdkafka's place.
struct Fixture {
    lane: Lane,
    outstanding: Outstanding,
    /// What is in flight, in the order in which it came.
    queue: VecDeque<u64>,
    room: usize,
}

fn settings(pairs: &[(&str, &str)]) -> ClientSettings {
    let mut props = Props::from([("bootstrap.servers".to_owned(), "b:9092".to_owned())]);
    for (key, value) in pairs {
        props.insert((*key).to_owned(), (*value).to_owned());
    }
    ClientSettings::from_props(ClientKind::Producer, &props).unwrap()
}

/// A record of 100 bytes, which counts as 140.
fn record(topic: &str) -> OutgoingRecord<'_> {
    OutgoingRecord {
        topic,
        partition: None,
        timestamp: None,
        key: Some(b"0123456789"),
        value: Some(&[7; 90]),
    }
}

impl Fixture {
    /// A round is open for a minute, so that no slow machine ends it.
    fn new(pairs: &[(&str, &str)]) -> Self {
        Self::with_window(pairs, Duration::from_secs(60))
    }

    fn with_window(pairs: &[(&str, &str)], window: Duration) -> Self {
        let mut limits = Limits::of(&settings(pairs)).unwrap();
        limits.window = window;
        Self {
            lane: Lane::new(limits),
            outstanding: Outstanding::default(),
            queue: VecDeque::new(),
            room: usize::MAX,
        }
    }

    fn send(&mut self, token: u64) -> Way<()> {
        self.outstanding.add();
        let queue = &mut self.queue;
        let outstanding = &self.outstanding;
        let way = self.lane.send(outstanding, &record("t"), None, token, |_| {
            outstanding.hand_over();
            queue.push_back(token);
            Ok(())
        });
        if way == Way::Full {
            self.outstanding.withdraw();
        }
        way
    }

    /// Sends as many as are taken, from `token` on; the next token.
    fn fill(&mut self, mut token: u64) -> u64 {
        while self.send(token) != Way::Full {
            token += 1;
        }
        token
    }

    /// The oldest in flight is acknowledged.
    fn acknowledge(&mut self) -> Option<u64> {
        let token = self.queue.pop_front()?;
        self.outstanding.remove();
        if self.lane.is_due(&self.outstanding) {
            self.hand_over();
        }
        Some(token)
    }

    fn hand_over(&mut self) {
        let (queue, room) = (&mut self.queue, self.room);
        let outstanding = &self.outstanding;
        self.lane.hand_over(outstanding, |record, _, token| {
            assert_eq!(record.bytes(), 100);
            if queue.len() >= room {
                return Taken::NotYet;
            }
            outstanding.hand_over();
            queue.push_back(token);
            Taken::Yes
        });
    }
}

#[test]
fn a_round_is_a_request_and_what_comes_later_waits_for_its_end() {
    // 0.9 of it are 643 records of 140 bytes.
    let mut fixture = Fixture::new(&[("batch.size", "100000")]);
    let sent = fixture.fill(0);
    assert_eq!(fixture.queue.len(), 643);
    assert!(sent > 643, "none is held");
    assert_eq!(fixture.outstanding.count() as u64, sent);
    // Nothing goes on before nearly all of the round is acknowledged …
    for token in 0..638 {
        assert_eq!(fixture.acknowledge(), Some(token));
        assert_eq!(fixture.queue.len() as u64, 642 - token);
    }
    // … and then the next round does, with what the sender adds to it.
    assert_eq!(fixture.acknowledge(), Some(638));
    assert_eq!(fixture.queue.len(), 4 + 643);
    assert_eq!(fixture.send(sent), Way::Held);
}

#[test]
fn all_arrive_in_the_order_of_their_sends() {
    let mut fixture = Fixture::new(&[("batch.size", "20000"), ("batch.num.messages", "100")]);
    let (mut next, mut arrived) = (0, 0);
    for round in 0..200_u64 {
        next = fixture.fill(next);
        // A full queue in between is nothing but later.
        fixture.room = if round % 7 == 3 { 20 } else { usize::MAX };
        for _ in 0..(round * 37) % 150 {
            if let Some(token) = fixture.acknowledge() {
                assert_eq!(token, arrived);
                arrived += 1;
            }
        }
    }
    fixture.room = usize::MAX;
    while let Some(token) = fixture.acknowledge() {
        assert_eq!(token, arrived);
        arrived += 1;
    }
    assert_eq!(arrived, next);
    assert!(next > 5000, "{next}");
    assert_eq!(fixture.outstanding.count(), 0);
    assert!(!fixture.lane.is_behind());
}

#[test]
fn nothing_is_held_while_little_is_in_flight() {
    let mut fixture = Fixture::with_window(&[], Duration::ZERO);
    for token in 0..100 {
        assert_eq!(fixture.send(token), Way::Direct(Ok(())));
        if fixture.queue.len() == FEW {
            fixture.acknowledge();
        }
    }
    // One more in flight, and the time of the round is over: the next one waits.
    assert_eq!(fixture.send(100), Way::Direct(Ok(())));
    assert_eq!(fixture.send(101), Way::Held);
}

#[test]
fn a_round_takes_at_least_one_record() {
    // As when the thread gets no processor for the time of each round.
    let mut fixture = Fixture::with_window(&[], Duration::ZERO);
    for token in 0..FEW as u64 {
        assert_eq!(fixture.send(token), Way::Direct(Ok(())));
    }
    assert_eq!(fixture.send(5), Way::Held);
    for token in 0..6 {
        assert_eq!(fixture.acknowledge(), Some(token));
    }
    assert_eq!(fixture.outstanding.count(), 0);
    assert!(!fixture.lane.is_behind());
}

#[test]
fn several_partitions_have_a_larger_round() {
    let mut fixture = Fixture::new(&[("batch.size", "100000")]);
    let sent = fixture.fill(0);
    fixture.lane.acknowledged(3);
    for _ in 0..643 {
        fixture.acknowledge();
    }
    // All that was held, and there is room for more: 0.75 of four batches.
    assert_eq!(fixture.outstanding.in_librdkafka() as u64, sent - 643);
    let sent = fixture.fill(sent);
    assert_eq!(fixture.queue.len(), 2143);
    assert!(sent > 643 + 2143 + 1500, "as much waits: {sent}");
}

#[test]
fn a_round_that_nobody_acknowledges_holds_up_the_next_only_for_a_while() {
    let mut fixture = Fixture::new(&[("batch.size", "100000")]);
    fixture.fill(0);
    assert!(!fixture.lane.is_late());
    lock(&fixture.lane.state).round.began -= PATIENCE;
    assert!(fixture.lane.is_late());
    fixture.hand_over();
    assert_eq!(fixture.queue.len(), 2 * 643);
    assert!(!fixture.lane.is_late());
}

#[test]
fn what_is_held_can_be_given_up() {
    let mut fixture = Fixture::new(&[("batch.size", "100000")]);
    let sent = fixture.fill(0);
    let mut given_up = Vec::new();
    fixture.lane.give_up(|record, token| {
        assert_eq!(record.topic, "t");
        given_up.push(token);
    });
    assert!(given_up.into_iter().eq(643..sent));
    assert!(!fixture.lane.is_behind());
}

#[test]
fn who_wants_no_idempotence_or_hardly_a_queue_has_no_lane() {
    for (key, value) in [
        ("enable.idempotence", "false"),
        ("acks", "1"),
        ("transactional.id", "t"),
        ("linger.ms", "0"),
        ("batch.size", "0"),
        ("batch.num.messages", "1"),
        ("queue.buffering.max.messages", "10"),
        ("buffer.memory", "2000000"),
    ] {
        assert!(Limits::of(&settings(&[(key, value)])).is_none(), "{key}");
    }
}

#[test]
fn the_limits_are_those_of_the_settings() {
    let limits = Limits::of(&settings(&[("linger.ms", "10"), ("batch.size", "200000")])).unwrap();
    assert_eq!(limits.window, Duration::from_millis(6));
    // buffer.memory is 32 MiB unless told otherwise.
    assert_eq!((limits.bytes, limits.records), (8 << 20, 25_000));
    assert_eq!(
        (limits.batch_bytes, limits.batch_records),
        (200_000, 10_000)
    );
}
