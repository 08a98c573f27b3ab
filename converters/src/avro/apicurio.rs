//! `io.apicurio.registry.utils.converter.AvroConverter` in its form that is
//! compatible with Confluent's: magic byte and four bytes of content id, no
//! headers. The registry is asked by Confluent's API, which it has beside its
//! own; ids there are content ids.

use std::time::Duration;

use connect_api::config::{Check, ConfigDef, Key, Secret, Settings};
use connect_api::{Error, ErrorKind, Props, Result};

use super::client::{ClientOptions, Credentials};
use super::config::{self, DataOptions, Options, SubjectStrategy, WriteWith};

const URL: Key<String> = Key::new("apicurio.registry.url")
    .high()
    .doc("The registry's URL, with the path of its own API or of Confluent's (/apis/ccompat/v7).");

const AUTO_REGISTER: Key<bool> = Key::new("apicurio.registry.auto-register")
    .default("false")
    .doc("Whether a schema that the registry does not know is registered.");

const IF_EXISTS: Key<String> = Key::new("apicurio.registry.auto-register.if-exists")
    .default("RETURN_OR_UPDATE")
    .doc("What registering does where the artifact is there: a version is found or added.");

const FIND_LATEST: Key<bool> = Key::new("apicurio.registry.find-latest")
    .default("false")
    .doc("Whether records are written with the artifact's latest schema; only without auto-register.");

const AS_CONFLUENT: Key<bool> = Key::new("apicurio.registry.as-confluent")
    .default("false")
    .doc("Whether the schema's id has four bytes. Must be true.");

const ID_HANDLER: Key<String> = Key::new("apicurio.registry.id-handler")
    .default("")
    .doc("How ids are written: only the Legacy4ByteIdHandler, in place of as-confluent.");

const HEADERS_ENABLED: Key<bool> = Key::new("apicurio.registry.headers.enabled")
    .default("true")
    .doc("Whether the schema's id is written into headers. Must be false.");

const USE_ID: Key<String> = Key::new("apicurio.registry.use-id")
    .default("globalId")
    .doc("Which id is written. Must be contentId, which is what Confluent's API calls the id.");

const STRATEGY: Key<String> = Key::new("apicurio.registry.artifact-resolver-strategy")
    .default("io.apicurio.registry.serde.strategy.TopicIdStrategy")
    .doc("How the artifact is called: TopicIdStrategy, RecordIdStrategy or TopicRecordIdStrategy.");

const CHECK_PERIOD: Key<i64> = Key::new("apicurio.registry.check-period-ms")
    .default("30000")
    .check(Check::AtLeast(0))
    .doc("After how many milliseconds the latest schema is asked for again.");

const RETRY_COUNT: Key<i64> = Key::new("apicurio.registry.retry-count")
    .default("3")
    .check(Check::AtLeast(0))
    .doc("How often a request is tried again.");

const RETRY_BACKOFF: Key<i64> = Key::new("apicurio.registry.retry-backoff-ms")
    .default("300")
    .check(Check::AtLeast(0))
    .doc("The pause before the first retry at most.");

const USERNAME: Key<String> = Key::new("apicurio.auth.username")
    .default("")
    .doc("The user for basic authentication.");

const PASSWORD: Key<Secret> = Key::new("apicurio.auth.password")
    .default("")
    .doc("The password for basic authentication.");

/// Refused when given: records or names would be others without them.
const REFUSED: [&str; 13] = [
    "apicurio.registry.artifact.group-id",
    "apicurio.registry.artifact.artifact-id",
    "apicurio.registry.artifact.version",
    "apicurio.registry.artifact.schema.location",
    "apicurio.registry.fallback.group-id",
    "apicurio.registry.fallback.artifact-id",
    "apicurio.registry.fallback.version",
    "apicurio.registry.schema-resolver",
    "apicurio.auth.service.token.endpoint",
    "apicurio.auth.service.url",
    "apicurio.auth.client.id",
    "apicurio.registry.converter.serializer",
    "apicurio.registry.converter.deserializer",
];

const IGNORED: [&str; 8] = [
    "apicurio.registry.cache-latest",
    "apicurio.registry.fault-tolerant-refresh",
    "apicurio.registry.dereference-schema",
    "apicurio.registry.serializer.dereference-schema",
    "apicurio.registry.deserializer.dereference-schema",
    "apicurio.registry.serde.validation-enabled",
    "apicurio.registry.headers.handler",
    "apicurio.registry.avro-datum-provider",
];

const OWN_PATHS: [&str; 2] = ["/apis/registry/v2", "/apis/registry/v3"];
const CONFLUENT_PATH: &str = "/apis/ccompat/v7";

const STRATEGIES: [(&str, SubjectStrategy); 3] = [
    ("TopicIdStrategy", SubjectStrategy::Topic),
    ("RecordIdStrategy", SubjectStrategy::Record),
    ("TopicRecordIdStrategy", SubjectStrategy::TopicRecord),
];

