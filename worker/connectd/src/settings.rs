//! The worker's settings: file, then environment, then command line, and a
//! warning for each that nothing knows.

use connect_api::Props;
use connect_api::config::ConfigDef;
use connect_runtime::WorkerSettings;

/// Puts the three together; the later win.
pub fn merge(file: Props, environment: Props, command_line: Vec<(String, String)>) -> Props {
    let mut props = file;
    props.extend(environment);
    props.extend(command_line);
    props
}

/// Settings whose names start so belong to a converter, a client, a storage
/// topic or a config provider: those who take them check them.
const PREFIXES: &[&str] = &[
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "producer.",
    "consumer.",
    "admin.",
    "config.providers.",
    "config.storage.",
    "offset.storage.",
    "status.storage.",
    "sasl.",
    "ssl.",
];

/// Warnings by name about settings that have no effect.
pub fn warnings(props: &Props, known: &[ConfigDef]) -> Vec<String> {
    let mut warnings = WorkerSettings::warnings(props);
    for definition in known {
        warnings.extend(definition.deprecations(props));
    }
    for name in props.keys() {
        let is_known = known.iter().any(|definition| definition.knows(name))
            || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let is_named = || warnings.iter().any(|warning| warning.contains(&format!("'{name}'")));
        if !is_known && !is_named() {
            warnings.push(format!("'{name}' is not a setting of this worker: it has no effect"));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&str, &str)]) -> Props {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
        let merged = merge(
            props(&[("a", "file"), ("b", "file"), ("c", "file")]),
            props(&[("b", "environment"), ("c", "environment")]),
            vec![("c".to_owned(), "line".to_owned())],
        );
        assert_eq!(merged, props(&[("a", "file"), ("b", "environment"), ("c", "line")]));
    }

    #[test]
    fn unknown_removed_and_java_settings_are_named() {
        let given = props(&[
            ("bootstrap.servers", "x:1"),
            ("bogus.setting", "1"),
            ("internal.key.converter", "x"),
            ("plugin.path", "/x"),
            ("producer.interceptor.classes", "x"),
            ("sasl.mechanism", "PLAIN"),
            ("value.converter.schemas.enable", "false"),
        ]);
        let warnings = warnings(&given, &[connect_runtime::worker_config()]);
        for name in ["bogus.setting", "internal.key.converter", "plugin.path", "producer.interceptor.classes"] {
            let naming = warnings.iter().filter(|w| w.contains(&format!("'{name}'"))).count();
            assert_eq!(naming, 1, "{name}: {warnings:?}");
        }
        assert_eq!(warnings.len(), 4, "{warnings:?}");
    }
}
