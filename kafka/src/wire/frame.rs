//! Requests and responses as they are on the wire: a length, and that many bytes.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest response that is read. The largest one here is what the leader of a group gets,
/// the metadata of all members, which the coordinator must fit into one record of its own topic.
const MAX_RESPONSE: usize = 32 * 1024 * 1024;

/// The first read of a long response: memory is taken as the bytes arrive, not as they are
/// announced.
const READ_STEP: usize = 64 * 1024;

pub(super) async fn write(stream: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    stream.write_all(frame).await?;
    stream.flush().await
}

pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
    let mut prefix = [0_u8; 4];
    stream.read_exact(&mut prefix).await?;
    let length = response_length(prefix)
        .map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))?;
    let mut body = BytesMut::with_capacity(length.min(READ_STEP));
    let mut limited = stream.take(length as u64);
    while body.len() < length {
        if limited.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(body.freeze())
}

fn response_length(prefix: [u8; 4]) -> Result<usize, String> {
    let length = i32::from_be_bytes(prefix);
    if let Ok(length) = usize::try_from(length)
        && length <= MAX_RESPONSE
    {
        return Ok(length);
    }
    // A TLS record of the kind "alert" or "handshake", of any version.
    Err(match prefix {
        [0x15 | 0x16, 0x03, ..] => {
            "it speaks TLS at this port: set security.protocol to SSL or SASL_SSL".to_owned()
        }
        [b'H', b'T', b'T', b'P'] => "it is a web server, not a Kafka broker".to_owned(),
        _ => format!("a response of {length} bytes, where {MAX_RESPONSE} are the most"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frame_is_read_to_its_end_and_no_further() {
        let bytes = [&[0, 0, 0, 3, 1, 2, 3][..], &[0, 0, 0, 1, 9]].concat();
        let mut stream = &bytes[..];
        assert_eq!(read(&mut stream).await.unwrap(), vec![1, 2, 3]);
        assert_eq!(read(&mut stream).await.unwrap(), vec![9]);
        let error = read(&mut stream).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let error = read(&mut &[0, 0, 0, 3, 1][..]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_is_no_kafka_response_is_refused_before_it_is_read() {
        for (prefix, part) in [
            ([0x15, 3, 3, 0], "speaks TLS"),
            (*b"HTTP", "web server"),
            ([0x7f, 255, 255, 255], "2147483647 bytes"),
            ([255, 255, 255, 255], "-1 bytes"),
        ] {
            let error = read(&mut &prefix[..]).await.unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
