use connect_api::Error;

/// Reads an event's bytes from the front; none where it ends too early.
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

    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.saturating_add(count);
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(*taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A little-endian number of `size` bytes, at most eight.
    #[inline]
    pub(super) fn unsigned(&mut self, size: usize) -> Option<u64> {
        let mut number = [0; 8];
        number[..size].copy_from_slice(self.take(size)?);
        Some(u64::from_le_bytes(number))
    }

    /// A big-endian number of `size` bytes, at most eight.
    #[inline]
    pub(super) fn big_endian(&mut self, size: usize) -> Option<u64> {
        let mut number = [0; 8];
        number[8 - size..].copy_from_slice(self.take(size)?);
        Some(u64::from_be_bytes(number))
    }

    /// A length-encoded integer of the protocol.
    pub(super) fn length_encoded(&mut self) -> Option<u64> {
        match self.byte()? {
            0xfc => self.unsigned(2),
            0xfd => self.unsigned(3),
            0xfe => self.unsigned(8),
            byte => Some(byte.into()),
        }
    }

    /// The same as a number of things that are in memory.
    pub(super) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.length_encoded()?).ok()
    }
}

/// What to say when a reader had none.
#[cold]
pub(super) fn truncated() -> Error {
    Error::data("a binlog event is shorter than its contents say")
}
