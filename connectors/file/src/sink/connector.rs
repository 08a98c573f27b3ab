//! The connector: all tasks append to the one file.

use async_trait::async_trait;
use connect_api::config::ConfigDef;
use connect_api::plugin::{Connector, ConnectorContext};
use connect_api::{Props, Result};

use super::config::{SinkSettings, sink_config};

#[derive(Default)]
pub(super) struct FileStreamSinkConnector {
    props: Props,
}

#[async_trait]
impl Connector for FileStreamSinkConnector {
    fn config(&self) -> ConfigDef {
        sink_config()
    }

    async fn start(&mut self, _context: ConnectorContext, props: &Props) -> Result<()> {
        let settings = SinkSettings::parse(props)?;
        self.props = props.clone();
        tracing::info!(
            "the file sink connector writes to {}",
            settings.file.as_deref().unwrap_or("standard output")
        );
        Ok(())
    }

    async fn task_props(&self, max_tasks: usize) -> Result<Vec<Props>> {
        Ok(vec![self.props.clone(); max_tasks])
    }

    async fn stop(&mut self) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use connect_api::Error;
    use connect_api::plugin::ConnectorEvents;

    use super::*;

    struct NoEvents;

    impl ConnectorEvents for NoEvents {
        fn request_task_reconfiguration(&self) {}

        fn raise_error(&self, error: Error) {
            panic!("{error}");
        }
    }

    /// `FileStreamSinkConnectorTest`: every task gets the whole configuration.
    #[tokio::test]
    async fn every_task_has_the_connector_s_configuration() {
        let props = Props::from_iter([
            ("file".to_owned(), "/somefile".to_owned()),
            ("topics".to_owned(), "test1,test2".to_owned()),
            ("transforms".to_owned(), "insert".to_owned()),
        ]);
        let context = ConnectorContext {
            name: "sink".to_owned(),
            events: Arc::new(NoEvents),
            offsets: None,
        };
        let mut connector = FileStreamSinkConnector::default();
        connector.start(context, &props).await.unwrap();
        for tasks in [1, 2] {
            let task_props = connector.task_props(tasks).await.unwrap();
            assert_eq!(task_props, vec![props.clone(); tasks]);
        }
    }
}
