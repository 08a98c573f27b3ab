//! A content's identity: the MD5 of a schema's text and references (`MD5.ofSchema`), shown as a
//! UUID.

use std::fmt;

use md5::{Digest, Md5};

use crate::record::{Reference, SchemaRecord};

/// See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Guid([u8; 16]);

impl Guid {
    pub(crate) fn of(schema: &str, references: &[Reference]) -> Self {
        let parts = references.iter().map(|reference| {
            (
                Some(reference.name.as_str()),
                Some(reference.subject.as_str()),
                Some(reference.version),
            )
        });
        Self::of_parts(schema, parts)
    }

    /// With references that may not be complete.
    pub(crate) fn of_parts<'r>(
        schema: &str,
        references: impl Iterator<Item = (Option<&'r str>, Option<&'r str>, Option<i32>)>,
    ) -> Self {
        let mut hash = Md5::new();
        hash.update(schema.as_bytes());
        for (name, subject, version) in references {
            hash.update(name.unwrap_or_default().as_bytes());
            hash.update(subject.unwrap_or_default().as_bytes());
            if let Some(version) = version {
                hash.update(version.to_be_bytes());
            }
        }
        Self(hash.finalize().into())
    }

    /// That of a record says so itself when it has metadata that count too.
    pub(crate) fn of_record(record: &SchemaRecord) -> Self {
        record
            .md5
            .as_deref()
            .and_then(from_base64)
            .map_or_else(|| Self::of(&record.schema, &record.references), Self)
    }

    /// From a UUID, or 32 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
        let mut bytes = [0; 16];
        if digits.len() != 32 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

fn from_base64(text: &str) -> Option<[u8; 16]> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .ok()?;
    bytes.try_into().ok()
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}
