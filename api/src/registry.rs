//! What is built in: classes, aliases, and how to make each plugin. The binary
//! fills it from one list; nothing registers itself.

use std::fmt;

use serde::Serialize;

use crate::config::ConfigDef;
use crate::plugin::{
    Connector, Converter, HeaderConverter, Predicate, SinkTask, SourceTask, Transformation,
};
use crate::{Error, ErrorKind, Props, Result};

/// What kind a plugin is, as `/connector-plugins` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum PluginType {
    Sink,
    Source,
    Converter,
    HeaderConverter,
    Transformation,
    Predicate,
}

impl fmt::Display for PluginType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PluginType::Sink => "sink",
            PluginType::Source => "source",
            PluginType::Converter => "converter",
            PluginType::HeaderConverter => "header_converter",
            PluginType::Transformation => "transformation",
            PluginType::Predicate => "predicate",
        })
    }
}

/// How a plugin is found: by its JVM original's class name, by an older class
/// name, or by the aliases that Connect derives from them.
#[derive(Debug, Clone, Copy)]
pub struct PluginClass {
    /// The full class name of the JVM original, `$` before a nested class.
    pub class: &'static str,
    /// Other full class names that mean this plugin; they are not listed.
    pub other_classes: &'static [&'static str],
    /// The version that it is compatible with, as the original reports it.
    pub version: &'static str,
}

impl PluginClass {
    fn is_called(&self, name: &str, suffixes: &[&str]) -> bool {
        std::iter::once(&self.class)
            .chain(self.other_classes)
            .any(|class| is_called(class, name, suffixes))
    }
}

/// Connect's aliases (`PluginUtils.simpleName` and `prunedName`): the simple
/// class name, and that without the suffix of the plugin's type.
fn is_called(class: &str, name: &str, suffixes: &[&str]) -> bool {
    let simple = class.rsplit('.').next().unwrap_or(class);
    class == name
        || simple == name
        || suffixes.iter().any(|suffix| {
            simple
                .strip_suffix(suffix)
                .is_some_and(|pruned| !pruned.is_empty() && pruned == name)
        })
}

/// How to make a connector's tasks.
#[derive(Debug, Clone, Copy)]
pub enum TaskFactory {
    /// Tasks of a source.
    Source(fn() -> Box<dyn SourceTask>),
    /// Tasks of a sink.
    Sink(fn() -> Box<dyn SinkTask>),
}

/// A connector.
#[derive(Debug, Clone, Copy)]
pub struct ConnectorPlugin {
    /// Its names.
    pub name: PluginClass,
    /// The class of its tasks in the JVM original: kept in task configs so
    /// that a JVM worker can run what we planned.
    pub task_class: &'static str,
    /// Makes a connector.
    pub create: fn() -> Box<dyn Connector>,
    /// Makes its tasks.
    pub task: TaskFactory,
}

impl ConnectorPlugin {
    /// Source or sink.
    pub fn kind(&self) -> PluginType {
        match self.task {
            TaskFactory::Source(_) => PluginType::Source,
            TaskFactory::Sink(_) => PluginType::Sink,
        }
    }
}

/// A transformation.
#[derive(Debug, Clone, Copy)]
pub struct TransformationPlugin {
    /// Its names.
    pub name: PluginClass,
    /// Its keys, without prefix.
    pub config: fn() -> ConfigDef,
    /// Makes one from its settings, without prefix.
    pub create: fn(&Props) -> Result<Box<dyn Transformation>>,
}

/// A predicate.
#[derive(Debug, Clone, Copy)]
pub struct PredicatePlugin {
    /// Its names.
    pub name: PluginClass,
    /// Its keys, without prefix.
    pub config: fn() -> ConfigDef,
    /// Makes one from its settings, without prefix.
    pub create: fn(&Props) -> Result<Box<dyn Predicate>>,
}

/// A converter of keys and values.
#[derive(Debug, Clone, Copy)]
pub struct ConverterPlugin {
    /// Its names.
    pub name: PluginClass,
    /// Its keys, without prefix.
    pub config: fn() -> ConfigDef,
    /// Makes one from its settings, without prefix; true for keys.
    pub create: fn(&Props, bool) -> Result<Box<dyn Converter>>,
}

