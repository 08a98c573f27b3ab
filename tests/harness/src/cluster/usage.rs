//! What a process costs.

use std::time::Duration;

/// Clock ticks a second in `/proc`: `USER_HZ`, 100 on every Linux.
const TICKS: f64 = 100.0;

/// What a process costs.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Resident memory in MiB.
    pub memory: f64,
    /// Processor time in percent of one processor.
    pub cpu: f64,
    /// Threads.
    pub threads: usize,
}

impl Usage {
    /// Of a process, its processor time over so long.
    ///
    /// # Panics
    /// If there is no such process.
    pub async fn of(pid: u32, time: Duration) -> Self {
        let before = ticks(pid);
        tokio::time::sleep(time).await;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
        let number = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            let digits = line.and_then(|line| line.split_whitespace().next());
            digits.and_then(|digits| digits.parse::<u32>().ok())
        };
        Self {
            memory: f64::from(number("VmRSS:").expect("VmRSS")) / 1024.0,
            cpu: (ticks(pid) - before) / TICKS / time.as_secs_f64() * 100.0,
            threads: number("Threads:").expect("Threads") as usize,
        }
    }
}

/// What the threads of a process do: their names, states and where in the kernel they wait. Of a
/// process that has ended one is left, a zombie.
pub(super) fn threads(pid: u32) -> String {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return "there is no such process".to_owned();
    };
    let tasks = tasks.flatten().map(|task| {
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        let stat = read("stat");
        let state = stat
            .rsplit_once(") ")
            .and_then(|(_, after)| after.chars().next());
        format!(
            "{} {} {}",
            read("comm").trim(),
            state.unwrap_or('?'),
            read("wchan")
        )
    });
    tasks.collect::<Vec<String>>().join(", ")
}

/// User and system time: fields 14 and 15 of `/proc/PID/stat`.
fn ticks(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    // The second field is a name in brackets, which may have blanks.
    let (_, after) = stat.rsplit_once(") ").expect("a name");
    let fields = after.split_whitespace().skip(11).take(2);
    fields
        .map(|field| field.parse::<f64>().expect("a number"))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_told_by_its_name_and_state() {
        let asked = std::thread::Builder::new()
            .name("one-that-asks".to_owned())
            .spawn(|| threads(std::process::id()));
        let told = asked.unwrap().join().unwrap();
        assert!(told.contains("one-that-asks R "), "{told}");
        assert_eq!(threads(u32::MAX), "there is no such process");
    }

    #[tokio::test]
    async fn this_process_costs_something() {
        let time = Duration::from_millis(300);
        let worked = std::thread::spawn(move || {
            let begun = std::time::Instant::now();
            while begun.elapsed() < time {
                std::hint::spin_loop();
            }
        });
        let usage = Usage::of(std::process::id(), time).await;
        worked.join().unwrap();
        assert!(usage.memory > 1.0 && usage.threads > 1, "{usage:?}");
        assert!(usage.cpu > 1.0, "{usage:?}");
    }
}
