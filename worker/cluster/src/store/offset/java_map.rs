//! Reads the offsets file of a JVM worker: a serialised
//! `java.util.HashMap<byte[], byte[]>` (`FileOffsetBackingStore`), by the Java
//! Object Serialization Specification, chapter 6.

use connect_api::{Error, Result};

const MAGIC: [u8; 4] = [0xAC, 0xED, 0x00, 0x05];
const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS: u8 = 0x72;
const OBJECT: u8 = 0x73;
const ARRAY: u8 = 0x75;
const BLOCK_DATA: u8 = 0x77;
const END_BLOCK_DATA: u8 = 0x78;

/// True if `bytes` are a Java object stream.
pub(super) fn is_java(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The map's entries. Those whose value is null are left out.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut input = Input {
        rest: bytes.strip_prefix(&MAGIC).unwrap_or(bytes),
    };
    input.expect(OBJECT, "an object")?;
    input.class("java.util.HashMap")?;
    // The fields loadFactor and threshold, then what HashMap.writeObject adds:
    // a block with the number of buckets and of entries.
    input.take(8)?;
    input.expect(BLOCK_DATA, "the map's size")?;
    input.take(1)?;
    input.take(4)?;
    let size = input.int()?;
    let mut entries = Vec::new();
    for _ in 0..size {
        let key = input.byte_array()?;
        let value = input.byte_array()?;
        if let (Some(key), Some(value)) = (key, value) {
            entries.push((key, value));
        }
    }
    Ok(entries)
}

struct Input<'b> {
    rest: &'b [u8],
}

impl<'b> Input<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| Error::config("the Java object stream ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn short(&mut self) -> Result<usize> {
        Ok(self
            .take(2)?
            .iter()
            .fold(0, |n, b| n << 8 | usize::from(*b)))
    }

    fn int(&mut self) -> Result<usize> {
        Ok(self
            .take(4)?
            .iter()
            .fold(0, |n, b| n << 8 | usize::from(*b)))
    }

    fn expect(&mut self, wanted: u8, what: &str) -> Result<()> {
        match self.byte()? {
            found if found == wanted => Ok(()),
            found => Err(Error::config(format!(
                "expected {what} in the Java object stream, found type code {found:#04x}"
            ))),
        }
    }

    /// A class descriptor: in full at its first use, a reference after that.
    fn class(&mut self, wanted: &str) -> Result<()> {
        if self.rest.first() == Some(&REFERENCE) {
            self.take(5)?;
            return Ok(());
        }
        self.expect(CLASS, "a class")?;
        let length = self.short()?;
        let name = String::from_utf8_lossy(self.take(length)?);
        if name != wanted {
            return Err(Error::config(format!(
                "expected an object of class {wanted} in the Java object stream, found {name}"
            )));
        }
        // Version and flags.
        self.take(9)?;
        for _ in 0..self.short()? {
            // A primitive field: its type's letter and its name.
            self.take(1)?;
            let length = self.short()?;
            self.take(length)?;
        }
        self.expect(END_BLOCK_DATA, "the end of a class")?;
        self.expect(NULL, "no superclass")
    }

    fn byte_array(&mut self) -> Result<Option<Vec<u8>>> {
        if self.rest.first() == Some(&NULL) {
            self.take(1)?;
            return Ok(None);
        }
        self.expect(ARRAY, "an array of bytes")?;
        self.class("[B")?;
        let length = self.int()?;
        Ok(Some(self.take(length)?.to_vec()))
    }
}
