//! Who ran what and when, by the workers' own logs: what no status can gloss over.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

/// A connector or one of its tasks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// The connector itself.
    Connector(String),
    /// A task of it.
    Task(String, usize),
}

impl Work {
    /// The connector, or the one that the task is of.
    pub fn connector(&self) -> &str {
        match self {
            Self::Connector(name) | Self::Task(name, _) => name,
        }
    }

    /// Whether it is a task.
    pub fn is_task(&self) -> bool {
        matches!(self, Self::Task(..))
    }
}

impl fmt::Display for Work {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connector(name) => out.write_str(name),
            Self::Task(name, task) => write!(out, "{name}-{task}"),
        }
    }
}

/// One stretch of time in which a worker ran something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// What.
    pub work: Work,
    /// The worker's index.
    pub worker: usize,
    /// When the worker began to start it.
    pub from: Timestamp,
    /// When it had stopped; none while it runs.
    pub to: Option<Timestamp>,
}

/// How long something that the herder stops may take until it has stopped. What says nothing by
/// then had not begun: it was stopped while it was being made.
const STOPPING: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Begins,
    IsToStop,
    HasStopped,
}

#[derive(Debug, PartialEq, Eq)]
struct Event {
    at: Timestamp,
    work: Work,
    what: What,
}

/// A worker's log, read as it grows.
#[derive(Debug)]
pub(super) struct LogReader {
    worker: usize,
    file: PathBuf,
    position: u64,
    /// A line whose end was not there yet.
    rest: String,
    pub(super) lives: Vec<Life>,
    open: BTreeMap<Work, usize>,
    /// Since when the herder stops what is open.
    stopping: BTreeMap<Work, Timestamp>,
}

impl LogReader {
    pub(super) fn new(worker: usize, file: PathBuf) -> Self {
        Self {
            worker,
            file,
            position: 0,
            rest: String::new(),
            lives: Vec::new(),
            open: BTreeMap::new(),
            stopping: BTreeMap::new(),
        }
    }

    /// Reads what was written since the last time.
    pub(super) fn read(&mut self) {
        let more = read_from(&self.file, self.position).unwrap_or_default();
        self.position += more.len() as u64;
        self.rest += &String::from_utf8_lossy(&more);
        let Some(end) = self.rest.rfind('\n') else {
            return;
        };
        let rest = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, rest);
        for event in whole.lines().flat_map(parse) {
            self.take(event);
        }
        self.give_up_stopping(Timestamp::now());
    }

    fn take(&mut self, event: Event) {
        if event.what == What::IsToStop {
            if self.open.contains_key(&event.work) {
                self.stopping.insert(event.work, event.at);
            }
            return;
        }
        self.stopping.remove(&event.work);
        if let Some(index) = self.open.remove(&event.work) {
            self.lives[index].to = Some(event.at);
        }
        if event.what == What::Begins {
            self.open.insert(event.work.clone(), self.lives.len());
            self.lives.push(Life {
                work: event.work,
                worker: self.worker,
                from: event.at,
                to: None,
            });
        }
    }

    fn give_up_stopping(&mut self, now: Timestamp) {
        let Self {
            stopping,
            open,
            lives,
            ..
        } = self;
        stopping.retain(|work, at| {
            let waits = since(*at, now) < STOPPING;
            if !waits && let Some(index) = open.remove(work) {
                lives[index].to = Some(*at);
            }
            waits
        });
    }

    /// The process was killed: so was everything in it.
    pub(super) fn process_ended(&mut self, at: Timestamp) {
        self.read();
        self.stopping.clear();
        for index in std::mem::take(&mut self.open).into_values() {
            self.lives[index].to = Some(at);
        }
    }

    /// What runs, by the log.
    pub(super) fn running(&self) -> impl Iterator<Item = &Work> {
        self.open.keys()
    }
}

fn read_from(file: &Path, position: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(position))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a line says of starts and ends. The herder tells that it begins to start something or to
/// stop it, and the runtime, when the last of it is gone, that it has stopped.
fn parse(line: &str) -> Vec<Event> {
    if let Some((_, after)) = line.split_once(" stopping tasks connector=") {
        return stopping_tasks(line, after).unwrap_or_default();
    }
    parse_one(line).into_iter().collect()
}

