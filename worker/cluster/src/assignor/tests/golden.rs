//! Histories of groups that the JVM worker's own assignors led, replayed on ours.
//!
//! The file was made with Connect 4.3.1: `IncrementalCooperativeAssignor` and
//! `EagerAssignor` shared out the work of random groups (workers join, crash, come
//! back with what they had, miss their assignment; connectors are created, deleted
//! and resized; leaders change and fall behind). A line is a history; of each
//! round it has what the leader knew, the metadata of the members and the
//! assignments, as bytes, and who owned what after it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::sync::LazyLock;

use connect_runtime::ConnectorTaskId;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::assignor::{Configured, Memory, Plan, Round, Rules, plan_by};
use crate::protocol::{Assignment, ConnectProtocol, WorkerState};

const FILE: &[u8] = include_bytes!("../../../tests/data/assignor-histories-4.3.1.jsonl.gz");

struct Step {
    fields: Value,
    protocol: ConnectProtocol,
    max_delay_ms: i32,
    members: BTreeMap<String, WorkerState>,
    answers: BTreeMap<String, Vec<u8>>,
    configured: Configured,
}

impl Step {
    fn parse(history: &Value, fields: &Value) -> Self {
        let protocol = ConnectProtocol::from_name(history["protocol"].as_str().unwrap()).unwrap();
        let members = bytes_by_member(&fields["in"]);
        let decode = |bytes: &[u8]| {
            let state = WorkerState::decode(bytes).unwrap();
            assert_eq!(state.encode(protocol).unwrap(), bytes);
            state
        };
        let config = fields["config"].as_object().unwrap();
        let tasks = config.iter().flat_map(|(name, count)| {
            let count = usize::try_from(count.as_u64().unwrap()).unwrap();
            (0..count).map(move |task| ConnectorTaskId::new(name, task))
        });
        Self {
            protocol,
            max_delay_ms: int(&history["maxDelay"]),
            members: members
                .iter()
                .map(|(id, bytes)| (id.clone(), decode(bytes)))
                .collect(),
            answers: bytes_by_member(&fields["out"]),
            configured: Configured {
                offset: fields["offset"].as_i64().unwrap(),
                connectors: config.keys().cloned().collect(),
                tasks: tasks.collect(),
            },
            fields: fields.clone(),
        }
    }

    fn leader(&self) -> &str {
        self.fields["leader"].as_str().unwrap()
    }

    fn plan(&self, memory: &Memory, rules: Rules) -> Plan {
        let round = Round {
            protocol: self.protocol,
            generation: int(&self.fields["generation"]),
            last_completed_generation: int(&self.fields["completed"]),
            leader: self.leader(),
            members: &self.members,
            configured: &self.configured,
            now_ms: self.fields["now"].as_i64().unwrap(),
            max_delay_ms: self.max_delay_ms,
        };
        plan_by(memory, &round, rules).unwrap()
    }

    /// What the JVM's leader told each member.
    fn answer(&self, member: &str) -> Assignment {
        let bytes = &self.answers[member];
        let answer = Assignment::decode(bytes).unwrap();
        assert_eq!(&answer.encode(self.protocol).unwrap(), bytes);
        answer
    }

    /// True if the plan is the JVM's. What is revoked comes out of hash sets
    /// there; everything else has to be the same to the byte.
    fn is_answered_by(&self, plan: &Plan) -> bool {
        let same = self.answers.keys().all(|member| {
            let (ours, theirs) = (&plan.assignments[member], self.answer(member));
            let bytes = ours.encode(self.protocol).unwrap();
            sorted(ours) == sorted(&theirs) && (theirs.revokes() || bytes == self.answers[member])
        });
        same && plan.assignments.len() == self.answers.len() && self.owners_are_those_of(plan)
    }

    fn owners_are_those_of(&self, plan: &Plan) -> bool {
        let Some(owners) = &plan.owners else {
            return self.fields.get("owners").is_none();
        };
        let theirs = self.fields["owners"].as_object().unwrap();
        let url = |owner: &Value| self.members[owner.as_str().unwrap()].url.clone();
        let connectors = owners
            .connectors
            .iter()
            .map(|(name, url)| (name.clone(), url));
        let tasks = owners.tasks.iter().map(|(id, url)| (id.to_string(), url));
        let ours: BTreeMap<String, String> = connectors
            .chain(tasks)
            .map(|(key, url)| (key, url.to_string()))
            .collect();
        ours == theirs
            .iter()
            .map(|(key, owner)| (key.clone(), url(owner)))
            .collect()
    }

    /// Checks a round in which the original gives all lost work to the workers that
    /// joined during the wait. What is too much for them it revokes at once, where
    /// we give it to others: so what we assign is what it assigns and what it
    /// revokes of that, and we revoke nothing that it does not.
    fn gives_too_much_to_new_workers(&self, ours: &Plan) {
        let held = |task: &ConnectorTaskId| {
            let held = self.members.values().flat_map(|state| &state.assignment);
            held.flat_map(|has| &has.tasks).any(|held| held == task)
        };
        let (mut assigned, mut original) = (BTreeSet::new(), BTreeSet::new());
        for (member, told) in &ours.assignments {
            let theirs = self.answer(member);
            assert_eq!(told.delay_ms, theirs.delay_ms);
            assert!(
                told.revoked_tasks
                    .iter()
                    .all(|task| theirs.revoked_tasks.contains(task))
            );
            assigned.extend(told.tasks.iter().cloned());
            original.extend(theirs.tasks);
            original.extend(theirs.revoked_tasks.into_iter().filter(|task| !held(task)));
        }
        assert_eq!(assigned, original);
    }

