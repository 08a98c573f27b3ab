//! The tour that Confluent's registry answered, answered here. Where we differ on purpose,
//! `differences.jsonl` says how and why.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::handle;
use crate::service::Service;
use crate::store::Store;

const TOUR: &[u8] = include_bytes!("../../tests/golden/tour.jsonl.gz");
const TOPIC: &[u8] = include_bytes!("../../tests/golden/topic.jsonl.gz");
const AFTER: &[u8] = include_bytes!("../../tests/golden/after.jsonl.gz");
const DIFFERENCES: &str = include_str!("../../tests/golden/differences.jsonl");

/// A request with its answer.
#[derive(Debug, Deserialize)]
struct Step {
    method: String,
    path: String,
    body: Option<String>,
    #[serde(default)]
    headers: HashMap<String, String>,
    status: u16,
    #[serde(rename = "type")]
    media_type: Option<String>,
    answer: String,
}

/// What we answer instead, and why.
#[derive(Debug, Deserialize)]
struct Difference {
    /// Lines of the tour, from 1.
    lines: Vec<usize>,
    why: String,
    status: u16,
    answer: Option<String>,
}

fn lines<T: DeserializeOwned>(compressed: &[u8]) -> Vec<T> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(compressed)
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn ask(service: &Arc<Service>, step: &Step) -> (u16, Option<String>, String) {
    let mut request = Request::builder()
        .method(step.method.as_str())
        .uri(&step.path);
    let mut headers = step.headers.clone();
    if step.body.is_some() && !headers.contains_key("Content-Type") {
        let media_type = "application/vnd.schemaregistry.v1+json".to_owned();
        headers.insert("Content-Type".to_owned(), media_type);
    }
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    let body = Body::from(step.body.clone().unwrap_or_default());
    let response = handle(Arc::clone(service), request.body(body).unwrap()).await;
    let status = response.status().as_u16();
    let media_type = response
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (
        status,
        media_type,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

/// Without times, and with lists in order that a Java hash map orders.
fn comparable(path: &str, answer: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(answer) else {
        return answer.to_owned();
    };
    without_times(&mut value);
    let path = path.split('?').next().unwrap();
    let is_of_id = path.starts_with("/schemas/ids/") && path.ends_with('s');
    if let Value::Array(list) = &mut value
        && is_of_id
    {
        list.sort_by_key(Value::to_string);
    }
    value.to_string()
}

/// Without the subject that an id's schema is shown with: theirs is the first one of a hash map.
fn without_use(path: &str, answer: String) -> String {
    let is_id = path
        .strip_prefix("/schemas/ids/")
        .is_some_and(|id| !id.contains('/'));
    match serde_json::from_str(&answer) {
        Ok(Value::Object(mut members)) if is_id => {
            for name in ["subject", "version", "deleted"] {
                members.shift_remove(name);
            }
            Value::Object(members).to_string()
        }
        _ => answer,
    }
}

fn without_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(time) = members.get_mut("ts") {
                *time = Value::from(0);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(without_times),
        _ => {}
    }
}

#[tokio::test]
async fn the_tour_of_confluents_registry_is_answered_alike() {
    let service = Arc::new(Service::new(Store::in_memory()));
    let differences: Vec<Difference> = DIFFERENCES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let steps: Vec<Step> = lines(TOUR);
    assert!(steps.len() > 900, "{} steps", steps.len());
    let mut wrong = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let line = index + 1;
        let (status, media_type, answer) = ask(&service, step).await;
        let difference = differences
            .iter()
            .find(|difference| difference.lines.contains(&line));
        let is_right = match difference {
            Some(difference) => {
                assert!(!difference.why.is_empty());
                difference.status == status
                    && difference
                        .answer
                        .as_ref()
                        .is_none_or(|expected| answer.contains(expected))
                    && (status, answer.as_str()) != (step.status, step.answer.as_str())
            }
            None => {
                status == step.status
                    && comparable(&step.path, &answer) == comparable(&step.path, &step.answer)
                    && (step.media_type.is_none() || media_type == step.media_type)
            }
        };
        if !is_right {
            let body = step.body.as_deref().unwrap_or_default();
            wrong.push(format!(
                "line {line}: {} {} {body}\n  theirs: {} {:?} {}\n  ours:   {status} {media_type:?} {answer}",
                step.method, step.path, step.status, step.media_type, step.answer
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        steps.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn the_topic_of_confluents_registry_is_read() {
    let store = Store::in_memory();
    for (offset, record) in lines::<(String, Option<String>)>(TOPIC).iter().enumerate() {
        let (key, value) = record;
        store.read_back(key.as_bytes(), value.as_deref().map(str::as_bytes), offset);
    }
    let service = Arc::new(Service::new(store));
    let steps: Vec<Step> = lines(AFTER);
    assert!(steps.len() > 90, "{} steps", steps.len());
    for step in &steps {
        let (status, _, answer) = ask(&service, step).await;
        let (ours, theirs) = (
            without_use(&step.path, comparable(&step.path, &answer)),
            without_use(&step.path, comparable(&step.path, &step.answer)),
        );
        assert_eq!(
            (status, ours),
            (step.status, theirs),
            "{} {}",
            step.method,
            step.path
        );
    }
}
