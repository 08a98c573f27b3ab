//! What the keys mean, parsed.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use connect_api::config::{Key, Secret};
use connect_api::{Error, Props, Result};
use reqwest::Url;

use super::keys::{self, definition};
use super::tls::Tls;
use super::validate;

/// What the task and its client go by.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) urls: Vec<Url>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) proxy: Option<Proxy>,
    /// With `elastic.security.protocol=SSL`; the system's defaults otherwise.
    pub(crate) tls: Option<Tls>,
    pub(crate) compression: bool,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) retries: Retries,
    pub(crate) batch_size: usize,
    pub(crate) bulk_bytes: usize,
    pub(crate) max_in_flight: usize,
    pub(crate) max_buffered: usize,
    pub(crate) linger: Duration,
    pub(crate) flush_timeout: Duration,
    /// How long a record may wait for room; as long as it takes otherwise.
    pub(crate) room_timeout: Option<Duration>,
    pub(crate) flush_synchronously: bool,
    pub(crate) key_ignore: bool,
    pub(crate) key_ignore_topics: HashSet<String>,
    pub(crate) schema_ignore: bool,
    pub(crate) schema_ignore_topics: HashSet<String>,
    pub(crate) compact_map_entries: bool,
    pub(crate) drop_invalid: bool,
    pub(crate) on_null: OnNull,
    pub(crate) on_malformed: OnMalformed,
    pub(crate) version_header: Option<String>,
    pub(crate) write_method: WriteMethod,
    pub(crate) generated_ids: bool,
    pub(crate) type_name: String,
    pub(crate) resources: Resources,
    pub(crate) create_at_start: bool,
}

/// How requests are authorised.
#[derive(Debug, Clone)]
pub(crate) enum Credentials {
    Basic(String, Secret),
    ApiKey(Secret),
}

/// An HTTP proxy.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) credentials: Option<(String, Secret)>,
}

/// How often to try again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retries {
    /// How often at most.
    pub(crate) max: u32,
    /// True if the user gave the limit: then it holds for outages too.
    pub(crate) limits_outages: bool,
    /// The pause before the first one.
    pub(crate) backoff: Duration,
}

/// `behavior.on.null.values`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnNull {
    Ignore,
    Delete,
    Fail,
}

/// `behavior.on.malformed.documents`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnMalformed {
    Ignore,
    Warn,
    Fail,
}

/// `write.method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteMethod {
    Insert,
    Upsert,
}

/// Where a topic's documents go.
#[derive(Debug, Clone)]
pub(crate) enum Resources {
    /// An index named after the topic, or as `topic.index.map` says; created.
    Indices(HashMap<String, String>),
    /// A data stream named after the topic; created.
    DataStreams(DataStream),
    /// What is there: indices, data streams or their aliases.
    External {
        /// `topic.to.external.resource.mapping`.
        topics: HashMap<String, String>,
        /// True if they are data streams.
        data_streams: bool,
        /// True if they are aliases.
        aliases: bool,
        /// `data.stream.timestamp.field`.
        timestamp_fields: Vec<String>,
    },
}

/// The parts of a data stream's name, and its `@timestamp`.
#[derive(Debug, Clone)]
pub(crate) struct DataStream {
    pub(crate) kind: String,
    pub(crate) dataset: String,
    pub(crate) namespace: String,
    pub(crate) timestamp_fields: Vec<String>,
}

