//! The key, in the original's words: clients show it.

use connect_api::config::{ConfigDef, Key};
use connect_api::{Props, Result};

/// The file; none writes to standard output.
const FILE: Key<Option<String>> = Key::new("file")
    .default_null()
    .high()
    .doc("Destination filename. If not specified, the standard output will be used");

/// The keys of the connector and its tasks.
pub(super) fn sink_config() -> ConfigDef {
    ConfigDef::new().with(&FILE)
}

/// What a task needs, parsed.
#[derive(Debug)]
pub(super) struct SinkSettings {
    /// None for standard output.
    pub(super) file: Option<String>,
}

impl SinkSettings {
    pub(super) fn parse(props: &Props) -> Result<Self> {
        let settings = sink_config().parse(props)?;
        Ok(Self {
            file: settings.get(&FILE)?.filter(|file| !file.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fit_their_checks() {
        assert!(sink_config().check_defaults().is_empty());
    }
}
