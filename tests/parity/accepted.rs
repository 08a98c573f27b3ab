//! The differences from the real one that we want, each with its reason. All of them stand in
//! docs/compatibility.md too. One that no longer occurs fails the test: the list stays true.

/// A text in a recorded record, and what we write instead.
#[derive(Debug)]
struct Difference {
    scenarios: &'static [&'static str],
    /// How the topic's name ends.
    topic: &'static str,
    recorded: &'static str,
    ours: &'static str,
    #[expect(dead_code, reason = "for who reads the list")]
    reason: &'static str,
}

const ALL_WITH_ZERO_DATES: &[&str] = &[
    "a_raw",
    "b_unwrap_insertfield",
    "c_schemaless",
    "c_binary_base64",
    "c_binary_base64-url-safe",
    "c_decimal_double",
    "c_decimal_string",
    "c_json_decimal_numeric",
    "c_time_connect",
    "c_time_isostring",
    "c_time_microseconds",
];
const ADAPTIVE_TIMES: &[&str] = ALL_WITH_ZERO_DATES.split_at(8).0;
const YEAR_0: &str =
    "YEAR 0000 is 2000 in the original's snapshot and 1900 in its stream: here it is 0 in both";
const DATE_OF_YEAR_0: &str = "a date of the year 0 is one of 2000 or 2001 in the original's snapshot (the driver \
    takes 0 for a year of two digits), and day 0 or null in its stream: here it is that in both";

const DIFFERENCES: &[Difference] = &[
    Difference {
        scenarios: ALL_WITH_ZERO_DATES,
        topic: ".zero_dates",
        recorded: r#""y":2000,"y_nn":2000"#,
        ours: r#""y":0,"y_nn":0"#,
        reason: YEAR_0,
    },
    Difference {
        scenarios: ALL_WITH_ZERO_DATES,
        topic: ".zero_dates",
        recorded: r#""y":1900,"y_nn":1900"#,
        ours: r#""y":0,"y_nn":0"#,
        reason: YEAR_0,
    },
    Difference {
        scenarios: ADAPTIVE_TIMES,
        topic: ".zero_dates",
        recorded: r#""d_nn":10957,"dt":978307200000,"dt_nn":978307201000,"dt6":978307200000000,"dt6_nn":978307200000000"#,
        ours: r#""d_nn":0,"dt":null,"dt_nn":0,"dt6":null,"dt6_nn":0"#,
        reason: DATE_OF_YEAR_0,
    },
    Difference {
        scenarios: &["c_time_connect"],
        topic: ".zero_dates",
        recorded: r#""d_nn":10957,"dt":978307200000,"dt_nn":978307201000,"dt6":978307200000,"dt6_nn":978307200000"#,
        ours: r#""d_nn":0,"dt":null,"dt_nn":0,"dt6":null,"dt6_nn":0"#,
        reason: DATE_OF_YEAR_0,
    },
    Difference {
        scenarios: &["c_time_microseconds"],
        topic: ".zero_dates",
        recorded: r#""d_nn":10957,"dt":978307200000000,"dt_nn":978307201000000,"dt6":978307200000000,"dt6_nn":978307200000000"#,
        ours: r#""d_nn":0,"dt":null,"dt_nn":0,"dt6":null,"dt6_nn":0"#,
        reason: DATE_OF_YEAR_0,
    },
    Difference {
        scenarios: &["c_time_isostring"],
        topic: ".zero_dates",
        recorded: r#""d_nn":"2000-01-01Z","dt":"2001-01-01T00:00:00Z","dt_nn":"2001-01-01T00:00:01Z","dt6":"2001-01-01T00:00:00Z","dt6_nn":"2001-01-01T00:00:00Z""#,
        ours: r#""d_nn":"1970-01-01Z","dt":null,"dt_nn":"1970-01-01T00:00:00Z","dt6":null,"dt6_nn":"1970-01-01T00:00:00Z""#,
        reason: DATE_OF_YEAR_0,
    },
    Difference {
        scenarios: &["g_truncate"],
        topic: ".truncated",
        recorded: r#""row":1,"thread":null,"query":null},"transaction":null,"op":"t""#,
        ours: r#""row":0,"thread":null,"query":null},"transaction":null,"op":"t""#,
        reason: "the original leaves the row number of the event before the truncation in it",
    },
];

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
        let differences = DIFFERENCES.iter();
        let differences = differences.filter(|difference| difference.scenarios.contains(&scenario));
        let times = TIME_COLUMNS
            .iter()
            .filter(|(wanted, _)| *wanted == scenario);
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

    /// Those that did not occur.
    pub(crate) fn unused(&self) -> Vec<String> {
        let unused = self.differences.iter().filter(|(_, used)| !used);
        unused
            .map(|(difference, _)| format!("accepted, but does not occur: {difference:?}"))
            .collect()
    }
}
