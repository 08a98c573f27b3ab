//! `org.apache.kafka.connect.storage.StringConverter`: a value's `toString`.

use bytes::Bytes;
use connect_api::config::{ConfigDef, Key, Width};
use connect_api::data::{Schema, SchemaRef, Type, Value};
use connect_api::plugin::Converted;
use connect_api::registry::{ConverterPlugin, HeaderConverterPlugin, PluginClass};
use connect_api::{Error, Props, Result};

use crate::VERSION;
use crate::config::{CONVERTER_TYPE, type_of, with_type};
use crate::convert::{Both, Convert};
use crate::java::to_string;

const NAME: PluginClass = PluginClass {
    class: "org.apache.kafka.connect.storage.StringConverter",
    other_classes: &[],
    version: VERSION,
};

pub(crate) const CONVERTER: ConverterPlugin = ConverterPlugin {
    name: NAME,
    config: config_def,
    create: |props, is_key| {
        Ok(Box::new(Both(StringConverter::new(
            props,
            type_of(is_key),
        )?)))
    },
};

pub(crate) const HEADER_CONVERTER: HeaderConverterPlugin = HeaderConverterPlugin {
    name: NAME,
    config: config_def,
    create: |props| Ok(Box::new(Both(StringConverter::new(props, "header")?))),
};

const ENCODING: Key<String> = Key::new("converter.encoding")
    .default("UTF-8")
    .high()
    .width(Width::Medium)
    .display_name("Encoding")
    .doc(
        "The character set of the strings in Kafka: UTF-8, ISO-8859-1, US-ASCII, UTF-16, \
         UTF-16BE or UTF-16LE.",
    );

fn config_def() -> ConfigDef {
    ConfigDef::new().with(&CONVERTER_TYPE).with(&ENCODING)
}

/// The character sets that every JVM has (`StandardCharsets`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Latin1,
    Ascii,
    /// Big-endian with a byte order mark; reads either by its mark.
    Utf16,
    Utf16Be,
    Utf16Le,
}

impl Encoding {
    fn called(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "UTF-8" | "UTF8" | "UNICODE-1-1-UTF-8" => Encoding::Utf8,
            "ISO-8859-1" | "ISO8859_1" | "ISO8859-1" | "ISO_8859-1" | "LATIN1" | "L1" => {
                Encoding::Latin1
            }
            "US-ASCII" | "ASCII" | "ISO646-US" => Encoding::Ascii,
            "UTF-16" | "UTF16" | "UTF_16" | "UNICODE" => Encoding::Utf16,
            "UTF-16BE" | "UTF_16BE" => Encoding::Utf16Be,
            "UTF-16LE" | "UTF_16LE" => Encoding::Utf16Le,
            _ => return None,
        })
    }

    /// Characters that the set does not have become question marks.
    fn encode(self, text: &str, out: &mut Vec<u8>) {
        let narrow = |limit: u32| {
            text.chars().map(move |char| {
                let code = u32::from(char);
                if code < limit { code as u8 } else { b'?' }
            })
        };
        match self {
            Encoding::Utf8 => out.extend_from_slice(text.as_bytes()),
            Encoding::Latin1 => out.extend(narrow(0x100)),
            Encoding::Ascii => out.extend(narrow(0x80)),
            Encoding::Utf16 if text.is_empty() => {}
            Encoding::Utf16 => {
                out.extend_from_slice(&[0xFE, 0xFF]);
                Encoding::Utf16Be.encode(text, out);
            }
            Encoding::Utf16Be => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Encoding::Utf16Le => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
        }
    }

    /// What cannot be read becomes the replacement character.
    fn decode(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Encoding::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
            Encoding::Ascii => bytes
                .iter()
                .map(|&byte| {
                    if byte.is_ascii() {
                        char::from(byte)
                    } else {
                        '\u{FFFD}'
                    }
                })
                .collect(),
            Encoding::Utf16 => match bytes {
                [0xFF, 0xFE, rest @ ..] => Encoding::Utf16Le.decode(rest),
                [0xFE, 0xFF, rest @ ..] => Encoding::Utf16Be.decode(rest),
                bytes => Encoding::Utf16Be.decode(bytes),
            },
            Encoding::Utf16Be => utf16(bytes, u16::from_be_bytes),
            Encoding::Utf16Le => utf16(bytes, u16::from_le_bytes),
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let pairs = bytes.chunks_exact(2);
    let odd = if pairs.remainder().is_empty() {
        None
    } else {
        Some('\u{FFFD}')
    };
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|char| char.unwrap_or('\u{FFFD}'))
        .chain(odd)
        .collect()
}

