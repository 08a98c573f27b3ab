//! One connection: which versions the broker knows, the login, and requests one after another.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{
    Decodable, Encodable, HeaderVersion, Request, StrBytes, VersionRange,
};
use tokio::time::timeout;

use super::stream::{self, Stream};
use super::{Endpoint, WireError, WireSettings, frame, sasl};

/// `UNSUPPORTED_VERSION`, which a broker answers to ApiVersions in a version that it does not know.
const UNSUPPORTED_VERSION: i16 = 35;

/// A connection to a broker that is ready for requests.
///
/// Requests go one at a time: the broker works on one after another anyway, and a group's join
/// holds back what comes behind it.
pub struct Connection {
    endpoint: Endpoint,
    stream: Box<dyn Stream>,
    client_id: StrBytes,
    versions: HashMap<i16, VersionRange>,
    correlation: i32,
    /// A request whose answer was not read to its end: what comes next on the stream is unknown.
    in_flight: bool,
    login_again: Option<Instant>,
    request_timeout: Duration,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("endpoint", &self.endpoint)
            .field("usable", &self.is_usable())
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects, asks for the versions, logs in.
    ///
    /// # Errors
    ///
    /// The broker cannot be reached, is no Kafka broker, or refuses the login.
    pub async fn open(settings: &WireSettings, endpoint: &Endpoint) -> Result<Self, WireError> {
        let mut connection = Self {
            endpoint: endpoint.clone(),
            stream: stream::connect(settings, endpoint).await?,
            client_id: StrBytes::from_string(settings.client_id.clone()),
            versions: HashMap::new(),
            correlation: 0,
            in_flight: false,
            login_again: None,
            request_timeout: settings.request_timeout,
        };
        connection.negotiate().await?;
        if let Some(login) = &settings.login {
            let began = Instant::now();
            let lifetime = sasl::authenticate(&mut connection, login).await?;
            // The Java client logs in again after 85% to 95% of the time; here with a new
            // connection.
            connection.login_again = lifetime.map(|lifetime| began + lifetime.mul_f64(0.85));
        }
        Ok(connection)
    }

    /// The broker.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// `request.timeout.ms`.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Whether another request may be sent: no answer is outstanding, and the login is not due
    /// again.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.in_flight && self.login_again.is_none_or(|due| Instant::now() < due)
    }

    /// The version in which a request would be sent.
    ///
    /// # Errors
    ///
    /// The broker knows none that we know, or only ones below `lowest`.
    pub fn version<R: Request>(&self, lowest: i16) -> Result<i16, WireError> {
        let ours = VersionRange {
            min: lowest,
            max: R::VERSIONS.max,
        };
        let theirs = self.versions.get(&R::KEY);
        match theirs.map(|theirs| ours.intersect(theirs)) {
            Some(both) if !both.is_empty() => Ok(both.max),
            _ => Err(WireError::Version {
                endpoint: self.endpoint.clone(),
                request: request_name::<R>(),
                theirs: theirs.map_or_else(|| "none".to_owned(), ToString::to_string),
                ours: ours.to_string(),
            }),
        }
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    ///
    /// There was no answer (in time); the connection is of no use any more then. What the answer
    /// says is for the caller.
    pub async fn send<R: Request>(
        &mut self,
        request: &R,
        limit: Duration,
    ) -> Result<R::Response, WireError> {
        let version = self.version::<R>(R::VERSIONS.min)?;
        let body = self.exchange(request, version, limit).await?;
        self.decode(body, version)
    }

    async fn negotiate(&mut self) -> Result<(), WireError> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("connectd"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let limit = self.request_timeout;
        let mut version = 3;
        let mut body = self.exchange(&request, version, limit).await?;
        // Such an answer is always in version 0, whatever was asked (KIP-511).
        if body.get(..2) == Some(&UNSUPPORTED_VERSION.to_be_bytes()) {
            version = 0;
            let oldest = ApiVersionsRequest::default();
            body = self.exchange(&oldest, version, limit).await?;
        }
        let answer: ApiVersionsResponse = self.decode(body, version)?;
        if answer.error_code != 0 {
            let code = answer.error_code;
            let reason = format!("it does not say which versions it knows (error {code})");
            return Err(WireError::protocol(&self.endpoint, reason));
        }
        self.versions = answer
            .api_keys
            .iter()
            .map(|api| {
                let range = VersionRange {
                    min: api.min_version,
                    max: api.max_version,
                };
                (api.api_key, range)
            })
            .collect();
        Ok(())
    }

    /// One request there, and the body of its answer back.
    async fn exchange<R: Request>(
        &mut self,
        request: &R,
        version: i16,
        limit: Duration,
    ) -> Result<Bytes, WireError> {
        if self.in_flight {
            let unread = io::Error::other("an earlier answer was not read");
            return Err(WireError::lost(&self.endpoint, &unread));
        }
        self.correlation = self.correlation.wrapping_add(1);
        let message = encode(request, version, self.correlation, &self.client_id)
            .map_err(|reason| WireError::protocol(&self.endpoint, reason))?;
        self.in_flight = true;
        let answer = timeout(limit, async {
            frame::write(&mut self.stream, &message).await?;
            frame::read(&mut self.stream).await
        });
        let mut answer = match answer.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(WireError::protocol(&self.endpoint, error.to_string()));
            }
            Ok(Err(error)) => return Err(WireError::lost(&self.endpoint, &error)),
            Err(_) => {
                return Err(WireError::Timeout {
                    endpoint: self.endpoint.clone(),
                    request: request_name::<R>(),
                    after: limit,
                });
            }
        };
        let header = ResponseHeader::decode(&mut answer, R::Response::header_version(version))
            .map_err(|error| WireError::protocol(&self.endpoint, error.to_string()))?;
        if header.correlation_id != self.correlation {
            let reason = format!(
                "it answered request {} instead of {}",
                header.correlation_id, self.correlation
            );
            return Err(WireError::protocol(&self.endpoint, reason));
        }
        self.in_flight = false;
        Ok(answer)
    }

    fn decode<M: Decodable>(&self, mut body: Bytes, version: i16) -> Result<M, WireError> {
        M::decode(&mut body, version)
            .map_err(|error| WireError::protocol(&self.endpoint, error.to_string()))
    }
}

fn encode<R: Request>(
    request: &R,
    version: i16,
    correlation: i32,
    client_id: &StrBytes,
) -> Result<Bytes, String> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(client_id.clone()));
    let header_version = R::header_version(version);
    let mut message = BytesMut::from(&[0_u8; 4][..]);
    header
        .encode(&mut message, header_version)
        .and_then(|()| request.encode(&mut message, version))
        .map_err(|error| format!("the request cannot be written: {error}"))?;
    let length = i32::try_from(message.len() - 4)
        .map_err(|_| "the request is longer than the protocol allows".to_owned())?;
    message[..4].copy_from_slice(&length.to_be_bytes());
    Ok(message.freeze())
}

/// `JoinGroup` for `kafka_protocol::messages::…::JoinGroupRequest`.
fn request_name<R: Request>() -> &'static str {
    let path = std::any::type_name::<R>();
    let name = path.rsplit("::").next().unwrap_or(path);
    name.strip_suffix("Request").unwrap_or(name)
}
