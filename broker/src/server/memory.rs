//! Bounds on the memory that all connections take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory for requests while they are read and appended (`queued.max.request.bytes`).
#[derive(Debug)]
pub(crate) struct RequestMemory {
    free: Arc<Semaphore>,
    all: u32,
}

impl RequestMemory {
    pub(crate) fn new(bytes: usize) -> Self {
        let all = u32::try_from(bytes).unwrap_or(u32::MAX);
        Self {
            free: Arc::new(Semaphore::new(all as usize)),
            all,
        }
    }

    /// Waits for the memory of a request of so many bytes, in the order of asking; it is taken
    /// until what is returned is dropped. The whole of it is asked for before anything of it is
    /// there, so that no two halves of requests wait for each other. A request that is larger than
    /// all there is gets all of it.
    pub(super) async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let wanted = u32::try_from(bytes).map_or(self.all, |bytes| bytes.min(self.all));
        // It is never closed, which is all that could go wrong.
        Arc::clone(&self.free).acquire_many_owned(wanted).await.ok()
    }
}

/// Memory for records while they are sent to their readers. Nobody waits for it: where it is
/// short, answers are, but for the one batch that takes a reader on. So a reader that does not
/// take what it has asked for holds up no other.
#[derive(Debug, Clone)]
pub(crate) struct AnswerMemory {
    /// Below zero where single batches had to be read although nothing was free.
    free: Arc<AtomicI64>,
}

impl AnswerMemory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            free: Arc::new(AtomicI64::new(signed(bytes))),
        }
    }

    /// Takes as much as there is, up to `most`.
    pub(crate) fn take(&self, most: usize) -> AnswerPermit {
        let given = |free: i64| free.clamp(0, signed(most));
        let update = |free| Some(free - given(free));
        let before = match self
            .free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, update)
        {
            Ok(before) | Err(before) => before,
        };
        AnswerPermit {
            of: self.clone(),
            taken: given(before),
        }
    }
}

/// Memory that is taken until this is dropped.
#[derive(Debug)]
pub(crate) struct AnswerPermit {
    of: AnswerMemory,
    taken: i64,
}

impl AnswerPermit {
    pub(crate) fn bytes(&self) -> usize {
        usize::try_from(self.taken).unwrap_or(0)
    }

    /// Keeps as much as was needed, be it less or more.
    pub(crate) fn keep(&mut self, bytes: usize) {
        let needed = signed(bytes);
        self.of
            .free
            .fetch_add(self.taken - needed, Ordering::Relaxed);
        self.taken = needed;
    }
}

impl Drop for AnswerPermit {
    fn drop(&mut self) {
        self.of.free.fetch_add(self.taken, Ordering::Relaxed);
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::task::Poll;

    use super::*;

    /// What a future has come to when it is asked once.
    async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
        poll_fn(|context| {
            Poll::Ready(match future.as_mut().poll(context) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn requests_wait_for_their_memory_in_order() {
        let memory = RequestMemory::new(100);
        let first = memory.take(70).await.unwrap();
        let mut large = std::pin::pin!(memory.take(1000));
        assert!(poll_once(large.as_mut()).await.is_none());
        // It would fit, but whoever came before must not wait for ever.
        let mut small = std::pin::pin!(memory.take(10));
        assert!(poll_once(small.as_mut()).await.is_none());
        drop(first);
        let large = poll_once(large.as_mut()).await.flatten().unwrap();
        assert_eq!(large.num_permits(), 100);
        assert!(poll_once(small.as_mut()).await.is_none());
        drop(large);
        assert!(poll_once(small.as_mut()).await.flatten().is_some());
    }

    #[test]
    fn answers_share_what_there_is() {
        let memory = AnswerMemory::new(100);
        let mut first = memory.take(70);
        assert_eq!(first.bytes(), 70);
        first.keep(60);
        let mut second = memory.take(70);
        assert_eq!(second.bytes(), 40);
        let mut third = memory.take(70);
        assert_eq!(third.bytes(), 0);
        // One batch each is read in any case, and is waited for when it is there.
        second.keep(45);
        third.keep(10);
        drop(first);
        assert_eq!(memory.take(70).bytes(), 45);
        drop((second, third));
        assert_eq!(memory.take(1000).bytes(), 100);
    }
}
