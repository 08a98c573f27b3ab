//! Batches: from the consumer's bytes to the sink's `put`, again until it takes
//! them.

use std::mem;
use std::time::Duration;

use connect_api::Result;
use connect_api::record::TopicPartition;
use connect_kafka::consumer::Batch;
use tokio::time::Instant;

use super::ahead::Stage;
use super::run::{Loop, RETRY_PAUSE};
use crate::task::OWN_RETRY;
use crate::task::activity::Call;
use crate::task::backoff::Backoff;
use crate::worker::plugin_thread::catch;

impl Loop {
    /// Converts and transforms what was fetched, as far as it was not done while the batch before
    /// was put.
    pub(super) async fn prepare_batch(&mut self) -> Result<()> {
        let _call = self.metrics.activity.enter(Call::Convert);
        loop {
            match self.ahead.advance(&mut self.pipeline, usize::MAX) {
                Stage::Going => {}
                Stage::Full => break,
                Stage::Empty => {
                    self.member.fill()?;
                    if self.member.fetched.is_empty() {
                        break;
                    }
                    self.ahead.take(&mut self.member.fetched, &self.metrics);
                }
                Stage::Waits(step, consumed) => {
                    self.metrics.activity.progressed();
                    let persisted = self.pipeline.persist(*step, &consumed);
                    let kept = self.member.beside(persisted).await?;
                    self.ahead.add(kept, &consumed);
                }
            }
        }
        self.ahead.hand_over(&mut self.batch, &mut self.reached);
        self.note_topics();
        self.count_active();
        self.member.beside(self.reporter.make_room()).await
    }

    fn note_topics(&mut self) {
        for TopicPartition { topic, .. } in self.reached.keys() {
            if self.tracks_topics && !self.topics.contains(topic) {
                self.task_reporter.topic_used(topic);
                self.topics.insert(topic.clone());
            }
        }
    }

    /// Puts the batch once; the next one is converted meanwhile.
    async fn put_once(&mut self) -> Result<()> {
        let Self {
            task,
            member,
            pipeline,
            ahead,
            batch,
            spent,
            metrics,
            ..
        } = self;
        let put = task.put(batch);
        let meanwhile = |fetched: &mut Batch| {
            spent.clear();
            ahead.go_on(fetched, pipeline, metrics)
        };
        catch(member.beside_with(put, meanwhile)).await
    }

    /// Puts the batch, again after a pause while the sink cannot take it.
    /// Without records, so that the sink may flush.
    pub(super) async fn put_batch(&mut self) -> Result<()> {
        let mut backoff = Backoff::new(RETRY_PAUSE.0, RETRY_PAUSE.1);
        let is_flush = !self.has_batch();
        let _call = self.metrics.activity.enter(Call::Put);
        while !self.stopping() {
            // Another worker may have the task by now, and put the same.
            if !self.store.is_open() {
                self.member.hold()?;
                self.wait_in_group(OWN_RETRY).await?;
                if is_flush || self.has_batch() {
                    continue;
                }
                break;
            }
            let since = Instant::now();
            let put = self.put_once().await;
            self.last_put = Instant::now();
            // A sink may have swallowed what its report returned.
            let error = match put.and_then(|()| self.reporter.check()) {
                Ok(()) => {
                    self.note_put(since.elapsed());
                    self.member.beside(self.reporter.make_room()).await?;
                    break;
                }
                Err(error) if error.is_retriable() => error,
                Err(error) => {
                    return Err(error.while_doing("putting records into the sink"));
                }
            };
            let delay = error.retry_after().unwrap_or_else(|| backoff.next());
            self.metrics.activity.trouble(&error);
            tracing::warn!(
                "the sink cannot take {} records now, trying again in {} ms: {}",
                self.batch.len(),
                delay.as_millis(),
                error.trace()
            );
            self.metrics.retries.add(1);
            self.member.hold()?;
            self.wait_in_group(delay).await?;
            // All its partitions may have gone to other tasks meanwhile.
            if !is_flush && !self.has_batch() {
                break;
            }
        }
        self.release_unless_paused()
    }

    fn has_batch(&self) -> bool {
        !self.batch.is_empty() || !self.reached.is_empty()
    }

    fn note_put(&mut self, time: Duration) {
        if !self.batch.is_empty() {
            self.metrics.batches.add(1);
            self.metrics.put_time.record(time);
            self.metrics.sent.add(self.batch.len() as u64);
        }
        for (partition, offset) in self.reached.drain() {
            if let Some(progress) = self.member.partitions.get_mut(&partition) {
                progress.put = Some(offset);
            }
        }
        self.spent.clear();
        mem::swap(&mut self.batch, &mut self.spent);
    }

    /// Waits as a member of the group: rebalances are answered, commits go on.
    async fn wait_in_group(&mut self, delay: Duration) -> Result<()> {
        let until = Instant::now() + delay;
        while Instant::now() < until && !self.stopping() {
            self.member.fill()?;
            self.answer_rebalances().await?;
            self.commit_if_due().await?;
            self.wait(until).await;
        }
        Ok(())
    }
}