impl Settings {
    /// Parses a configuration; all errors at once.
    pub(crate) fn parse(props: &Props) -> Result<Self> {
        let settings = definition().parse(props)?;
        let errors = validate::together(&settings)?;
        if !errors.is_empty() {
            let mut lines: Vec<String> = errors.into_iter().map(|(_, text)| text).collect();
            lines.dedup();
            return Err(Error::config(lines.join("\n")));
        }
        let get = Parsed(&settings);
        let flush_timeout = get.millis(&keys::FLUSH_TIMEOUT_MS)?;
        Ok(Self {
            urls: urls(&settings.get(&keys::CONNECTION_URL)?)?,
            credentials: credentials(&settings)?,
            proxy: proxy(&settings)?,
            tls: Tls::from_settings(&settings)?,
            compression: settings.get(&keys::CONNECTION_COMPRESSION)?,
            connect_timeout: get.timeout(&keys::CONNECTION_TIMEOUT_MS)?,
            read_timeout: get.timeout(&keys::READ_TIMEOUT_MS)?,
            idle_timeout: get.timeout(&keys::MAX_CONNECTION_IDLE_TIME_MS)?,
            retries: Retries {
                max: u32::try_from(settings.get(&keys::MAX_RETRIES)?).unwrap_or(0),
                limits_outages: props.contains_key(keys::MAX_RETRIES.name()),
                backoff: get.millis(&keys::RETRY_BACKOFF_MS)?,
            },
            batch_size: get.size(&keys::BATCH_SIZE)?,
            // −1 is no limit.
            bulk_bytes: usize::try_from(settings.get(&keys::BULK_SIZE_BYTES)?)
                .unwrap_or(usize::MAX),
            max_in_flight: get.size(&keys::MAX_IN_FLIGHT_REQUESTS)?,
            max_buffered: get.size(&keys::MAX_BUFFERED_RECORDS)?,
            linger: get.millis(&keys::LINGER_MS)?,
            flush_timeout,
            room_timeout: props
                .contains_key(keys::FLUSH_TIMEOUT_MS.name())
                .then_some(flush_timeout),
            flush_synchronously: settings.get(&keys::FLUSH_SYNCHRONOUSLY)?,
            key_ignore: settings.get(&keys::KEY_IGNORE)?,
            key_ignore_topics: get.set(&keys::TOPIC_KEY_IGNORE)?,
            schema_ignore: settings.get(&keys::SCHEMA_IGNORE)?,
            schema_ignore_topics: get.set(&keys::TOPIC_SCHEMA_IGNORE)?,
            compact_map_entries: settings.get(&keys::COMPACT_MAP_ENTRIES)?,
            drop_invalid: settings.get(&keys::DROP_INVALID_MESSAGE)?,
            on_null: on_null(&settings)?,
            on_malformed: match get.word(&keys::BEHAVIOR_ON_MALFORMED_DOCUMENTS)?.as_str() {
                "IGNORE" => OnMalformed::Ignore,
                "WARN" => OnMalformed::Warn,
                _ => OnMalformed::Fail,
            },
            version_header: Some(settings.get(&keys::EXTERNAL_VERSION_HEADER)?)
                .filter(|name| !name.is_empty()),
            write_method: write_method(&settings)?,
            generated_ids: settings.get(&keys::USE_AUTOGENERATED_IDS)?,
            type_name: settings
                .get(&keys::TYPE_NAME)?
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "_doc".to_owned()),
            resources: resources(&settings)?,
            create_at_start: settings.get(&keys::AUTO_CREATE_INDICES_AT_START)?,
        })
    }

    /// `shouldIgnoreKey`.
    pub(crate) fn ignores_key(&self, topic: &str) -> bool {
        self.key_ignore || self.generates_ids() || self.key_ignore_topics.contains(topic)
    }

    /// True if Elasticsearch makes the ids.
    pub(crate) fn generates_ids(&self) -> bool {
        self.generated_ids && self.write_method == WriteMethod::Insert
    }

    /// `shouldIgnoreSchema`.
    pub(crate) fn ignores_schema(&self, topic: &str) -> bool {
        self.schema_ignore || self.schema_ignore_topics.contains(topic)
    }
}

impl Resources {
    /// True if documents go to data streams.
    pub(crate) fn are_data_streams(&self) -> bool {
        match self {
            Resources::Indices(_) => false,
            Resources::DataStreams(_) => true,
            Resources::External { data_streams, .. } => *data_streams,
        }
    }

    /// `data.stream.timestamp.field`.
    pub(crate) fn timestamp_fields(&self) -> &[String] {
        match self {
            Resources::Indices(_) => &[],
            Resources::DataStreams(stream) => &stream.timestamp_fields,
            Resources::External {
                timestamp_fields, ..
            } => timestamp_fields,
        }
    }
}

/// Parsed settings in the types that are wanted of them.
struct Parsed<'s>(&'s connect_api::config::Settings);

impl Parsed<'_> {
    fn millis(&self, key: &Key<i64>) -> Result<Duration> {
        let millis = self.0.get(key)?;
        Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
    }

    /// None for no limit: 0 or −1.
    fn timeout(&self, key: &Key<i32>) -> Result<Option<Duration>> {
        let millis = u64::try_from(self.0.get(key)?).unwrap_or(0);
        Ok((millis > 0).then(|| Duration::from_millis(millis)))
    }

    fn size(&self, key: &Key<i32>) -> Result<usize> {
        Ok(usize::try_from(self.0.get(key)?).unwrap_or(1))
    }

    fn set(&self, key: &Key<Vec<String>>) -> Result<HashSet<String>> {
        Ok(self.0.get(key)?.into_iter().collect())
    }

    fn word(&self, key: &Key<String>) -> Result<String> {
        Ok(self.0.get(key)?.to_ascii_uppercase())
    }
}

fn urls(list: &[String]) -> Result<Vec<Url>> {
    let given = list.iter().filter(|url| !url.is_empty());
    let mut urls = Vec::new();
    for text in given {
        urls.push(crate::client::parse_url(text).map_err(Error::config)?);
    }
    // `connectionUrls`: one scheme for all.
    if urls.iter().any(|url| url.scheme() == "https") {
        for url in &mut urls {
            url.set_scheme("https")
                .map_err(|()| Error::internal(format!("{url} cannot become https")))?;
        }
    }
    Ok(urls)
}

