//! Frames: a length in four bytes, and as many bytes.

use std::io;
use std::mem;
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::memory::RequestMemory;

/// Room that every connection has, and into which its requests of this size are read.
const ROOM: usize = 64 << 10;

/// Room that is made at a time for a larger request, so that a client has to send what it says it
/// will before more memory is taken for it.
const MORE_ROOM: usize = 1 << 20;

/// How long a client may pause within a request for which others may be waiting.
const STALLED: Duration = Duration::from_secs(60);

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
    /// The memory of a request is not kept for a client that does not send it.
    #[error("nothing more of a request of {0} bytes came within {seconds} seconds", seconds = STALLED.as_secs())]
    Stalled(usize),
}

/// A frame without its length.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    /// What is taken for it of the memory that connections share; nothing for a small one.
    pub(crate) memory: Option<OwnedSemaphorePermit>,
}

/// Reads one frame after the other from a connection.
#[derive(Debug)]
pub(super) struct Frames {
    read: BytesMut,
    largest: usize,
    longest_pause: Duration,
    memory: Option<OwnedSemaphorePermit>,
}

impl Frames {
    pub(super) fn new(largest: usize) -> Self {
        Self {
            read: BytesMut::new(),
            largest,
            longest_pause: STALLED,
            memory: None,
        }
    }

