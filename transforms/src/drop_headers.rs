//! `org.apache.kafka.connect.transforms.DropHeaders`: records without the
//! headers of some names.

use connect_api::config::{Check, ConfigDef, Key};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::{Header, Record};
use connect_api::registry::TransformationPlugin;
use connect_api::{Props, Result};

use crate::keys::{are_some_names, plugin};

pub(crate) const PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.DropHeaders",
    config_def,
    |props| Ok(Box::new(DropHeaders::new(props)?)),
);

const HEADERS: Key<Vec<String>> = Key::new("headers")
    .high()
    .check(Check::Custom(are_some_names))
    .doc("The names of the headers to take away.");

fn config_def() -> ConfigDef {
    ConfigDef::new().with(&HEADERS)
}

#[derive(Debug)]
struct DropHeaders {
    names: Vec<String>,
}

impl DropHeaders {
    fn new(props: &Props) -> Result<Self> {
        let names = config_def().parse(props)?.get(&HEADERS)?;
        Ok(Self { names })
    }

    fn is_dropped(&self, header: &Header) -> bool {
        self.names.iter().any(|name| *name == *header.key)
    }
}

impl Transformation for DropHeaders {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        if record.headers.iter().any(|header| self.is_dropped(header)) {
            record.headers.retain(|header| !self.is_dropped(header));
        }
        Ok(Outcome::Keep)
    }
}
