//! The plugins that the tests run: FileStream, a connector whose behaviour is a
//! setting, and stand-ins for converters and transformations under the names
//! that the recorded answers have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use connect_api::config::{ConfigDef, Key};
use connect_api::data::{SchemaRef, Value};
use connect_api::plugin::{
    Connector, ConnectorContext, Converted, Converter, HeaderConverter, Outcome, Predicate,
    SourceTask, SourceTaskContext, Transformation,
};
use connect_api::record::{OffsetMap, Record, SourceOffset, SourcePosition, SourceRecord};
use connect_api::registry::{
    ConnectorPlugin, ConverterPlugin, HeaderConverterPlugin, PluginClass, Plugins, PredicatePlugin,
    TaskFactory, TransformationPlugin,
};
use connect_api::{Error, Props, Result};

pub const JSON_CONVERTER: &str = "org.apache.kafka.connect.json.JsonConverter";
pub const SCRIPTED: &str = "test.ScriptedConnector";
pub const MARK: &str = "test.Mark";
pub const FAIL_ON: &str = "test.FailOn";

const fn class(name: &'static str) -> PluginClass {
    PluginClass {
        class: name,
        other_classes: &[],
        version: "4.3.1",
    }
}

const SCHEMAS_ENABLE: Key<bool> = Key::new("schemas.enable").default("true");
const PATTERN: Key<String> = Key::new("pattern")
    .medium()
    .doc("A Java regular expression for matching against the name of a record's topic.");
const TEXT: Key<String> = Key::new("text").default("x");

pub fn plugins() -> Plugins {
    Plugins {
        connectors: vec![
            connect_file::SOURCE,
            super::sink::PLUGIN,
            ConnectorPlugin {
                name: class(SCRIPTED),
                task_class: "test.ScriptedTask",
                create: || Box::new(ScriptedConnector::default()),
                task: TaskFactory::Source(|| Box::new(ScriptedTask::default())),
            },
        ],
        transformations: vec![
            TransformationPlugin {
                name: class("org.apache.kafka.connect.transforms.Filter"),
                config: ConfigDef::new,
                create: |_| Ok(Box::new(Filter)),
            },
            TransformationPlugin {
                name: class(MARK),
                config: || ConfigDef::new().with(&TEXT),
                create: |props| Ok(Box::new(Mark(text(props)))),
            },
            TransformationPlugin {
                name: class(FAIL_ON),
                config: || ConfigDef::new().with(&TEXT),
                create: |props| Ok(Box::new(FailOn(text(props)))),
            },
        ],
        predicates: vec![PredicatePlugin {
            name: class("org.apache.kafka.connect.transforms.predicates.TopicNameMatches"),
            config: || ConfigDef::new().with(&PATTERN),
            create: |props| {
                let pattern = props.get("pattern").cloned();
                Ok(Box::new(TopicIs(
                    pattern.ok_or_else(|| Error::config("no pattern"))?,
                )))
            },
        }],
        converters: vec![ConverterPlugin {
            name: class(JSON_CONVERTER),
            config: || ConfigDef::new().with(&SCHEMAS_ENABLE),
            create: |_, _| Ok(Box::new(TextConverter)),
        }],
        header_converters: vec![HeaderConverterPlugin {
            name: class("org.apache.kafka.connect.storage.SimpleHeaderConverter"),
            config: ConfigDef::new,
            create: |_| Ok(Box::new(TextConverter)),
        }],
    }
}

fn text(props: &Props) -> String {
    props.get("text").cloned().unwrap_or_default()
}

/// Strings as they are, null as null.
struct TextConverter;

fn append(value: &Value, out: &mut Vec<u8>) -> Result<Converted> {
    match value {
        Value::Null => Ok(Converted::Null),
        Value::String(text) if text.contains("unconvertible") => {
            Err(Error::data(format!("cannot convert {text}")))
        }
        Value::String(text) => {
            out.extend_from_slice(text.as_bytes());
            Ok(Converted::Bytes)
        }
        other => {
            out.extend_from_slice(format!("{other:?}").as_bytes());
            Ok(Converted::Bytes)
        }
    }
}

fn read(bytes: Option<&Bytes>) -> Result<Value> {
    let Some(bytes) = bytes else {
        return Ok(Value::Null);
    };
    let text = std::str::from_utf8(bytes).unwrap();
    if text.contains("unconvertible") {
        return Err(Error::data(format!("cannot read {text}")));
    }
    Ok(Value::from(text.to_owned()))
}

#[async_trait]
impl Converter for TextConverter {
    fn serialize(
        &mut self,
        _topic: &str,
        _schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        append(value, out)
    }

    fn deserialize(
        &mut self,
        _topic: &str,
        bytes: Option<&Bytes>,
    ) -> Result<Option<(Option<SchemaRef>, Value)>> {
        read(bytes).map(|value| Some((None, value)))
    }
}

impl HeaderConverter for TextConverter {
    fn serialize(
        &mut self,
        _topic: &str,
        _key: &str,
        _schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        append(value, out)
    }

    fn deserialize(
        &mut self,
        _topic: &str,
        _key: &str,
        bytes: Option<&Bytes>,
    ) -> Result<(Option<SchemaRef>, Value)> {
        read(bytes).map(|value| (None, value))
    }
}

/// Drops all records.
struct Filter;

impl Transformation for Filter {
    fn apply(&mut self, _record: &mut Record) -> Result<Outcome> {
        Ok(Outcome::Drop)
    }
}

/// Puts a text at the end of string values.
struct Mark(String);

impl Transformation for Mark {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        if let Some(value) = record.value.as_str() {
            record.value = Value::from(format!("{value}{}", self.0));
        }
        Ok(Outcome::Keep)
    }
}

