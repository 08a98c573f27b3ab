//! A running registry.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use connect_kafka::log::LogError;
use connect_kafka::{ClientError, SettingsError};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::http;
use crate::service::Service;
use crate::settings::RegistrySettings;
use crate::store::Store;

/// How long running requests may take at the end.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// Why a registry does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The port is taken, or the address is none of this machine's.
    #[error("cannot listen on {listen}; is another registry running? Give another address")]
    Listen {
        /// The address.
        listen: String,
        /// Why.
        source: std::io::Error,
    },
    /// A client setting cannot be used.
    #[error("a setting of the Kafka client")]
    Settings(#[from] SettingsError),
    /// A Kafka client cannot be made.
    #[error("cannot make a Kafka client")]
    Client(#[from] ClientError),
    /// The topic cannot be created or read.
    #[error("cannot read the topic of schemas")]
    Topic(#[from] LogError),
    /// The topic is not one that a registry can use.
    #[error(
        "the topic '{topic}' has {count} partitions, and a registry's has one, for the order of its records; name another topic"
    )]
    Partitions {
        /// Its name.
        topic: String,
        /// How many it has.
        count: usize,
    },
}

/// A running registry. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Registry {
    /// Opens the port, reads the topic (and creates it if it is missing), and serves. What Kafka
    /// does not answer yet is waited for.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn start(settings: RegistrySettings) -> Result<Self, StartError> {
        let listen_error = |source| StartError::Listen {
            listen: settings.listen.clone(),
            source,
        };
        let listener = TcpListener::bind(&settings.listen)
            .await
            .map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let store = Store::open(&settings).await?;
        Ok(Self::serve(listener, address, Service::new(store)))
    }

    pub(crate) fn serve(listener: TcpListener, address: SocketAddr, service: Service) -> Self {
        let stop = CancellationToken::new();
        let service = Arc::new(service);
        let serving = Arc::clone(&service);
        let router = Router::new().fallback(move |request: Request| {
            let service = Arc::clone(&serving);
            async move { http::handle(service, request).await }
        });
        let stopped = stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await;
            if let Err(error) = served {
                tracing::error!(%error, "the schema registry ended");
            }
            if let Ok(service) = Arc::try_unwrap(service) {
                service.close().await;
            }
        });
        Self {
            address,
            stop,
            server,
        }
    }

    /// Where it listens, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and waits for running requests, for a few seconds.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if timeout(STOP_WAIT, &mut self.server).await.is_err() {
            tracing::warn!("some requests to the schema registry were still running");
            self.server.abort();
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
