//! The server: what it listens on, and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener as Accepts;
use connect_api::{Error, Result};
use connect_cluster::Herder;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Address, Admin, Listener, RestSettings, Scheme};
use crate::service::{Door, Service, handle};
use crate::tls::{ServerTls, TlsListener};

/// Ports that are open, before anything is served on them: a worker's name
/// (`worker_id`) depends on the port.
#[derive(Debug)]
pub struct BoundListeners {
    listeners: Vec<(Listener, TcpListener)>,
    admin: Vec<(Listener, TcpListener)>,
    address: Address,
    settings: RestSettings,
}

/// A running REST server.
#[derive(Debug)]
pub struct RestServer {
    stop: CancellationToken,
    connections: TaskTracker,
}

impl BoundListeners {
    /// Opens all listeners of `settings`.
    pub async fn bind(settings: RestSettings) -> Result<Self> {
        let listeners = bind_all("listeners", &settings.listeners).await?;
        let admin = match &settings.admin {
            Admin::At(listeners) => bind_all("admin.listeners", listeners).await?,
            Admin::WithRest | Admin::Off => Vec::new(),
        };
        let mut bound = Vec::with_capacity(listeners.len());
        for (listener, socket) in &listeners {
            bound.push((listener.clone(), port_of(socket)));
        }
        Ok(Self {
            address: Address::new(&settings.advertised, &bound),
            listeners,
            admin,
            settings,
        })
    }

    /// The addresses that the REST API listens on, with their real ports.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners
            .iter()
            .filter_map(|(_, socket)| socket.local_addr().ok())
            .collect()
    }

    /// The addresses of listeners that are the admin API's alone.
    pub fn admin_addresses(&self) -> Vec<SocketAddr> {
        self.admin
            .iter()
            .filter_map(|(_, socket)| socket.local_addr().ok())
            .collect()
    }

    /// This worker's name in statuses: host and port by which others reach it.
    pub fn worker_id(&self) -> String {
        self.address.worker_id()
    }

    /// The URL by which others reach this worker: its name in the group.
    pub fn advertised_url(&self) -> String {
        self.address.url()
    }

    /// Serves `herder` until the server is stopped.
    pub fn serve(self, herder: Herder) -> RestServer {
        let server = RestServer {
            stop: CancellationToken::new(),
            connections: TaskTracker::new(),
        };
        let service = Arc::new(Service::new(herder, &self.settings));
        let door = Door::Rest {
            has_admin: self.settings.admin == Admin::WithRest,
        };
        for (listener, socket) in self.listeners {
            let tls = self.settings.tls.clone();
            server.listen(&service, door, &listener, socket, tls);
        }
        for (listener, socket) in self.admin {
            let tls = self.settings.admin_tls.clone();
            server.listen(&service, Door::Admin, &listener, socket, tls);
        }
        server.connections.close();
        server
    }
}

async fn bind_all(name: &str, listeners: &[Listener]) -> Result<Vec<(Listener, TcpListener)>> {
    let mut bound = Vec::with_capacity(listeners.len());
    for listener in listeners {
        let (host, port) = (listener.host.as_str(), listener.port);
        let all = if host.is_empty() { "0.0.0.0" } else { host };
        let socket = TcpListener::bind((all, port)).await.map_err(|error| {
            Error::config(format!(
                "cannot listen on {all}:{port}; is another worker running? Change '{name}'"
            ))
            .caused_by(error)
        })?;
        bound.push((listener.clone(), socket));
    }
    Ok(bound)
}

fn port_of(socket: &TcpListener) -> u16 {
    socket.local_addr().map_or(0, |address| address.port())
}

impl RestServer {
    fn listen(
        &self,
        service: &Arc<Service>,
        door: Door,
        listener: &Listener,
        socket: TcpListener,
        tls: Option<ServerTls>,
    ) {
        match (listener.scheme, tls) {
            (Scheme::Https, Some(tls)) => {
                self.accept(service, door, true, TlsListener::new(socket, tls));
            }
            // The settings have read the key of each listener with https.
            (Scheme::Https, None) => tracing::error!("a listener with https has no key"),
            (Scheme::Http, _) => self.accept(service, door, false, socket),
        }
    }

    fn accept<L>(&self, service: &Arc<Service>, door: Door, is_secure: bool, listener: L)
    where
        L: Accepts,
        L::Addr: std::fmt::Debug,
    {
        let service = Arc::clone(service);
        let router = Router::new()
            .fallback(move |request| handle(Arc::clone(&service), door, is_secure, request));
        let stopped = self.stop.clone().cancelled_owned();
        self.connections.spawn(async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await;
            if let Err(error) = served {
                tracing::error!(%error, "the REST server ended");
            }
        });
    }

    /// Stops listening and waits for running requests, no longer than `wait`.
    pub async fn stop(&self, wait: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(wait, self.connections.wait())
            .await
            .is_err()
        {
            tracing::warn!("some REST requests were still running after {wait:?}");
        }
    }
}
