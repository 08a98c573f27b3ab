//! A client of Confluent's REST API for schema registries (`RestService`).

use std::fmt;
use std::time::Duration;

use connect_api::config::Secret;
use connect_api::{Error, ErrorKind, Props, Result};
use reqwest::{Method, Response, Url};

use super::json::Json;
use super::tls::TlsOptions;

const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// An answer is a schema or an error; more than this is neither.
const MAX_ANSWER: usize = 32 << 20;

/// How to log in.
#[derive(Debug, Clone)]
pub(super) enum Credentials {
    /// With what stands in the URL, if anything does.
    Url,
    Basic(String, Secret),
    Bearer(Secret),
}

/// The settings of the connection.
#[derive(Debug, Clone)]
pub(super) struct ClientOptions {
    /// The setting that `urls` come from.
    pub(super) setting: &'static str,
    pub(super) urls: Vec<String>,
    /// Whether to begin with any of the URLs.
    pub(super) randomize: bool,
    pub(super) credentials: Credentials,
    pub(super) headers: Props,
    pub(super) connect_timeout: Duration,
    pub(super) read_timeout: Duration,
    pub(super) max_retries: u32,
    pub(super) retry_wait: Duration,
    pub(super) retry_max_wait: Duration,
    pub(super) proxy: Option<String>,
    pub(super) tls: TlsOptions,
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Request<'r> {
    pub(super) path: &'r [&'r str],
    pub(super) query: &'r [(&'r str, &'r str)],
    /// Posted; without, the request is a GET.
    pub(super) body: Option<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The registry says no, in its own words.
    Status {
        status: u16,
        code: i64,
        message: String,
        url: String,
    },
    /// It cannot be reached, or what came is no answer.
    Network(Error),
}

pub(super) struct Client {
    http: reqwest::Client,
    options: ClientOptions,
    bases: Vec<Base>,
    /// The base that answered last.
    current: usize,
}

/// One of the URLs, and how to log in there.
struct Base {
    url: Url,
    login: Option<(String, Secret)>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(options: ClientOptions) -> Result<Self> {
        let bases: Result<Vec<Base>> = options
            .urls
            .iter()
            .map(|url| Base::parse(options.setting, url))
            .collect();
        let bases = bases?;
        if bases.is_empty() {
            return Err(Error::config(format!(
                "Missing value for configuration {}: the schema registry's URL must be given",
                options.setting
            )));
        }
        let mut builder = reqwest::Client::builder()
            .connect_timeout(options.connect_timeout)
            .timeout(options.connect_timeout + options.read_timeout)
            .no_proxy();
        if let Some(proxy) = &options.proxy {
            let proxy = reqwest::Proxy::all(proxy).map_err(|error| {
                Error::config(format!(
                    "Invalid value {proxy} for configuration proxy.host"
                ))
                .caused_by(error)
            })?;
            builder = builder.proxy(proxy);
        }
        let http = options.tls.apply(builder).build().map_err(|error| {
            Error::config("preparing the connection to the schema registry").caused_by(error)
        })?;
        let current = if options.randomize {
            random_below(bases.len())
        } else {
            0
        };
        Ok(Self {
            http,
            options,
            bases,
            current,
        })
    }

    /// The answer to a request, from the first URL that gives one.
    pub(super) async fn call(&mut self, request: &Request<'_>) -> Result<Json, Refusal> {
        let mut tried = 0;
        loop {
            let refusal = match self.call_one(request).await {
                Ok(answer) => return Ok(answer),
                Err(refusal) => refusal,
            };
            tried += 1;
            if !refusal.is_passing() {
                return Err(refusal);
            }
            // A record that waits for the registry is otherwise silent.
            tracing::warn!("{refusal}");
            if tried >= self.bases.len() {
                return Err(refusal);
            }
            self.current = (self.current + 1) % self.bases.len();
        }
    }

    /// Asks one URL, again if its answer says that this may help.
    async fn call_one(&self, request: &Request<'_>) -> Result<Json, Refusal> {
        let mut attempt = 0;
        loop {
            let refusal = match self.send(request).await {
                Err(refusal @ Refusal::Status { .. }) if refusal.is_passing() => refusal,
                done => return done,
            };
            if attempt >= self.options.max_retries {
                return Err(refusal);
            }
            tokio::time::sleep(self.wait(attempt)).await;
            attempt += 1;
        }
    }

    /// Full jitter on a pause that doubles.
    fn wait(&self, attempt: u32) -> Duration {
        let doubled = self
            .options
            .retry_wait
            .saturating_mul(1 << attempt.min(20))
            .min(self.options.retry_max_wait);
        let millis = usize::try_from(doubled.as_millis()).unwrap_or(usize::MAX);
        Duration::from_millis(random_below(millis.saturating_add(1)) as u64)
    }

