//! The settings of the Avro converter (`AvroConverterConfig`,
//! `AvroDataConfig`, `AbstractKafkaSchemaSerDeConfig`).

use std::time::Duration;

use connect_api::config::{Check, ClassName, ConfigDef, Key, Secret, Settings};
use connect_api::{Error, ErrorKind, Props, Result};

use super::client::{ClientOptions, Credentials};
use super::{tls, unsupported};

const SCHEMA_REGISTRY_URL: Key<Vec<String>> = Key::new("schema.registry.url").high().doc(
    "The schema registry's URL, or several with commas between: the next one is asked when one \
         does not answer.",
);

const URL_RANDOMIZE: Key<bool> = Key::new("schema.registry.url.randomize")
    .default("false")
    .aliases(&["url.randomize"])
    .doc("Whether to begin with any of the URLs instead of the first.");

const MAX_SCHEMAS_PER_SUBJECT: Key<i32> = Key::new("max.schemas.per.subject")
    .default("1000")
    .check(Check::AtLeast(1))
    .doc("How many schemas of a subject are kept at most with their ids.");

const AUTO_REGISTER_SCHEMAS: Key<bool> = Key::new("auto.register.schemas")
    .default("true")
    .medium()
    .doc("Whether a schema that the registry does not know is registered. Otherwise it must be there.");

const USE_LATEST_VERSION: Key<bool> = Key::new("use.latest.version").default("false").doc(
    "Whether records are written with the subject's latest schema; only if \
         'auto.register.schemas' is false.",
);

const LATEST_COMPATIBILITY_STRICT: Key<bool> =
    Key::new("latest.compatibility.strict").default("true").doc(
        "Whether the subject's latest schema must be able to read what the record's schema writes.",
    );

const LATEST_CACHE_TTL: Key<i32> = Key::new("latest.cache.ttl.sec")
    .default("-1")
    .doc("After how many seconds the latest schema is asked for again; -1 for never.");

const USE_SCHEMA_ID: Key<i32> = Key::new("use.schema.id").default("-1").doc(
    "The id of the schema that records are written with; only if 'auto.register.schemas' is false.",
);

const ID_COMPATIBILITY_STRICT: Key<bool> = Key::new("id.compatibility.strict").default("true").doc(
    "Whether the schema of 'use.schema.id' must be able to read what the record's schema writes.",
);

const NORMALIZE_SCHEMAS: Key<bool> = Key::new("normalize.schemas").default("false").medium().doc(
    "Whether the registry normalizes schemas, so that an order that means nothing does not count.",
);

const KEY_SUBJECT_NAME_STRATEGY: Key<ClassName> = Key::new("key.subject.name.strategy")
    .default("io.confluent.kafka.serializers.subject.TopicNameStrategy")
    .medium()
    .doc("How the subject of a key's schema is called: by topic, by record, or by both.");

const VALUE_SUBJECT_NAME_STRATEGY: Key<ClassName> = Key::new("value.subject.name.strategy")
    .default("io.confluent.kafka.serializers.subject.TopicNameStrategy")
    .medium()
    .doc("How the subject of a value's schema is called: by topic, by record, or by both.");

const BASIC_AUTH_SOURCE: Key<String> = Key::new("basic.auth.credentials.source")
    .default("URL")
    .aliases(&["schema.registry.basic.auth.credentials.source"])
    .medium()
    .doc("Where user and password come from: URL, or USER_INFO for 'basic.auth.user.info'.");

const USER_INFO: Key<Secret> = Key::new("basic.auth.user.info")
    .default("")
    .aliases(&["schema.registry.basic.auth.user.info"])
    .medium()
    .doc("User and password with a colon between, for 'basic.auth.credentials.source=USER_INFO'.");

const BEARER_AUTH_SOURCE: Key<String> = Key::new("bearer.auth.credentials.source")
    .default("STATIC_TOKEN")
    .aliases(&["schema.registry.bearer.auth.credentials.source"])
    .medium()
    .doc("Where the bearer token comes from: STATIC_TOKEN for 'bearer.auth.token'.");

const BEARER_TOKEN: Key<Secret> = Key::new("bearer.auth.token")
    .default("")
    .aliases(&["schema.registry.bearer.auth.token"])
    .medium()
    .doc("The bearer token.");

const CONNECT_TIMEOUT: Key<i32> = Key::new("http.connect.timeout.ms")
    .default("60000")
    .aliases(&["schema.registry.http.connect.timeout.ms"])
    .check(Check::AtLeast(1))
    .doc("How long connecting to the registry may take.");

const READ_TIMEOUT: Key<i32> = Key::new("http.read.timeout.ms")
    .default("60000")
    .aliases(&["schema.registry.http.read.timeout.ms"])
    .check(Check::AtLeast(1))
    .doc("How long the registry may take to answer.");

