//! `io.debezium.transforms.ExtractNewRecordState`: the row in place of the
//! event around it. Under its old class name `UnwrapFromEnvelope` it does what
//! Debezium 1.0 did: its defaults and its rows' schemas.
//!
//! Records that are no events (heartbeats, schema changes, transactions) pass
//! as they are.

mod config;
mod drop_fields;
mod plan;
mod reference;

use bytestring::ByteString;
use connect_api::data::{Schema, SchemaCache, SchemaRef, Struct, Type, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::{PluginClass, TransformationPlugin};
use connect_api::{Error, Props, Result};

use self::config::{OnDelete, Options};
use self::drop_fields::FieldDropper;
use self::plan::{Additions, Plan};
use crate::DEBEZIUM_VERSION;
use crate::record_part::not_a_struct;

pub(crate) const PLUGIN: TransformationPlugin = TransformationPlugin {
    name: PluginClass {
        class: "io.debezium.transforms.ExtractNewRecordState",
        other_classes: &[],
        version: DEBEZIUM_VERSION,
    },
    config: config::config_def,
    create: |props| Ok(Box::new(ExtractNewRecordState::new(props, false)?)),
};

pub(crate) const OLD_PLUGIN: TransformationPlugin = TransformationPlugin {
    name: PluginClass {
        class: "io.debezium.transforms.UnwrapFromEnvelope",
        other_classes: &[],
        version: DEBEZIUM_VERSION,
    },
    config: config::full_config_def,
    create: |props| {
        tracing::warn!(
            "UnwrapFromEnvelope is an old class name: use io.debezium.transforms.ExtractNewRecordState, \
             which keeps deletes as null values unless 'delete.tombstone.handling.mode' says drop"
        );
        Ok(Box::new(ExtractNewRecordState::new(props, true)?))
    },
};

/// The header of 1.0's `operation.header`.
const OLD_OPERATION_HEADER: &str = "__debezium-operation";

#[derive(Debug)]
struct ExtractNewRecordState {
    options: Options,
    /// None for schemas that are no envelopes.
    plans: SchemaCache<Option<Plan>>,
    dropper: FieldDropper,
    string: SchemaRef,
}

impl ExtractNewRecordState {
    fn new(props: &Props, is_old_class: bool) -> Result<Self> {
        Ok(Self {
            options: Options::parse(props, is_old_class)?,
            plans: SchemaCache::new(256),
            dropper: FieldDropper::new(),
            string: Schema::required(Type::String),
        })
    }

    fn tombstone(&self, record: &mut Record) -> Outcome {
        if !self.options.keep_tombstones {
            return Outcome::Drop;
        }
        for reference in &self.options.headers {
            if reference.field == "op" {
                let schema = Some(self.string.clone());
                record
                    .headers
                    .add(reference.new_name.clone(), schema, "d".into());
            }
        }
        if self.options.operation_header {
            let schema = Some(self.string.clone());
            // 1.0 writes the name here and the code for events.
            record
                .headers
                .add(OLD_OPERATION_HEADER, schema, "DELETE".into());
        }
        Outcome::Keep
    }
}

impl Transformation for ExtractNewRecordState {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        if record.value.is_null() {
            return Ok(self.tombstone(record));
        }
        let options = &self.options;
        let Some(schema) = &record.value_schema else {
            return Ok(Outcome::Keep);
        };
        let plan = self
            .plans
            .get_or_make(schema, |schema| Plan::new(schema, options))?;
        let Some(plan) = plan else {
            return Ok(Outcome::Keep);
        };
        let event = match std::mem::take(&mut record.value) {
            Value::Struct(event) => event.into_values(),
            other => return Err(not_a_struct("source field insertion", &other)),
        };
        let mut unwrapping = Unwrapping {
            options,
            plan,
            dropper: &mut self.dropper,
            event,
        };
        unwrapping.add_headers(record, &self.string);
        unwrapping.unwrap(record)
    }
}

/// One event on its way to a row.
struct Unwrapping<'t> {
    options: &'t Options,
    plan: &'t mut Plan,
    dropper: &'t mut FieldDropper,
    /// The event's fields by position.
    event: Vec<Value>,
}

