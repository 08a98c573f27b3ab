//! Sends requests to other workers (`RestClient`).

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use connect_api::{Error, ErrorKind, Props, Result};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Method, StatusCode, redirect};
use serde::Deserialize;

use super::tls::{self, TlsSettings};
use super::{MacAlgorithm, RequestSignature, SessionKey};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a signed request may take: that of any request of the REST API.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);

/// Sends requests to other workers, by HTTP or HTTPS as their URLs say.
///
/// Each request has a connection of its own, as in the original: one that was
/// kept may have died with its worker, which a request would see only after it
/// was sent.
#[derive(Debug)]
pub struct InternalClient {
    /// Made with the first request, as the other: a client reads the system's authorities even
    /// if it never meets TLS, which takes a good part of a worker's start.
    plain: OnceLock<Client>,
    /// For HTTPS. The `ssl.*` settings of a worker that calls none may be meant for others
    /// (KAFKA-14816).
    secure: OnceLock<Client>,
    props: Props,
}

/// A request that is passed on as it came.
#[derive(Debug)]
pub struct ForwardedRequest<'r> {
    /// The method.
    pub method: &'r Method,
    /// The other worker's URL with path and query.
    pub url: &'r str,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// What the other worker answered.
#[derive(Debug)]
pub struct ForwardedAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl InternalClient {
    /// A client of the worker with these settings.
    pub fn new(props: &Props) -> Self {
        Self {
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            props: (props.iter())
                .filter(|(name, _)| {
                    name.starts_with("ssl.") || name.starts_with(tls::LISTENERS_PREFIX)
                })
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        }
    }

    /// Sends a request of a client to another worker.
    ///
    /// [`ErrorKind::Retriable`] where no connection came about, so that the
    /// other worker has seen nothing of it.
    pub async fn forward(&self, request: ForwardedRequest<'_>) -> Result<ForwardedAnswer> {
        let sent = self
            .client(request.url)?
            .request(request.method.clone(), request.url)
            .headers(request.headers)
            .body(request.body)
            .send();
        let answer = sent.await.map_err(not_answered)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(not_answered)?;
        Ok(ForwardedAnswer {
            status,
            headers,
            body,
        })
    }

    /// Tells the leader what the tasks of a connector of this worker are.
    ///
    /// [`ErrorKind::Retriable`] where trying again may help: no answer, a key
    /// that was changed meanwhile (403), a rebalance (409), a leader that is
    /// starting (503). The message is the leader's.
    pub async fn put_task_configs(
        &self,
        leader_url: &str,
        connector: &str,
        configs: &[Props],
        signed: Option<(&SessionKey, MacAlgorithm)>,
    ) -> Result<()> {
        let body = serde_json::to_vec(configs).map_err(|error| {
            Error::internal("writing task configurations as JSON").caused_by(error)
        })?;
        let url = url_of(leader_url, connector, "tasks");
        self.internal(Method::POST, &url, Bytes::from(body), signed)
            .await
    }

    /// Asks the leader to fence older tasks of an exactly-once source. Errors
    /// as of [`put_task_configs`](Self::put_task_configs).
    pub async fn fence(
        &self,
        leader_url: &str,
        connector: &str,
        signed: Option<(&SessionKey, MacAlgorithm)>,
    ) -> Result<()> {
        let url = url_of(leader_url, connector, "fence");
        self.internal(Method::PUT, &url, Bytes::new(), signed).await
    }

    /// Signs with the key, where there is one: groups without the protocol
    /// `sessioned` have none.
    async fn internal(
        &self,
        method: Method,
        url: &str,
        body: Bytes,
        signed: Option<(&SessionKey, MacAlgorithm)>,
    ) -> Result<()> {
        let mut request = self
            .client(url)?
            .request(method, url)
            .timeout(REQUEST_TIMEOUT)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some((key, algorithm)) = signed {
            for (name, value) in RequestSignature::sign(algorithm, key, &body).headers() {
                request = request.header(name, value);
            }
        }
        if !body.is_empty() {
            let json = HeaderValue::from_static("application/json");
            request = request.header(CONTENT_TYPE, json).body(body);
        }
        let answer = request.send().await.map_err(no_answer)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(refused(status, &answer.bytes().await.map_err(no_answer)?))
    }

