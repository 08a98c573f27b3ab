//! Rows in the text format of PostgreSQL's COPY.

use connect_api::java::float;

use crate::values::Cells;
use crate::values::encode::append_hex;
use crate::values::temporal::Eras;

/// COPY's text format.
#[derive(Debug)]
pub(super) struct CopyCells<'b> {
    out: &'b mut Vec<u8>,
    first: bool,
}

impl<'b> CopyCells<'b> {
    pub(super) fn new(out: &'b mut Vec<u8>) -> Self {
        Self { out, first: true }
    }

    fn separate(&mut self) {
        if !self.first {
            self.out.push(b'\t');
        }
        self.first = false;
    }

    pub(super) fn end_row(self) {
        self.out.push(b'\n');
    }
}

impl Cells for CopyCells<'_> {
    fn null(&mut self) {
        self.separate();
        self.out.extend_from_slice(b"\\N");
    }

    fn boolean(&mut self, value: bool) {
        self.separate();
        self.out.push(if value { b't' } else { b'f' });
    }

    fn integer(&mut self, value: i64) {
        self.plain(itoa::Buffer::new().format(value).as_bytes());
    }

    fn unsigned(&mut self, value: u64) {
        self.plain(itoa::Buffer::new().format(value).as_bytes());
    }

    fn float32(&mut self, value: f32) -> Result<(), String> {
        self.separate();
        float::write_f32(self.out, value);
        Ok(())
    }

    fn float64(&mut self, value: f64) -> Result<(), String> {
        self.separate();
        float::write_f64(self.out, value);
        Ok(())
    }

    fn number(&mut self, digits: &[u8]) {
        self.plain(digits);
    }

    fn plain(&mut self, text: &[u8]) {
        self.separate();
        self.out.extend_from_slice(text);
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let mut rest = text.as_bytes();
        if is_plain(rest) {
            self.plain(rest);
            return Ok(());
        }
        self.separate();
        while let Some(at) = rest
            .iter()
            .position(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'\t'))
        {
            self.out.extend_from_slice(&rest[..at]);
            self.out.push(b'\\');
            self.out.push(match rest[at] {
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                other => other,
            });
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.separate();
        self.out.extend_from_slice(b"\\\\x");
        append_hex(self.out, bytes);
    }

    fn eras(&self) -> Eras {
        Eras::Bc
    }
}

/// Whether nothing in `text` can need a backslash. Without an early end: many bytes are looked at at once.
fn is_plain(text: &[u8]) -> bool {
    let is_special = |&byte: &u8| byte < b' ' || byte == b'\\';
    !text.iter().fold(false, |any, byte| any | is_special(byte))
}
