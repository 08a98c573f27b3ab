//! A client that says what it is told to: any request in any version, or bytes that are none.

use bytes::{Bytes, BytesMut};
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use crate::target::Target;

/// Longer than anything that a broker holds back on purpose.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
    correlation: i32,
}

impl Wire {
    pub(crate) async fn open(target: &Target) -> Self {
        let stream = TcpStream::connect(&target.bootstrap).await;
        Self {
            stream: stream.unwrap_or_else(|error| panic!("{}: {error}", target.name)),
            correlation: 0,
        }
    }

    /// A request and its answer.
    pub(crate) async fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.say(version, request).await;
        self.hear::<R>(version).await
    }

    /// A request only.
    pub(crate) async fn say<R: Request>(&mut self, version: i16, request: &R) {
        self.correlation += 1;
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_static_str("conformance")));
        let mut message = BytesMut::new();
        let encoded = header.encode(&mut message, R::header_version(version));
        encoded.expect("a header that can be encoded");
        let encoded = request.encode(&mut message, version);
        encoded.expect("a request that can be encoded");
        self.say_bytes(&message).await;
    }

    /// The answer to the request that was sent last.
    pub(crate) async fn hear<R: Request>(&mut self, version: i16) -> R::Response {
        self.hear_numbered::<R>(version, self.correlation).await
    }

    /// The answer to the request of that number, counted from 1.
    pub(crate) async fn hear_numbered<R: Request>(
        &mut self,
        version: i16,
        number: i32,
    ) -> R::Response {
        let mut answer = self.hear_bytes().await.expect("an answer");
        let header = ResponseHeader::decode(&mut answer, R::Response::header_version(version));
        assert_eq!(header.expect("a header").correlation_id, number);
        let response = R::Response::decode(&mut answer, version);
        let response = response.expect("an answer that can be decoded");
        assert!(answer.is_empty(), "{} bytes too many", answer.len());
        response
    }

    /// A frame of these bytes.
    pub(crate) async fn say_bytes(&mut self, message: &[u8]) {
        let length = i32::try_from(message.len()).expect("a short message");
        let frame = [&length.to_be_bytes()[..], message].concat();
        self.stream.write_all(&frame).await.expect("written");
    }

    /// These bytes, which need not be a frame.
    pub(crate) async fn say_anything(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("written");
    }

    /// The next frame's bytes; none if the broker has closed the connection.
    pub(crate) async fn hear_bytes(&mut self) -> Option<Bytes> {
        let read = timeout(PATIENCE, async {
            let length = self.stream.read_i32().await.ok()?;
            let mut body = vec![0; usize::try_from(length).expect("a length")];
            self.stream.read_exact(&mut body).await.ok()?;
            Some(Bytes::from(body))
        });
        read.await.expect("an answer within a minute")
    }

    /// Whether nothing arrives for so long.
    pub(crate) async fn is_silent(&self, time: Duration) -> bool {
        timeout(time, self.stream.readable()).await.is_err()
    }
}

/// An error code by its name.
pub(crate) fn error(code: i16) -> String {
    ResponseError::try_from_code(code)
        .map_or_else(|| "none".to_owned(), |error| format!("{error:?}"))
}

/// A text as the messages have it.
pub(crate) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
