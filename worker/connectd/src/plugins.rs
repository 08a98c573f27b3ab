//! The one list of what is built in.

use connect_api::registry::Plugins;

/// All plugins of this binary.
pub(crate) fn all() -> Plugins {
    Plugins {
        connectors: vec![connect_file::SOURCE, connect_file::SINK, connect_mysql_source::plugin()],
        transformations: connect_transforms::transformations(),
        predicates: connect_transforms::predicates(),
        converters: connect_converters::converters(),
        header_converters: connect_converters::header_converters(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_class_is_listed_twice_and_every_declared_default_fits_its_key() {
        let plugins = all();
        let listed = plugins.list();
        for (position, (kind, name)) in listed.iter().enumerate() {
            let again = listed[position + 1..]
                .iter()
                .any(|(k, n)| k == kind && n.class == name.class);
            assert!(!again, "{kind} {} is listed twice", name.class);
        }
        let mut configs = Vec::new();
        configs.extend(
            plugins
                .connectors
                .iter()
                .map(|p| (p.name.class, (p.create)().config())),
        );
        configs.extend(
            plugins
                .transformations
                .iter()
                .map(|p| (p.name.class, (p.config)())),
        );
        configs.extend(
            plugins
                .predicates
                .iter()
                .map(|p| (p.name.class, (p.config)())),
        );
        configs.extend(
            plugins
                .converters
                .iter()
                .map(|p| (p.name.class, (p.config)())),
        );
        configs.extend(
            plugins
                .header_converters
                .iter()
                .map(|p| (p.name.class, (p.config)())),
        );
        for (class, config) in configs {
            assert_eq!(config.check_defaults(), Vec::<String>::new(), "{class}");
        }
    }
}
