use bytes::{BufMut, Bytes, BytesMut};
use bytestring::ByteString;

/// Where small values that are computed (decimals, timestamps) get their bytes from, many from
/// one allocation. One for each task.
#[derive(Debug, Default)]
pub struct Arena {
    chunk: BytesMut,
}

/// Large enough that an allocation serves hundreds of values, small enough that a value that
/// lives long keeps little alive.
const CHUNK: usize = 16 * 1024;

impl Arena {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of `bytes`.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Bytes {
        if self.chunk.capacity() < bytes.len() {
            self.chunk = BytesMut::with_capacity(CHUNK.max(bytes.len()));
        }
        self.chunk.put_slice(bytes);
        self.chunk.split().freeze()
    }

    /// A copy of `text`.
    pub(crate) fn text(&mut self, text: &str) -> ByteString {
        // `text` is UTF-8, so that its copy is.
        ByteString::try_from(self.bytes(text.as_bytes())).unwrap_or_default()
    }
}
