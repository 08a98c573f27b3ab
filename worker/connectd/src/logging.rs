//! Log lines, and the levels that `/admin/loggers` shows and sets.
//!
//! `RUST_LOG` gives the levels at start (`info`, `info,connect_mysql_source=debug`).
//! A line of a connector or task starts with `[name|worker]` or `[name|task-0]`,
//! as in the JVM worker's logs (KIP-449).

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{self, FormatEvent, FormatFields};
use tracing_subscriber::fmt::time::FormatTime as _;
use tracing_subscriber::fmt::{FmtContext, MakeWriter, time};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

/// Changes the levels of a running process.
pub(crate) type FilterHandle = reload::Handle<Levels, Registry>;

/// Starts logging to standard error. Levels come from `levels`, in the syntax
/// of `RUST_LOG`; a malformed text is answered with what is wrong.
pub(crate) fn start(levels: &str) -> Result<(FilterHandle, Targets), String> {
    let targets: Targets = levels
        .parse()
        .map_err(|error| format!("RUST_LOG is malformed: {error}"))?;
    let (filter, handle) = reload::Layer::new(Levels(targets.clone()));
    subscriber(filter, std::io::stderr).init();
    Ok((handle, targets))
}

fn subscriber<W>(
    filter: reload::Layer<Levels, Registry>,
    writer: W,
) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .event_format(TaskLines);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(TaskSpans)
}

/// Which events become lines, and which spans there are: those that give lines their prefix, at
/// every level.
///
/// It stands before the layers and not at one of them: a filter of a layer's own keeps its answer
/// for the event that follows, and where none does, as after `enabled!` (which rdkafka asks for
/// each client), the next line of the thread would be lost.
pub(crate) struct Levels(pub(crate) Targets);

impl Levels {
    fn has(&self, metadata: &Metadata<'_>) -> bool {
        is_of_connector(metadata) || self.0.would_enable(metadata.target(), metadata.level())
    }
}

fn is_of_connector(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.fields().field("connector").is_some()
}

impl<S: Subscriber> Layer<S> for Levels {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.has(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.has(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let lines = Layer::<S>::max_level_hint(&self.0)?;
        // The level of our spans.
        Some(lines.max(LevelFilter::INFO))
    }
}

/// The prefix of a span's lines, kept with the span.
struct TaskPrefix(String);

/// Finds the connector and task of each span once, when it is made.
struct TaskSpans;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for TaskSpans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = SpanFields::default();
        attributes.record(&mut fields);
        let (Some(connector), Some(span)) = (fields.connector, context.span(id)) else {
            return;
        };
        let prefix = match fields.task {
            Some(task) => format!("[{connector}|task-{task}] "),
            None => format!("[{connector}|worker] "),
        };
        span.extensions_mut().insert(TaskPrefix(prefix));
    }
}

#[derive(Default)]
struct SpanFields {
    connector: Option<String>,
    task: Option<String>,
}

impl Visit for SpanFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record(field.name(), format!("{value:?}"));
    }
}

impl SpanFields {
    fn record(&mut self, field: &str, value: String) {
        match field {
            "connector" => self.connector = Some(value),
            "task" => self.task = Some(value),
            _ => {}
        }
    }
}

/// `[name|task-0] 2026-11-21T13:48:00.123456Z INFO message field=value (target)`.
struct TaskLines;

impl<S, N> FormatEvent<S, N> for TaskLines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: format::Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        for span in context.event_scope().into_iter().flatten() {
            if let Some(TaskPrefix(prefix)) = span.extensions().get::<TaskPrefix>() {
                writer.write_str(prefix)?;
                break;
            }
        }
        time::SystemTime.format_time(&mut writer)?;
        let metadata = event.metadata();
        write!(writer, " {} ", metadata.level())?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer, " ({})", metadata.target())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// Logs by these levels, on this thread, as long as the guard lives.
        fn of(levels: &str) -> (Self, tracing::subscriber::DefaultGuard, FilterHandle) {
            let lines = Self::default();
            let written = lines.clone();
            let (filter, handle) = reload::Layer::new(Levels(levels.parse().unwrap()));
            let subscriber = subscriber(filter, move || written.clone());
            let guard = tracing::subscriber::set_default(subscriber);
            (lines, guard, handle)
        }

        /// The lines without their times.
        fn texts(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let texts = text.lines().map(|line| {
                let (prefix, rest) = match line.split_once("] ") {
                    Some((prefix, rest)) => (format!("{prefix}] "), rest),
                    None => (String::new(), line),
                };
                let (_time, rest) = rest.split_once(' ').unwrap();
                format!("{prefix}{rest}")
            });
            texts.collect()
        }
    }

    #[test]
    fn asking_whether_a_level_is_logged_costs_no_line() {
        let (lines, _guard, _handle) = Lines::of("info");
        for _ in 0..2 {
            assert!(!tracing::enabled!(target: "librdkafka", tracing::Level::DEBUG));
            tracing::info!(target: "a", "one");
            tracing::debug!(target: "a", "never");
        }
        assert_eq!(lines.texts(), ["INFO one (a)", "INFO one (a)"]);
    }

    #[test]
    fn a_line_of_a_task_says_so_at_every_level() {
        let (lines, _guard, handle) = Lines::of("warn,b=debug");
        let span = tracing::info_span!("task", connector = "c", task = 3);
        let connector = tracing::info_span!("connector", connector = "c");
        span.in_scope(|| tracing::warn!(target: "a", "one"));
        connector.in_scope(|| tracing::debug!(target: "b", "two"));
        span.in_scope(|| tracing::info!(target: "a", "never"));
        handle.reload(Levels("info".parse().unwrap())).unwrap();
        span.in_scope(|| tracing::info!(target: "a", "three"));
        tracing::debug!(target: "b", "no more");
        let expected = [
            "[c|task-3] WARN one (a)",
            "[c|worker] DEBUG two (b)",
            "[c|task-3] INFO three (a)",
        ];
        assert_eq!(lines.texts(), expected);
    }
}
