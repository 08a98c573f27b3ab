//! The task: names each record's index and document, and hands it to the bulk
//! processor.

mod identity;
mod indices;
mod naming;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connect_api::plugin::{PartitionOffsets, SinkTask, SinkTaskContext};
use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::{Error, ErrorKind, Props, Result};

use crate::bulk::{Action, BulkProcessor, Target};
use crate::client::Client;
use crate::config::{OnMalformed, OnNull, Settings, WriteMethod};
use crate::document::{DocumentWriter, TimestampSource, is_object};
use identity::{id_by_key, id_by_offset, version_of_header};
use indices::{Indices, Topic};

/// How long a commit waits for what is under way unless it is to wait for all
/// of it: long enough for a server that is well.
const SHORT_FLUSH: Duration = Duration::from_secs(5);

/// `min(max.in.flight.requests, 5)` of the original.
const MOST_RETRIES_ON_CONFLICT: usize = 5;

#[derive(Default)]
pub(crate) struct ElasticsearchSinkTask {
    running: Option<Running>,
}

struct Running {
    settings: Settings,
    context: SinkTaskContext,
    indices: Indices,
    processor: BulkProcessor,
    writer: DocumentWriter,
    /// The id of the record at hand.
    id: String,
}

/// What a record that is not written means.
enum Outcome {
    Written {
        has_room: bool,
    },
    /// Nothing is to be done for it.
    Ignored,
}

#[async_trait]
impl SinkTask for ElasticsearchSinkTask {
    async fn start(&mut self, context: SinkTaskContext, props: &Props) -> Result<()> {
        let settings = Settings::parse(props)?;
        let client = Arc::new(Client::new(&settings, context.cancelled.clone())?);
        let asking = client.server();
        let server = tokio::select! {
            server = asking => server?,
            () = context.cancelled.cancelled() => {
                return Err(Error::new(ErrorKind::Stopped, "the task is being stopped"));
            }
        };
        if let Some(reason) = server.unsupported() {
            return Err(Error::config(reason));
        }
        if settings.resources.are_data_streams() && !server.has_data_streams() {
            return Err(Error::config(format!(
                "{server} has no data streams: version 7.9 or later is needed"
            )));
        }
        tracing::info!("writing to {server}");
        self.running = Some(Running {
            processor: BulkProcessor::new(
                &settings,
                Arc::clone(&client),
                Arc::clone(&context.reporter),
                context.cancelled.clone(),
            ),
            indices: Indices::new(client, server, &settings.type_name),
            writer: DocumentWriter::new(settings.compact_map_entries),
            id: String::new(),
            context,
            settings,
        });
        Ok(())
    }

    async fn open(&mut self, partitions: &[TopicPartition]) -> Result<PartitionOffsets> {
        let running = self.running()?;
        if running.settings.create_at_start {
            running.create_indices(partitions).await?;
        }
        Ok(PartitionOffsets::new())
    }

    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        self.running()?.put(records).await
    }

    async fn pre_commit(&mut self, mut put: PartitionOffsets) -> Result<PartitionOffsets> {
        let running = self.running()?;
        let settings = &running.settings;
        let wait = if settings.flush_synchronously {
            settings.flush_timeout
        } else {
            SHORT_FLUSH.min(settings.flush_timeout)
        };
        let is_flushed = running.processor.flush(wait).await?;
        if !is_flushed && settings.flush_synchronously {
            return Err(Error::retriable(format!(
                "not all records were written within {wait:?} (flush.timeout.ms)"
            )));
        }
        running.processor.lower(&mut put)?;
        Ok(put)
    }

    async fn close(&mut self, partitions: &[TopicPartition]) {
        if let Some(running) = &self.running {
            running.processor.forget(partitions);
        }
    }

    async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.processor.stop();
        }
    }
}

impl ElasticsearchSinkTask {
    fn running(&mut self) -> Result<&mut Running> {
        self.running
            .as_mut()
            .ok_or_else(|| Error::internal("the task was used before its start"))
    }
}

