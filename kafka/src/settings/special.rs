//! Properties whose translation is more than a name and a range.

use std::time::Duration;

use super::{Builder, ClientKind, SettingsError};

/// Translates one property that the table marks as special. Those that only make sense together
/// (the login, the trust store, the key store) are read by `sasl` and `tls`, not here.
pub(super) fn translate(
    builder: &mut Builder<'_>,
    key: &str,
    value: &str,
) -> Result<(), SettingsError> {
    match key {
        "bootstrap.servers" => builder.set(key, without_spaces(value)),
        "client.dns.lookup" => dns_lookup(builder, key, value),
        "request.timeout.ms" => request_timeout(builder, key, value)?,
        "default.api.timeout.ms" => {
            builder.settings.api_timeout = milliseconds(builder, key, value)?;
        }
        "security.protocol" => security_protocol(builder, key, value)?,
        "ssl.endpoint.identification.algorithm" => {
            let algorithm = if value.is_empty() { "none" } else { value };
            builder.set(key, algorithm.to_ascii_lowercase());
        }
        "ssl.cipher.suites" => cipher_suites(builder, key, value),
        "buffer.memory" => buffer_memory(builder, key, value)?,
        "compression.gzip.level" | "compression.lz4.level" | "compression.zstd.level" => {
            compression_level(builder, key, value)?;
        }
        "max.block.ms" => {
            let limit = milliseconds(builder, key, value)?;
            let unbounded = limit >= Duration::from_millis(i64::MAX as u64);
            builder.settings.max_block = (!unbounded).then_some(limit);
        }
        "retries" => retries(builder, key, value)?,
        "partitioner.class" => partitioner_class(builder, key, value)?,
        "partitioner.ignore.keys" if value.eq_ignore_ascii_case("true") => {
            builder.set("partitioner", "random");
        }
        "auto.offset.reset" => offset_reset(builder, key, value)?,
        "max.poll.records" => {
            let limit = builder.bounded(key, value, 1, i64::from(i32::MAX))?;
            builder.settings.max_poll_records = usize::try_from(limit).ok();
        }
        "partition.assignment.strategy" => assignment_strategy(builder, key, value)?,
        _ => {}
    }
    Ok(())
}

fn without_spaces(list: &str) -> String {
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect::<Vec<_>>()
        .join(",")
}

fn milliseconds(builder: &Builder<'_>, key: &str, value: &str) -> Result<Duration, SettingsError> {
    let number = builder.number(key, value)?;
    u64::try_from(number)
        .map(Duration::from_millis)
        .map_err(|_| SettingsError::invalid(key, value, "zero or more milliseconds"))
}

fn dns_lookup(builder: &mut Builder<'_>, key: &str, value: &str) {
    // "default" was removed from the Java client in 3.0 and meant what is now the default.
    let lookup = if value.eq_ignore_ascii_case("default") {
        "use_all_dns_ips"
    } else {
        value
    };
    builder.set(key, lookup.to_ascii_lowercase());
}

/// For a producer it bounds the broker's wait for acknowledgements, for others the socket's.
fn request_timeout(builder: &mut Builder<'_>, key: &str, value: &str) -> Result<(), SettingsError> {
    let (name, low, high) = match builder.settings.kind {
        ClientKind::Producer => ("request.timeout.ms", 1, 900_000),
        ClientKind::Consumer | ClientKind::Admin => ("socket.timeout.ms", 10, 300_000),
    };
    let number = builder.bounded(key, value, low, high)?;
    builder.set(name, number.to_string());
    Ok(())
}

fn security_protocol(
    builder: &mut Builder<'_>,
    key: &str,
    value: &str,
) -> Result<(), SettingsError> {
    let protocol = value.to_ascii_lowercase();
    if !matches!(
        protocol.as_str(),
        "plaintext" | "ssl" | "sasl_plaintext" | "sasl_ssl"
    ) {
        let expected = "one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL";
        return Err(SettingsError::invalid(key, value, expected));
    }
    builder.set(key, protocol);
    Ok(())
}