    fn client(&self, url: &str) -> Result<&Client> {
        let is_secure = url.starts_with("https://");
        let made = if is_secure { &self.secure } else { &self.plain };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let mut builder = Client::builder();
        if is_secure {
            let settings = TlsSettings::parse(&self.props, tls::LISTENERS_PREFIX)?;
            builder = secure(builder, &settings)?;
        }
        let client = build(builder)?;
        Ok(made.get_or_init(|| client))
    }
}

fn build(builder: ClientBuilder) -> Result<Client> {
    builder
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(0)
        .user_agent("connectd")
        .build()
        .map_err(|error| Error::config("making the client for other workers").caused_by(error))
}

fn secure(builder: ClientBuilder, settings: &TlsSettings) -> Result<ClientBuilder> {
    let bad = |error: reqwest::Error| {
        Error::config(format!(
            "the stores of '{}ssl.*' cannot be used for requests to other workers",
            settings.prefix
        ))
        .caused_by(error)
    };
    let broken = |error: openssl::error::ErrorStack| {
        Error::config("the stores for requests to other workers cannot be used").caused_by(error)
    };
    let pems = |certificates: &[openssl::x509::X509]| -> Result<Vec<Certificate>> {
        (certificates.iter())
            .map(|certificate| {
                Certificate::from_pem(&certificate.to_pem().map_err(broken)?).map_err(bad)
            })
            .collect()
    };
    let mut builder = builder.tls_danger_accept_invalid_hostnames(!settings.checks_host_names);
    if let Some(trusted) = &settings.trusted {
        builder = builder.tls_certs_only(pems(trusted)?);
    }
    if let Some(own) = &settings.identity {
        // Java takes the key store for the trust store that is not set.
        if settings.trusted.is_none() {
            builder = builder.tls_certs_merge(pems(&own.chain)?);
        }
        let mut chain = Vec::new();
        for certificate in &own.chain {
            chain.extend(certificate.to_pem().map_err(broken)?);
        }
        let key = own.key.private_key_to_pem_pkcs8().map_err(broken)?;
        builder = builder.identity(Identity::from_pkcs8_pem(&chain, &key).map_err(bad)?);
    }
    Ok(builder)
}

/// The address of an internal request about a connector.
fn url_of(leader_url: &str, connector: &str, what: &str) -> String {
    let mut url = format!("{}/connectors/", leader_url.trim_end_matches('/'));
    for byte in connector.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url.push('/');
    url.push_str(what);
    url
}

fn not_answered(error: reqwest::Error) -> Error {
    let kind = if error.is_connect() {
        ErrorKind::Retriable
    } else {
        ErrorKind::Internal
    };
    Error::new(kind, "IO Error trying to forward REST request").caused_by(error)
}

fn no_answer(error: reqwest::Error) -> Error {
    Error::retriable("the leader did not answer").caused_by(error)
}

/// The body of an error's answer.
#[derive(Deserialize)]
struct ErrorMessage {
    message: String,
}

fn refused(status: StatusCode, body: &[u8]) -> Error {
    let message = serde_json::from_slice(body).map_or_else(
        |_| format!("the leader answered {status}"),
        |error: ErrorMessage| error.message,
    );
    let kind = match status {
        StatusCode::BAD_REQUEST => ErrorKind::Config,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::FORBIDDEN | StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE => {
            ErrorKind::Retriable
        }
        _ => ErrorKind::Internal,
    };
    Error::new(kind, message)
}

#[cfg(test)]
mod tests;
