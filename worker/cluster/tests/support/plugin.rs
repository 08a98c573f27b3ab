//! A source whose behaviour a test decides by its configuration, and a
//! converter for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use connect_api::config::{Check, ConfigDef, Key};
use connect_api::data::{SchemaRef, Value};
use connect_api::plugin::{
    Connector, ConnectorContext, Converted, Converter, HeaderConverter, SourceTask,
    SourceTaskContext,
};
use connect_api::record::{OffsetMap, Record, SourceOffset, SourceRecord};
use connect_api::registry::{
    ConnectorPlugin, ConverterPlugin, HeaderConverterPlugin, PluginClass, Plugins, TaskFactory,
};
use connect_api::{Error, Props, Result};

const TOPIC: Key<String> = Key::new("topic").check(Check::NonEmpty);
/// How many tasks it plans.
const TASKS: Key<i32> = Key::new("tasks").default("1");
/// How many records each task has.
const RECORDS: Key<i32> = Key::new("records").default("3");
/// `no`, `start` (fails), `hang` (never starts), `task` (its tasks fail), `broken` (they do, for a
/// cause that does not pass), `away` (they do while [`set_away`] says so), `start-away` (it does),
/// `block` (polls block their thread meanwhile).
const TROUBLE: Key<String> = Key::new("trouble").default("no");
const PASSWORD: Key<String> = Key::new("password").default("");

fn config() -> ConfigDef {
    ConfigDef::new()
        .with(&TOPIC)
        .with(&TASKS)
        .with(&RECORDS)
        .with(&TROUBLE)
        .with(&PASSWORD)
}

static AWAY: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Whether the source of the connector with this topic can be reached.
pub fn set_away(config: &Props, is_away: bool) {
    let topic = config["topic"].clone();
    let mut away = AWAY.lock().unwrap();
    match is_away {
        true => away.insert(topic),
        false => away.remove(&topic),
    };
}

fn is_away(topic: &str) -> bool {
    AWAY.lock().unwrap().contains(topic)
}

static STOPPED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Whether the connector with this topic was told to stop.
pub fn has_stopped(config: &Props) -> bool {
    STOPPED.lock().unwrap().contains(&config["topic"])
}

#[derive(Default)]
struct TestSource {
    props: Props,
}

#[async_trait]
impl Connector for TestSource {
    fn config(&self) -> ConfigDef {
        config()
    }

    async fn start(&mut self, _context: ConnectorContext, props: &Props) -> Result<()> {
        self.props = props.clone();
        match config().parse(props)?.get(&TROUBLE)?.as_str() {
            "start" => Err(Error::retriable("the source is not there")),
            "start-away" if is_away(&props["topic"]) => Err(Error::retriable("the source is away")),
            "hang" => std::future::pending().await,
            _ => Ok(()),
        }
    }

    async fn task_props(&self, max_tasks: usize) -> Result<Vec<Props>> {
        let wanted: i32 = config().parse(&self.props)?.get(&TASKS)?;
        let count = usize::try_from(wanted).unwrap().min(max_tasks);
        let task = |number: usize| {
            let mut props = self.props.clone();
            props.insert("number".to_owned(), number.to_string());
            props
        };
        Ok((0..count).map(task).collect())
    }

    async fn stop(&mut self) {
        STOPPED.lock().unwrap().insert(self.props["topic"].clone());
    }

    fn check_offsets(&self, offsets: &[(OffsetMap, Option<OffsetMap>)]) -> Result<()> {
        let bad = |offset: &OffsetMap| !offset.get("n").is_some_and(serde_json::Value::is_i64);
        if offsets.iter().flat_map(|(_, offset)| offset).any(bad) {
            return Err(Error::data("the offset's 'n' is not a number"));
        }
        Ok(())
    }
}

#[derive(Default)]
struct TestTask {
    topic: String,
    trouble: String,
    partition: Arc<OffsetMap>,
    next: i64,
    end: i64,
}