pub(super) fn config_def() -> ConfigDef {
    let mut def = ConfigDef::new()
        .with(&URL)
        .with(&AUTO_REGISTER)
        .with(&IF_EXISTS)
        .with(&FIND_LATEST)
        .with(&AS_CONFLUENT)
        .with(&ID_HANDLER)
        .with(&HEADERS_ENABLED)
        .with(&USE_ID)
        .with(&STRATEGY)
        .with(&CHECK_PERIOD)
        .with(&RETRY_COUNT)
        .with(&RETRY_BACKOFF)
        .with(&USERNAME)
        .with(&PASSWORD);
    def.extend(&config::client_def());
    def.extend(&config::data_def());
    def
}

pub(super) fn parse(props: &Props) -> Result<Options> {
    check_unsupported(props)?;
    let settings = config_def().parse(props)?;
    check_form(&settings)?;
    let cache_size = config::cache_size(&settings)?;
    let period = u64::try_from(settings.get(&CHECK_PERIOD)?).unwrap_or(0);
    Ok(Options {
        data: DataOptions {
            raw_bytes: false,
            versions: false,
            ..config::data(&settings)?
        },
        write_with: write_with(&settings)?,
        normalize: false,
        strategy: strategy(&settings)?,
        latest_ttl: Some(Duration::from_millis(period)),
        cache_size,
        max_ids: cache_size,
        client: client(&settings)?,
    })
}

fn check_unsupported(props: &Props) -> Result<()> {
    for name in REFUSED {
        if let Some(value) = props.get(name).filter(|value| !value.trim().is_empty()) {
            return Err(unsupported(
                name,
                value,
                "only the form compatible with Confluent's is",
            ));
        }
    }
    for name in IGNORED {
        if props.contains_key(name) {
            tracing::warn!("the Avro converter does not use the setting {name}");
        }
    }
    match props.get("apicurio.registry.avro.encoding") {
        Some(encoding) if !encoding.eq_ignore_ascii_case("BINARY") => Err(unsupported(
            "apicurio.registry.avro.encoding",
            encoding,
            "set BINARY",
        )),
        _ => Ok(()),
    }
}

/// The wire format must be Confluent's: nothing else is read or written.
fn check_form(settings: &Settings) -> Result<()> {
    let handler = settings.get(&ID_HANDLER)?;
    let four_bytes =
        handler.ends_with("Legacy4ByteIdHandler") || handler.ends_with("Default4ByteIdHandler");
    if !handler.is_empty() && !four_bytes {
        return Err(unsupported(
            ID_HANDLER.name(),
            &handler,
            "set as-confluent=true instead",
        ));
    }
    if !settings.get(&AS_CONFLUENT)? && !four_bytes {
        return Err(unsupported(AS_CONFLUENT.name(), "false", "set it to true"));
    }
    if settings.get(&HEADERS_ENABLED)? {
        return Err(unsupported(
            HEADERS_ENABLED.name(),
            "true",
            "set it to false",
        ));
    }
    let use_id = settings.get(&USE_ID)?;
    if use_id != "contentId" {
        return Err(unsupported(USE_ID.name(), &use_id, "set it to contentId"));
    }
    Ok(())
}

fn write_with(settings: &Settings) -> Result<WriteWith> {
    Ok(if settings.get(&AUTO_REGISTER)? {
        let if_exists = settings.get(&IF_EXISTS)?;
        if if_exists != "RETURN_OR_UPDATE" {
            return Err(unsupported(
                IF_EXISTS.name(),
                &if_exists,
                "set RETURN_OR_UPDATE",
            ));
        }
        WriteWith::Registered
    } else if settings.get(&FIND_LATEST)? {
        WriteWith::Latest(false)
    } else {
        WriteWith::Known
    })
}

fn strategy(settings: &Settings) -> Result<SubjectStrategy> {
    let class = settings.get(&STRATEGY)?;
    let simple = class.rsplit('.').next().unwrap_or(&class);
    let known = STRATEGIES.iter().find(|(name, _)| *name == simple);
    known.map(|(_, strategy)| *strategy).ok_or_else(|| {
        let names: Vec<&str> = STRATEGIES.iter().map(|(name, _)| *name).collect();
        unsupported(
            STRATEGY.name(),
            &class,
            &format!("supported are {}", names.join(", ")),
        )
    })
}

fn client(settings: &Settings) -> Result<ClientOptions> {
    let username = settings.get(&USERNAME)?;
    let credentials = if username.is_empty() {
        Credentials::Url
    } else {
        Credentials::Basic(username, settings.get(&PASSWORD)?)
    };
    let url = confluent_url(&settings.get(&URL)?);
    let backoff = u64::try_from(settings.get(&RETRY_BACKOFF)?).unwrap_or(0);
    Ok(ClientOptions {
        max_retries: u32::try_from(settings.get(&RETRY_COUNT)?).unwrap_or(u32::MAX),
        retry_wait: Duration::from_millis(backoff),
        ..config::client(settings, URL.name(), vec![url], credentials)?
    })
}

/// The URL of Confluent's API in the registry with this one.
fn confluent_url(url: &str) -> String {
    let url = url.trim_end_matches('/');
    OWN_PATHS
        .iter()
        .find_map(|path| url.strip_suffix(path))
        .map_or_else(|| url.to_owned(), |base| format!("{base}{CONFLUENT_PATH}"))
}

fn unsupported(name: &str, value: &str, instead: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("configuration {name}={value} is not supported: {instead}"),
    )
}
