//! From Connect's values to records: what is known of each schema and subject.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytestring::ByteString;
use connect_api::data::{SchemaCache, SchemaRef, Value};
use connect_api::{Error, ErrorKind, Result};

use super::anything;
use super::cache::Bounded;
use super::config::{DataOptions, Options};
use super::encode::{Plan, write_schemaless};
use super::from_connect::avro_schema;
use super::registry::Writer;
use super::schema::AvroSchema;
use super::schema_text::to_text;
use super::subject::Subject;
use crate::failure::Failure;

/// How long a refusal counts before the registry is asked again: with
/// errors.tolerance=all, every record of that schema would ask.
const REFUSAL_COUNTS: Duration = Duration::from_secs(5);

/// Before the schema's id.
pub(super) const MAGIC: u8 = 0;

#[derive(Debug)]
pub(super) struct Writing {
    /// By the identity of the Connect schema.
    schemas: SchemaCache<Known>,
    /// Of values without schema.
    schemaless: Vec<Target>,
    /// By subject and the schema's text.
    writers: Bounded<(String, String), Answer>,
    latest_ttl: Option<Duration>,
}

/// What is known of a Connect schema.
#[derive(Debug)]
struct Known {
    text: String,
    record: Option<String>,
    plan: Arc<Plan>,
    targets: Vec<Target>,
}

/// How the records of a schema begin in a topic.
#[derive(Debug)]
struct Target {
    topic: ByteString,
    header: [u8; 5],
    /// With the registry's schema; none for the own one.
    plan: Option<Arc<Plan>>,
    until: Option<Instant>,
}

#[derive(Debug)]
enum Answer {
    Writer(Writer, Option<Instant>),
    Refused(ErrorKind, String, Instant),
}

/// A subject and a schema's text that the registry must be asked about.
pub(super) type Question = (String, String);

impl Writing {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            schemas: SchemaCache::new(options.cache_size),
            schemaless: Vec::new(),
            writers: Bounded::new(options.max_ids.max(options.cache_size)),
            latest_ttl: options.latest_ttl,
        }
    }

    /// Appends a record, or says what the registry must be asked first.
    pub(super) fn write(
        &mut self,
        topic: &str,
        subject: &Subject,
        (schema, value): (Option<&SchemaRef>, &Value),
        options: &DataOptions,
        out: &mut Vec<u8>,
    ) -> Result<Option<Question>> {
        let Some(schema) = schema else {
            return self.write_schemaless(topic, subject, value, out);
        };
        let known = self.schemas.get_or_make(schema, |schema| {
            Known::new(schema, options).map_err(Failure::into_error)
        })?;
        if known.target(topic).is_none() {
            let name = named(subject, topic).name(known.record.as_deref())?;
            match settled(&mut self.writers, &name, &known.text)? {
                Some((writer, until)) => known.add(topic, writer, until, schema, options)?,
                None => return Ok(Some((name, known.text.clone()))),
            }
        }
        let Some(place) = known.target(topic) else {
            return Err(Error::internal("a schema's id was forgotten at once"));
        };
        let target = &known.targets[place];
        out.extend_from_slice(&target.header);
        let plan = target.plan.as_ref().unwrap_or(&known.plan);
        plan.write(out, value).map_err(Failure::into_error)?;
        Ok(None)
    }

    fn write_schemaless(
        &mut self,
        topic: &str,
        subject: &Subject,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Option<Question>> {
        let place = self.schemaless.iter().position(|t| t.topic == topic);
        let place = match place {
            Some(place) => place,
            None => {
                let name = named(subject, topic).name(Some(super::names::ANYTHING))?;
                let Some((writer, until)) = settled(&mut self.writers, &name, anything::SCHEMA)?
                else {
                    return Ok(Some((name, anything::SCHEMA.to_owned())));
                };
                self.schemaless
                    .push(Target::new(topic, writer.id, None, until));
                self.schemaless.len() - 1
            }
        };
        out.extend_from_slice(&self.schemaless[place].header);
        write_schemaless(out, value).map_err(Failure::into_error)?;
        Ok(None)
    }

    /// Keeps the registry's answer. A refusal comes back, now and for a while.
    pub(super) fn answered(
        &mut self,
        subject: &str,
        text: &str,
        answer: Result<Writer>,
    ) -> Result<()> {
        let key = (subject.to_owned(), text.to_owned());
        match answer {
            Ok(writer) => {
                // Only the latest schema of a subject ever becomes another.
                let until = writer.schema.as_ref().and(self.latest_ttl);
                let until = until.map(|ttl| Instant::now() + ttl);
                self.writers.insert(key, Answer::Writer(writer, until));
                Ok(())
            }
            Err(error) => {
                if !error.is_retriable() {
                    let until = Instant::now() + REFUSAL_COUNTS;
                    let refused = Answer::Refused(error.kind(), error.trace(), until);
                    self.writers.insert(key, refused);
                }
                Err(error)
            }
        }
    }
}

fn named(subject: &Subject, topic: &str) -> Subject {
    Subject {
        topic: topic.to_owned(),
        ..subject.clone()
    }
}

/// What the registry said, if it was asked and its answer still counts.
fn settled(
    writers: &mut Bounded<(String, String), Answer>,
    subject: &str,
    text: &str,
) -> Result<Option<(Writer, Option<Instant>)>> {
    let key = (subject.to_owned(), text.to_owned());
    let now = Instant::now();
    match writers.get(&key) {
        Some(Answer::Writer(writer, until)) if until.is_none_or(|until| now < until) => {
            Ok(Some((writer.clone(), *until)))
        }
        Some(Answer::Refused(kind, trace, until)) if now < *until => {
            Err(Error::new(*kind, trace.clone()))
        }
        Some(_) => {
            writers.remove(&key);
            Ok(None)
        }
        None => Ok(None),
    }
}

impl Known {
    fn new(schema: &SchemaRef, options: &DataOptions) -> Result<Self, Failure> {
        let avro: AvroSchema = avro_schema(schema, options)?;
        Ok(Self {
            text: to_text(&avro),
            record: avro.root_name(),
            plan: Arc::new(Plan::new(schema, &avro, options)?),
            targets: Vec::new(),
        })
    }

    /// The place of the topic's target, if it is known and still counts.
    fn target(&mut self, topic: &str) -> Option<usize> {
        let place = self.targets.iter().position(|t| t.topic == topic)?;
        let is_over = |until: Instant| until <= Instant::now();
        if self.targets[place].until.is_some_and(is_over) {
            self.targets.swap_remove(place);
            return None;
        }
        Some(place)
    }

    fn add(
        &mut self,
        topic: &str,
        writer: Writer,
        until: Option<Instant>,
        schema: &SchemaRef,
        options: &DataOptions,
    ) -> Result<()> {
        let plan = match &writer.schema {
            None => None,
            Some(avro) => {
                let plan = Plan::new(schema, avro, options).map_err(Failure::into_error)?;
                Some(Arc::new(plan))
            }
        };
        self.targets
            .push(Target::new(topic, writer.id, plan, until));
        Ok(())
    }
}

impl Target {
    fn new(topic: &str, id: u32, plan: Option<Arc<Plan>>, until: Option<Instant>) -> Self {
        let [a, b, c, d] = id.to_be_bytes();
        Self {
            topic: topic.into(),
            header: [MAGIC, a, b, c, d],
            plan,
            until,
        }
    }
}
