//! Whatever members do, in whatever order: the group stays whole, and nobody is left waiting.

use proptest::prelude::*;

use super::*;

/// What somebody does; numbers choose among those who have been there.
#[derive(Debug, Clone)]
enum Step {
    Join { version: i16, instance: Option<u8> },
    Rejoin { who: usize, changed: bool },
    Sync { who: usize },
    Heartbeat { who: usize },
    Leave { who: usize },
    Pass { seconds: u64 },
    FailWriting { fails: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0_usize..6;
    prop_oneof![
        3 => (3_i16..=9, proptest::option::of(0_u8..2))
            .prop_map(|(version, instance)| Step::Join { version, instance }),
        4 => (who.clone(), any::<bool>()).prop_map(|(who, changed)| Step::Rejoin { who, changed }),
        4 => who.clone().prop_map(|who| Step::Sync { who }),
        2 => who.clone().prop_map(|who| Step::Heartbeat { who }),
        1 => who.prop_map(|who| Step::Leave { who }),
        2 => (1_u64..70).prop_map(|seconds| Step::Pass { seconds }),
        1 => any::<bool>().prop_map(|fails| Step::FailWriting { fails }),
    ]
}

#[derive(Default)]
struct Waiting {
    joins: Vec<Joined>,
    syncs: Vec<Synced>,
    /// Every member id that was ever given out.
    ids: Vec<(String, Option<String>)>,
}

impl Waiting {
    fn collect(&mut self, instance: Option<String>) {
        let ids = &mut self.ids;
        self.joins.retain_mut(|join| match join.try_recv() {
            Ok(answer) => {
                let id = answer.member_id.to_string();
                if !id.is_empty() && !ids.iter().any(|(known, _)| *known == id) {
                    ids.push((id, instance.clone()));
                }
                false
            }
            Err(error) => {
                assert_eq!(
                    error,
                    oneshot::error::TryRecvError::Empty,
                    "nobody is forgotten"
                );
                true
            }
        });
        self.syncs.retain_mut(|sync| match sync.try_recv() {
            Ok(_) => false,
            Err(error) => {
                assert_eq!(
                    error,
                    oneshot::error::TryRecvError::Empty,
                    "nobody is forgotten"
                );
                true
            }
        });
    }

    fn chosen(&self, who: usize) -> (String, Option<StrBytes>) {
        let newest_first = self.ids.iter().rev();
        let chosen = newest_first.cycle().nth(who);
        let (id, instance) = chosen.cloned().unwrap_or_default();
        (id, instance.as_deref().map(text))
    }
}

fn take(fixture: &mut Fixture, waiting: &mut Waiting, step: Step) {
    let mut instance_of_new = None;
    match step {
        Step::Join { version, instance } => {
            instance_of_new = instance.map(|number| format!("instance-{number}"));
            let joining = Joining {
                version,
                instance_id: instance_of_new.as_deref().map(text),
                ..by_old_client("c")
            };
            waiting.joins.push(fixture.join(joining));
        }
        Step::Rejoin { who, changed } => {
            let (id, instance_id) = waiting.chosen(who);
            let names: &[&str] = if changed {
                &["compatible"]
            } else {
                &["sessioned", "compatible"]
            };
            waiting.joins.push(fixture.join(Joining {
                instance_id,
                protocols: protocols(names),
                ..rejoining(&id)
            }));
        }
        Step::Sync { who } => {
            let (id, instance_id) = waiting.chosen(who);
            waiting.syncs.push(fixture.sync(Syncing {
                instance_id,
                protocol: None,
                ..assigning(&id, fixture.group.generation, std::slice::from_ref(&id))
            }));
        }
        Step::Heartbeat { who } => {
            let (id, _) = waiting.chosen(who);
            let generation = fixture.group.generation;
            let answered = fixture.heartbeat(&id, generation);
            let known = fixture.group.members.contains_key(&text(&id));
            assert!(known || answered.is_err());
        }
        Step::Leave { who } => {
            let (id, instance) = waiting.chosen(who);
            let leaving = kafka_protocol::messages::leave_group_request::MemberIdentity::default()
                .with_member_id(text(&id))
                .with_group_instance_id(instance);
            fixture
                .act(|group, turn| group.leave(turn, &[leaving]))
                .unwrap();
        }
        Step::Pass { seconds } => fixture.pass(Duration::from_secs(seconds)),
        Step::FailWriting { fails } => {
            fixture.fail_writing(fails.then_some(ResponseError::NotCoordinator));
        }
    }
    waiting.collect(instance_of_new);
}

fn check(group: &ClassicGroup) {
    let members = &group.members;
    match group.state {
        State::Empty => assert!(members.is_empty()),
        State::Stable | State::CompletingRebalance => assert!(!members.is_empty()),
        State::PreparingRebalance => assert!(group.join_timer.is_some(), "it ends some time"),
        State::Dead => panic!("nobody has closed the group"),
    }
    let leads = group
        .leader
        .as_ref()
        .map(|leader| members.contains_key(leader));
    assert_eq!(leads, (!members.is_empty()).then_some(true));
    let instances = members.values().filter(|member| member.is_static()).count();
    assert_eq!(group.instances.len(), instances);
    for (instance, member_id) in &group.instances {
        assert_eq!(members[member_id].instance_id.as_ref(), Some(instance));
    }
    assert!(
        group
            .pending_syncs
            .iter()
            .all(|id| members.contains_key(id))
    );
    let awaiting = members
        .values()
        .filter(|member| member.awaits_join())
        .count();
    assert!(awaiting == 0 || group.state == State::PreparingRebalance);
}

proptest! {
    #[test]
    fn a_group_stays_whole(steps in proptest::collection::vec(step(), 1..60), delay in 0_u64..4) {
        let mut fixture = Fixture::with(GroupSettings {
            initial_rebalance_delay: Duration::from_secs(delay),
            max_size: 4,
            ..GroupSettings::default()
        });
        let mut waiting = Waiting::default();
        let mut generation = 0;
        for step in steps {
            take(&mut fixture, &mut waiting, step);
            check(&fixture.group);
            prop_assert!(fixture.group.generation >= generation);
            generation = fixture.group.generation;
        }
        // Nobody says anything any more: everybody is answered, and the group is left.
        fixture.fail_writing(None);
        for _ in 0..40 {
            fixture.pass(Duration::from_secs(30));
            waiting.collect(None);
            check(&fixture.group);
        }
        prop_assert_eq!(fixture.group.state(), State::Empty);
        prop_assert!(waiting.joins.is_empty() && waiting.syncs.is_empty());
        prop_assert_eq!(fixture.group.next_deadline(), None);
    }
}
