//! The differences from the real one that we want, each with its reason. All of them stand in
//! docs/compatibility.md too. One that no longer occurs fails the test: the list stays true.

/// A text in a recorded record, and what we write instead.
#[derive(Debug)]
struct Difference {
    /// The scenario; empty for all.
    scenario: &'static str,
    /// How the topic's name ends.
    topic: &'static str,
    recorded: &'static str,
    ours: &'static str,
    #[expect(dead_code, reason = "for who reads the list")]
    reason: &'static str,
}

const DIFFERENCES: &[Difference] = &[];

/// Columns of the scenarios' tables that hold the time of the run.
const TIME_COLUMNS: &[(&str, &str)] = &[("e_heartbeat", "ts")];

/// The accepted differences of one scenario.
#[derive(Debug)]
pub(crate) struct Accepted {
    differences: Vec<(&'static Difference, bool)>,
    times: Vec<&'static str>,
}

impl Accepted {
    pub(crate) fn of(scenario: &str) -> Self {
        let of_it = |wanted: &str| wanted.is_empty() || wanted == scenario;
        let differences = DIFFERENCES
            .iter()
            .filter(|difference| of_it(difference.scenario));
        let times = TIME_COLUMNS.iter().filter(|(wanted, _)| of_it(wanted));
        Self {
            differences: differences.map(|difference| (difference, false)).collect(),
            times: times.map(|(_, column)| *column).collect(),
        }
    }

    /// More fields whose values are times of the run.
    pub(crate) fn times(&self) -> &[&'static str] {
        &self.times
    }

    /// A recorded text with what we write instead.
    pub(crate) fn apply(&mut self, topic: &str, recorded: &str) -> String {
        let mut text = recorded.to_owned();
        for (difference, used) in &mut self.differences {
            if topic.ends_with(difference.topic) && text.contains(difference.recorded) {
                text = text.replace(difference.recorded, difference.ours);
                *used = true;
            }
        }
        text
    }

    /// Differences of this scenario alone that did not occur.
    pub(crate) fn unused(&self) -> Vec<String> {
        let unused = (self.differences.iter())
            .filter(|(difference, used)| !used && !difference.scenario.is_empty());
        unused
            .map(|(difference, _)| format!("accepted, but does not occur: {difference:?}"))
            .collect()
    }
}
