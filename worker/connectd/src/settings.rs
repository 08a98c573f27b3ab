//! The worker's settings: file, then environment, then command line, and a
//! warning for each that nothing knows.

use std::path::Path;

use connect_api::{Error, Props, Result};
use connect_cluster::{distributed, properties, standalone};
use connect_rest::rest_config;
use connect_runtime::{WorkerSettings, worker_config};

/// Which kind of worker the settings are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Distributed,
    Standalone,
}

/// Reads a worker's properties file.
pub(crate) fn read(path: &Path) -> Result<Props> {
    let failed = || format!("reading the worker's settings '{}'", path.display());
    let text =
        std::fs::read_to_string(path).map_err(|error| Error::config(failed()).caused_by(error))?;
    properties::parse(&text).map_err(|error| error.while_doing(failed()))
}

/// Puts the three together; the later win.
pub(crate) fn merge(file: Props, environment: Props, command_line: Vec<(String, String)>) -> Props {
    let mut props = file;
    props.extend(environment);
    props.extend(command_line);
    props
}

/// Settings whose names start so belong to a converter, a client or a config
/// provider: those who take them check them.
const PREFIXES: &[&str] = &[
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "producer.",
    "consumer.",
    "admin.",
    "config.providers.",
];

/// Warnings by name about settings that have no effect.
pub(crate) fn warnings(props: &Props, kind: &Kind) -> Vec<String> {
    let mut warnings = WorkerSettings::warnings(props);
    if *kind == Kind::Distributed {
        warnings.extend(distributed::warnings(props));
    }
    warnings.extend(connect_rest::warnings(props));
    for definition in [worker_config(), rest_config()] {
        warnings.extend(definition.deprecations(props));
    }
    for name in props.keys() {
        let is_named = || {
            warnings
                .iter()
                .any(|warning| warning.contains(&format!("'{name}'")))
        };
        if !is_known(name, *kind) && !is_named() {
            warnings.push(format!(
                "'{name}' is not a setting of this worker: it has no effect"
            ));
        }
    }
    warnings
}

fn is_known(name: &str, kind: Kind) -> bool {
    let of_kind = match kind {
        Kind::Distributed => distributed::knows(name),
        Kind::Standalone => {
            standalone::standalone_config().knows(name)
                || (distributed::knows(name) && !distributed::distributed_config().knows(name))
        }
    };
    of_kind
        || worker_config().knows(name)
        || connect_rest::knows(name)
        || name == "config.providers"
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&str, &str)]) -> Props {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
        let merged = merge(
            props(&[("a", "file"), ("b", "file"), ("c", "file")]),
            props(&[("b", "environment"), ("c", "environment")]),
            vec![("c".to_owned(), "line".to_owned())],
        );
        assert_eq!(
            merged,
            props(&[("a", "file"), ("b", "environment"), ("c", "line")])
        );
    }

    #[test]
    fn unknown_removed_and_java_settings_are_named() {
        let given = props(&[
            ("bootstrap.servers", "x:1"),
            ("group.id", "g"),
            ("bogus.setting", "1"),
            ("internal.key.converter", "x"),
            ("plugin.path", "/x"),
            ("worker.unsync.backoff.ms", "1"),
            ("producer.interceptor.classes", "x"),
            ("sasl.mechanism", "PLAIN"),
            ("value.converter.schemas.enable", "false"),
        ]);
        let warnings = warnings(&given, &Kind::Distributed);
        let named = [
            "bogus.setting",
            "internal.key.converter",
            "plugin.path",
            "worker.unsync.backoff.ms",
            "producer.interceptor.classes",
        ];
        for name in named {
            let naming = warnings
                .iter()
                .filter(|w| w.contains(&format!("'{name}'")))
                .count();
            assert_eq!(naming, 1, "{name}: {warnings:?}");
        }
        assert_eq!(warnings.len(), named.len(), "{warnings:?}");
    }
}