const MAX_RETRIES: Key<i32> = Key::new("max.retries")
    .default("3")
    .aliases(&["schema.registry.max.retries"])
    .check(Check::AtLeast(0))
    .doc("How often a request is tried again that the registry answered with 408, 429 or 5xx.");

const RETRIES_WAIT: Key<i32> = Key::new("retries.wait.ms")
    .default("1000")
    .aliases(&["schema.registry.retries.wait.ms"])
    .check(Check::AtLeast(0))
    .doc("The pause before the first retry at most; it doubles with each.");

const RETRIES_MAX_WAIT: Key<i32> = Key::new("retries.max.wait.ms")
    .default("20000")
    .aliases(&["schema.registry.retries.max.wait.ms"])
    .check(Check::AtLeast(0))
    .doc("The pause before any retry at most.");

const PROXY_HOST: Key<String> = Key::new("proxy.host")
    .default("")
    .aliases(&["schema.registry.proxy.host"])
    .doc("The host of an HTTP proxy before the registry.");

const PROXY_PORT: Key<i32> = Key::new("proxy.port")
    .default("-1")
    .aliases(&["schema.registry.proxy.port"])
    .doc("The port of the HTTP proxy.");

const SCHEMAS_CACHE_SIZE: Key<i32> = Key::new("schemas.cache.config")
    .default("1000")
    .doc("How many converted schemas are kept at most, in each of the two directions.");

const ENHANCED_AVRO_SCHEMAS: Key<bool> = Key::new("enhanced.avro.schema.support")
    .default("false")
    .medium()
    .doc(
        "Whether enums stay enums, and whether a union's branches are called by their full names.",
    );

const GENERALIZED_SUM_TYPES: Key<bool> = Key::new("generalized.sum.type.support")
    .default("false")
    .medium()
    .doc("Whether enums and unions are represented as in the other schema formats.");

const IGNORE_DEFAULT_FOR_NULLABLES: Key<bool> = Key::new("ignore.default.for.nullables")
    .default("false")
    .medium()
    .doc("Whether a field that is null stays null where its schema has a default.");

const SCRUB_INVALID_NAMES: Key<bool> = Key::new("scrub.invalid.names")
    .default("false")
    .medium()
    .doc("Whether names that Avro does not take are changed into such that it takes.");

const CONNECT_META_DATA: Key<bool> = Key::new("connect.meta.data")
    .default("true")
    .doc("Whether Avro schemas get what only Connect knows: connect.name, connect.version, …");

const DISCARD_TYPE_DOC_DEFAULT: Key<bool> = Key::new("discard.type.doc.default")
    .default("false")
    .doc("Whether only fields keep their doc and default, and types do not. Deprecated.");

const OPTIONAL_MAP_KEYS: Key<bool> = Key::new("allow.optional.map.keys")
    .default("false")
    .doc("Whether a map with optional string keys becomes a map in Avro.");

const FLATTEN_SINGLETON_UNIONS: Key<bool> = Key::new("flatten.singleton.unions")
    .default("true")
    .doc("Whether a union of one type becomes that type.");

/// What becomes of schemas and values.
#[derive(Debug, Clone)]
pub(super) struct DataOptions {
    pub(super) meta_data: bool,
    pub(super) enhanced_schemas: bool,
    pub(super) generalized_sum_types: bool,
    pub(super) ignore_default_for_nullables: bool,
    pub(super) scrub_names: bool,
    pub(super) discard_type_doc_default: bool,
    pub(super) optional_map_keys: bool,
    pub(super) flatten_singleton_unions: bool,
    /// Whether bytes that are a whole record are written without their length.
    pub(super) raw_bytes: bool,
    /// Whether the registry's version of a schema becomes Connect's.
    pub(super) versions: bool,
}

impl Default for DataOptions {
    fn default() -> Self {
        Self {
            meta_data: true,
            enhanced_schemas: false,
            generalized_sum_types: false,
            ignore_default_for_nullables: false,
            scrub_names: false,
            discard_type_doc_default: false,
            optional_map_keys: false,
            flatten_singleton_unions: true,
            raw_bytes: true,
            versions: true,
        }
    }
}

/// Which schema a record is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteWith {
    /// The record's own, registered if need be.
    Registered,
    /// The record's own, which the registry must know.
    Known,
    /// The subject's latest; true if it must be compatible.
    Latest(bool),
    /// That of this id; true if it must be compatible.
    Id(u32, bool),
}

/// How a schema's subject is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SubjectStrategy {
    Topic,
    Record,
    TopicRecord,
}

const STRATEGIES: [(&str, SubjectStrategy); 3] = [
    ("TopicNameStrategy", SubjectStrategy::Topic),
    ("RecordNameStrategy", SubjectStrategy::Record),
    ("TopicRecordNameStrategy", SubjectStrategy::TopicRecord),
];

