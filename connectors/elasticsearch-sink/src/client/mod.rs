//! The HTTP client: finds a node that answers, authorises, compresses, tries
//! again.

mod answer;
mod hosts;
mod indices;
mod server;
mod tls;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use connect_api::{Error, ErrorKind, Result};
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue,
    RETRY_AFTER,
};
use reqwest::{Method, Url};
use tokio_util::sync::CancellationToken;

pub(crate) use answer::{Answer, Reason, decompressed};
pub(crate) use hosts::shown;
pub(crate) use server::Server;

use crate::config::{Credentials, Retries, Settings};
use hosts::Hosts;

/// No pause before a retry is longer, and no answer is waited for longer than
/// this unless `read.timeout.ms` says so.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Where nobody answers, asking costs nobody anything: who is back is not kept waiting.
const LONGEST_PAUSE_ALONE: Duration = Duration::from_secs(10);

/// JSON, which every version takes.
pub(crate) const JSON: &str = "application/json";
/// JSON in lines, which every version takes for bulk requests.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// A client of one cluster.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    hosts: Hosts,
    compression: bool,
    read_timeout: Option<Duration>,
    retries: Retries,
    cancelled: CancellationToken,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query, from the slash on.
    pub(crate) path: String,
    pub(crate) body: Option<(Bytes, &'static str)>,
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
        }
    }

    pub(crate) fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = Some((Bytes::from(body.to_string()), JSON));
        self
    }
}

/// A URL of `connection.url`; one without a scheme is http.
pub(crate) fn parse_url(text: &str) -> std::result::Result<Url, String> {
    let invalid = |reason: &dyn std::fmt::Display| {
        format!("The provided url '{text}' is not a valid url: {reason}")
    };
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url = Url::parse(&full).map_err(|error| invalid(&error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(&"its scheme must be http or https"));
    }
    Ok(url)
}

/// hyper's words for a connection that was over before the request was written.
const UNSENT: &str = "connection was not ready";
const UNSENT_RETRIES: u32 = 3;

impl Client {
    /// A client by `settings`, which gives up waiting once `cancelled` is.
    pub(crate) fn new(settings: &Settings, cancelled: CancellationToken) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(headers(settings)?)
            .pool_idle_timeout(settings.idle_timeout)
            .pool_max_idle_per_host(settings.max_in_flight);
        if let Some(timeout) = settings.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(http_proxy(proxy)?);
        }
        if let Some(tls) = &settings.tls {
            builder = tls::apply(builder, tls)?;
        }
        let http = builder
            .build()
            .map_err(|error| Error::config("making an HTTP client").caused_by(error))?;
        Ok(Self {
            http,
            hosts: Hosts::new(settings.urls.clone()),
            compression: settings.compression,
            read_timeout: settings.read_timeout,
            retries: settings.retries,
            cancelled,
        })
    }

    /// Sends a request to one node after the other until one answers; an error
    /// if none does. `attempt` counts from 0: later ones get more time.
    pub(crate) async fn send(&self, request: &Request, attempt: u32) -> Result<Answer> {
        let request = self.compressed(request)?;
        let timeout = self.timeout(attempt);
        let mut failures = Vec::new();
        // Of the last node, as long as all of them have one.
        let mut advice = Some("");
        for _ in 0..self.hosts.len() {
            let host = self.hosts.next();
            match self.send_somehow(host.url(), &request, timeout).await {
                Ok(answer) => {
                    self.hosts.answered(host);
                    return Ok(answer);
                }
                Err(error) => {
                    let text = format!("{}: {}", shown(host.url()), causes(&error));
                    tracing::debug!("no answer from {text}");
                    self.hosts.failed(host);
                    advice = advice.and(lasting_advice(&error));
                    failures.push(text);
                }
            }
        }
        let failures = failures.join("; ");
        Err(match advice {
            Some(advice) => Error::config(format!(
                "no node of Elasticsearch can be reached: {failures}; {advice}"
            )),
            None => Error::retriable(format!("no node of Elasticsearch answers: {failures}")),
        })
    }

    /// Sends a request until it is answered by something else than a passing
    /// fault, at most as often as `max.retries` says. `what` is what it does.
    pub(crate) async fn call(&self, what: &str, request: &Request) -> Result<Answer> {
        let mut attempt = 0;
        loop {
            let (fault, pause) = match self.send(request, attempt).await {
                Ok(answer) if answer.is_passing_fault() => {
                    let text = format!("{} {}", answer.status, answer.reason());
                    let pause = self.pause(attempt, answer.retry_after);
                    (Error::retriable(text), pause)
                }
                Ok(answer) => return Ok(answer),
                Err(error) if !error.is_retriable() => return Err(error.while_doing(what)),
                Err(error) => (error, self.pause_alone(attempt)),
            };
            if !self.may_retry(attempt, true) {
                return Err(fault.while_doing(format!("{what} ({} attempts)", attempt + 1)));
            }
            tracing::warn!("{what}: {}; trying again in {pause:?}", fault.trace());
            self.rest(pause).await?;
            attempt += 1;
        }
    }

    /// True if one more attempt may follow number `attempt`. An outage is
    /// waited out unless the user limited retries.
    pub(crate) fn may_retry(&self, attempt: u32, is_outage: bool) -> bool {
        let is_limited = self.retries.limits_outages || !is_outage;
        !is_limited || attempt < self.retries.max
    }

    /// How long to wait after attempt number `attempt`: a random part of an
    /// exponentially growing time (`RetryUtil`), or what the server asked for.
    pub(crate) fn pause(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let factor = 1_u32 << attempt.min(16);
        let longest = (self.retries.backoff.saturating_mul(factor)).min(LONGEST_PAUSE);
        let jittered = longest.mul_f64(0.5 + random() / 2.0);
        asked.unwrap_or_default().min(LONGEST_PAUSE).max(jittered)
    }

    /// How long to wait where no node answered.
    pub(crate) fn pause_alone(&self, attempt: u32) -> Duration {
        let longest = LONGEST_PAUSE_ALONE.max(self.retries.backoff);
        self.pause(attempt, None).min(longest)
    }

    /// Waits, unless the task is to stop.
    pub(crate) async fn rest(&self, pause: Duration) -> Result<()> {
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            () = self.cancelled.cancelled() => Err(Error::new(
                ErrorKind::Stopped,
                "the task is being stopped",
            )),
        }
    }

    /// Sends again what was never on its way: a server that wants a certificate says so only after
    /// a connection has been made, and where that is over before the request is written, nobody is
    /// told why.
    async fn send_somehow(
        &self,
        host: &Url,
        request: &Request,
        timeout: Option<Duration>,
    ) -> Result<Answer, reqwest::Error> {
        let mut sent = self.send_to(host, request, timeout).await;
        for _ in 0..UNSENT_RETRIES {
            match &sent {
                Err(error) if causes(error).contains(UNSENT) => {}
                _ => break,
            }
            sent = self.send_to(host, request, timeout).await;
        }
        sent
    }

    async fn send_to(
        &self,
        host: &Url,
        request: &Request,
        timeout: Option<Duration>,
    ) -> Result<Answer, reqwest::Error> {
        let url = format!("{}{}", host.as_str().trim_end_matches('/'), request.path);
        let mut builder = self.http.request(request.method.clone(), url);
        if let Some(timeout) = timeout {
            builder = builder.timeout(timeout);
        }
        if let Some((body, media_type)) = &request.body {
            builder = builder.header(CONTENT_TYPE, *media_type).body(body.clone());
            if self.compression {
                builder = builder.header(CONTENT_ENCODING, "gzip");
            }
        }
        let response = builder.send().await?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name)?.to_str().ok();
        let retry_after = header(RETRY_AFTER).and_then(|text| text.trim().parse().ok());
        let is_compressed = header(CONTENT_ENCODING) == Some("gzip");
        Ok(Answer {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            body: decompressed(response.bytes().await?, is_compressed),
        })
    }

    fn compressed(&self, request: &Request) -> Result<Request> {
        let mut request = request.clone();
        if let (true, Some((body, _))) = (self.compression, &mut request.body) {
            *body = answer::compressed(body)?;
        }
        Ok(request)
    }

    fn timeout(&self, attempt: u32) -> Option<Duration> {
        let first = self.read_timeout?;
        let grown = first.saturating_mul(1 << attempt.min(10));
        Some(grown.min(LONGEST_PAUSE).max(first))
    }
}