/// Fails on values that contain a text; a retriable failure happens but once
/// for each value.
struct FailOn(String);

static FAILED_ONCE: Mutex<BTreeMap<String, ()>> = Mutex::new(BTreeMap::new());

impl Transformation for FailOn {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let value = record.value.as_str().unwrap_or_default();
        if !value.contains(&self.0) {
            return Ok(Outcome::Keep);
        }
        if value.contains("panic") {
            panic!("on {value}");
        }
        if value.contains("once") {
            let first = FAILED_ONCE.lock().unwrap().insert(value.to_owned(), ());
            if first.is_some() {
                return Ok(Outcome::Keep);
            }
            return Err(Error::retriable(format!("not yet for {value}")));
        }
        Err(Error::data(format!("never for {value}")))
    }
}

/// True for one topic.
struct TopicIs(String);

impl Predicate for TopicIs {
    fn test(&mut self, record: &Record) -> Result<bool> {
        Ok(record.topic == self.0.as_str())
    }
}

/// A connector with as many tasks as its setting `tasks` says.
#[derive(Default)]
struct ScriptedConnector {
    props: Props,
}

const SCRIPT: Key<String> = Key::new("script").default("count");
const TASKS: Key<i32> = Key::new("tasks").default("1");

#[async_trait]
impl Connector for ScriptedConnector {
    fn config(&self) -> ConfigDef {
        ConfigDef::new().with(&SCRIPT).with(&TASKS)
    }

    async fn start(&mut self, _context: ConnectorContext, props: &Props) -> Result<()> {
        match props.get("connector.script").map(String::as_str) {
            Some("fail") => return Err(Error::config("no way to start")),
            Some("panic") => panic!("cannot start"),
            _ => {}
        }
        self.props = props.clone();
        Ok(())
    }

    async fn task_props(&self, _max_tasks: usize) -> Result<Vec<Props>> {
        let tasks = self
            .props
            .get("tasks")
            .map_or(1, |text| text.parse().unwrap());
        Ok(vec![self.props.clone(); tasks])
    }

    async fn stop(&mut self) {}
}

/// A task that does what its setting `script` says:
///
/// - `count`: records `<prefix>0`, `<prefix>1`, … up to `records`, in batches;
/// - `poll-fail`, `poll-panic`: at the third poll;
/// - `poll-retriable`: the third poll fails for a passing reason;
/// - `hang`: the third poll never returns; `block`: it blocks its thread;
/// - `large`: the third batch has a record of `large.bytes`.
#[derive(Default)]
pub struct ScriptedTask {
    props: Props,
    next: u64,
    polls: u64,
    partition: Arc<OffsetMap>,
    committed: u64,
    context: Option<SourceTaskContext>,
}

struct Number;

impl SourcePosition for Number {
    fn offset(&self, number: u64) -> OffsetMap {
        OffsetMap::from_iter([("n".to_owned(), number.into())])
    }
}

impl ScriptedTask {
    fn number(&self, name: &str, default: u64) -> u64 {
        self.props
            .get(name)
            .map_or(default, |text| text.parse().unwrap())
    }

    fn record(&self, number: u64, value: String) -> SourceRecord {
        SourceRecord {
            record: Record {
                topic: self.props["topic"].as_str().into(),
                key: Value::from(number.to_string()),
                value: Value::from(value),
                ..Record::default()
            },
            source_partition: self.partition.clone(),
            source_offset: SourceOffset::Position(Arc::new(Number), number + 1),
        }
    }
}

#[async_trait]
impl SourceTask for ScriptedTask {
    async fn start(&mut self, context: SourceTaskContext, props: &Props) -> Result<()> {
        self.props = props.clone();
        if props
            .get("script")
            .is_some_and(|script| script == "start-fail")
        {
            return Err(Error::config("the task cannot start"));
        }
        let name = serde_json::Value::from(context.connector.clone());
        self.partition = Arc::new(OffsetMap::from_iter([("from".to_owned(), name)]));
        let stored = context.offsets.offset(&self.partition).await?;
        self.next = stored.map_or(0, |offset| offset["n"].as_u64().unwrap());
        self.committed = self.next;
        self.context = Some(context);
        Ok(())
    }

    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        self.polls += 1;
        let script = self.props.get("script").map_or("count", String::as_str);
        if self.polls == 3 {
            match script {
                "poll-fail" => return Err(Error::data("the source is broken")),
                "poll-panic" => panic!("the third poll"),
                "poll-retriable" => return Err(Error::retriable("the source is away")),
                "hang" => std::future::pending().await,
                "block" => std::thread::sleep(Duration::from_secs(3)),
                _ => {}
            }
        }
        let records = self.number("records", u64::MAX);
        if self.next >= records {
            tokio::time::sleep(wait.min(Duration::from_millis(5))).await;
            return Ok(Vec::new());
        }
        let end = records.min(self.next + self.number("batch", 10));
        let prefix = self.props.get("prefix").map_or("", String::as_str);
        let mut batch: Vec<SourceRecord> = (self.next..end)
            .map(|number| self.record(number, format!("{prefix}{number}")))
            .collect();
        if script == "large" && self.polls == 3 {
            let bytes = usize::try_from(self.number("large.bytes", 0)).unwrap();
            batch[0].record.value = Value::from("x".repeat(bytes));
        }
        self.next = end;
        tokio::time::sleep(Duration::from_millis(self.number("sleep.ms", 0))).await;
        Ok(batch)
    }

    async fn committed(&mut self, offsets: &[(Arc<OffsetMap>, OffsetMap)]) -> Result<()> {
        for (_, offset) in offsets {
            let stored = offset["n"].as_u64().unwrap();
            assert!(stored > self.committed && stored <= self.next);
            self.committed = stored;
        }
        Ok(())
    }

    async fn stop(&mut self) {}
}