/// The parsed settings.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) data: DataOptions,
    pub(super) write_with: WriteWith,
    pub(super) normalize: bool,
    pub(super) strategy: SubjectStrategy,
    /// How long a subject's latest schema is taken for that; none for ever.
    pub(super) latest_ttl: Option<Duration>,
    pub(super) cache_size: usize,
    pub(super) max_ids: usize,
    pub(super) client: ClientOptions,
}

/// Those that become of schemas and values.
pub(super) fn data_def() -> ConfigDef {
    ConfigDef::new()
        .with(&GENERALIZED_SUM_TYPES)
        .with(&IGNORE_DEFAULT_FOR_NULLABLES)
        .with(&SCHEMAS_CACHE_SIZE)
        .with(&ENHANCED_AVRO_SCHEMAS)
        .with(&SCRUB_INVALID_NAMES)
        .with(&CONNECT_META_DATA)
        .with(&DISCARD_TYPE_DOC_DEFAULT)
        .with(&OPTIONAL_MAP_KEYS)
        .with(&FLATTEN_SINGLETON_UNIONS)
}

/// Those of the connection to the registry.
pub(super) fn client_def() -> ConfigDef {
    let mut def = ConfigDef::new()
        .with(&CONNECT_TIMEOUT)
        .with(&READ_TIMEOUT)
        .with(&MAX_RETRIES)
        .with(&RETRIES_WAIT)
        .with(&RETRIES_MAX_WAIT)
        .with(&PROXY_HOST)
        .with(&PROXY_PORT);
    def.extend(&tls::config_def());
    def
}

pub(super) fn config_def() -> ConfigDef {
    let mut def = ConfigDef::new()
        .with(&SCHEMA_REGISTRY_URL)
        .with(&URL_RANDOMIZE)
        .with(&MAX_SCHEMAS_PER_SUBJECT)
        .with(&NORMALIZE_SCHEMAS)
        .with(&AUTO_REGISTER_SCHEMAS)
        .with(&USE_SCHEMA_ID)
        .with(&ID_COMPATIBILITY_STRICT)
        .with(&USE_LATEST_VERSION)
        .with(&LATEST_COMPATIBILITY_STRICT)
        .with(&LATEST_CACHE_TTL)
        .with(&BASIC_AUTH_SOURCE)
        .with(&BEARER_AUTH_SOURCE)
        .with(&USER_INFO)
        .with(&BEARER_TOKEN)
        .with(&KEY_SUBJECT_NAME_STRATEGY)
        .with(&VALUE_SUBJECT_NAME_STRATEGY);
    def.extend(&client_def());
    def.extend(&data_def());
    def
}

pub(super) fn parse(props: &Props, is_key: bool) -> Result<Options> {
    unsupported::check(props)?;
    let settings = config_def().parse(props)?;
    let credentials = credentials(&settings)?;
    let urls = settings.get(&SCHEMA_REGISTRY_URL)?;
    let max_ids = settings.get(&MAX_SCHEMAS_PER_SUBJECT)?;
    Ok(Options {
        data: data(&settings)?,
        write_with: write_with(&settings)?,
        normalize: settings.get(&NORMALIZE_SCHEMAS)?,
        strategy: strategy(&settings, is_key)?,
        latest_ttl: ttl(settings.get(&LATEST_CACHE_TTL)?),
        cache_size: cache_size(&settings)?,
        max_ids: usize::try_from(max_ids).unwrap_or(1),
        client: ClientOptions {
            randomize: settings.get(&URL_RANDOMIZE)?,
            ..client(&settings, "schema.registry.url", urls, credentials)?
        },
    })
}

pub(super) fn data(settings: &Settings) -> Result<DataOptions> {
    Ok(DataOptions {
        meta_data: settings.get(&CONNECT_META_DATA)?,
        enhanced_schemas: settings.get(&ENHANCED_AVRO_SCHEMAS)?,
        generalized_sum_types: settings.get(&GENERALIZED_SUM_TYPES)?,
        ignore_default_for_nullables: settings.get(&IGNORE_DEFAULT_FOR_NULLABLES)?,
        scrub_names: settings.get(&SCRUB_INVALID_NAMES)?,
        discard_type_doc_default: settings.get(&DISCARD_TYPE_DOC_DEFAULT)?,
        optional_map_keys: settings.get(&OPTIONAL_MAP_KEYS)?,
        flatten_singleton_unions: settings.get(&FLATTEN_SINGLETON_UNIONS)?,
        raw_bytes: true,
        versions: true,
    })
}

pub(super) fn cache_size(settings: &Settings) -> Result<usize> {
    Ok(usize::try_from(settings.get(&SCHEMAS_CACHE_SIZE)?).unwrap_or(1))
}

