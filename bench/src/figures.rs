//! What was measured, and how it is shown.

use std::time::Instant;

use crate::process;

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) what: String,
    pub(crate) rows: u64,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_rss_mb: f64,
}

impl Figures {
    /// Measures a process over the time that `work` takes.
    pub(crate) async fn measure(
        what: impl Into<String>,
        rows: u64,
        pid: u32,
        work: impl Future<Output = ()>,
    ) -> Self {
        process::reset_peak(pid);
        let cpu = process::cpu_seconds(pid);
        let began = Instant::now();
        work.await;
        Self {
            what: what.into(),
            rows,
            seconds: began.elapsed().as_secs_f64(),
            cpu_seconds: process::cpu_seconds(pid) - cpu,
            peak_rss_mb: process::peak_rss_mb(pid),
        }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rows as f64 / self.seconds
    }

    pub(crate) fn cpu_per_row(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.rows as f64
    }
}

/// A table of measurements.
pub(crate) fn print(name: &str, figures: &[Figures]) {
    println!("\n{name}");
    println!(
        "{:<24}{:>12}{:>12}{:>12}{:>14}{:>14}",
        "", "rows", "seconds", "rows/s", "CPU us/row", "peak RSS MB"
    );
    for figures in figures {
        println!(
            "{:<24}{:>12}{:>12.2}{:>12.0}{:>14.2}{:>14.1}",
            figures.what,
            figures.rows,
            figures.seconds,
            figures.rate(),
            figures.cpu_per_row(),
            figures.peak_rss_mb
        );
    }
}

/// A table of quotients, for what both have measured.
pub(crate) fn ratios(ours: &[Figures], theirs: &[Figures]) {
    println!("\nconnectd against the JVM");
    println!(
        "{:<24}{:>14}{:>18}{:>14}",
        "", "rows/s", "CPU per row", "peak RSS"
    );
    for ours in ours {
        let Some(theirs) = theirs.iter().find(|theirs| theirs.what == ours.what) else {
            continue;
        };
        println!(
            "{:<24}{:>13.1}x{:>17.3}x{:>13.3}x",
            ours.what,
            ours.rate() / theirs.rate(),
            ours.cpu_per_row() / theirs.cpu_per_row(),
            ours.peak_rss_mb / theirs.peak_rss_mb
        );
    }
}
