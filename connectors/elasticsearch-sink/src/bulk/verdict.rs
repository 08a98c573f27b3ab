//! What Elasticsearch says of each item of a bulk request.

use connect_api::{Error, Result};
use serde::Deserialize;

use crate::client::{Answer, Reason};

/// Types of errors that are about a document itself
/// (`ElasticsearchClient.MALFORMED_DOC_ERRORS`, and what is no JSON at all).
const MALFORMED: &[&str] = &[
    "strict_dynamic_mapping_exception",
    "mapper_parsing_exception",
    "illegal_argument_exception",
    "action_request_validation_exception",
    "document_parsing_exception",
    "not_x_content_exception",
];

/// One item's outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Done,
    /// The document has that version, or a change met another one.
    Conflict {
        current: Option<i64>,
        reason: String,
    },
    /// No room now: the same item may succeed later.
    Overloaded(String),
    /// The item may succeed later, and need not: a block, a fault of the node.
    Faulty(String),
    /// The document is not what the index takes.
    Malformed(String),
    /// The user lacks a right.
    Denied(String),
    /// Any other reason.
    Refused(String),
}

#[derive(Debug, Deserialize)]
struct Body {
    errors: bool,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    #[serde(alias = "index", alias = "create", alias = "update", alias = "delete")]
    outcome: Outcome,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    status: u16,
    error: Option<Reason>,
}

/// The verdicts that are not [`Verdict::Done`], by position among `count` items.
pub(super) fn verdicts(answer: &Answer, count: usize) -> Result<Vec<(usize, Verdict)>> {
    // Said first by all servers: nothing else need be read.
    let head = &answer.body[..answer.body.len().min(64)];
    if memchr::memmem::find(head, b"\"errors\":false").is_some() {
        return Ok(Vec::new());
    }
    let body: Body = serde_json::from_slice(&answer.body).map_err(|error| {
        Error::retriable(format!(
            "the answer to a bulk request cannot be read: {}",
            answer.reason()
        ))
        .caused_by(error)
    })?;
    if !body.errors {
        return Ok(Vec::new());
    }
    if body.items.len() != count {
        return Err(Error::retriable(format!(
            "the answer to a bulk request of {count} items has {}",
            body.items.len()
        )));
    }
    let judged = body.items.into_iter().enumerate();
    let judged = judged.map(|(position, item)| (position, verdict(&item.outcome)));
    Ok(judged
        .filter(|(_, verdict)| *verdict != Verdict::Done)
        .collect())
}

fn verdict(outcome: &Outcome) -> Verdict {
    let Some(error) = &outcome.error else {
        return match outcome.status {
            // A document to delete that is not there.
            404 | 0..300 => Verdict::Done,
            status => Verdict::Refused(format!("status {status}")),
        };
    };
    let reason = error.to_string();
    let kind = error.kind.as_deref().unwrap_or_default();
    match outcome.status {
        409 => Verdict::Conflict {
            current: current_version(&reason),
            reason,
        },
        408 | 429 | 502 | 503 | 504 if kind != "cluster_block_exception" => {
            Verdict::Overloaded(reason)
        }
        _ if kind == "cluster_block_exception" => Verdict::Faulty(reason),
        401 => Verdict::Denied(reason),
        403 if kind == "security_exception" => Verdict::Denied(reason),
        _ if MALFORMED.iter().any(|kind| reason.contains(kind)) => Verdict::Malformed(reason),
        500.. => Verdict::Faulty(reason),
        _ => Verdict::Refused(reason),
    }
}

/// Of "version conflict, current version [5] is higher or equal to the one
/// provided [3]".
fn current_version(reason: &str) -> Option<i64> {
    let (_, rest) = reason.split_once("current version [")?;
    rest.split_once(']')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn answer(body: &str) -> Answer {
        Answer {
            status: 200,
            retry_after: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// Answers of Elasticsearch 7.5.1 and 8.19.
    #[test]
    fn each_item_is_judged_by_its_error() {
        let body = r#"{"errors":true,"items":[
            {"index":{"status":201}},
            {"index":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"[a]: version conflict, current version [5] is higher or equal to the one provided [3]","shard":"0"}}},
            {"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [n]","caused_by":{"type":"number_format_exception","reason":"For input string: \"abc\""}}}},
            {"index":{"status":500,"error":{"type":"not_x_content_exception","reason":"Compressor detection"}}},
            {"delete":{"status":404}},
            {"update":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"rejected execution"}}},
            {"index":{"status":403,"error":{"type":"cluster_block_exception","reason":"index [p1] blocked by: [FORBIDDEN/5/index read-only (api)];"}}},
            {"index":{"status":400,"error":{"type":"illegal_argument_exception","reason":"Limit of total fields [5] in index [p1] has been exceeded"}}},
            {"create":{"status":403,"error":{"type":"security_exception","reason":"no permissions"}}},
            {"index":{"status":404,"error":{"type":"index_not_found_exception","reason":"no such index [x]"}}}
        ]}"#;
        let verdicts = verdicts(&answer(body), 10).unwrap();
        let named: Vec<(usize, &str)> = verdicts
            .iter()
            .map(|(position, verdict)| {
                let name = match verdict {
                    Verdict::Done => "done",
                    Verdict::Conflict { current, .. } => {
                        assert_eq!(*current, Some(5));
                        "conflict"
                    }
                    Verdict::Overloaded(_) => "overloaded",
                    Verdict::Faulty(_) => "faulty",
                    Verdict::Malformed(_) => "malformed",
                    Verdict::Denied(_) => "denied",
                    Verdict::Refused(_) => "refused",
                };
                (*position, name)
            })
            .collect();
        assert_eq!(
            named,
            [
                (1, "conflict"),
                (2, "malformed"),
                (3, "malformed"),
                (5, "overloaded"),
                (6, "faulty"),
                (7, "malformed"),
                (8, "denied"),
                (9, "refused"),
            ]
        );
    }

    #[test]
    fn no_errors_need_no_reading() {
        let verdicts = verdicts(&answer(r#"{"took":3,"errors":false,"items":[not read"#), 3);
        assert_eq!(verdicts.unwrap(), []);
    }

    #[test]
    fn an_answer_with_other_items_is_none() {
        let body = r#"{"errors":true,"items":[{"index":{"status":201}}]}"#;
        assert!(verdicts(&answer(body), 2).unwrap_err().is_retriable());
    }
}