pub(super) fn ttl(seconds: i32) -> Option<Duration> {
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// The settings of the connection; `setting` gave the URLs.
pub(super) fn client(
    settings: &Settings,
    setting: &'static str,
    urls: Vec<String>,
    credentials: Credentials,
) -> Result<ClientOptions> {
    let millis = |key: &Key<i32>| -> Result<Duration> {
        Ok(Duration::from_millis(
            u64::try_from(settings.get(key)?).unwrap_or(0),
        ))
    };
    let proxy_host = settings.get(&PROXY_HOST)?;
    let proxy = match (proxy_host.is_empty(), settings.get(&PROXY_PORT)?) {
        (true, _) => None,
        (false, port) if port > 0 => Some(format!("http://{proxy_host}:{port}")),
        (false, port) => {
            return Err(Error::config(format!(
                "Invalid value {port} for configuration proxy.port: a port must be given with \
                 proxy.host"
            )));
        }
    };
    Ok(ClientOptions {
        setting,
        urls,
        randomize: false,
        credentials,
        headers: settings.with_prefix("request.header."),
        connect_timeout: millis(&CONNECT_TIMEOUT)?,
        read_timeout: millis(&READ_TIMEOUT)?,
        max_retries: u32::try_from(settings.get(&MAX_RETRIES)?).unwrap_or(0),
        retry_wait: millis(&RETRIES_WAIT)?,
        retry_max_wait: millis(&RETRIES_MAX_WAIT)?,
        proxy,
        tls: tls::parse(settings)?,
    })
}

fn write_with(settings: &Settings) -> Result<WriteWith> {
    let id = settings.get(&USE_SCHEMA_ID)?;
    if settings.get(&AUTO_REGISTER_SCHEMAS)? {
        let idle = [
            (id >= 0, USE_SCHEMA_ID.name()),
            (
                settings.get(&USE_LATEST_VERSION)?,
                USE_LATEST_VERSION.name(),
            ),
        ];
        for (_, name) in idle.iter().filter(|(given, _)| *given) {
            tracing::warn!(
                "{name} has no effect while auto.register.schemas is true, as in the original"
            );
        }
        return Ok(WriteWith::Registered);
    }
    if let Ok(id) = u32::try_from(id) {
        return Ok(WriteWith::Id(id, settings.get(&ID_COMPATIBILITY_STRICT)?));
    }
    Ok(if settings.get(&USE_LATEST_VERSION)? {
        WriteWith::Latest(settings.get(&LATEST_COMPATIBILITY_STRICT)?)
    } else {
        WriteWith::Known
    })
}

fn strategy(settings: &Settings, is_key: bool) -> Result<SubjectStrategy> {
    let key = if is_key {
        &KEY_SUBJECT_NAME_STRATEGY
    } else {
        &VALUE_SUBJECT_NAME_STRATEGY
    };
    let ClassName(class) = settings.get(key)?;
    let simple = class.rsplit('.').next().unwrap_or(&class);
    STRATEGIES
        .iter()
        .find(|(name, _)| *name == simple)
        .map(|(_, strategy)| *strategy)
        .ok_or_else(|| {
            let known: Vec<&str> = STRATEGIES.iter().map(|(name, _)| *name).collect();
            Error::config(format!(
                "Invalid value {class} for configuration {}: known are {}",
                key.name(),
                known.join(", ")
            ))
        })
}

fn credentials(settings: &Settings) -> Result<Credentials> {
    let token = settings.get(&BEARER_TOKEN)?;
    let bearer_source = settings.get(&BEARER_AUTH_SOURCE)?;
    if bearer_source != "STATIC_TOKEN" {
        return Err(unsupported_value(
            BEARER_AUTH_SOURCE.name(),
            &bearer_source,
            "STATIC_TOKEN",
        ));
    }
    if !token.reveal().is_empty() {
        return Ok(Credentials::Bearer(token));
    }
    match &*settings.get(&BASIC_AUTH_SOURCE)? {
        "URL" => Ok(Credentials::Url),
        "USER_INFO" => basic(settings.get(&USER_INFO)?),
        other => Err(unsupported_value(
            BASIC_AUTH_SOURCE.name(),
            other,
            "URL, USER_INFO",
        )),
    }
}

fn basic(user_info: Secret) -> Result<Credentials> {
    match user_info.reveal().split_once(':') {
        Some((user, password)) => Ok(Credentials::Basic(user.to_owned(), Secret::new(password))),
        None => Err(Error::config(
            "basic.auth.user.info must be provided as user:password when \
             basic.auth.credentials.source is set to USER_INFO",
        )),
    }
}

fn unsupported_value(name: &str, value: &str, known: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("Invalid value {value} for configuration {name}: supported are {known}"),
    )
}
