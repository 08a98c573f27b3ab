//! JSON text as Connect's `JsonConverter` writes it: compact, and with control
//! characters escaped by capital hexadecimal digits, as Jackson does.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

/// The bytes of `value`. Empty where it cannot be written, which none of the
/// stores' values (objects with text keys) can come to.
pub(crate) fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    let mut serializer = Serializer::with_formatter(&mut bytes, Jackson);
    if let Err(error) = value.serialize(&mut serializer) {
        tracing::error!(%error, "cannot write a record of a storage topic as JSON");
        bytes.clear();
    }
    bytes
}

struct Jackson;

impl Formatter for Jackson {
    fn write_char_escape<W>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let text: &[u8] = match escape {
            CharEscape::Quote => b"\\\"",
            CharEscape::ReverseSolidus => b"\\\\",
            CharEscape::Solidus => b"/",
            CharEscape::Backspace => b"\\b",
            CharEscape::FormFeed => b"\\f",
            CharEscape::LineFeed => b"\\n",
            CharEscape::CarriageReturn => b"\\r",
            CharEscape::Tab => b"\\t",
            CharEscape::AsciiControl(byte) => return write!(writer, "\\u{byte:04X}"),
        };
        writer.write_all(text)
    }
}

#[cfg(test)]
mod tests {
    use super::to_bytes;

    #[test]
    fn text_is_escaped_as_jackson_does() {
        let text = to_bytes(&"/é\u{1f}\t\"\\");
        assert_eq!(text, r#""/é\u001F\t\"\\""#.as_bytes());
    }
}
