//! The one list of what is built in.

use connect_api::plugin::Transformation;
use connect_api::registry::{Plugins, TransformationPlugin};
use connect_api::{Props, Result};
use connect_transforms::insert_header;

/// All plugins of this binary.
pub(crate) fn all() -> Plugins {
    Plugins {
        connectors: vec![
            connect_elasticsearch_sink::SINK,
            connect_file::SOURCE,
            connect_file::SINK,
            connect_jdbc_sink::CONFLUENT,
            connect_jdbc_sink::DEBEZIUM,
            connect_jdbc_sink::AIVEN,
            connect_mysql_source::plugin(),
        ],
        transformations: transformations(),
        predicates: connect_transforms::predicates(),
        converters: connect_converters::converters(),
        header_converters: connect_converters::header_converters(),
    }
}

fn transformations() -> Vec<TransformationPlugin> {
    let mut all = connect_transforms::transformations();
    all.push(insert_header::plugin_made_by(new_insert_header));
    all
}

/// Its literal is read as `SimpleHeaderConverter` reads a header.
fn new_insert_header(props: &Props) -> Result<Box<dyn Transformation>> {
    let converters = Plugins {
        header_converters: connect_converters::header_converters(),
        ..Plugins::default()
    };
    let literals = converters.header_converter("SimpleHeaderConverter")?;
    let mut literals = (literals.create)(&Props::new())?;
    insert_header::new(props, &mut *literals)
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