impl Running {
    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        self.processor.begin(records)?;
        for record in records {
            match self.write(record).await {
                Ok(Outcome::Written { has_room: false }) => self.processor.make_room().await?,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Data => self.invalid(record, error)?,
                Err(error) => return Err(error.while_doing(describe("writing", record))),
            }
        }
        self.processor.linger();
        Ok(())
    }

    async fn write(&mut self, record: &SinkRecord) -> Result<Outcome> {
        let topic = self.indices.topic(&self.settings, &record.record.topic)?;
        let has_value = !record.record.value.is_null();
        if !has_value && self.ignores_null(record, &topic)? {
            return Ok(Outcome::Ignored);
        }
        let schema = record.record.value_schema.as_ref();
        self.indices.ensure(&topic, schema, has_value).await?;
        if has_value && !is_object(&record.record.value) {
            return self.no_object(record);
        }
        let has_room = self.add(record, &topic)?;
        Ok(Outcome::Written { has_room })
    }

    /// What `behavior.on.null.values` says of a record without a value: true to
    /// ignore it, false to delete its document.
    fn ignores_null(&self, record: &SinkRecord, topic: &Topic) -> Result<bool> {
        match self.settings.on_null {
            OnNull::Ignore => Ok(true),
            // Without a key, or with an id that no other record has, there is
            // no document to delete.
            OnNull::Delete => Ok(record.record.key.is_null() || topic.ignores_key),
            OnNull::Fail => Err(Error::data(
                "the record has a null value (to ignore future records like this change the \
                 configuration property 'behavior.on.null.values' from 'FAIL' to 'IGNORE')",
            )),
        }
    }

    fn add(&mut self, record: &SinkRecord, topic: &Topic) -> Result<bool> {
        let settings = &self.settings;
        let is_data_stream = settings.resources.are_data_streams();
        let action = match (record.record.value.is_null(), settings.write_method) {
            (true, _) => Action::Delete,
            (false, WriteMethod::Upsert) => Action::Update {
                retries_on_conflict: settings.max_in_flight.min(MOST_RETRIES_ON_CONFLICT),
            },
            (false, WriteMethod::Insert) if is_data_stream => Action::Create,
            (false, WriteMethod::Insert) => Action::Index,
        };
        if topic.ignores_key {
            id_by_offset(record, &mut self.id);
        } else {
            id_by_key(record, &mut self.id)?;
        }
        // Changes have no version of their own, so deletes among them have none.
        let is_versioned =
            !topic.ignores_key && !is_data_stream && settings.write_method == WriteMethod::Insert;
        let version = match &settings.version_header {
            Some(header) if is_versioned => Some(version_of_header(record, header)?),
            None if is_versioned => Some(record.offset),
            _ => None,
        };
        let target = Target {
            action,
            index: &topic.index,
            type_name: self.indices.type_name(),
            id: (!settings.generates_ids()).then_some(&*self.id),
            version,
        };
        let source = TimestampSource {
            schema: record.record.value_schema.as_ref(),
            value: &record.record.value,
            ignores_schema: topic.ignores_schema,
            timestamp: record.record.timestamp,
            fields: settings.resources.timestamp_fields(),
        };
        let writer = &mut self.writer;
        self.processor.add(record, &target, |out| {
            let start = out.len();
            writer.write(out, source.schema, source.value, source.ignores_schema)?;
            if is_data_stream {
                writer.add_timestamp(out, start, &source)?;
            }
            Ok(())
        })
    }

    /// Elasticsearch takes objects only, and says so in many ways: such a
    /// document is a malformed one.
    fn no_object(&self, record: &SinkRecord) -> Result<Outcome> {
        let kind = record.record.value.kind();
        let error = Error::data(format!(
            "the value is of type {}: a document must be a JSON object. Put it in a field by the \
             transformation org.apache.kafka.connect.transforms.HoistField$Value, or use a \
             converter that reads objects",
            kind.map_or("null", connect_api::data::Type::name)
        ));
        match self.settings.on_malformed {
            OnMalformed::Fail => return Err(error),
            OnMalformed::Warn => tracing::warn!("{}: {error}", describe("ignoring", record)),
            OnMalformed::Ignore => tracing::debug!("{}: {error}", describe("ignoring", record)),
        }
        self.report_only(record, error);
        Ok(Outcome::Ignored)
    }

    /// A record that cannot become a document, or has no index to go to.
    fn invalid(&self, record: &SinkRecord, error: Error) -> Result<()> {
        let error = error
            .with("topic", &record.origin.topic)
            .with("partition", record.origin.partition)
            .with("offset", record.offset);
        if self.settings.drop_invalid {
            tracing::error!("dropping a record (drop.invalid.message): {error}");
            self.report_only(record, error);
            return Ok(());
        }
        self.context.reporter.report(record, error)
    }

    /// For the dead letter queue and the log; the task goes on in any case.
    fn report_only(&self, record: &SinkRecord, error: Error) {
        if let Err(error) = self.context.reporter.report(record, error) {
            tracing::debug!("errors are not tolerated: {error}");
        }
    }

    async fn create_indices(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        for partition in partitions {
            let topic = self.indices.topic(&self.settings, &partition.topic)?;
            let made = self.indices.ensure(&topic, None, false);
            made.await?;
        }
        Ok(())
    }
}

fn describe(doing: &str, record: &SinkRecord) -> String {
    format!(
        "{doing} record from topic={} partition={} offset={}",
        record.origin.topic, record.origin.partition, record.offset
    )
}