impl Unwrapping<'_> {
    fn add_headers(&self, record: &mut Record, string: &SchemaRef) {
        for (source, schema) in &self.plan.headers {
            let value = source.value(&self.event);
            record
                .headers
                .add(source.new_name.clone(), Some(schema.clone()), value);
        }
        if !self.options.operation_header {
            return;
        }
        let operation = self.plan.operation.map(|position| &self.event[position]);
        match operation {
            Some(Value::String(code)) if matches!(&**code, "r" | "c" | "u" | "d") => {
                let value = Value::String(code.clone());
                record
                    .headers
                    .add(OLD_OPERATION_HEADER, Some(string.clone()), value);
            }
            other => tracing::warn!(
                operation = ?other,
                "unknown operation: the header {OLD_OPERATION_HEADER} is left out"
            ),
        }
    }

    fn unwrap(&mut self, record: &mut Record) -> Result<Outcome> {
        if let Some(row) = self.take_row(self.plan.after)? {
            self.keep_row(record, row)?;
            return Ok(Outcome::Keep);
        }
        match self.take_row(self.plan.before)? {
            // A truncate event has neither row.
            None => Ok(Outcome::Drop),
            Some(row) => self.delete(record, row),
        }
    }

    fn take_row(&mut self, position: usize) -> Result<Option<Struct>> {
        let field = &mut self.event[position];
        let value = if self.plan.reads_rows {
            field.clone()
        } else {
            std::mem::take(field)
        };
        match value {
            Value::Null => Ok(None),
            Value::Struct(row) => Ok(Some(row)),
            other => Err(not_a_struct("source field insertion", &other)),
        }
    }

    /// An insert, an update or a row of a snapshot.
    fn keep_row(&mut self, record: &mut Record, row: Struct) -> Result<()> {
        self.route(record, &row)?;
        self.set_row(record, row, false, Additions::All)?;
        match &self.options.drop_fields {
            Some(settings) => self.dropper.apply(record, settings),
            None => Ok(()),
        }
    }

    fn delete(&mut self, record: &mut Record, row: Struct) -> Result<Outcome> {
        match self.options.on_delete {
            OnDelete::Drop => return Ok(Outcome::Drop),
            OnDelete::Null | OnDelete::Tombstone => {
                self.route(record, &row)?;
                record.value = Value::Null;
                record.value_schema = (self.options.on_delete == OnDelete::Null)
                    .then(|| self.plan.row_schema.clone());
                // The key may lose fields all the same.
                if let Some(settings) = &self.options.drop_fields {
                    self.dropper.apply(record, settings)?;
                }
            }
            OnDelete::Rewrite => {
                self.route(record, &row)?;
                let Some(settings) = &self.options.drop_fields else {
                    self.set_row(record, row, true, Additions::All)?;
                    return Ok(Outcome::Keep);
                };
                self.set_row(record, row, true, Additions::First)?;
                self.dropper.apply(record, settings)?;
                if let Value::Struct(row) = std::mem::take(&mut record.value) {
                    self.set_row(record, row, true, Additions::Second)?;
                }
            }
        }
        Ok(Outcome::Keep)
    }

    fn set_row(
        &mut self,
        record: &mut Record,
        row: Struct,
        is_deleted: bool,
        additions: Additions,
    ) -> Result<()> {
        let row = self
            .plan
            .extend(row, &self.event, is_deleted, additions, self.options)?;
        record.value_schema = Some(row.schema().clone());
        record.value = Value::Struct(row);
        Ok(())
    }

    /// Takes the topic from a column; a null or blank one changes nothing.
    fn route(&self, record: &mut Record, row: &Struct) -> Result<()> {
        let Some(field) = &self.options.route_by_field else {
            return Ok(());
        };
        let invalid = |reason: &str| {
            Err(
                Error::data(format!("{field} is not a valid field name: {reason}"))
                    .with("setting", "route.by.field"),
            )
        };
        match row.get(field) {
            None => invalid("the row has no such field"),
            Some(Value::Null) => Ok(()),
            Some(Value::String(topic)) if topic.trim().is_empty() => Ok(()),
            Some(Value::String(topic)) => {
                record.topic = ByteString::clone(topic);
                Ok(())
            }
            Some(_) => invalid("the field is not of type STRING"),
        }
    }
}
