//! A connection on which anything can be sent, and what comes back.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, ResponseHeader};
use kafka_protocol::protocol::{Decodable as _, HeaderVersion as _, Request};

/// As long as an answer that has to come may take.
pub(crate) const WAIT: Duration = Duration::from_secs(30);

/// A larger answer than any request here gets.
const MOST: usize = 256 << 20;

/// What came of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Closed,
    /// Nothing for as long as was waited: some requests wait, and some are not answered.
    Silent,
}

#[derive(Debug)]
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("connects");
        stream.set_nodelay(true).expect("sets");
        stream.set_read_timeout(Some(WAIT)).expect("sets");
        Self(stream)
    }

    /// A request that is to be answered.
    pub(crate) fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        let mut body = BytesMut::new();
        request.encode(&mut body, version).expect("encodes");
        let key = ApiKey::try_from(R::KEY).expect("a key");
        self.write(&framed(&header(key, version), &body))
            .expect("sends");
        let mut answer = self.read().expect("an answer in time");
        let header_version = R::Response::header_version(version);
        ResponseHeader::decode(&mut answer, header_version).expect("a header");
        R::Response::decode(&mut answer, version).expect("an answer")
    }

    /// Sends any bytes as a frame, and waits so long for what comes.
    pub(crate) fn send(&mut self, frame: &[u8], wait: Duration) -> Outcome {
        self.0.set_read_timeout(Some(wait)).expect("sets");
        let sent = self.write(&framed(frame, &[]));
        match sent.and_then(|()| self.read()) {
            Ok(_) => Outcome::Answered,
            Err(error) if is_end(&error) => Outcome::Closed,
            Err(error) if is_late(&error) => Outcome::Silent,
            Err(error) => panic!("{error}"),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn read(&mut self) -> io::Result<Bytes> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let length = usize::try_from(i32::from_be_bytes(length)).expect("a length");
        assert!(length < MOST, "an answer of {length} bytes");
        let mut frame = vec![0; length];
        // What has begun to come comes whole.
        self.0.set_read_timeout(Some(WAIT))?;
        self.0.read_exact(&mut frame)?;
        Ok(Bytes::from(frame))
    }
}

/// A request's header, of a client without a name.
pub(crate) fn header(key: ApiKey, version: i16) -> Vec<u8> {
    let mut header = Vec::new();
    header.put_i16(key as i16);
    header.put_i16(version);
    header.put_i32(7);
    header.put_i16(-1);
    if key.request_header_version(version) >= 2 {
        header.put_u8(0);
    }
    header
}

fn framed(header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(4 + header.len() + body.len());
    frame.put_u32((header.len() + body.len()) as u32);
    frame.extend(header);
    frame.extend(body);
    frame
}

fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | BrokenPipe)
}

fn is_late(error: &io::Error) -> bool {
    use io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock)
}
