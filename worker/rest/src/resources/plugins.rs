//! `/connector-plugins`.

use connect_api::registry::PluginType;
use connect_cluster::Herder;
use serde::Serialize;

use crate::answer::{Answer, Failure, ok};
use crate::{body, query};

#[derive(Serialize)]
struct PluginInfo {
    class: &'static str,
    #[serde(rename = "type")]
    kind: PluginType,
    version: &'static str,
}

/// The order in which the real one lists the types.
const ORDER: [PluginType; 6] = [
    PluginType::Sink,
    PluginType::Source,
    PluginType::Transformation,
    PluginType::Predicate,
    PluginType::Converter,
    PluginType::HeaderConverter,
];

pub(super) fn list(herder: &Herder, query: &str) -> Answer {
    let connectors_only = query::flag(query, "connectorsOnly", true);
    let types = if connectors_only {
        &ORDER[..2]
    } else {
        &ORDER[..]
    };
    let all = herder.plugins().list();
    let infos: Vec<PluginInfo> = types
        .iter()
        .flat_map(|wanted| all.iter().filter(move |(kind, _)| kind == wanted))
        .map(|&(kind, name)| PluginInfo {
            class: name.class,
            kind,
            version: name.version,
        })
        .collect();
    ok(&infos)
}

pub(super) fn config(herder: &Herder, plugin: &str) -> Answer {
    ok(&herder.plugin_config(plugin)?)
}

pub(super) async fn validate(herder: &Herder, plugin: &str, body: &[u8]) -> Answer {
    let config = body::without_nulls(body::config(body)?)?;
    if let Some(class) = config.get("connector.class")
        && !without_suffix(class).ends_with(without_suffix(plugin))
    {
        return Err(Failure::bad_request(format!(
            "Included connector type {class} does not match request type {plugin}"
        )));
    }
    ok(&herder.validate(&config).await?)
}

fn without_suffix(class: &str) -> &str {
    class
        .strip_suffix("Connector")
        .filter(|name| !name.is_empty())
        .unwrap_or(class)
}