/// Java takes IANA's names (`TLS_ECDHE_…`) between commas, OpenSSL its own between colons.
fn cipher_suites(builder: &mut Builder<'_>, key: &str, value: &str) {
    if value.contains(',') || value.starts_with("TLS_") || value.starts_with("SSL_") {
        builder.ignored(
            key,
            "these are Java's names; give OpenSSL's, separated by colons",
        );
    } else {
        builder.set(key, value);
    }
}

fn buffer_memory(builder: &mut Builder<'_>, key: &str, value: &str) -> Result<(), SettingsError> {
    let bytes = builder.bounded(key, value, 1, i64::from(i32::MAX) * 1024)?;
    let kbytes = (bytes as u64).div_ceil(1024);
    builder.set("queue.buffering.max.kbytes", kbytes.to_string());
    Ok(())
}

/// librdkafka has one level, for the one codec in use.
fn compression_level(
    builder: &mut Builder<'_>,
    key: &str,
    value: &str,
) -> Result<(), SettingsError> {
    let codec = key.split('.').nth(1).unwrap_or_default();
    if builder.prop("compression.type") != Some(codec) {
        builder.ignored(key, "compression.type names another codec");
        return Ok(());
    }
    let level = builder.bounded(key, value, -1, 12)?;
    builder.set("compression.level", level.to_string());
    Ok(())
}

fn retries(builder: &mut Builder<'_>, key: &str, value: &str) -> Result<(), SettingsError> {
    if builder.settings.kind == ClientKind::Producer {
        let number = builder.bounded(key, value, 0, i64::from(i32::MAX))?;
        builder.set(key, number.to_string());
    } else {
        builder.ignored(key, "requests are repeated until their timeout");
    }
    Ok(())
}

/// Another partitioner would silently put keys into other partitions, so only those are taken
/// that mean the same.
fn partitioner_class(
    builder: &mut Builder<'_>,
    key: &str,
    value: &str,
) -> Result<(), SettingsError> {
    match value.rsplit('.').next().unwrap_or_default() {
        "" | "DefaultPartitioner" => builder.set("partitioner", "murmur2_random"),
        "UniformStickyPartitioner" => builder.set("partitioner", "random"),
        "RoundRobinPartitioner" => {
            builder.set("partitioner", "random");
            builder.warn(format!(
                "producer setting '{key}' is RoundRobinPartitioner: records are spread at random \
                 instead, whatever their key"
            ));
        }
        _ => {
            return Err(SettingsError::unsupported(
                key,
                value,
                "Java classes cannot be loaded; DefaultPartitioner, UniformStickyPartitioner and \
                 RoundRobinPartitioner are known",
            ));
        }
    }
    Ok(())
}

fn offset_reset(builder: &mut Builder<'_>, key: &str, value: &str) -> Result<(), SettingsError> {
    let reset = match value.to_ascii_lowercase().as_str() {
        "earliest" => "earliest",
        "latest" => "latest",
        "none" => "error",
        _ => {
            return Err(SettingsError::invalid(
                key,
                value,
                "one of earliest, latest, none",
            ));
        }
    };
    builder.set(key, reset);
    Ok(())
}

fn assignment_strategy(
    builder: &mut Builder<'_>,
    key: &str,
    value: &str,
) -> Result<(), SettingsError> {
    let mut names = Vec::new();
    for class in value
        .split(',')
        .map(str::trim)
        .filter(|class| !class.is_empty())
    {
        names.push(match class.rsplit('.').next().unwrap_or_default() {
            "RangeAssignor" | "range" => "range",
            "RoundRobinAssignor" | "roundrobin" => "roundrobin",
            "CooperativeStickyAssignor" | "cooperative-sticky" => "cooperative-sticky",
            _ => {
                return Err(SettingsError::unsupported(
                    key,
                    class,
                    "RangeAssignor, RoundRobinAssignor and CooperativeStickyAssignor are known",
                ));
            }
        });
    }
    // librdkafka cannot mix the eager and the cooperative protocol in one list, which Java's
    // default list does to allow an upgrade; its first entry is the one in use.
    if names.len() > 1 && names.contains(&"cooperative-sticky") {
        let used = names[0];
        builder.warn(format!(
            "consumer setting '{key}' is {used}: eager and cooperative assignors cannot be mixed"
        ));
        names.truncate(1);
    }
    builder.set(key, names.join(","));
    Ok(())
}
