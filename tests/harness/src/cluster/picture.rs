//! What a worker's REST API says of all connectors and tasks.

use std::collections::BTreeMap;

use serde_json::Value;

use super::life::Work;

/// The state of something, and the worker that it is said to run at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// As in the status.
    pub state: String,
    /// As in the status.
    pub worker_id: String,
}

/// What one worker says of all connectors and tasks.
pub type Picture = BTreeMap<Work, Placed>;

/// Reads the answer to `/connectors?expand=status&expand=info`. What has a status but is not
/// configured, and the reverse, is a contradiction, and so what does not settle.
pub(super) fn read(answer: &Value) -> Result<Picture, String> {
    let connectors = answer.as_object().ok_or("no object")?;
    let mut picture = Picture::new();
    for (name, both) in connectors {
        let (info, status) = (&both["info"], &both["status"]);
        let placed = placed(&status["connector"]).ok_or_else(|| format!("{name}: {both}"))?;
        picture.insert(Work::Connector(name.clone()), placed);
        let configured: Option<Vec<u64>> = (info["tasks"].as_array())
            .map(|tasks| tasks.iter().filter_map(|it| it["task"].as_u64()).collect());
        let tasks = status["tasks"].as_array().map_or(&[][..], Vec::as_slice);
        let told: Option<Vec<u64>> = tasks.iter().map(|task| task["id"].as_u64()).collect();
        let (configured, told) = (configured.unwrap_or_default(), told.unwrap_or_default());
        if configured != told {
            return Err(format!(
                "{name} has tasks {configured:?}, statuses {told:?}"
            ));
        }
        for task in tasks {
            let id = task["id"].as_u64().and_then(|id| usize::try_from(id).ok());
            let (Some(id), Some(placed)) = (id, self::placed(task)) else {
                return Err(format!("{name}: {task}"));
            };
            picture.insert(Work::Task(name.clone(), id), placed);
        }
    }
    Ok(picture)
}

fn placed(status: &Value) -> Option<Placed> {
    Some(Placed {
        state: status["state"].as_str()?.to_owned(),
        worker_id: status["worker_id"].as_str()?.to_owned(),
    })
}

/// How many connectors, or tasks, are at each of these workers.
pub fn counts(picture: &Picture, tasks: bool, workers: &[String]) -> Vec<usize> {
    let of = |worker: &String| {
        let here = |(work, placed): &(&Work, &Placed)| {
            work.is_task() == tasks && placed.worker_id == *worker
        };
        picture.iter().filter(here).count()
    };
    workers.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(tasks: Value) -> Value {
        json!({"c": {
            "info": {"name": "c", "tasks": [{"connector": "c", "task": 0}]},
            "status": {
                "connector": {"state": "RUNNING", "worker_id": "w:1"},
                "tasks": tasks,
            },
        }})
    }

    #[test]
    fn connectors_and_tasks_are_placed() {
        let task = json!([{"id": 0, "state": "FAILED", "worker_id": "w:2"}]);
        let picture = read(&answer(task)).unwrap();
        let workers = ["w:1".to_owned(), "w:2".to_owned()];
        assert_eq!(picture[&Work::Task("c".to_owned(), 0)].state, "FAILED");
        assert_eq!(counts(&picture, false, &workers), [1, 0]);
        assert_eq!(counts(&picture, true, &workers), [0, 1]);
    }

    #[test]
    fn a_task_without_a_status_is_not_settled() {
        assert_eq!(
            read(&answer(json!([]))).unwrap_err(),
            "c has tasks [0], statuses []"
        );
    }
}
