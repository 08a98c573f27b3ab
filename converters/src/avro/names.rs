//! Connect's names in Avro: split into namespace and name, and scrubbed of what
//! Avro does not take (`AvroData.splitName`, `scrubName`).

use std::borrow::Cow;

pub(super) const NAMESPACE: &str = "io.confluent.connect.avro";
pub(super) const DEFAULT_NAME: &str = "ConnectDefault";
pub(super) const DEFAULT_FULL_NAME: &str = "io.confluent.connect.avro.ConnectDefault";
pub(super) const MAP_ENTRY: &str = "MapEntry";
pub(super) const ANYTHING: &str = "io.confluent.connect.avro.Anything";
pub(super) const UNION: &str = "io.confluent.connect.avro.Union";
pub(super) const ENUM: &str = "io.confluent.connect.avro.Enum";
pub(super) const RECORD_DOC: &str = "io.confluent.connect.avro.record.doc";
pub(super) const ENUM_DOC_PREFIX: &str = "io.confluent.connect.avro.enum.doc.";
pub(super) const ENUM_DEFAULT_PREFIX: &str = "io.confluent.connect.avro.enum.default.";
pub(super) const FIELD_DOC_PREFIX: &str = "io.confluent.connect.avro.field.doc.";
/// Set where a default is the Avro field's own and not `connect.default`.
pub(super) const FIELD_DEFAULT_FLAG: &str = "io.confluent.connect.avro.field.default";

pub(super) const CONNECT_NAME: &str = "connect.name";
pub(super) const CONNECT_DOC: &str = "connect.doc";
pub(super) const CONNECT_RECORD_DOC: &str = "connect.record.doc";
pub(super) const CONNECT_ENUM_DOC: &str = "connect.enum.doc";
pub(super) const CONNECT_VERSION: &str = "connect.version";
pub(super) const CONNECT_DEFAULT: &str = "connect.default";
pub(super) const CONNECT_PARAMETERS: &str = "connect.parameters";
pub(super) const CONNECT_INTERNAL_TYPE: &str = "connect.internal.type";
pub(super) const CONNECT_TYPE: &str = "connect.type";
pub(super) const CONNECT_FIXED_SIZE: &str = "connect.fixed.size";
pub(super) const CONNECT_DECIMAL_PRECISION: &str = "connect.decimal.precision";

/// What a decimal gets that does not say its precision.
pub(super) const DEFAULT_PRECISION: i64 = 64;

/// The parameters that mark sum types with `generalized.sum.type.support`.
pub(super) const GENERALIZED_UNION: &str = "org.apache.kafka.connect.data.Union";
pub(super) const GENERALIZED_ENUM: &str = "org.apache.kafka.connect.data.Enum";
pub(super) const GENERALIZED_UNION_PREFIX: &str = "connect_union_";

pub(super) const KEY_FIELD: &str = "key";
pub(super) const VALUE_FIELD: &str = "value";

/// A full name's namespace and name, each part scrubbed if that is wanted.
pub(super) fn split(full: &str, scrub: bool) -> (Option<String>, String) {
    // Java's String.split drops empty parts at the end.
    let trimmed = full.trim_end_matches('.');
    let mut parts: Vec<Cow<'_, str>> = trimmed.split('.').map(|part| name(part, scrub)).collect();
    let last = parts.pop().unwrap_or_default().into_owned();
    let space = (!parts.is_empty()).then(|| parts.join("."));
    (space, last)
}

/// A full name, scrubbed if that is wanted.
pub(super) fn full(full: &str, scrub: bool) -> String {
    if !scrub {
        return full.to_owned();
    }
    match split(full, scrub) {
        (Some(space), name) => format!("{space}.{name}"),
        (None, name) => name,
    }
}

/// A name without dots, scrubbed if that is wanted.
pub(super) fn name(name: &str, scrub: bool) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if !scrub || (name.bytes().all(is_plain) && !starts_with_digit(name)) {
        return Cow::Borrowed(name);
    }
    let mut encoded = url_encoded(name);
    if starts_with_digit(&encoded) {
        encoded.insert(0, 'x');
    }
    let scrubbed = encoded
        .bytes()
        .map(|byte| if is_plain(byte) { byte as char } else { '_' });
    Cow::Owned(scrubbed.collect())
}

/// Java's `URLEncoder.encode` in UTF-8.
fn url_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'.' | b'-' | b'*' | b'_' => out.push(byte as char),
            _ if byte.is_ascii_alphanumeric() => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of the original's own test of `scrubName`.
    #[test]
    fn names_are_scrubbed_as_the_original_does() {
        for (given, expected) in [
            ("", ""),
            ("abc_DEF_123", "abc_DEF_123"),
            ("abc-2.0", "abc_2_0"),
            ("99problems", "x99problems"),
            ("a b", "a_b"),
            ("$x", "_24x"),
            ("übel", "_C3_BCbel"),
        ] {
            assert_eq!(name(given, true), expected, "{given}");
        }
        assert_eq!(
            split("a-b.c d.E$F", true),
            (Some("a_b.c_d".to_owned()), "E_24F".to_owned())
        );
    }
}
