//! Rows as PostgreSQL takes them: COPY's text format, and arrays of texts.

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
        self.separate();
        let mut rest = text.as_bytes();
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

/// The type of an array's items: text.
const TEXT_OID: i32 = 25;

/// One array of texts for each column, in the binary format of `text[]`.
#[derive(Debug)]
pub(super) struct TextArrays {
    arrays: Vec<Vec<u8>>,
    next: usize,
    rows: i32,
}

/// Before an array's items: dimensions, nulls allowed, type, length, first index.
const HEADER: usize = 20;

impl TextArrays {
    pub(super) fn new(columns: usize) -> Self {
        let mut header = Vec::with_capacity(HEADER);
        for number in [1, 1, TEXT_OID, 0, 1] {
            header.extend_from_slice(&i32::to_be_bytes(number));
        }
        Self {
            arrays: vec![header; columns],
            next: 0,
            rows: 0,
        }
    }

    pub(super) fn end_row(&mut self) {
        self.next = 0;
        self.rows += 1;
    }

    /// How many bytes the arrays have.
    pub(super) fn size(&self) -> usize {
        self.arrays.iter().map(Vec::len).sum()
    }

    /// The arrays of the rows so far; the next row is the first one again.
    pub(super) fn take(&mut self) -> Vec<Vec<u8>> {
        let empty = Self::new(self.arrays.len());
        let mut full = std::mem::replace(self, empty);
        for array in &mut full.arrays {
            array[12..16].copy_from_slice(&full.rows.to_be_bytes());
        }
        full.arrays
    }

    /// The text of the only item; none for null.
    pub(super) fn into_first_text(self) -> Option<String> {
        let array = self.arrays.into_iter().next()?;
        let length = array.get(HEADER..HEADER + 4)?;
        if length == (-1_i32).to_be_bytes() {
            return None;
        }
        String::from_utf8(array.get(HEADER + 4..)?.to_vec()).ok()
    }

    /// Appends an item that `write` writes.
    fn item(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let array = &mut self.arrays[self.next];
        self.next += 1;
        let start = array.len();
        array.extend_from_slice(&[0; 4]);
        write(array);
        let length = u32::try_from(array.len() - start - 4).unwrap_or(u32::MAX);
        array[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

impl Cells for TextArrays {
    fn null(&mut self) {
        self.arrays[self.next].extend_from_slice(&(-1_i32).to_be_bytes());
        self.next += 1;
    }

    fn boolean(&mut self, value: bool) {
        self.item(|out| out.push(if value { b't' } else { b'f' }));
    }

    fn integer(&mut self, value: i64) {
        self.plain(itoa::Buffer::new().format(value).as_bytes());
    }

    fn unsigned(&mut self, value: u64) {
        self.plain(itoa::Buffer::new().format(value).as_bytes());
    }

    fn float32(&mut self, value: f32) -> Result<(), String> {
        self.item(|out| float::write_f32(out, value));
        Ok(())
    }

    fn float64(&mut self, value: f64) -> Result<(), String> {
        self.item(|out| float::write_f64(out, value));
        Ok(())
    }

    fn number(&mut self, digits: &[u8]) {
        self.plain(digits);
    }

    fn plain(&mut self, text: &[u8]) {
        self.item(|out| out.extend_from_slice(text));
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        self.plain(text.as_bytes());
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.item(|out| {
            out.extend_from_slice(b"\\x");
            append_hex(out, bytes);
        });
    }

    fn eras(&self) -> Eras {
        Eras::Bc
    }
}
