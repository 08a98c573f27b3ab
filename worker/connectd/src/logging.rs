//! Log lines, and the levels that `/admin/loggers` shows and sets.
//!
//! `RUST_LOG` gives the levels at start (`info`, `info,connect_mysql_source=debug`).
//! A line of a connector or task starts with `[name|worker]` or `[name|task-0]`,
//! as in the JVM worker's logs (KIP-449).

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{self, FormatEvent, FormatFields};
use tracing_subscriber::fmt::time::FormatTime as _;
use tracing_subscriber::fmt::{FmtContext, time};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

/// Changes the levels of a running process.
pub(crate) type FilterHandle = reload::Handle<Targets, Registry>;

/// Starts logging to standard error. Levels come from `levels`, in the syntax
/// of `RUST_LOG`; a malformed text is answered with what is wrong.
pub(crate) fn start(levels: Option<&str>) -> Result<(FilterHandle, Targets), String> {
    let targets: Targets = levels
        .unwrap_or("info")
        .parse()
        .map_err(|error| format!("RUST_LOG is malformed: {error}"))?;
    let (filter, handle) = reload::Layer::new(targets.clone());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .event_format(TaskLines)
        .with_filter(filter);
    tracing_subscriber::registry()
        .with(lines)
        .with(TaskSpans)
        .init();
    Ok((handle, targets))
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
