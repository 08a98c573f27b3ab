//! Whether everything runs exactly once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::life::Work;
use super::picture::{self, Picture};
use super::{Cluster, State, usage};

const LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Cluster {
    /// Waits until every configured connector and task is RUNNING exactly once, by every worker's
    /// word and by every worker's log; how long it took.
    pub async fn settled(&mut self) -> Duration {
        self.settled_as("RUNNING", LIMIT).await
    }

    /// Waits until everything runs exactly once, and no worker has more than one connector, or
    /// task, more than another; how long it took.
    ///
    /// # Panics
    /// If it is not so within a minute.
    pub async fn settled_and_balanced(&mut self) -> Duration {
        let begun = Instant::now();
        loop {
            self.settled().await;
            let Err(problem) = self.balanced().await else {
                return begun.elapsed();
            };
            assert!(
                begun.elapsed() < LIMIT,
                "not balanced within {LIMIT:?}: {problem}"
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The same as `settled` for any state and limit.
    ///
    /// # Panics
    /// If it is not so by then, with what still differs.
    pub async fn settled_as(&mut self, state: &str, limit: Duration) -> Duration {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            let Err(problem) = self.check(state).await else {
                return begun.elapsed();
            };
            assert!(
                begun.elapsed() < limit,
                "not settled within {limit:?}: {problem}"
            );
            // What takes long to answer is not asked all the time.
            tokio::time::sleep(LOOK_AGAIN.max(asked.elapsed() * 4)).await;
        }
    }

    /// What the workers say now, if they agree and it is what is configured.
    pub async fn picture(&self, state: &str) -> Result<Picture, String> {
        let mut agreed: Option<Picture> = None;
        for index in self.serving() {
            let answer = self.rest(index);
            let answer = answer.try_send("GET", "/connectors?expand=status&expand=info", None);
            let answer = answer.await.ok_or_else(|| {
                let threads = usage::threads(self.worker(index).pid());
                format!("worker {index} is silent; its threads: {threads}")
            })?;
            let found: Value = serde_json::from_str(&answer.text)
                .map_err(|error| format!("worker {index}: {error}: {}", answer.text))?;
            let found = picture::read(&found).map_err(|why| format!("worker {index}: {why}"))?;
            match &agreed {
                Some(agreed) if *agreed != found => {
                    return Err(format!("worker {index} {}", difference(agreed, &found)));
                }
                _ => agreed = Some(found),
            }
        }
        let agreed = agreed.ok_or("nobody serves")?;
        self.is_configured(&agreed)?;
        let workers = self.serving_ids();
        for (work, placed) in &agreed {
            if placed.state != state || !workers.contains(&placed.worker_id) {
                return Err(format!("{work} is {placed:?}"));
            }
        }
        Ok(agreed)
    }

    async fn check(&mut self, state: &str) -> Result<(), String> {
        let picture = self.picture(state).await?;
        for member in &mut self.members {
            member.log.read();
            let id = member.worker.id();
            let told = picture.iter().filter(|(_, placed)| placed.worker_id == id);
            let told: BTreeSet<&Work> = match member.state {
                State::Serving => told.map(|(work, _)| work).collect(),
                State::Cut => BTreeSet::new(),
                State::Asleep | State::Down => continue,
            };
            let running: BTreeSet<&Work> = member.log.running().collect();
            if let Some(work) = told.symmetric_difference(&running).next() {
                let log = if running.contains(work) {
                    "runs it"
                } else {
                    "does not run it"
                };
                return Err(format!(
                    "{work}: the log of {id} says that it {log}, the status not"
                ));
            }
        }
        Ok(())
    }

    fn is_configured(&self, picture: &Picture) -> Result<(), String> {
        let connectors = self.connectors.iter();
        let expected: BTreeSet<Work> = connectors
            .flat_map(|(name, tasks)| {
                let tasks = (0..*tasks).map(|task| Work::Task(name.clone(), task));
                tasks.chain([Work::Connector(name.clone())])
            })
            .collect();
        let found: BTreeSet<Work> = picture.keys().cloned().collect();
        match expected.symmetric_difference(&found).next() {
            None => Ok(()),
            Some(work) if found.contains(work) => Err(format!("{work} should not be there")),
            Some(work) => Err(format!("{work} is not there")),
        }
    }

    /// Asserts that no worker has more than one connector, or task, more than another.
    ///
    /// # Panics
    /// If one has, or if they do not agree.
    pub async fn assert_balanced(&self) {
        let balanced = self.balanced().await;
        assert_eq!(balanced, Ok(()));
    }

    async fn balanced(&self) -> Result<(), String> {
        let picture = self.picture("RUNNING").await?;
        for tasks in [false, true] {
            let counts = picture::counts(&picture, tasks, &self.serving_ids());
            let (least, most) = (counts.iter().min(), counts.iter().max());
            let apart = most.zip(least).map_or(0, |(most, least)| most - least);
            if apart > 1 {
                let what = if tasks { "tasks" } else { "connectors" };
                return Err(format!("{what} at each worker: {counts:?}"));
            }
        }
        Ok(())
    }
}

fn difference(one: &Picture, other: &Picture) -> String {
    let works: BTreeSet<&Work> = one.keys().chain(other.keys()).collect();
    let differs = works
        .into_iter()
        .find(|work| one.get(work) != other.get(work));
    differs.map_or_else(String::new, |work| {
        let (one, other) = (one.get(work), other.get(work));
        format!("says that {work} is {other:?}, another {one:?}")
    })
}
