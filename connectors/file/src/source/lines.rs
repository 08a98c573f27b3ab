//! Lines out of bytes as they come: each ends with `\n`, `\r` or `\r\n`, which
//! is not part of it. A last line without an end is not one yet.

use connect_api::data::ByteString;
use connect_api::{Error, Result};

/// No line may be longer: Kafka would not take such a record.
const LONGEST_LINE: usize = 128 << 20;

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// Splits a stream into lines, and knows where in the stream each ends.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where in `bytes` the next line starts.
    start: usize,
    /// No line end stands before this.
    scanned: usize,
    /// Where in the stream the next line starts.
    position: u64,
}

impl Lines {
    /// Lines of a stream that is read from `position` on.
    pub(super) fn at(position: u64) -> Self {
        Self {
            position,
            ..Self::default()
        }
    }

    /// Where in the stream the next line starts.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next whole line.
    pub(super) fn next(&mut self) -> Option<ByteString> {
        let rest = &self.bytes[self.scanned..];
        let Some(found) = memchr::memchr2(b'\n', b'\r', rest) else {
            self.scanned = self.bytes.len();
            return None;
        };
        let end = self.scanned + found;
        let end_length = match (self.bytes[end], self.bytes.get(end + 1)) {
            (b'\n', _) => 1,
            (_, Some(b'\n')) => 2,
            (_, Some(_)) => 1,
            // The other half of "\r\n" may still come.
            (_, None) => {
                self.scanned = end;
                return None;
            }
        };
        let line = String::from_utf8_lossy(&self.bytes[self.start..end]);
        let line = ByteString::from(&*line);
        let next = end + end_length;
        self.position += (next - self.start) as u64;
        self.start = next;
        self.scanned = next;
        Some(line)
    }

    /// Room to read more of the stream into.
    pub(super) fn room(&mut self) -> Result<&mut Vec<u8>> {
        self.bytes.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        if self.bytes.len() > LONGEST_LINE {
            return Err(Error::data(format!(
                "the line at position {} is longer than {LONGEST_LINE} bytes",
                self.position
            )));
        }
        self.bytes.reserve(CHUNK);
        Ok(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(lines: &mut Lines, text: &[u8]) -> Vec<(String, u64)> {
        lines.room().unwrap().extend_from_slice(text);
        std::iter::from_fn(|| {
            let line = lines.next()?.to_string();
            Some((line, lines.position()))
        })
        .collect()
    }

    fn pairs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
        expected
            .iter()
            .map(|&(line, position)| (line.to_owned(), position))
            .collect()
    }

    #[test]
    fn positions_are_those_of_bytes_after_the_line() {
        let mut lines = Lines::at(10);
        assert_eq!(
            feed(&mut lines, "foo\nbär\n\nrest".as_bytes()),
            pairs(&[("foo", 14), ("bär", 19), ("", 20)])
        );
        assert_eq!(feed(&mut lines, b" of it\n"), pairs(&[("rest of it", 31)]));
    }

    #[test]
    fn a_carriage_return_waits_for_what_follows() {
        let mut lines = Lines::at(0);
        assert_eq!(feed(&mut lines, b"a\rb\r"), pairs(&[("a", 2)]));
        assert_eq!(feed(&mut lines, b"\nc\r\nd"), pairs(&[("b", 5), ("c", 8)]));
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_replaced() {
        let mut lines = Lines::at(0);
        assert_eq!(feed(&mut lines, b"a\xffb\n"), pairs(&[("a\u{fffd}b", 4)]));
    }
}
