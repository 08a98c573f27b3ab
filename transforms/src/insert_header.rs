//! `org.apache.kafka.connect.transforms.InsertHeader`: a header of a fixed
//! value on each record.

use bytes::Bytes;
use connect_api::config::{Check, ConfigDef, Key};
use connect_api::plugin::{HeaderConverter, Outcome, Transformation};
use connect_api::record::{Header, Headers, Record};
use connect_api::registry::TransformationPlugin;
use connect_api::{Props, Result};

use crate::keys::plugin;

/// The plugin `InsertHeader`, made by `create`: it needs a header converter,
/// which only the binary knows. See [`new`].
pub fn plugin_made_by(
    create: fn(&Props) -> Result<Box<dyn Transformation>>,
) -> TransformationPlugin {
    plugin(
        "org.apache.kafka.connect.transforms.InsertHeader",
        config_def,
        create,
    )
}

const HEADER: Key<String> = Key::new("header")
    .high()
    .check(Check::NonNull)
    .doc("The header's name.");

const VALUE_LITERAL: Key<String> = Key::new("value.literal").high().check(Check::NonNull).doc(
    "The header's value, the same on all records. Its type is guessed: a number, true or false, a \
     date or time in ISO 8601, a list in [ ], a map in { }, null, else a text.",
);

fn config_def() -> ConfigDef {
    ConfigDef::new().with(&HEADER).with(&VALUE_LITERAL)
}

/// Makes an `InsertHeader` whose literal is read by `literals`: in the original
/// the same code as that of `SimpleHeaderConverter`.
pub fn new(props: &Props, literals: &mut dyn HeaderConverter) -> Result<Box<dyn Transformation>> {
    let settings = config_def().parse(props)?;
    let key = settings.get(&HEADER)?;
    let literal = Bytes::from(settings.get(&VALUE_LITERAL)?);
    let (schema, value) = literals.deserialize("", &key, Some(&literal))?;
    let header = Header {
        key: key.into(),
        schema,
        value,
    };
    Ok(Box::new(InsertHeader {
        alone: Headers::from_iter([header.clone()]),
        header,
    }))
}

#[derive(Debug)]
struct InsertHeader {
    header: Header,
    /// What records without headers get: one list for all of them.
    alone: Headers,
}

impl Transformation for InsertHeader {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        if record.headers.is_empty() {
            record.headers = self.alone.clone();
        } else {
            let header = self.header.clone();
            record.headers.add(header.key, header.schema, header.value);
        }
        Ok(Outcome::Keep)
    }
}
