//! `org.apache.kafka.connect.transforms.Filter`: drops every record that its
//! predicate lets through to it.

use connect_api::Result;
use connect_api::config::ConfigDef;
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;

use crate::keys::plugin;

pub(crate) const PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.Filter",
    ConfigDef::new,
    |_| Ok(Box::new(Filter)),
);

#[derive(Debug)]
struct Filter;

impl Transformation for Filter {
    fn apply(&mut self, _record: &mut Record) -> Result<Outcome> {
        Ok(Outcome::Drop)
    }
}
