//! Threads for plugin code: one for each connector and task that runs here, so
//! that a plugin that blocks holds up nothing but itself (invariant 2).

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use connect_api::{Error, Result};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Runs `future` to its end on a thread of its own. Timers, sockets and spawned
/// tasks are those of `runtime`, which must be a multi-threaded one.
pub(crate) fn spawn(
    runtime: &Handle,
    name: &str,
    future: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let runtime = runtime.clone();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || runtime.block_on(future))
        .map(|_handle| ())
        .map_err(|error| {
            Error::internal(format!("cannot start a thread for {name}")).caused_by(error)
        })
}

/// Runs `future` on a thread of its own and waits for what it comes to; a
/// panic is an error.
pub(crate) async fn run<T: Send + 'static>(
    runtime: &Handle,
    name: &str,
    future: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let (reply, result) = oneshot::channel();
    spawn(runtime, name, async move {
        // Nobody waits any more: there is nothing to tell.
        drop(reply.send(catch(future).await));
    })?;
    result
        .await
        .unwrap_or_else(|_gone| Err(Error::internal("the thread ended without an answer")))
}

/// Runs plugin code; a panic in it is an error that says so.
pub(crate) async fn catch<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(future)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message");
    Error::internal(format!("the plugin's code panicked: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_panic_becomes_an_error() {
        let result = run(&Handle::current(), "t", async {
            if std::hint::black_box(true) {
                panic!("no such {}", "thing");
            }
            Ok(())
        })
        .await;
        let text = result.unwrap_err().trace();
        assert!(text.contains("panicked: no such thing"), "{text}");
    }
}
