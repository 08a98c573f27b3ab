//! Settings of the originals that are known and not offered: refused where the
//! records would be others without them, told of where they only tune.

use connect_api::{Error, ErrorKind, Props, Result};

/// Refused unless they have this value, which means nothing.
const REFUSED: [(&str, &str, &str); 13] = [
    ("use.schema.guid", "", "schemas are found by id"),
    ("use.latest.with.metadata", "", "use 'use.latest.version'"),
    ("propagate.schema.tags", "false", "tags are not propagated"),
    ("schema.reflection", "false", "there are no Java classes"),
    ("specific.avro.reader", "false", "there are no Java classes"),
    (
        "avro.use.logical.type.converters",
        "false",
        "Connect has logical types of its own",
    ),
    (
        "schema.backup.enabled",
        "false",
        "records are not wrapped with their schemas",
    ),
    (
        "bearer.auth.custom.provider.class",
        "",
        "set bearer.auth.token",
    ),
    (
        "schema.format",
        "",
        "schemas are registered in their default format",
    ),
    ("rule.executors", "", "rules are not executed"),
    ("rule.actions", "", "rules are not executed"),
    (
        "key.schema.id.serializer",
        PREFIX_SERIALIZER,
        "ids are written before the record",
    ),
    (
        "value.schema.id.serializer",
        PREFIX_SERIALIZER,
        "ids are written before the record",
    ),
];

const PREFIX_SERIALIZER: &str = "io.confluent.kafka.serializers.schema.id.PrefixSchemaIdSerializer";

const NULL_CONTEXT: &str = "io.confluent.kafka.serializers.context.NullContextNameStrategy";

/// They have no effect here.
const IGNORED: [&str; 12] = [
    "rule.service.loader.enable",
    "rule.metrics.enable",
    "execution.environment",
    "validation.rules.executor.class",
    "validation.rules.fail.fast",
    "latest.cache.size",
    "missing.cache.size",
    "missing.id.cache.ttl.sec",
    "missing.version.cache.ttl.sec",
    "missing.schema.cache.ttl.sec",
    "avro.remove.java.properties",
    "use.apache.http.client",
];

pub(super) fn check(props: &Props) -> Result<()> {
    for (name, meaningless, instead) in REFUSED {
        refuse_unless(props, name, meaningless, instead)?;
    }
    refuse_unless(
        props,
        "context.name.strategy",
        NULL_CONTEXT,
        "subjects are in the default context",
    )?;
    for name in IGNORED {
        if props.contains_key(name) {
            tracing::warn!("the Avro converter does not use the setting {name}");
        }
    }
    Ok(())
}

fn refuse_unless(props: &Props, name: &str, meaningless: &str, instead: &str) -> Result<()> {
    match props.get(name) {
        Some(value) if !value.trim().is_empty() && value.trim() != meaningless => Err(Error::new(
            ErrorKind::Unsupported,
            format!("configuration {name}={value} is not supported: {instead}"),
        )),
        _ => Ok(()),
    }
}
