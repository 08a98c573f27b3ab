//! Frames: a length in four bytes, and as many bytes.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Room that is made at a time, so that a client has to send what it says it will before memory is
/// taken for it.
const ROOM: usize = 64 << 10;

/// The memory of a frame over this size is given back with the frame; that of a smaller one is used
/// for those after it.
const LARGE: usize = 1 << 20;

/// Why there is no next frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    /// The connection is broken.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What a client sends is larger than allowed, or no frame at all.
    #[error(
        "a frame of {0} bytes is not read: the largest request is {1} bytes (socket.request.max.bytes)"
    )]
    Size(i32, usize),
}

/// Reads one frame after the other from a connection.
#[derive(Debug)]
pub(super) struct Frames {
    read: BytesMut,
    largest: usize,
}

impl Frames {
    pub(super) fn new(largest: usize) -> Self {
        Self {
            read: BytesMut::new(),
            largest,
        }
    }

    /// The next frame without its length; none when the client has gone. What has been read stays
    /// here if this is dropped before it is ready.
    pub(super) async fn next(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Result<Option<Bytes>, FrameError> {
        loop {
            let missing = match self.length()? {
                None => ROOM,
                Some(length) if self.read.len() - 4 >= length => {
                    self.read.advance(4);
                    let frame = self.read.split_to(length).freeze();
                    if length > LARGE {
                        self.read = BytesMut::from(self.read.as_ref());
                    }
                    return Ok(Some(frame));
                }
                Some(length) => length - (self.read.len() - 4),
            };
            self.read.reserve(missing.min(ROOM.max(self.read.len())));
            if stream.read_buf(&mut self.read).await? == 0 {
                if self.read.is_empty() {
                    return Ok(None);
                }
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    /// The length of the frame that is being read, once it is there.
    fn length(&self) -> Result<Option<usize>, FrameError> {
        let Some(length) = self.read.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = i32::from_be_bytes(*length);
        match usize::try_from(length) {
            Ok(size) if size <= self.largest => Ok(Some(size)),
            _ => Err(FrameError::Size(length, self.largest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_one_by_one_however_they_arrive() {
        let mut bytes = Vec::new();
        let frames = [vec![1; 3], Vec::new(), vec![2; 200_000], vec![3; 1]];
        for frame in &frames {
            bytes.extend((frame.len() as i32).to_be_bytes());
            bytes.extend(frame);
        }
        let (mut near, far) = tokio::io::duplex(1000);
        let sender = tokio::spawn(async move {
            let mut far = far;
            for piece in bytes.chunks(777) {
                tokio::io::AsyncWriteExt::write_all(&mut far, piece)
                    .await
                    .unwrap();
            }
        });
        let mut reader = Frames::new(200_000);
        for frame in &frames {
            assert_eq!(reader.next(&mut near).await.unwrap().unwrap(), frame);
        }
        sender.await.unwrap();
        assert!(reader.next(&mut near).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_before_it_is_read() {
        for length in [101, i32::MAX, -1] {
            let bytes = length.to_be_bytes();
            let mut reader = Frames::new(100);
            let refused = reader.next(&mut bytes.as_ref()).await.unwrap_err();
            assert!(matches!(refused, FrameError::Size(said, 100) if said == length));
            assert!(reader.read.capacity() <= 2 * ROOM);
        }
    }

    #[tokio::test]
    async fn the_memory_of_a_large_frame_is_given_back() {
        let mut bytes = Vec::from((3i32 << 20).to_be_bytes());
        bytes.resize(4 + (3 << 20), 7);
        let mut reader = Frames::new(100 << 20);
        let frame = reader.next(&mut bytes.as_slice()).await.unwrap().unwrap();
        assert_eq!(frame.len(), 3 << 20);
        assert!(reader.read.capacity() <= ROOM);
    }

    #[tokio::test]
    async fn a_promise_takes_no_memory() {
        let bytes = (100i32 << 20).to_be_bytes();
        let mut reader = Frames::new(100 << 20);
        let error = reader.next(&mut bytes.as_ref()).await.unwrap_err();
        assert!(matches!(error, FrameError::Io(_)));
        assert!(reader.read.capacity() <= 4 * ROOM);
    }
}