/// A number from 0 to 1, for jitter: the hash of nothing with random keys.
fn random() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let hash = std::hash::RandomState::new().build_hasher().finish();
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// What to do where trying again finds no way either; none where it may.
fn lasting_advice(error: &reqwest::Error) -> Option<&'static str> {
    let text = causes(error);
    // OpenSSL's and the proxy client's words; they come without a type of their own.
    if text.contains("certificate verify failed") || text.contains("SSL routines") {
        Some(
            "check connection.url, and with elastic.security.protocol=SSL \
             elastic.https.ssl.truststore.location and elastic.https.ssl.keystore.location",
        )
    } else if text.contains("proxy authorization required") {
        Some("check proxy.username and proxy.password")
    } else {
        None
    }
}

/// reqwest's message says little; its causes say what happened.
fn causes(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "timed out".to_owned()
    } else {
        error.to_string()
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}

fn headers(settings: &Settings) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if settings.compression {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let value = match &settings.credentials {
        None => return Ok(headers),
        Some(Credentials::Basic(user, password)) => {
            let pair = STANDARD.encode(format!("{user}:{}", password.reveal()));
            format!("Basic {pair}")
        }
        Some(Credentials::ApiKey(key)) => {
            let key = key.reveal().trim();
            match key.contains(':') {
                true => format!("ApiKey {}", STANDARD.encode(key)),
                false => format!("ApiKey {key}"),
            }
        }
    };
    let mut value = HeaderValue::from_str(&value)
        .map_err(|_| Error::config("the API key has characters that no HTTP header may have"))?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(headers)
}

fn http_proxy(proxy: &crate::config::Proxy) -> Result<reqwest::Proxy> {
    let address = format!("http://{}:{}", proxy.host, proxy.port);
    let mut http = reqwest::Proxy::all(&address).map_err(|error| {
        Error::config(format!(
            "'proxy.host' and 'proxy.port' make no address: {address}"
        ))
        .caused_by(error)
    })?;
    if let Some((user, password)) = &proxy.credentials {
        http = http.basic_auth(user, password.reveal());
    }
    Ok(http)
}