#[async_trait]
impl SourceTask for TestTask {
    async fn start(&mut self, context: SourceTaskContext, props: &Props) -> Result<()> {
        let settings = config().parse(props)?;
        self.topic = settings.get(&TOPIC)?;
        self.trouble = settings.get(&TROUBLE)?;
        match self.trouble.as_str() {
            "task" => return Err(Error::retriable("the table is gone")),
            "broken" => return Err(Error::data("the table is odd")),
            "away" if is_away(&self.topic) => return Err(Error::retriable("the source is away")),
            _ => {}
        }
        self.end = settings.get(&RECORDS)?.into();
        let number: i64 = props["number"].parse().unwrap();
        let partition = OffsetMap::from_iter([("task".to_owned(), number.into())]);
        self.partition = Arc::new(partition);
        let stored = context.offsets.offset(&self.partition).await?;
        self.next = stored.map_or(0, |offset| offset["n"].as_i64().unwrap());
        Ok(())
    }

    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        while self.trouble == "block" && is_away(&self.topic) {
            std::thread::sleep(Duration::from_millis(10));
        }
        if self.next >= self.end {
            tokio::time::sleep(wait.min(Duration::from_millis(50))).await;
            return Ok(Vec::new());
        }
        let mut records = Vec::new();
        while self.next < self.end {
            self.next += 1;
            let offset = OffsetMap::from_iter([("n".to_owned(), self.next.into())]);
            let record = Record {
                topic: self.topic.as_str().into(),
                value: Value::from(self.next.to_string()),
                ..Record::default()
            };
            records.push(SourceRecord {
                record,
                source_partition: Arc::clone(&self.partition),
                source_offset: SourceOffset::Map(Arc::new(offset)),
            });
        }
        Ok(records)
    }

    async fn stop(&mut self) {}
}

struct TextConverter;

#[async_trait]
impl Converter for TextConverter {
    fn serialize(
        &mut self,
        _topic: &str,
        _schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        match value.as_str() {
            Some(text) => {
                out.extend(text.as_bytes());
                Ok(Converted::Bytes)
            }
            None => Ok(Converted::Null),
        }
    }

    fn deserialize(
        &mut self,
        _topic: &str,
        _bytes: Option<&Bytes>,
    ) -> Result<Option<(Option<SchemaRef>, Value)>> {
        Err(Error::internal("this test reads nothing"))
    }
}

impl HeaderConverter for TextConverter {
    fn serialize(
        &mut self,
        _topic: &str,
        _key: &str,
        _schema: Option<&SchemaRef>,
        _value: &Value,
        _out: &mut Vec<u8>,
    ) -> Result<Converted> {
        Ok(Converted::Null)
    }

    fn deserialize(
        &mut self,
        _topic: &str,
        _key: &str,
        _bytes: Option<&Bytes>,
    ) -> Result<(Option<SchemaRef>, Value)> {
        Err(Error::internal("this test reads nothing"))
    }
}

fn name(class: &'static str) -> PluginClass {
    PluginClass {
        class,
        other_classes: &[],
        version: "1.2.3",
    }
}

pub fn plugins() -> Arc<Plugins> {
    let mut plugins = Plugins::default();
    plugins.connectors.push(ConnectorPlugin {
        name: name("org.example.TestSourceConnector"),
        task_class: "org.example.TestSourceTask",
        create: || Box::new(TestSource::default()),
        task: TaskFactory::Source(|| Box::new(TestTask::default())),
    });
    plugins.converters.push(ConverterPlugin {
        name: name("org.example.TextConverter"),
        config: ConfigDef::new,
        create: |_, _| Ok(Box::new(TextConverter)),
    });
    plugins.header_converters.push(HeaderConverterPlugin {
        name: name("org.apache.kafka.connect.storage.SimpleHeaderConverter"),
        config: ConfigDef::new,
        create: |_| Ok(Box::new(TextConverter)),
    });
    Arc::new(plugins)
}
