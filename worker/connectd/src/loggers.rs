//! `/admin/loggers` over our own log targets.
//!
//! Connect's users name Java loggers; each of ours has the Java name of what it
//! stands for. A level that is set for a Java name goes to all targets below it,
//! or, for a class, to the target that the class belongs to.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use connect_api::{Error, ErrorKind, Result};
use connect_cluster::{LogControl, LoggerLevel};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use crate::logging::{self, FilterHandle};

/// Our log targets with the Java loggers that they stand for.
const TARGETS: &[(&str, &str)] = &[
    ("io.debezium.connector.mysql", "connect_mysql_source"),
    ("io.debezium.transforms", "connect_transforms"),
    ("org.apache.kafka.clients", "connect_kafka"),
    ("org.apache.kafka.connect.converters", "connect_converters"),
    ("org.apache.kafka.connect.file", "connect_file"),
    ("org.apache.kafka.connect.json", "connect_converters"),
    ("org.apache.kafka.connect.runtime", "connect_runtime"),
    (
        "org.apache.kafka.connect.runtime.distributed",
        "connect_cluster",
    ),
    ("org.apache.kafka.connect.runtime.rest", "connect_rest"),
    ("org.apache.kafka.connect.storage", "connect_cluster"),
    ("org.apache.kafka.connect.transforms", "connect_transforms"),
];

const ROOT: &str = "root";

/// The process's loggers.
pub(crate) struct Loggers {
    filter: FilterHandle,
    levels: Mutex<Levels>,
}

struct Levels {
    root: LevelFilter,
    /// Levels of our targets and of others that were named, as `RUST_LOG` or
    /// a request gave them.
    targets: BTreeMap<String, LevelFilter>,
    /// When a logger was set by a request, in milliseconds since the epoch.
    modified: BTreeMap<String, i64>,
}

impl Loggers {
    /// The loggers of a process that logs by `initial`.
    pub(crate) fn new(filter: FilterHandle, initial: &Targets) -> Self {
        let targets = initial
            .iter()
            .map(|(target, level)| (target.to_owned(), level))
            .collect();
        let root = initial.default_level().unwrap_or(LevelFilter::ERROR);
        let levels = Levels {
            root,
            targets,
            modified: BTreeMap::new(),
        };
        Self {
            filter,
            levels: Mutex::new(levels),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Levels> {
        // The levels are whole after every statement, also after a panic.
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogControl for Loggers {
    fn loggers(&self) -> BTreeMap<String, LoggerLevel> {
        let levels = self.lock();
        let names = TARGETS.iter().map(|(name, _)| *name).chain([ROOT]);
        names
            .chain(levels.modified.keys().map(String::as_str))
            .filter_map(|name| Some((name.to_owned(), levels.logger(name)?)))
            .collect()
    }

    fn logger(&self, name: &str) -> Option<LoggerLevel> {
        self.lock().logger(name)
    }

    fn set_level(&self, name: &str, level: &str) -> Result<Vec<String>> {
        let Some(filter) = parse_level(level) else {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("invalid log level '{level}'."),
            ));
        };
        let mut levels = self.lock();
        let changed = levels.set(name, filter);
        let targets = Targets::new()
            .with_default(levels.root)
            .with_targets(levels.targets.clone());
        drop(levels);
        self.filter
            .reload(logging::Levels(targets))
            .map_err(|error| Error::internal("changing the log levels").caused_by(error))?;
        Ok(changed)
    }
}

impl Levels {
    fn logger(&self, name: &str) -> Option<LoggerLevel> {
        let level = if name == ROOT {
            self.root
        } else if let Some((_, target)) = TARGETS.iter().find(|(java, _)| *java == name) {
            self.level_of(target)
        } else if self.modified.contains_key(name) {
            self.level_of(target_of(name).unwrap_or(name))
        } else {
            return None;
        };
        let last_modified = self.modified.get(name).copied();
        Some(LoggerLevel {
            level: level.to_string().to_uppercase(),
            last_modified,
        })
    }

    fn level_of(&self, target: &str) -> LevelFilter {
        self.targets.get(target).copied().unwrap_or(self.root)
    }

    /// Sets a logger and those below it; the names of those whose level changed.
    fn set(&mut self, name: &str, level: LevelFilter) -> Vec<String> {
        let mut names: Vec<&str> = TARGETS
            .iter()
            .map(|(java, _)| *java)
            .filter(|java| is_below(java, name))
            .collect();
        if name == ROOT {
            // Log4j's root is the parent of all, but setting it changes only
            // those without a level of their own.
            names.clear();
        }
        if !names.contains(&name) {
            names.push(name);
        }
        names.sort_unstable();
        let now = now_ms();
        let mut changed = Vec::new();
        for name in names {
            if self
                .logger(name)
                .is_some_and(|known| known.level == level.to_string().to_uppercase())
            {
                continue;
            }
            if name == ROOT {
                self.root = level;
            } else {
                self.targets
                    .insert(target_of(name).unwrap_or(name).to_owned(), level);
            }
            self.modified.insert(name.to_owned(), now);
            changed.push(name.to_owned());
        }
        changed
    }
}

fn is_below(name: &str, ancestor: &str) -> bool {
    name.strip_prefix(ancestor)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The target that a Java logger belongs to: that of the longest known name
/// above it.
fn target_of(name: &str) -> Option<&'static str> {
    TARGETS
        .iter()
        .filter(|(java, _)| is_below(name, java))
        .max_by_key(|(java, _)| java.len())
        .map(|(_, target)| *target)
}

fn parse_level(level: &str) -> Option<LevelFilter> {
    Some(match level.to_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "FATAL" | "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        "TRACE" | "ALL" => LevelFilter::TRACE,
        _ => return None,
    })
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Levels {
        Levels {
            root: LevelFilter::INFO,
            targets: BTreeMap::new(),
            modified: BTreeMap::new(),
        }
    }

    #[test]
    fn a_level_goes_to_all_targets_below_a_name() {
        let mut levels = levels();
        let changed = levels.set("org.apache.kafka.connect.runtime", LevelFilter::DEBUG);
        assert_eq!(
            changed,
            [
                "org.apache.kafka.connect.runtime",
                "org.apache.kafka.connect.runtime.distributed",
                "org.apache.kafka.connect.runtime.rest",
            ]
        );
        assert_eq!(levels.level_of("connect_rest"), LevelFilter::DEBUG);
        assert_eq!(levels.level_of("connect_file"), LevelFilter::INFO);
        assert!(
            levels
                .set("org.apache.kafka.connect.runtime", LevelFilter::DEBUG)
                .is_empty()
        );
    }

    #[test]
    fn a_class_means_its_target_and_an_unknown_name_itself() {
        let mut levels = levels();
        assert_eq!(levels.logger("x.y"), None);
        assert_eq!(levels.set("x.y", LevelFilter::WARN), ["x.y"]);
        assert_eq!(levels.logger("x.y").unwrap().level, "WARN");
        levels.set(
            "io.debezium.connector.mysql.MySqlConnectorTask",
            LevelFilter::TRACE,
        );
        assert_eq!(levels.level_of("connect_mysql_source"), LevelFilter::TRACE);
    }

    #[test]
    fn root_is_the_level_of_all_that_have_none() {
        let mut levels = levels();
        assert_eq!(levels.set(ROOT, LevelFilter::ERROR), [ROOT]);
        assert_eq!(
            levels
                .logger("org.apache.kafka.connect.file")
                .unwrap()
                .level,
            "ERROR"
        );
        assert_eq!(
            levels.logger(ROOT).unwrap().last_modified,
            levels.modified.get(ROOT).copied()
        );
    }
}