    async fn send(&self, request: &Request<'_>) -> Result<Json, Refusal> {
        let base = &self.bases[self.current];
        let url = base.url_of(request);
        let method = if request.body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let mut builder = self
            .http
            .request(method, url.clone())
            .header("content-type", MEDIA_TYPE)
            .header("accept", format!("{MEDIA_TYPE}, application/json"));
        builder = match (&self.options.credentials, &base.login) {
            (Credentials::Bearer(token), _) => builder.bearer_auth(token.reveal()),
            (Credentials::Basic(user, password), _) => {
                builder.basic_auth(user, Some(password.reveal()))
            }
            (Credentials::Url, Some((user, password))) => {
                builder.basic_auth(user, Some(password.reveal()))
            }
            (Credentials::Url, None) => builder,
        };
        for (name, value) in &self.options.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let response = builder.send().await.map_err(|error| network(&url, error))?;
        answer(&url, response).await
    }
}

async fn answer(url: &Url, mut response: Response) -> Result<Json, Refusal> {
    let status = response.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| network(url, error))?
    {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            return Err(Refusal::Network(Error::data(format!(
                "{url} answered with more than {MAX_ANSWER} bytes"
            ))));
        }
        bytes.extend_from_slice(&chunk);
    }
    let text = String::from_utf8_lossy(&bytes);
    let json = Json::parse(&text);
    if status.is_success() {
        return json.map_err(|failure| {
            Refusal::Network(
                Error::data(format!("{url} answered with something that is no JSON"))
                    .caused_by(failure.into_error()),
            )
        });
    }
    let json = json.unwrap_or(Json::Null);
    let message = json.get("message").and_then(Json::as_str).map_or_else(
        || {
            format!(
                "the answer is no error of a schema registry: {}",
                excerpt(&text)
            )
        },
        str::to_owned,
    );
    Err(Refusal::Status {
        status: status.as_u16(),
        code: json
            .get("error_code")
            .and_then(Json::as_i64)
            .unwrap_or_else(|| status.as_u16().into()),
        message,
        url: url.to_string(),
    })
}

fn excerpt(text: &str) -> String {
    text.chars().take(300).collect()
}

fn network(url: &Url, error: reqwest::Error) -> Refusal {
    let failure = if is_about_tls(&error) {
        Error::config(format!(
            "the schema registry at {url} cannot be reached by TLS; check \
             schema.registry.ssl.truststore.location and schema.registry.ssl.keystore.location"
        ))
    } else {
        Error::retriable(format!("the schema registry at {url} does not answer"))
    };
    // Its text has the URL again.
    Refusal::Network(failure.caused_by(error.without_url()))
}

/// True where TLS found no way: trying again finds none either.
fn is_about_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        // OpenSSL's words; they come without a type of their own.
        let text = error.to_string();
        if text.contains("certificate verify failed") || text.contains("SSL routines") {
            return true;
        }
        cause = error.source();
    }
    false
}

impl Base {
    fn parse(setting: &str, text: &str) -> Result<Self> {
        let invalid = |reason: &str| {
            // A password in it must not be told.
            let shown = text.rsplit('@').next().unwrap_or(text);
            Error::config(format!(
                "Invalid value {shown} for configuration {setting}: {reason}"
            ))
        };
        let mut url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
        if url.scheme() == "mock" {
            return Err(invalid(
                "mock registries are of Java's tests; give the URL of a real one",
            ));
        }
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(invalid("it must begin with http:// or https:// and a host"));
        }
        let decoded = |text: &str| percent_decoded(text);
        let login = (!url.username().is_empty()).then(|| {
            let password = decoded(url.password().unwrap_or_default());
            (decoded(url.username()), Secret::new(password))
        });
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| invalid("it can have no user"))?;
        Ok(Self { url, login })
    }

    fn url_of(&self, request: &Request<'_>) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(request.path);
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query);
        }
        url
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let decoded = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Any number below `limit`: the standard library's hasher has random keys.
fn random_below(limit: usize) -> usize {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(0_u8);
    usize::try_from(random).unwrap_or(usize::MAX) % limit.max(1)
}

impl Refusal {
    /// True if the same request may be answered later, or by another registry
    /// (`RestService.isRestClientExceptionRetriable`).
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Refusal::Status { status, .. } => {
                matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
            }
            // Another one may be trusted where this one is not.
            Refusal::Network(error) => error.is_retriable() || error.kind() == ErrorKind::Config,
        }
    }

    /// True if what was asked for is not there.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Refusal::Status { status: 404, .. })
    }

    pub(super) fn into_error(self) -> Error {
        match self {
            Refusal::Network(error) => error,
            status @ Refusal::Status {
                status: 401 | 403, ..
            } => Error::config(status.to_string()),
            status if status.is_passing() => Error::retriable(status.to_string()),
            status => Error::new(ErrorKind::Data, status.to_string()),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Status {
                status,
                code,
                message,
                url,
            } => write!(
                f,
                "{message}; error code: {code} (status: {status}, from: {url})"
            ),
            Refusal::Network(error) => write!(f, "{error}"),
        }
    }
}
