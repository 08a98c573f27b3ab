//! Rows as MySQL's text protocol takes them: literals.

use connect_api::java::float;

use crate::values::Cells;
use crate::values::encode::append_hex;
use crate::values::temporal::Eras;

/// Literals with commas between.
#[derive(Debug)]
pub(super) struct Literals<'b> {
    pub(super) out: &'b mut Vec<u8>,
    first: bool,
    /// In `NO_BACKSLASH_ESCAPES` a backslash is one.
    backslashes: bool,
}

impl<'b> Literals<'b> {
    pub(super) fn new(out: &'b mut Vec<u8>, backslashes: bool) -> Self {
        Self {
            out,
            first: true,
            backslashes,
        }
    }

    fn separate(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }
}

impl Cells for Literals<'_> {
    fn null(&mut self) {
        self.separate();
        self.out.extend_from_slice(b"NULL");
    }

    fn boolean(&mut self, value: bool) {
        self.separate();
        self.out.push(if value { b'1' } else { b'0' });
    }

    fn integer(&mut self, value: i64) {
        self.separate();
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    fn unsigned(&mut self, value: u64) {
        self.separate();
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    fn float32(&mut self, value: f32) -> Result<(), String> {
        if !value.is_finite() {
            return Err(format!("MySQL has no floating-point number {value}"));
        }
        self.separate();
        float::write_f32(self.out, value);
        Ok(())
    }

    fn float64(&mut self, value: f64) -> Result<(), String> {
        if !value.is_finite() {
            return Err(format!("MySQL has no floating-point number {value}"));
        }
        self.separate();
        float::write_f64(self.out, value);
        Ok(())
    }

    fn number(&mut self, digits: &[u8]) {
        self.separate();
        self.out.extend_from_slice(digits);
    }

    fn plain(&mut self, text: &[u8]) {
        self.separate();
        self.out.push(b'\'');
        self.out.extend_from_slice(text);
        self.out.push(b'\'');
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        self.separate();
        self.out.push(b'\'');
        let escapes = |byte: &u8| *byte == b'\'' || (*byte == b'\\' && self.backslashes);
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(escapes) {
            self.out.extend_from_slice(&rest[..=at]);
            self.out.push(rest[at]);
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'\'');
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.separate();
        self.out.extend_from_slice(b"x'");
        append_hex(self.out, bytes);
        self.out.push(b'\'');
    }

    fn eras(&self) -> Eras {
        Eras::Signed
    }
}
