//! The keys, in the original's words: clients show them.

use connect_api::config::{Check, ConfigDef, Key, Settings};
use connect_api::{Props, Result};

/// The file; none reads standard input.
const FILE: Key<Option<String>> = Key::new("file")
    .default_null()
    .high()
    .doc("Source filename. If not specified, the standard input will be used");

/// Where its lines go.
const TOPIC: Key<String> = Key::new("topic")
    .check(Check::NonEmpty)
    .high()
    .doc("The topic to publish data to");

/// How many lines one poll returns at most.
const BATCH_SIZE: Key<i32> = Key::new("batch.size").default("2000").doc(
    "The maximum number of records the source task can read from the file each time it is polled",
);

/// The keys of the connector and its task.
pub(super) fn file_config() -> ConfigDef {
    ConfigDef::new().with(&FILE).with(&TOPIC).with(&BATCH_SIZE)
}

/// What the task needs, parsed.
#[derive(Debug)]
pub(super) struct FileSettings {
    /// None for standard input.
    pub(super) file: Option<String>,
    pub(super) topic: String,
    pub(super) batch_size: usize,
}

impl FileSettings {
    pub(super) fn parse(props: &Props) -> Result<Self> {
        let settings: Settings = file_config().parse(props)?;
        Ok(Self {
            file: settings.get(&FILE)?.filter(|file| !file.is_empty()),
            topic: settings.get(&TOPIC)?,
            // The original returns one line at a time for any smaller number.
            batch_size: usize::try_from(settings.get(&BATCH_SIZE)?)
                .unwrap_or(1)
                .max(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fit_their_checks() {
        assert!(file_config().check_defaults().is_empty());
    }
}