fn credentials(settings: &connect_api::config::Settings) -> Result<Option<Credentials>> {
    if let Some(key) = settings.get(&keys::CONNECTION_API_KEY)? {
        return Ok(Some(Credentials::ApiKey(key)));
    }
    let user = settings.get(&keys::CONNECTION_USERNAME)?;
    let password = settings.get(&keys::CONNECTION_PASSWORD)?;
    Ok(user
        .zip(password)
        .map(|(user, password)| Credentials::Basic(user, password)))
}

fn proxy(settings: &connect_api::config::Settings) -> Result<Option<Proxy>> {
    let host = settings.get(&keys::PROXY_HOST)?;
    if host.is_empty() {
        return Ok(None);
    }
    let user = settings.get(&keys::PROXY_USERNAME)?;
    Ok(Some(Proxy {
        host,
        port: u16::try_from(settings.get(&keys::PROXY_PORT)?).unwrap_or(8080),
        credentials: settings
            .get(&keys::PROXY_PASSWORD)?
            .map(|password| (user, password)),
    }))
}

/// `type.name` came with versions whose default was another one.
pub(super) fn on_null(settings: &connect_api::config::Settings) -> Result<OnNull> {
    let is_given = settings
        .props()
        .contains_key(keys::BEHAVIOR_ON_NULL_VALUES.name());
    if !is_given && settings.get(&keys::TYPE_NAME)?.is_some() {
        return Ok(OnNull::Ignore);
    }
    let word = Parsed(settings).word(&keys::BEHAVIOR_ON_NULL_VALUES)?;
    Ok(match word.as_str() {
        "IGNORE" => OnNull::Ignore,
        "DELETE" => OnNull::Delete,
        _ => OnNull::Fail,
    })
}

pub(super) fn write_method(settings: &connect_api::config::Settings) -> Result<WriteMethod> {
    let word = Parsed(settings).word(&keys::WRITE_METHOD)?;
    Ok(if word == "UPSERT" {
        WriteMethod::Upsert
    } else {
        WriteMethod::Insert
    })
}

pub(super) fn resources(settings: &connect_api::config::Settings) -> Result<Resources> {
    let timestamp_fields = settings.get(&keys::DATA_STREAM_TIMESTAMP_FIELD)?;
    let usage = Parsed(settings).word(&keys::EXTERNAL_RESOURCE_USAGE)?;
    if usage != "DISABLED" {
        let mapping = settings.get(&keys::TOPIC_TO_EXTERNAL_RESOURCE_MAPPING)?;
        return Ok(Resources::External {
            topics: pairs(keys::TOPIC_TO_EXTERNAL_RESOURCE_MAPPING.name(), &mapping)?,
            data_streams: usage.ends_with("DATASTREAM"),
            aliases: usage.starts_with("ALIAS"),
            timestamp_fields,
        });
    }
    let kind = settings.get(&keys::DATA_STREAM_TYPE)?;
    let dataset = settings.get(&keys::DATA_STREAM_DATASET)?;
    if !kind.eq_ignore_ascii_case("NONE") && !dataset.is_empty() {
        return Ok(Resources::DataStreams(DataStream {
            kind: kind.to_lowercase(),
            dataset,
            namespace: settings.get(&keys::DATA_STREAM_NAMESPACE)?,
            timestamp_fields,
        }));
    }
    let map = settings.get(&keys::TOPIC_INDEX_MAP)?;
    Ok(Resources::Indices(pairs(
        keys::TOPIC_INDEX_MAP.name(),
        &map,
    )?))
}

/// A list of `topic:name`.
pub(super) fn pairs(key: &str, list: &[String]) -> Result<HashMap<String, String>> {
    let mut pairs = HashMap::new();
    for pair in list.iter().filter(|pair| !pair.is_empty()) {
        let Some((topic, name)) = pair.split_once(':') else {
            return Err(Error::config(format!(
                "Invalid value {pair} for configuration {key}: it must have the form topic:name"
            )));
        };
        let (topic, name) = (topic.trim(), name.trim());
        if topic.is_empty() || name.is_empty() || name.contains(':') {
            return Err(Error::config(format!(
                "Invalid value {pair} for configuration {key}: it must have the form topic:name"
            )));
        }
        if pairs.insert(topic.to_owned(), name.to_owned()).is_some() {
            return Err(Error::config(format!(
                "Invalid value {pair} for configuration {key}: topic '{topic}' is mapped twice"
            )));
        }
    }
    Ok(pairs)
}
