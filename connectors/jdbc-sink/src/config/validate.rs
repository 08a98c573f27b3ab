//! Keys against each other, in the originals' words, and warnings.

use connect_api::Props;
use connect_api::config::ConfigValueInfo;

use super::{Flavor, PkMode, SinkSettings, config_def, debezium};
use crate::url::JdbcUrl;

/// Each key alone, then keys against each other.
pub(crate) fn validate(flavor: Flavor, props: &Props) -> Vec<ConfigValueInfo> {
    let mut values = config_def(flavor).validate(props);
    match flavor {
        Flavor::Confluent => confluent(&mut values),
        Flavor::Aiven => aiven(&mut values),
        Flavor::Debezium => debezium(props, &mut values),
    }
    if values.iter().all(|value| value.errors.is_empty())
        && let Ok(settings) = SinkSettings::parse(flavor, props)
        && let Err(error) = JdbcUrl::parse(&settings)
    {
        add(&mut values, "connection.url", &error.trace());
    }
    values
}

/// Warnings about settings that are known and have no effect here.
pub(crate) fn warnings(flavor: Flavor, props: &Props) -> Vec<String> {
    let mut warnings = config_def(flavor).deprecations(props);
    let useless: &[(&str, &str)] = match flavor {
        Flavor::Confluent => &[
            ("mssql.use.merge.holdlock", "it is for SQL Server only"),
            ("trim.sensitive.log", "no value of a record is logged"),
        ],
        Flavor::Debezium => &[
            (debezium::POOL_MIN.name(), "each task has one connection"),
            (debezium::POOL_MAX.name(), "each task has one connection"),
            (
                debezium::POOL_TIMEOUT.name(),
                "each task has one connection",
            ),
            ("connection.provider", "each task has one connection"),
            (debezium::POSTGIS.name(), "geometries are written as bytes"),
            (
                debezium::UNNEST.name(),
                "batches always are single statements",
            ),
            (debezium::IDENTITY.name(), "it is for SQL Server only"),
            ("dialect.starrocks.catalog.name", "it is for StarRocks only"),
            (
                debezium::RESTART.name(),
                "broken connections always are made anew",
            ),
            (
                "cloud.events.schema.name.pattern",
                "CloudEvents are not unwrapped",
            ),
            (
                "collection.table.format",
                "no built-in naming strategy reads it",
            ),
        ],
        Flavor::Aiven => &[],
    };
    let hibernate = props.keys().filter(|name| name.starts_with("hibernate."));
    for name in hibernate.filter(|_| flavor == Flavor::Debezium) {
        warnings.push(format!(
            "'{name}' has no effect: there is no Hibernate here"
        ));
    }
    for (name, why) in useless {
        if props.contains_key(*name) {
            warnings.push(format!("'{name}' has no effect: {why}"));
        }
    }
    if let Ok(settings) = SinkSettings::parse(flavor, props)
        && let Ok(url) = JdbcUrl::parse(&settings)
    {
        warnings.extend(url.warnings);
    }
    warnings
}

fn value<'v>(values: &'v [ConfigValueInfo], name: &str) -> Option<&'v str> {
    values
        .iter()
        .find(|value| value.name == name && value.errors.is_empty())
        .and_then(|value| value.value.as_deref())
}

fn add(values: &mut [ConfigValueInfo], name: &str, error: &str) {
    if let Some(value) = values.iter_mut().find(|value| value.name == name) {
        value.errors.push(error.to_owned());
    }
}

/// `JdbcSinkConnectorValidation.validateDeleteEnabledPkMode`.
fn confluent(values: &mut [ConfigValueInfo]) {
    recommend(values);
    let deletes = value(values, "delete.enabled") == Some("true");
    let other_mode =
        value(values, "pk.mode").is_some_and(|mode| PkMode::parse(mode) != PkMode::RecordKey);
    if deletes && other_mode {
        let conflict = "Deletes are only supported for pk.mode record_key";
        add(values, "pk.mode", conflict);
        add(values, "delete.enabled", conflict);
    }
}

/// `DeleteEnabledRecommender` and `PrimaryKeyModeRecommender`.
fn recommend(values: &mut [ConfigValueInfo]) {
    let deletes = value(values, "delete.enabled") == Some("true");
    let by_key =
        value(values, "pk.mode").is_some_and(|mode| PkMode::parse(mode) == PkMode::RecordKey);
    for value in values {
        if value.name == "delete.enabled" {
            let all: &[&str] = if by_key {
                &["true", "false"]
            } else {
                &["false"]
            };
            value.recommended_values = all.iter().map(|text| (*text).to_owned()).collect();
            value.visible = by_key;
        } else if value.name == "pk.mode" && deletes {
            value.recommended_values = vec![PkMode::RecordKey.name().to_owned()];
        }
    }
}

/// `JdbcSinkConfig.validateDeleteEnabled` and `validatePKModeAgainstPKFields`.
fn aiven(values: &mut [ConfigValueInfo]) {
    let mode = value(values, "pk.mode").map(PkMode::parse);
    if value(values, "delete.enabled") == Some("true") && mode != Some(PkMode::RecordKey) {
        let conflict = "Delete support only works with pk.mode=record_key";
        add(values, "delete.enabled", conflict);
    }
    let fields = value(values, "pk.fields").unwrap_or("");
    let count = fields
        .split(',')
        .filter(|field| !field.trim().is_empty())
        .count();
    match mode {
        Some(PkMode::None) if count > 0 => add(
            values,
            "pk.fields",
            "Primary key fields should not be set when pkMode is 'none'.",
        ),
        Some(PkMode::Kafka) if count != 3 => add(
            values,
            "pk.fields",
            "Primary key fields must be set with three fields (topic, partition, offset) when pkMode is 'kafka'.",
        ),
        _ => {}
    }
}

/// `validateInsertMode`, `validateDeleteEnabled`, and the field lists.
fn debezium(props: &Props, values: &mut [ConfigValueInfo]) {
    let given = |name: &str| props.contains_key(name);
    let upserts =
        value(values, "insert.mode").is_some_and(|mode| mode.eq_ignore_ascii_case("upsert"));
    if upserts && !given("primary.key.mode") {
        let error = if given("primary.key.fields") {
            "When using UPSERT, please define 'primary.key.mode'."
        } else {
            "When using UPSERT, please define 'primary.key.mode' and 'primary.key.fields'."
        };
        add(values, "insert.mode", error);
    }
    let mode = value(values, debezium::PK_MODE.name()).map(PkMode::parse);
    let deletable = matches!(
        mode,
        Some(PkMode::RecordKey | PkMode::RecordValue | PkMode::RecordHeader)
    );
    if value(values, debezium::DELETE.name()) == Some("true") && !deletable {
        add(
            values,
            "delete.enabled",
            "When 'delete.enabled' is set to 'true', the 'primary.key.mode' option must be set to 'record_key', \
             'record_value', or 'record_header'.",
        );
    }
    let filled = |name: &str| props.get(name).is_some_and(|list| !list.trim().is_empty());
    if filled(debezium::INCLUDE.name()) && filled(debezium::EXCLUDE.name()) {
        add(
            values,
            debezium::EXCLUDE.name(),
            "Cannot define both field.exclude.list and field.include.list. Please specify only one.",
        );
    }
}
