//! One request: its header, its checked body, and the frame that answers it.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion};
use tokio::sync::OwnedSemaphorePermit;

use super::{shape, versions};
use crate::server::Frame;

/// Why a connection ends. Kafka has no answer to a request that it cannot read, either.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Disconnect {
    /// The frame is no request.
    #[error("a request that cannot be read: {0}")]
    Malformed(String),
    /// The request is not one that ApiVersions names.
    #[error("a request that is not supported: api key {key}, version {version}")]
    Unsupported { key: i16, version: i16 },
    /// The client has not said who it is, or has said it wrongly.
    #[error("{0}")]
    Unauthenticated(String),
    /// A producer that wants no answers is told this way that there was an error
    /// (`KafkaApis.handleProduceRequest`).
    #[error("a produce request without acknowledgement failed: {0}")]
    Unacknowledged(String),
    /// An answer cannot be written down in the version that was asked for.
    #[error("an answer that cannot be encoded: {0}")]
    Answer(String),
}

/// A request whose header has been read.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) key: ApiKey,
    pub(crate) version: i16,
    /// The version asked for is unknown, which only ApiVersions may be.
    pub(crate) from_the_future: bool,
    pub(crate) client_id: String,
    correlation_id: i32,
    body: Bytes,
    memory: Option<OwnedSemaphorePermit>,
}

impl Request {
    /// Reads the header of a frame.
    pub(crate) fn read(frame: Frame) -> Result<Self, Disconnect> {
        let Frame {
            bytes: mut frame,
            memory,
        } = frame;
        let short = || Disconnect::Malformed("its header is not complete".to_owned());
        let key_code = frame.try_get_i16().map_err(|_| short())?;
        let version = frame.try_get_i16().map_err(|_| short())?;
        let unsupported = || Disconnect::Unsupported {
            key: key_code,
            version,
        };
        let correlation_id = frame.try_get_i32().map_err(|_| short())?;
        let key = ApiKey::try_from(key_code).map_err(|()| unsupported())?;
        let range = versions::of(key).ok_or_else(unsupported)?;
        let supported = (range.min..=range.max).contains(&version);
        if !supported && key != ApiKey::ApiVersions {
            return Err(unsupported());
        }
        let client_id = client_id(&mut frame).ok_or_else(short)?;
        if supported && shape::is_flexible(key, version) {
            let tags = shape::tags_length(&frame).map_err(malformed)?;
            frame.advance(tags);
        }
        Ok(Self {
            key,
            version,
            from_the_future: !supported,
            client_id,
            correlation_id,
            body: frame,
            memory,
        })
    }

    /// The body, whose lengths have been checked before anything is allocated for them.
    pub(crate) fn body<R: Decodable>(&mut self) -> Result<R, Disconnect> {
        shape::check(self.key, self.version, &self.body).map_err(malformed)?;
        let body = R::decode(&mut self.body, self.version).map_err(malformed)?;
        // Records are appended without waiting for anybody. Other requests may wait for those that
        // would need the memory.
        if self.key != ApiKey::Produce {
            self.memory = None;
        }
        Ok(body)
    }

    /// The frame that answers it, with its length.
    pub(crate) fn reply<R: Encodable + HeaderVersion>(
        &self,
        response: &R,
    ) -> Result<Option<BytesMut>, Disconnect> {
        self.reply_in(self.version, response)
    }

    /// The frame that answers it, in another version than it was asked in.
    pub(crate) fn reply_in<R: Encodable + HeaderVersion>(
        &self,
        version: i16,
        response: &R,
    ) -> Result<Option<BytesMut>, Disconnect> {
        let failed = |error| Disconnect::Answer(format!("{:?} {version}: {error}", self.key));
        let size = response.compute_size(version).map_err(failed)?;
        let mut frame = BytesMut::with_capacity(size + 9);
        frame.put_i32(0);
        frame.put_i32(self.correlation_id);
        // ApiVersions' has none, so that any client can read it (KIP-511): header_version says 0.
        if R::header_version(version) >= 1 {
            frame.put_u8(0);
        }
        response.encode(&mut frame, version).map_err(failed)?;
        let length = i32::try_from(frame.len() - 4)
            .map_err(|_| Disconnect::Answer(format!("{:?}: it is over 2 GiB", self.key)))?;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        Ok(Some(frame))
    }
}

fn malformed(problem: impl std::fmt::Display) -> Disconnect {
    Disconnect::Malformed(problem.to_string())
}

/// The header's client id: a string that may be null, and is never compact.
fn client_id(frame: &mut Bytes) -> Option<String> {
    let length = frame.try_get_i16().ok()?;
    if length < 0 {
        return (length == -1).then(String::new);
    }
    let length = usize::from(length.unsigned_abs());
    if frame.len() < length {
        return None;
    }
    String::from_utf8(frame.split_to(length).to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::{ApiVersionsRequest, MetadataRequest, RequestHeader};
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: impl Into<Bytes>) -> Result<Request, Disconnect> {
        Request::read(Frame {
            bytes: bytes.into(),
            memory: None,
        })
    }

    fn frame(key: ApiKey, version: i16, body: &impl Encodable) -> Bytes {
        let header = RequestHeader::default()
            .with_request_api_key(key as i16)
            .with_request_api_version(version)
            .with_correlation_id(7)
            .with_client_id(Some("me".into()));
        let mut frame = BytesMut::new();
        header
            .encode(&mut frame, key.request_header_version(version))
            .unwrap();
        body.encode(&mut frame, version).unwrap();
        frame.freeze()
    }

    #[test]
    fn headers_of_all_kinds_are_read() {
        for version in 0..=13 {
            let frame = frame(ApiKey::Metadata, version, &MetadataRequest::default());
            let mut request = read(frame).unwrap();
            assert_eq!((request.key, request.version), (ApiKey::Metadata, version));
            assert_eq!(request.client_id, "me");
            assert_eq!(request.correlation_id, 7);
            request.body::<MetadataRequest>().unwrap();
        }
    }

    #[test]
    fn only_api_versions_may_come_from_the_future() {
        let body = frame(ApiKey::ApiVersions, 3, &ApiVersionsRequest::default());
        let mut later = BytesMut::from(body.as_ref());
        later[3] = 99;
        assert!(read(later).unwrap().from_the_future);
        let mut metadata =
            BytesMut::from(frame(ApiKey::Metadata, 1, &MetadataRequest::default()).as_ref());
        metadata[3] = 99;
        assert!(matches!(
            read(metadata),
            Err(Disconnect::Unsupported {
                key: 3,
                version: 99
            })
        ));
        let unknown = Bytes::from_static(&[0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);
        assert!(matches!(read(unknown), Err(Disconnect::Unsupported { .. })));
    }

    proptest! {
        #[test]
        fn no_frame_panics(mut frame in prop::collection::vec(any::<u8>(), 0..64), key in 0u8..80, version in 0u8..20) {
            if frame.len() > 4 {
                frame[0] = 0;
                frame[1] = key;
                frame[2] = 0;
                frame[3] = version;
            }
            drop(read(frame));
        }
    }
}
