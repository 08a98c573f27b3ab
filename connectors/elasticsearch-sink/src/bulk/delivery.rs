//! Sends one request until each of its items is written or reported.

use std::sync::Arc;
use std::time::Duration;

use connect_api::plugin::ErrantRecordReporter;
use connect_api::{Error, ErrorKind, Result};
use reqwest::Method;
use tokio::time::Instant;

use super::batch::{Action, BulkRequest, Item};
use super::conflicts::LostWrites;
use super::verdict::{Verdict, verdicts};
use crate::client::{Answer, Client, NDJSON, Request};
use crate::config::OnMalformed;

/// Only what is needed of the answer: a status for each item keeps their order.
const PATH: &str = "/_bulk?filter_path=errors,items.*.status,items.*.error";

/// What deliveries share.
pub(super) struct Delivery {
    pub(super) client: Arc<Client>,
    pub(super) reporter: Arc<dyn ErrantRecordReporter>,
    pub(super) on_malformed: OnMalformed,
    pub(super) max_retries: u32,
    pub(super) lost: LostWrites,
    /// No request is sent before: the server asked for a pause.
    pub(super) resumes_at: std::sync::Mutex<Option<Instant>>,
}

/// An item that is to be sent again.
struct Again {
    position: usize,
    reason: String,
    /// True if nothing is wrong with the item: the server has no room.
    is_overload: bool,
}

impl Delivery {
    /// Sends `request`. An error is the task's.
    pub(super) async fn deliver(&self, mut request: BulkRequest) -> Result<()> {
        let mut attempt = 0;
        while !request.items.is_empty() {
            self.wait_for_room().await?;
            let sent = Request {
                method: Method::POST,
                path: PATH.to_owned(),
                body: Some((request.body.clone(), NDJSON)),
            };
            let answer = self.client.send(&sent, attempt).await;
            let answered = answer.and_then(|answer| match answer.status {
                200 => {
                    let verdicts = verdicts(&answer, request.items.len())?;
                    Ok((answer, verdicts))
                }
                _ => Ok((answer, Vec::new())),
            });
            let (fault, pause) = match answered {
                Ok((answer, verdicts)) if answer.status == 200 => {
                    let again = self.judge(&request, verdicts)?;
                    request = self.remaining(&request, again, attempt).await?;
                    attempt += 1;
                    continue;
                }
                Ok((answer, _)) if answer.is_passing_fault() => {
                    let text = format!("{} {}", answer.status, answer.reason());
                    let pause = self.client.pause(attempt, answer.retry_after);
                    (Error::retriable(text), pause)
                }
                // One item makes Elasticsearch refuse all of them.
                Ok((answer, _)) if matches!(answer.status, 400 | 413) => {
                    return self.narrow_down(&request, &answer).await;
                }
                Ok((answer, _)) => return Err(answer.failure("writing documents")),
                Err(error) if error.is_retriable() => (error, self.client.pause_alone(attempt)),
                Err(error) => return Err(error),
            };
            if !self.client.may_retry(attempt, true) {
                return Err(Error::new(
                    ErrorKind::Internal,
                    format!(
                        "writing {} documents failed {} times (max.retries)",
                        request.items.len(),
                        attempt + 1
                    ),
                )
                .caused_by(fault));
            }
            self.pause_all(attempt, pause, &fault.trace());
            attempt += 1;
        }
        Ok(())
    }

    /// Finds the item that makes Elasticsearch refuse the whole request.
    async fn narrow_down(&self, request: &BulkRequest, answer: &Answer) -> Result<()> {
        if let [item] = &request.items[..] {
            return self.malformed(item, &answer.reason());
        }
        for half in request.split() {
            Box::pin(self.deliver(half)).await?;
        }
        Ok(())
    }

