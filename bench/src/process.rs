//! What the kernel says of a process.

use std::fs;

/// Clock ticks of `/proc/PID/stat` a second: `USER_HZ` is 100 on Linux.
const TICKS: f64 = 100.0;

/// CPU seconds, user and system, that a process has used.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let after_name = stat.rsplit_once(')').expect("a name in parentheses").1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |position: usize| fields[position].parse::<f64>().expect("a number of ticks");
    // Fields 14 and 15 of proc(5), counted from the one after the name, the third.
    (ticks(11) + ticks(12)) / TICKS
}

/// Resident memory in MB at its highest since the last [`reset_peak`].
pub(crate) fn peak_rss_mb(pid: u32) -> f64 {
    status_mb(pid, "VmHWM:")
}

/// Resident memory in MB.
pub(crate) fn rss_mb(pid: u32) -> f64 {
    status_mb(pid, "VmRSS:")
}

/// Makes the present resident memory the highest.
pub(crate) fn reset_peak(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("proc(5): clear_refs");
}

fn status_mb(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .expect("a line in status");
    let kb: f64 = line
        .split_whitespace()
        .nth(1)
        .expect("a number")
        .parse()
        .expect("a number");
    kb / 1024.0
}