/// `TIME INFO stopping tasks connector="name" tasks=[0, 1] (target)`
fn stopping_tasks(line: &str, after: &str) -> Option<Vec<Event>> {
    let at: Timestamp = line.split(' ').next()?.parse().ok()?;
    let (name, tasks) = after.strip_prefix('"')?.split_once("\" tasks=[")?;
    let (tasks, _) = tasks.split_once(']')?;
    let tasks = tasks.split(", ").filter_map(|task| task.parse().ok());
    let event = |task| Event {
        at,
        work: Work::Task(name.to_owned(), task),
        what: What::IsToStop,
    };
    Some(tasks.map(event).collect())
}

fn parse_one(line: &str) -> Option<Event> {
    let (span, rest) = match line.strip_prefix('[') {
        Some(rest) => {
            let (span, rest) = rest.split_once("] ")?;
            (Some(span), rest)
        }
        None => (None, line),
    };
    let (at, rest) = rest.split_once(' ')?;
    let (_level, message) = rest.trim_start().split_once(' ')?;
    let (work, what) = if message.starts_with("starting the connector connector=") {
        (Work::Connector(quoted(message)?), What::Begins)
    } else if message.starts_with("starting the task connector=") {
        let (_, task) = message.split_once(" task=")?;
        let digits = task.split(|c: char| !c.is_ascii_digit()).next()?;
        (
            Work::Task(quoted(message)?, digits.parse().ok()?),
            What::Begins,
        )
    } else if message.starts_with("the connector has stopped") {
        let name = span?.strip_suffix("|worker")?;
        (Work::Connector(name.to_owned()), What::HasStopped)
    } else if message.starts_with("the task has stopped") {
        let (name, task) = span?.rsplit_once("|task-")?;
        (
            Work::Task(name.to_owned(), task.parse().ok()?),
            What::HasStopped,
        )
    } else {
        return None;
    };
    let at = at.parse().ok()?;
    Some(Event { at, work, what })
}

fn quoted(message: &str) -> Option<String> {
    let (_, after) = message.split_once("connector=\"")?;
    let (name, _) = after.split_once('"')?;
    Some(name.to_owned())
}

/// Two workers that ran the same thing at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// What.
    pub work: Work,
    /// The indices of the workers.
    pub workers: (usize, usize),
    /// Since when.
    pub from: Timestamp,
    /// How long.
    pub lasted: Duration,
}

/// A time in which a worker's process was not running at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suspension {
    pub(super) worker: usize,
    pub(super) from: Timestamp,
    /// None while it is suspended.
    pub(super) to: Option<Timestamp>,
}

/// Whatever ran at two workers at once, the times in which one was suspended left out.
pub(super) fn overlaps(lives: &[Life], suspensions: &[Suspension], now: Timestamp) -> Vec<Overlap> {
    let mut by_work: BTreeMap<&Work, Vec<(usize, Timestamp, Timestamp)>> = BTreeMap::new();
    for life in lives {
        let spans = by_work.entry(&life.work).or_default();
        spans.extend(awake(life, suspensions, now));
    }
    let mut found = Vec::new();
    for (work, spans) in by_work {
        for (index, one) in spans.iter().enumerate() {
            for other in &spans[index + 1..] {
                let (from, to) = (one.1.max(other.1), one.2.min(other.2));
                if one.0 != other.0 && from < to {
                    found.push(Overlap {
                        work: work.clone(),
                        workers: (one.0, other.0),
                        from,
                        lasted: since(from, to),
                    });
                }
            }
        }
    }
    found
}

/// The parts of a life in which its worker's process ran.
fn awake(
    life: &Life,
    suspensions: &[Suspension],
    now: Timestamp,
) -> Vec<(usize, Timestamp, Timestamp)> {
    let end = life.to.unwrap_or(now);
    let mut parts = Vec::new();
    let mut from = life.from;
    for suspension in suspensions.iter().filter(|it| it.worker == life.worker) {
        let to = suspension.to.unwrap_or(now);
        if suspension.from > from && suspension.from < end {
            parts.push((life.worker, from, suspension.from));
        }
        if to > from && suspension.from < end {
            from = to;
        }
    }
    if from < end {
        parts.push((life.worker, from, end));
    }
    parts
}

/// A worker that slept past its session has nothing from the moment on that it fell asleep.
pub(super) fn give_up_asleep(
    life: &mut Life,
    suspensions: &[Suspension],
    session: Duration,
    now: Timestamp,
) {
    let of_worker = suspensions.iter().filter(|it| it.worker == life.worker);
    for suspension in of_worker {
        let is_within =
            suspension.from > life.from && life.to.is_none_or(|to| suspension.from < to);
        if is_within && since(suspension.from, suspension.to.unwrap_or(now)) >= session {
            life.to = Some(suspension.from);
        }
    }
}