    /// Deals with what was not written; what to send again.
    fn judge(&self, request: &BulkRequest, verdicts: Vec<(usize, Verdict)>) -> Result<Vec<Again>> {
        let mut again = Vec::new();
        for (position, verdict) in verdicts {
            let item = &request.items[position];
            let retry = |reason, is_overload| Again {
                position,
                reason,
                is_overload,
            };
            match verdict {
                Verdict::Done => {}
                Verdict::Overloaded(reason) => again.push(retry(reason, true)),
                Verdict::Faulty(reason) => again.push(retry(reason, false)),
                Verdict::Malformed(reason) => self.malformed(item, &reason)?,
                Verdict::Refused(reason) => self.report(item, &reason)?,
                Verdict::Denied(reason) => {
                    return Err(Error::config(format!(
                        "writing to {}: {reason}; the user lacks a right that this needs",
                        item.index
                    )));
                }
                Verdict::Conflict { current, reason } => match (item.version, item.action) {
                    (Some(version), _) => self.lost_write(item, version, current),
                    // A data stream has the document already.
                    (None, Action::Create) => {}
                    // More changes of it at once than `retry_on_conflict` took.
                    (None, _) => again.push(retry(reason, false)),
                },
            }
        }
        Ok(again)
    }

    /// Waits as is due before `again` is sent again, or reports it if it was
    /// sent too often.
    async fn remaining(
        &self,
        request: &BulkRequest,
        again: Vec<Again>,
        attempt: u32,
    ) -> Result<BulkRequest> {
        let mut positions = Vec::with_capacity(again.len());
        let mut first = None;
        for item in again {
            if self.client.may_retry(attempt, item.is_overload) {
                positions.push(item.position);
                first.get_or_insert(item.reason);
            } else {
                self.report(&request.items[item.position], &item.reason)?;
            }
        }
        if let Some(reason) = first {
            self.pause_all(attempt, self.client.pause(attempt, None), &reason);
        }
        Ok(request.select(&positions))
    }

    fn malformed(&self, item: &Item, reason: &str) -> Result<()> {
        let outcome = self.reporter.report(&item.record, refusal(item, reason));
        match self.on_malformed {
            OnMalformed::Fail => return outcome,
            OnMalformed::Warn => tracing::warn!("{}", refusal(item, reason)),
            OnMalformed::Ignore => tracing::debug!("{}", refusal(item, reason)),
        }
        Ok(())
    }

    fn report(&self, item: &Item, reason: &str) -> Result<()> {
        self.reporter.report(&item.record, refusal(item, reason))
    }

    /// The document has a higher version. That is told, and reported where
    /// errors are tolerated; it never fails the task.
    fn lost_write(&self, item: &Item, version: i64, current: Option<i64>) {
        let document = format!("a document of {}", item.index);
        let current = current.unwrap_or(i64::MAX);
        if let Err(error) = self.lost.lost(&item.record, version, current, &document)
            && let Err(error) = self.report(item, error.message())
        {
            tracing::debug!("{error}");
        }
    }

    /// Lets all requests wait: whatever is wrong is so for each of them.
    fn pause_all(&self, attempt: u32, pause: Duration, reason: &str) {
        let limit = if self.client.may_retry(u32::MAX, true) {
            String::new()
        } else {
            format!(" of {}", self.max_retries)
        };
        tracing::warn!(
            "writing documents: {reason}; retry {}{limit} in {pause:?}",
            attempt + 1
        );
        let until = Instant::now() + pause;
        let mut resumes_at = self
            .resumes_at
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *resumes_at = Some(resumes_at.map_or(until, |known| known.max(until)));
    }

    async fn wait_for_room(&self) -> Result<()> {
        loop {
            let until = *self
                .resumes_at
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None | Some(Duration::ZERO) => return Ok(()),
                Some(pause) => self.client.rest(pause).await?,
            }
        }
    }
}

/// Why a document was not written, with where its record came from.
fn refusal(item: &Item, reason: &str) -> Error {
    Error::data(format!("Indexing failed: {reason}"))
        .with("index", &item.index)
        .with("topic", &item.record.origin.topic)
        .with("partition", item.record.origin.partition)
        .with("offset", item.record.offset)
}