    /// True if the original leaves something running that is not configured.
    fn leaves_deleted_work(&self) -> bool {
        self.members.iter().any(|(member, state)| {
            let answer = self.answer(member);
            let held = state.assignment.clone().unwrap_or_default();
            let left = answer.clone().added_to(Some(&held));
            !answer.failed()
                && (left
                    .connectors
                    .iter()
                    .any(|name| !self.configured.connectors.contains(name))
                    || left
                        .tasks
                        .iter()
                        .any(|id| !self.configured.tasks.contains(id)))
        })
    }

    /// How many connectors and tasks each has after the assignments, sorted.
    fn loads(&self, told: impl Fn(&str) -> Assignment) -> [Vec<usize>; 2] {
        let after = |(member, state): (&String, &WorkerState)| {
            let held = state.assignment.as_ref();
            told(member).added_to(held.filter(|_| self.protocol.is_cooperative()))
        };
        let after: Vec<Assignment> = self.members.iter().map(after).collect();
        let mut connectors: Vec<_> = after.iter().map(|has| has.connectors.len()).collect();
        let mut tasks: Vec<_> = after.iter().map(|has| has.tasks.len()).collect();
        connectors.sort_unstable();
        tasks.sort_unstable();
        [connectors, tasks]
    }
}

static HISTORIES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut text = String::new();
    GzDecoder::new(FILE).read_to_string(&mut text).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
});

fn bytes_by_member(value: &Value) -> BTreeMap<String, Vec<u8>> {
    let unhex = |hex: &str| -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    let members = value.as_object().unwrap().iter();
    members
        .map(|(id, hex)| (id.clone(), unhex(hex.as_str().unwrap())))
        .collect()
}

fn int(value: &Value) -> i32 {
    i32::try_from(value.as_i64().unwrap()).unwrap()
}

fn sorted(assignment: &Assignment) -> Assignment {
    let mut sorted = assignment.clone();
    sorted.connectors.sort();
    sorted.tasks.sort();
    sorted.revoked_connectors.sort();
    sorted.revoked_tasks.sort();
    sorted
}

/// Goes through the histories by the original's rules, and hands each round with
/// the leader's memory before it and the plan to `look`. A history ends where
/// lost work goes to the workers that joined during the wait, if the original
/// gives them more of it than we do. Returns how many rounds there were and how
/// many histories ended early.
fn replay(mut look: impl FnMut(&Step, &Memory, &Plan)) -> (usize, usize) {
    let (mut rounds, mut ended) = (0, 0);
    for history in HISTORIES.iter() {
        let mut memories: HashMap<String, Memory> = HashMap::new();
        for fields in history["steps"].as_array().unwrap() {
            let step = Step::parse(history, fields);
            if fields["fresh"] == Value::Bool(true) {
                memories.remove(step.leader());
            }
            let memory = memories.entry(step.leader().to_owned()).or_default();
            let plan = step.plan(memory, Rules::Original);
            if !step.is_answered_by(&plan) {
                assert_eq!(fields["candidates"], true, "{fields}\n{plan:?}");
                step.gives_too_much_to_new_workers(&plan);
                ended += 1;
                break;
            }
            look(&step, memory, &plan);
            rounds += 1;
            *memory = plan.memory;
        }
    }
    (rounds, ended)
}

#[test]
fn by_the_originals_rules_each_round_is_the_originals() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let (rounds, ended) = replay(|step, _, plan| {
        let told = plan.assignments.values().next().unwrap();
        let revokes = plan.assignments.values().any(Assignment::revokes);
        for (what, happened) in [
            ("mismatch", told.failed()),
            ("delay", told.delay_ms > 0),
            ("revocation", revokes),
            ("eager", !step.protocol.is_cooperative()),
        ] {
            *seen.entry(what).or_default() += usize::from(happened);
        }
    });
    println!("{rounds} rounds, {ended} histories ended early, {seen:?}");
    assert!(
        rounds > 6_000 && ended < 30,
        "{rounds} rounds, {ended} ended"
    );
    assert!(seen.values().all(|count| *count > 100), "{seen:?}");
}

/// Where ours chooses other tasks than the original, it chooses as many.
#[test]
fn by_our_rules_each_round_moves_as_much_as_the_original() {
    let mut compared = 0;
    replay(|step, memory, original| {
        if step.leaves_deleted_work() {
            return;
        }
        let ours = step.plan(memory, Rules::Ours);
        for (member, theirs) in &original.assignments {
            let ours = &ours.assignments[member];
            assert_eq!(ours.delay_ms, theirs.delay_ms);
            let revoked = |told: &Assignment| {
                let connectors: BTreeSet<_> = told.revoked_connectors.iter().cloned().collect();
                (connectors, told.revoked_tasks.len())
            };
            assert_eq!(revoked(ours), revoked(theirs));
            assert_eq!(sorted(ours).connectors, sorted(theirs).connectors);
        }
        let loads = |plan: &Plan| step.loads(|member| plan.assignments[member].clone());
        assert_eq!(loads(&ours), loads(original));
        compared += 1;
    });
    assert!(compared > 5_000, "{compared} rounds");
}
