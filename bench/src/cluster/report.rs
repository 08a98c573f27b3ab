//! What was measured of groups, and how it is shown.

use std::fmt;
use std::time::Duration;

use crate::workers::Engine;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    Number(f64),
    /// It was not so by then.
    Longer(Duration),
}

impl From<Duration> for Value {
    fn from(time: Duration) -> Self {
        Self::Number(time.as_secs_f64())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(out, "{number:.2}"),
            Self::Longer(time) => write!(out, "> {}", time.as_secs()),
        }
    }
}

/// The measurements of one group, in order.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: Vec<(&'static str, Value)>,
}

impl Report {
    pub(super) fn add(&mut self, what: &'static str, value: Value) {
        println!("    {what}: {value}");
        self.rows.push((what, value));
    }

    fn get(&self, what: &str) -> Option<Value> {
        let row = self.rows.iter().find(|(its, _)| *its == what);
        row.map(|(_, value)| *value)
    }
}

/// A table of groups with so many connectors; what was not measured is a dash.
pub(super) fn print(connectors: usize, columns: &[(Engine, &Report)]) {
    println!("\nThree workers, {connectors} connectors with a task each");
    let heads: Vec<String> = columns
        .iter()
        .map(|(engine, _)| format!("{:>12}", engine.short_name()))
        .collect();
    println!("{:<36}{}", "", heads.concat());
    let rows = columns.iter().map(|(_, report)| &report.rows);
    // One of them may have left something out.
    let Some(rows) = rows.max_by_key(|rows| rows.len()) else {
        return;
    };
    for (what, _) in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|(_, report)| {
                let value = report.get(what);
                let text = value.map_or_else(|| "-".to_owned(), |value| value.to_string());
                format!("{text:>12}")
            })
            .collect();
        println!("{what:<36}{}", cells.concat());
    }
}