/// The time from one moment to another; zero if it is the other way around.
pub fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn life(worker: usize, from: i64, to: Option<i64>) -> Life {
        Life {
            work: Work::Task("c".to_owned(), 0),
            worker,
            from: at(from),
            to: to.map(at),
        }
    }

    #[test]
    fn lines_of_the_worker_s_log_are_understood() {
        let started = parse_one(
            "2026-11-21T13:48:00.5Z INFO starting the task connector=\"a-b\" task=12 (connect_cluster::herder::tasks)",
        )
        .unwrap();
        assert_eq!(started.work, Work::Task("a-b".to_owned(), 12));
        assert_eq!(started.what, What::Begins);
        let stopped = parse_one(
            "[a-b|task-12] 2026-11-21T13:48:01.75Z  INFO the task has stopped (connect_runtime::worker)",
        )
        .unwrap();
        assert_eq!(stopped.work, started.work);
        assert_eq!(stopped.what, What::HasStopped);
        assert_eq!(since(started.at, stopped.at), Duration::from_millis(1250));
        let connector = parse_one(
            "2026-11-21T13:48:00.5Z INFO starting the connector connector=\"x\" (connect_cluster::herder::connector)",
        );
        assert_eq!(connector.unwrap().work, Work::Connector("x".to_owned()));
        let other = "[x|worker] 2026-11-21T13:48:01.75Z INFO the connector has stopped (a::b)";
        assert_eq!(parse_one(other).unwrap().what, What::HasStopped);
        let stopping = parse(
            "2026-11-21T13:48:00.5Z INFO stopping tasks connector=\"x\" tasks=[0, 3] (connect_cluster::herder::tasks)",
        );
        let works: Vec<Work> = stopping.into_iter().map(|event| event.work).collect();
        assert_eq!(works, [0, 3].map(|task| Work::Task("x".to_owned(), task)));
        assert_eq!(
            parse("2026-11-21T13:48:00.5Z INFO stopping (connectd::run)"),
            []
        );
    }

    #[test]
    fn a_log_is_read_as_it_grows() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut reader = LogReader::new(3, file.path().to_owned());
        write!(
            file,
            "2026-11-21T13:48:00Z INFO starting the task connector=\"c\" ta"
        )
        .unwrap();
        reader.read();
        assert!(reader.lives.is_empty());
        writeln!(file, "sk=0 (m)").unwrap();
        reader.read();
        assert_eq!(reader.running().count(), 1);
        assert_eq!((reader.lives[0].worker, reader.lives[0].to), (3, None));
        reader.process_ended(at(1_795_268_881));
        assert_eq!(reader.running().count(), 0);
        assert_eq!(reader.lives[0].to, Some(at(1_795_268_881)));
    }

    #[test]
    fn what_runs_twice_is_found() {
        let one_after_another = [
            life(0, 10, Some(20)),
            life(1, 20, Some(30)),
            life(0, 30, None),
        ];
        assert_eq!(overlaps(&one_after_another, &[], at(40)), []);
        let twice = [life(0, 10, None), life(1, 15, Some(18))];
        let found = overlaps(&twice, &[], at(40));
        assert_eq!((found.len(), found[0].lasted), (1, Duration::from_secs(3)));
    }

    #[test]
    fn the_sleeping_do_not_count() {
        let lives = [life(0, 10, Some(31)), life(1, 22, None)];
        let asleep = Suspension {
            worker: 0,
            from: at(20),
            to: Some(at(30)),
        };
        let found = overlaps(&lives, &[asleep], at(40));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].from, found[0].lasted),
            (at(30), Duration::from_secs(1))
        );
        let still = Suspension { to: None, ..asleep };
        assert_eq!(
            overlaps(&[life(0, 10, None), life(1, 22, None)], &[still], at(40)),
            []
        );
    }

    #[test]
    fn who_sleeps_past_the_session_has_nothing_any_more() {
        let asleep = |to| Suspension {
            worker: 0,
            from: at(20),
            to: Some(at(to)),
        };
        let owned = |mut life: Life, asleep| {
            give_up_asleep(&mut life, &[asleep], Duration::from_secs(6), at(40));
            life.to
        };
        assert_eq!(owned(life(0, 10, Some(31)), asleep(30)), Some(at(20)));
        assert_eq!(owned(life(0, 10, None), asleep(23)), None);
        assert_eq!(owned(life(1, 10, None), asleep(30)), None);
        assert_eq!(owned(life(0, 30, None), asleep(30)), None);
    }
}
