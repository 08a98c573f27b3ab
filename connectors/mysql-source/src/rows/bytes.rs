use connect_api::{Error, Result};

/// Reads an event's bytes from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// How many bytes have been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.saturating_add(count);
        let Some(taken) = self.bytes.get(self.at..end) else {
            return Err(truncated());
        };
        self.at = end;
        Ok(taken)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let rest = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<N>);
        let Some(taken) = rest else {
            return Err(truncated());
        };
        self.at += N;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A little-endian number of `size` bytes, at most eight.
    #[inline]
    pub(super) fn unsigned(&mut self, size: usize) -> Result<u64> {
        let mut number = [0; 8];
        number[..size].copy_from_slice(self.take(size)?);
        Ok(u64::from_le_bytes(number))
    }

    /// A big-endian number of `size` bytes, at most eight.
    #[inline]
    pub(super) fn big_endian(&mut self, size: usize) -> Result<u64> {
        let mut number = [0; 8];
        number[8 - size..].copy_from_slice(self.take(size)?);
        Ok(u64::from_be_bytes(number))
    }

    /// A length-encoded integer of the protocol.
    pub(super) fn length_encoded(&mut self) -> Result<u64> {
        match self.byte()? {
            0xfc => self.unsigned(2),
            0xfd => self.unsigned(3),
            0xfe => self.unsigned(8),
            byte => Ok(byte.into()),
        }
    }

    /// The same as a number of things that are in memory.
    pub(super) fn count(&mut self) -> Result<usize> {
        usize::try_from(self.length_encoded()?).map_err(|_| truncated())
    }
}

#[cold]
fn truncated() -> Error {
    Error::data("a binlog event is shorter than its contents say")
}
