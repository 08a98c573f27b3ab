//! The connector: one task, for only one stream can be read.

use async_trait::async_trait;
use connect_api::config::ConfigDef;
use connect_api::plugin::{Connector, ConnectorContext};
use connect_api::record::OffsetMap;
use connect_api::{Error, Props, Result};

use super::config::{FileSettings, file_config};
use super::task::{FILENAME, POSITION};

#[derive(Default)]
pub(super) struct FileStreamSourceConnector {
    props: Props,
}

#[async_trait]
impl Connector for FileStreamSourceConnector {
    fn config(&self) -> ConfigDef {
        file_config()
    }

    async fn start(&mut self, _context: ConnectorContext, props: &Props) -> Result<()> {
        let settings = FileSettings::parse(props)?;
        self.props = props.clone();
        tracing::info!(
            "the file source connector reads from {}",
            settings.file.as_deref().unwrap_or("standard input")
        );
        Ok(())
    }

    async fn task_props(&self, _max_tasks: usize) -> Result<Vec<Props>> {
        Ok(vec![self.props.clone()])
    }

    async fn stop(&mut self) {}

    fn check_offsets(&self, offsets: &[(OffsetMap, Option<OffsetMap>)]) -> Result<()> {
        for (partition, offset) in offsets {
            // Any partition may be reset, so that a wrong one can be cleaned up.
            let Some(offset) = offset else { continue };
            check_offset(partition, offset)?;
        }
        Ok(())
    }
}

/// `FileStreamSourceConnector.alterOffsets`, in its words.
fn check_offset(partition: &OffsetMap, offset: &OffsetMap) -> Result<()> {
    let Some(position) = offset.get(POSITION) else {
        return Err(Error::config(format!(
            "Offset objects should either be null or contain the key '{POSITION}'"
        )));
    };
    let Some(position) = position.as_i64() else {
        return Err(Error::config(format!(
            "The value for the '{POSITION}' key in the offset is expected to be a Long value"
        )));
    };
    if position < 0 {
        return Err(Error::config(format!(
            "The value for the '{POSITION}' key in the offset should be a non-negative value"
        )));
    }
    if !partition.contains_key(FILENAME) {
        return Err(Error::config(format!(
            "Partition objects should contain the key '{FILENAME}'"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(partition: Value, offset: Value) -> std::result::Result<(), String> {
        let map = |value: Value| value.as_object().cloned();
        FileStreamSourceConnector::default()
            .check_offsets(&[(map(partition).unwrap(), map(offset))])
            .map_err(|error| error.to_string())
    }

    #[test]
    fn offsets_from_users_are_checked_as_by_the_original() {
        assert_eq!(
            check(json!({"filename": "/f"}), json!({"position": 3})),
            Ok(())
        );
        assert_eq!(check(json!({"garbage": 1}), Value::Null), Ok(()));
        for (partition, offset, text) in [
            (
                json!({"filename": "/f"}),
                json!({"pos": 3}),
                "contain the key 'position'",
            ),
            (
                json!({"filename": "/f"}),
                json!({"position": "3"}),
                "expected to be a Long",
            ),
            (
                json!({"filename": "/f"}),
                json!({"position": -1}),
                "non-negative",
            ),
            (
                json!({"file": "/f"}),
                json!({"position": 1}),
                "contain the key 'filename'",
            ),
        ] {
            let error = check(partition, offset).unwrap_err();
            assert!(error.contains(text), "{error}");
        }
    }
}
