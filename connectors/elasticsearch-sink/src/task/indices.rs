//! Indices and mappings are made sure of once, before their first document.

use std::collections::HashMap;
use std::sync::Arc;

use connect_api::data::{ByteString, SchemaRef};
use connect_api::{Error, ErrorKind, Result};

use super::naming::{Kind, resource};
use crate::client::{Client, Server};
use crate::config::Settings;
use crate::mapping::mapping;

/// What is known of topics' resources.
#[derive(Debug)]
pub(super) struct Indices {
    cluster: Cluster,
    topics: HashMap<ByteString, Topic>,
    states: HashMap<ByteString, State>,
}

/// Where indices are.
#[derive(Debug)]
struct Cluster {
    client: Arc<Client>,
    server: Server,
    type_name: String,
}

/// What the records of one topic go by.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    pub(super) index: ByteString,
    kind: Kind,
    pub(super) ignores_key: bool,
    pub(super) ignores_schema: bool,
}

#[derive(Debug, Default)]
struct State {
    is_there: bool,
    has_mapping: bool,
    /// Why it cannot be made, or has no mapping by this schema: told to each
    /// record without asking again.
    refusal: Option<(Option<SchemaRef>, String)>,
}

impl Indices {
    pub(super) fn new(client: Arc<Client>, server: Server, type_name: &str) -> Self {
        Self {
            cluster: Cluster {
                client,
                server,
                type_name: type_name.to_owned(),
            },
            topics: HashMap::new(),
            states: HashMap::new(),
        }
    }

    /// The mapping type of bulk requests, where the server has types.
    pub(super) fn type_name(&self) -> Option<&str> {
        let cluster = &self.cluster;
        cluster.server.has_types().then_some(&*cluster.type_name)
    }

    /// What the records of `topic` go by.
    pub(super) fn topic(&mut self, settings: &Settings, topic: &ByteString) -> Result<Topic> {
        if let Some(known) = self.topics.get(topic) {
            return Ok(known.clone());
        }
        let Some(resource) = resource(&settings.resources, topic) else {
            return Err(Error::config(format!(
                "Topic '{topic}' is not mapped to any resource: topic.to.external.resource.mapping \
                 must map all topics"
            )));
        };
        let made = Topic {
            index: resource.name.into(),
            kind: resource.kind,
            ignores_key: settings.ignores_key(topic),
            ignores_schema: settings.ignores_schema(topic),
        };
        self.topics.insert(topic.clone(), made.clone());
        Ok(made)
    }

    /// Makes sure of the index and, by `schema`, of its mapping. An error of
    /// kind [`ErrorKind::Data`] is the record's.
    pub(super) async fn ensure(
        &mut self,
        topic: &Topic,
        schema: Option<&SchemaRef>,
        has_value: bool,
    ) -> Result<()> {
        let wants_mapping = has_value && !topic.ignores_schema;
        let state = self.states.entry(topic.index.clone()).or_default();
        if state.is_there && (state.has_mapping || !wants_mapping) {
            return Ok(());
        }
        if let Some((refused, reason)) = &state.refusal
            && same_schema(refused.as_ref(), schema)
        {
            return Err(Error::data(reason.clone()));
        }
        let made = self.cluster.make(topic, schema, wants_mapping, state).await;
        if let Err(error) = &made
            && error.kind() == ErrorKind::Data
        {
            state.refusal = Some((schema.cloned(), error.message().to_owned()));
        }
        made
    }
}

fn same_schema(left: Option<&SchemaRef>, right: Option<&SchemaRef>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        (None, None) => true,
        _ => false,
    }
}

impl Cluster {
    async fn make(
        &self,
        topic: &Topic,
        schema: Option<&SchemaRef>,
        wants_mapping: bool,
        state: &mut State,
    ) -> Result<()> {
        let index = &*topic.index;
        if !state.is_there {
            match topic.kind {
                Kind::Index => self.client.ensure_index(index).await?,
                Kind::DataStream => self.client.ensure_data_stream(index).await?,
                Kind::External => {}
            }
            state.is_there = true;
        }
        if wants_mapping {
            self.make_mapping(index, schema).await?;
            state.has_mapping = true;
        }
        Ok(())
    }

    /// Once only: an index that has a mapping, of a template or of an earlier
    /// record, keeps it.
    async fn make_mapping(&self, index: &str, schema: Option<&SchemaRef>) -> Result<()> {
        let (client, server, type_name) = (&self.client, &self.server, &*self.type_name);
        if client.has_mapping(server, index, type_name).await? {
            return Ok(());
        }
        let Some(schema) = schema else {
            return Err(Error::data(format!(
                "Cannot infer mapping without schema. {index} has no mapping, and the record has \
                 no schema to make one of: set schema.ignore=true, or use a converter with schemas"
            )));
        };
        let mapping = mapping(schema)?;
        let put = client.put_mapping(server, index, type_name, &mapping);
        put.await?;
        tracing::info!("created the mapping of {index}");
        Ok(())
    }
}