struct StringConverter {
    encoding: Encoding,
    schema: SchemaRef,
    text: Vec<u8>,
}

impl StringConverter {
    fn new(props: &Props, converter_type: &str) -> Result<Self> {
        let settings = config_def().parse(&with_type(props, converter_type))?;
        let name = settings.get(&ENCODING)?;
        let encoding = Encoding::called(&name).ok_or_else(|| {
            Error::config(format!(
                "Invalid value {name} for configuration {}: known are UTF-8, ISO-8859-1, \
                 US-ASCII, UTF-16, UTF-16BE, UTF-16LE",
                ENCODING.name()
            ))
        })?;
        Ok(Self {
            encoding,
            schema: Schema::optional(Type::String),
            text: Vec::new(),
        })
    }
}

impl Convert for StringConverter {
    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        let schema = schema.map(|schema| &**schema);
        match value {
            Value::Null => return Ok(Converted::Null),
            Value::String(text) => self.encoding.encode(text, out),
            value if self.encoding == Encoding::Utf8 => to_string::append(out, schema, value),
            value => {
                self.text.clear();
                to_string::append(&mut self.text, schema, value);
                let text = String::from_utf8_lossy(&self.text);
                self.encoding.encode(&text, out);
            }
        }
        Ok(Converted::Bytes)
    }

    fn read(&mut self, bytes: Option<&Bytes>) -> Result<(Option<SchemaRef>, Value)> {
        let value = bytes.map_or(Value::Null, |bytes| {
            Value::String(self.encoding.decode(bytes).into())
        });
        Ok((Some(self.schema.clone()), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converter(encoding: &str) -> Result<StringConverter> {
        let props = [("converter.encoding".to_owned(), encoding.to_owned())];
        StringConverter::new(&Props::from_iter(props), "value")
    }

    fn written(encoding: &str, value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        let written = converter(encoding).unwrap().write(None, value, &mut out);
        assert_eq!(written.unwrap(), Converted::Bytes);
        out
    }

    /// `StringConverterTest` of Kafka, and the bytes of Java's `getBytes`.
    #[test]
    fn writes_text_in_its_encoding() {
        assert_eq!(written("UTF-8", &"a string".into()), b"a string");
        assert_eq!(written("UTF-8", &Value::Boolean(true)), b"true");
        assert_eq!(
            written("UTF-16", &"ab".into()),
            [0xFE, 0xFF, 0, b'a', 0, b'b']
        );
        assert_eq!(written("ISO-8859-1", &"é€".into()), [0xE9, b'?']);
        assert_eq!(written("US-ASCII", &"é".into()), b"?");
        assert_eq!(written("UTF-16LE", &Value::Int32(7)), [b'7', 0]);
        let mut utf8 = converter("UTF-8").unwrap();
        let null = utf8.write(None, &Value::Null, &mut Vec::new()).unwrap();
        assert_eq!(null, Converted::Null);
    }

    #[test]
    fn reads_what_it_wrote() {
        for encoding in ["UTF-8", "UTF-16", "UTF-16BE", "UTF-16LE"] {
            let text = Value::from("a žluť 😀 string");
            let bytes = Bytes::from(written(encoding, &text));
            let (schema, value) = converter(encoding).unwrap().read(Some(&bytes)).unwrap();
            assert_eq!(value, text, "{encoding}");
            assert!(schema.unwrap().is_optional());
        }
    }

    #[test]
    fn refuses_an_unknown_encoding() {
        let error = converter("EBCDIC").err().unwrap().to_string();
        assert!(
            error.contains("EBCDIC") && error.contains("converter.encoding"),
            "{error}"
        );
    }
}