/// A converter of headers.
#[derive(Debug, Clone, Copy)]
pub struct HeaderConverterPlugin {
    /// Its names.
    pub name: PluginClass,
    /// Its keys, without prefix.
    pub config: fn() -> ConfigDef,
    /// Makes one from its settings, without prefix.
    pub create: fn(&Props) -> Result<Box<dyn HeaderConverter>>,
}

/// All plugins of this worker.
#[derive(Clone, Default)]
pub struct Plugins {
    /// Sources and sinks.
    pub connectors: Vec<ConnectorPlugin>,
    /// Transformations, one entry for each `$Key` and `$Value` form.
    pub transformations: Vec<TransformationPlugin>,
    /// Predicates.
    pub predicates: Vec<PredicatePlugin>,
    /// Converters of keys and values.
    pub converters: Vec<ConverterPlugin>,
    /// Converters of headers.
    pub header_converters: Vec<HeaderConverterPlugin>,
}

impl fmt::Debug for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.list().iter().map(|(kind, name)| (kind, name.class)))
            .finish()
    }
}

impl Plugins {
    /// Every plugin with its type, sorted by class within a type.
    pub fn list(&self) -> Vec<(PluginType, PluginClass)> {
        let mut all: Vec<(PluginType, PluginClass)> = Vec::new();
        all.extend(
            self.connectors
                .iter()
                .map(|plugin| (plugin.kind(), plugin.name)),
        );
        all.extend(
            self.transformations
                .iter()
                .map(|p| (PluginType::Transformation, p.name)),
        );
        all.extend(
            self.predicates
                .iter()
                .map(|p| (PluginType::Predicate, p.name)),
        );
        all.extend(
            self.converters
                .iter()
                .map(|p| (PluginType::Converter, p.name)),
        );
        all.extend(
            self.header_converters
                .iter()
                .map(|p| (PluginType::HeaderConverter, p.name)),
        );
        all.sort_by_key(|(kind, name)| (kind.to_string(), name.class));
        all
    }

    /// The connector called `name`: class, other class or alias.
    pub fn connector(&self, name: &str) -> Result<&ConnectorPlugin> {
        find(
            &self.connectors,
            |plugin| &plugin.name,
            name,
            "connector",
            CONNECTOR_SUFFIXES,
        )
    }

    /// The transformation called `name`.
    pub fn transformation(&self, name: &str) -> Result<&TransformationPlugin> {
        find(
            &self.transformations,
            |plugin| &plugin.name,
            name,
            "transformation",
            &[],
        )
    }

    /// The predicate called `name`.
    pub fn predicate(&self, name: &str) -> Result<&PredicatePlugin> {
        find(
            &self.predicates,
            |plugin| &plugin.name,
            name,
            "predicate",
            &["Predicate"],
        )
    }

    /// The converter called `name`.
    pub fn converter(&self, name: &str) -> Result<&ConverterPlugin> {
        find(
            &self.converters,
            |plugin| &plugin.name,
            name,
            "converter",
            &["Converter"],
        )
    }

    /// The header converter called `name`.
    pub fn header_converter(&self, name: &str) -> Result<&HeaderConverterPlugin> {
        find(
            &self.header_converters,
            |plugin| &plugin.name,
            name,
            "header converter",
            &["HeaderConverter", "Converter"],
        )
    }
}

const CONNECTOR_SUFFIXES: &[&str] = &["Connector"];

fn find<'p, P>(
    plugins: &'p [P],
    class: fn(&P) -> &PluginClass,
    name: &str,
    what: &str,
    suffixes: &[&str],
) -> Result<&'p P> {
    let name = name.trim();
    plugins
        .iter()
        .find(|plugin| class(plugin).is_called(name, suffixes))
        .ok_or_else(|| {
            let known: Vec<&str> = plugins.iter().map(|plugin| class(plugin).class).collect();
            Error::new(
                ErrorKind::NotFound,
                format!(
                    "{what} class {name} is not built in; known are: {}",
                    known.join(", ")
                ),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::is_called;

    #[test]
    fn aliases_are_those_of_connect() {
        let class = "org.apache.kafka.connect.file.FileStreamSourceConnector";
        for name in [class, "FileStreamSourceConnector", "FileStreamSource"] {
            assert!(is_called(class, name, &["Connector"]), "{name}");
        }
        assert!(!is_called(class, "FileStream", &["Connector"]));
        assert!(!is_called("a.Connector", "", &["Connector"]));
    }
}