    /// The next frame; none when the client has gone. What has been read stays here if this is
    /// dropped before it is ready.
    pub(super) async fn next(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        memory: &RequestMemory,
    ) -> Result<Option<Frame>, FrameError> {
        loop {
            let came = match self.length()? {
                None => self.read_into_room(stream, ROOM).await?,
                Some(length) if self.read.len() - 4 >= length => {
                    return Ok(Some(self.split(length)));
                }
                Some(length) if length <= ROOM => {
                    let missing = length - (self.read.len() - 4);
                    self.read_into_room(stream, missing).await?
                }
                Some(length) => self.read_large(stream, length, memory).await?,
            };
            if came == 0 {
                if self.read.is_empty() {
                    return Ok(None);
                }
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    /// Reads what has come, which may be several requests.
    async fn read_into_room(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        room: usize,
    ) -> io::Result<usize> {
        self.read.reserve(room);
        stream.read_buf(&mut self.read).await
    }

    /// Reads of this frame and no more, so that its memory is its own and goes with it.
    async fn read_large(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        length: usize,
        memory: &RequestMemory,
    ) -> Result<usize, FrameError> {
        if self.memory.is_none() {
            self.memory = memory.take(length).await;
        }
        let missing = length - (self.read.len() - 4);
        self.read
            .reserve(missing.min(MORE_ROOM.max(self.read.len())));
        let mut rest = (&mut self.read).limit(missing);
        match timeout(self.longest_pause, stream.read_buf(&mut rest)).await {
            Ok(came) => Ok(came?),
            Err(_) => Err(FrameError::Stalled(length)),
        }
    }

    fn split(&mut self, length: usize) -> Frame {
        let mut frame = if self.memory.is_some() {
            mem::take(&mut self.read)
        } else {
            self.read.split_to(4 + length)
        };
        frame.advance(4);
        Frame {
            bytes: frame.freeze(),
            memory: self.memory.take(),
        }
    }

    /// Whether the next frame is there already, and is a request of this kind.
    pub(super) fn has(&self, key: ApiKey) -> bool {
        let whole = matches!(self.length(), Ok(Some(length)) if self.read.len() - 4 >= length);
        whole && self.read.get(4..6) == Some(&(key as i16).to_be_bytes()[..])
    }

    /// Ends when the client has, which may be long before it would be answered. What it sends
    /// instead stays here, up to a bound.
    pub(super) async fn gone(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        while self.read.len() < ROOM {
            self.read.reserve(ROOM - self.read.len());
            let ended = stream.read_buf(&mut self.read).await? == 0;
            if ended && self.read.is_empty() {
                return Ok(());
            }
            // What a client has sent before it went is done first.
            if ended {
                break;
            }
        }
        std::future::pending().await
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

    fn plenty() -> RequestMemory {
        RequestMemory::new(usize::MAX)
    }

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
            let next = reader.next(&mut near, &plenty()).await.unwrap().unwrap();
            assert_eq!(next.bytes, frame);
            let taken = next.memory.map_or(0, |memory| memory.num_permits());
            assert_eq!(taken, if frame.len() > ROOM { frame.len() } else { 0 });
        }
        sender.await.unwrap();
        assert!(reader.next(&mut near, &plenty()).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_before_it_is_read() {
        for length in [101, i32::MAX, -1] {
            let bytes = length.to_be_bytes();
            let mut reader = Frames::new(100);
            let refused = reader.next(&mut bytes.as_ref(), &plenty()).await;
            let refused = refused.unwrap_err();
            assert!(matches!(refused, FrameError::Size(said, 100) if said == length));
            assert!(reader.read.capacity() <= 2 * ROOM);
        }
    }

    #[tokio::test]
    async fn the_memory_of_a_large_frame_is_given_back() {
        let mut bytes = Vec::from((3i32 << 20).to_be_bytes());
        bytes.resize(4 + (3 << 20), 7);
        let mut reader = Frames::new(100 << 20);
        let frame = reader.next(&mut bytes.as_slice(), &plenty()).await;
        assert_eq!(frame.unwrap().unwrap().bytes.len(), 3 << 20);
        assert!(reader.read.capacity() <= ROOM);
        assert!(reader.memory.is_none());
    }

    #[tokio::test]
    async fn a_client_that_goes_is_noticed_but_what_it_sent_is_kept() {
        let mut reader = Frames::new(1000);
        reader.gone(&mut &[][..]).await.unwrap();
        let (mut near, mut far) = tokio::io::duplex(1 << 20);
        let sent = [&4i32.to_be_bytes()[..], b"abcd"].concat();
        tokio::io::AsyncWriteExt::write_all(&mut far, &sent)
            .await
            .unwrap();
        drop(far);
        let waited = timeout(Duration::from_millis(50), reader.gone(&mut near)).await;
        assert!(waited.is_err(), "it has a request left");
        let next = reader.next(&mut near, &plenty()).await.unwrap().unwrap();
        assert_eq!(next.bytes, "abcd");
        reader.gone(&mut near).await.unwrap();
    }

    #[tokio::test]
    async fn what_comes_meanwhile_is_bounded() {
        let mut reader = Frames::new(1 << 20);
        let sent = vec![0; 10 << 20];
        let mut stream = sent.as_slice();
        let waited = timeout(Duration::from_millis(50), reader.gone(&mut stream)).await;
        assert!(waited.is_err());
        assert!(reader.read.capacity() <= 4 * ROOM);
    }

    #[tokio::test]
    async fn a_promise_takes_no_memory() {
        let bytes = (100i32 << 20).to_be_bytes();
        let mut reader = Frames::new(100 << 20);
        let error = reader.next(&mut bytes.as_ref(), &plenty()).await;
        assert!(matches!(error.unwrap_err(), FrameError::Io(_)));
        assert!(reader.read.capacity() <= 2 * MORE_ROOM);
    }

    /// Two connections that send a request larger than half of the memory, as far as they can.
    #[tokio::test]
    async fn nothing_more_is_read_while_others_have_the_memory() {
        const SIZE: usize = 300_000;
        let memory = RequestMemory::new(SIZE + 1000);
        let mut bytes = Vec::from((SIZE as i32).to_be_bytes());
        bytes.resize(4 + SIZE, 7);

        let mut first = Frames::new(SIZE);
        let held = first.next(&mut bytes.as_slice(), &memory).await;
        let held = held.unwrap().unwrap();

        let mut second = Frames::new(SIZE);
        let mut stream = bytes.as_slice();
        let next = second.next(&mut stream, &memory);
        assert!(timeout(Duration::from_millis(100), next).await.is_err());
        assert!(
            bytes.len() - stream.len() <= 2 * ROOM,
            "{} bytes of it were read",
            bytes.len() - stream.len()
        );
        drop(held);
        let frame = second.next(&mut stream, &memory).await.unwrap().unwrap();
        assert_eq!(frame.bytes.len(), SIZE);
        assert!(frame.bytes.iter().all(|byte| *byte == 7));
    }

    #[tokio::test]
    async fn memory_is_not_kept_for_who_does_not_send() {
        let memory = RequestMemory::new(1 << 20);
        let (mut near, mut far) = tokio::io::duplex(1000);
        tokio::io::AsyncWriteExt::write_all(&mut far, &(1i32 << 20).to_be_bytes())
            .await
            .unwrap();
        let mut reader = Frames::new(1 << 20);
        reader.longest_pause = Duration::from_millis(20);
        let error = reader.next(&mut near, &memory).await.unwrap_err();
        assert!(matches!(error, FrameError::Stalled(1_048_576)), "{error}");
        drop(reader);
        assert!(memory.take(1 << 20).await.is_some());
    }
}
