//! The character sets of text columns. A row image has text in the column's own; a result row has
//! it in UTF-8.

mod single_byte;
mod tables;

use bytestring::ByteString;
use encoding_rs::Encoding;

use super::datum::Slice;

/// A character set that we can read.
#[derive(Debug, Clone)]
pub(crate) struct Charset {
    decoder: Decoder,
}

#[derive(Debug, Clone)]
enum Decoder {
    Utf8,
    /// One byte a character, ASCII in the lower half.
    SingleByte(Box<[char; 128]>),
    /// Several bytes a character, ASCII where the byte is below 0x80.
    MultiByte(&'static Encoding),
    Swe7,
    Utf16 {
        big_endian: bool,
    },
    Utf32,
}

impl Charset {
    /// The character set that MySQL calls so; none if it is not known.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        if let Some(table) = tables::HIGH.iter().find(|table| table.name == lower) {
            let decoder = Decoder::SingleByte(Box::new(table.characters()));
            return Some(Self { decoder });
        }
        let decoder = match lower.as_str() {
            "utf8mb4" | "utf8mb3" | "utf8" | "ascii" | "binary" => Decoder::Utf8,
            "swe7" => Decoder::Swe7,
            "big5" => Decoder::MultiByte(encoding_rs::BIG5),
            "sjis" => Decoder::MultiByte(encoding_rs::SHIFT_JIS),
            "cp932" => Decoder::MultiByte(encoding_rs::SHIFT_JIS),
            "ujis" => Decoder::MultiByte(encoding_rs::EUC_JP),
            "eucjpms" => Decoder::MultiByte(encoding_rs::EUC_JP),
            "euckr" => Decoder::MultiByte(encoding_rs::EUC_KR),
            "gb2312" => Decoder::MultiByte(encoding_rs::GBK),
            "gbk" => Decoder::MultiByte(encoding_rs::GBK),
            "gb18030" => Decoder::MultiByte(encoding_rs::GB18030),
            "ucs2" => Decoder::Utf16 { big_endian: true },
            "utf16" => Decoder::Utf16 { big_endian: true },
            "utf16le" => Decoder::Utf16 { big_endian: false },
            "utf32" => Decoder::Utf32,
            _ => return None,
        };
        Some(Self { decoder })
    }

    /// UTF-8, for columns that name no character set.
    pub(crate) fn utf8() -> Self {
        Self {
            decoder: Decoder::Utf8,
        }
    }

    /// The text of `bytes`, without a copy if it is UTF-8 or ASCII. What is malformed becomes
    /// U+FFFD, as Java's `new String(bytes, charset)` does it: MySQL checks texts on the way in,
    /// but not always.
    pub(crate) fn decode(&self, slice: &Slice<'_>) -> ByteString {
        let bytes = slice.as_slice();
        let text = match &self.decoder {
            Decoder::Utf8 => return slice.to_text(),
            Decoder::SingleByte(_) | Decoder::MultiByte(_) if bytes.is_ascii() => {
                return slice.to_text();
            }
            Decoder::SingleByte(high) => single_byte(bytes, high),
            Decoder::MultiByte(encoding) => {
                encoding.decode_without_bom_handling(bytes).0.into_owned()
            }
            Decoder::Swe7 => bytes.iter().map(|byte| swe7(*byte)).collect(),
            Decoder::Utf16 { big_endian } => utf16(bytes, *big_endian),
            Decoder::Utf32 => utf32(bytes),
        };
        text.into()
    }
}

fn single_byte(bytes: &[u8], high: &[char; 128]) -> String {
    let character = |byte: &u8| match byte.checked_sub(0x80) {
        Some(index) => high[usize::from(index)],
        None => char::from(*byte),
    };
    bytes.iter().map(character).collect()
}

/// ASCII with Swedish letters in the place of some signs.
fn swe7(byte: u8) -> char {
    match byte {
        b'@' => 'É',
        b'[' => 'Ä',
        b'\\' => 'Ö',
        b']' => 'Å',
        b'^' => 'Ü',
        b'`' => 'é',
        b'{' => 'ä',
        b'|' => 'ö',
        b'}' => 'å',
        b'~' => 'ü',
        0x00..0x7f => char::from(byte),
        _ => char::REPLACEMENT_CHARACTER,
    }
}

fn utf16(bytes: &[u8], big_endian: bool) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [first, second] if big_endian => u16::from_be_bytes([*first, *second]),
        [first, second] => u16::from_le_bytes([*first, *second]),
        _ => 0xfffd,
    });
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn utf32(bytes: &[u8]) -> String {
    let character = |quad: &[u8]| match quad {
        [a, b, c, d] => char::from_u32(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    };
    bytes
        .chunks(4)
        .map(|quad| character(quad).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn decode(charset: &str, bytes: &'static [u8]) -> String {
        let charset = Charset::of_name(charset).unwrap();
        charset
            .decode(&Slice::whole(&Bytes::from_static(bytes)))
            .to_string()
    }

    /// Every character set of MySQL 8.0's `SHOW CHARACTER SET`.
    const ALL: &str = "armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 \
        cp932 dec8 eucjpms euckr gb18030 gb2312 gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u \
        latin1 latin2 latin5 latin7 macce macroman sjis swe7 tis620 ucs2 ujis utf16 utf16le utf32 \
        utf8 utf8mb3 utf8mb4";

    #[test]
    fn all_of_mysqls_are_known() {
        for name in ALL.split_whitespace() {
            assert!(Charset::of_name(name).is_some(), "{name}");
            assert!(Charset::of_name(&name.to_uppercase()).is_some(), "{name}");
        }
        assert!(Charset::of_name("utf7").is_none());
        for table in &tables::HIGH {
            assert_eq!(table.high.chars().count(), 128, "{}", table.name);
        }
    }

    #[test]
    fn text_is_decoded() {
        // Bytes and texts from MySQL 8.0.15: SELECT HEX(CONVERT('…' USING charset)).
        assert_eq!(decode("latin1", b"caf\xe9 \x80"), "café €");
        assert_eq!(decode("cp850", b"\x82\x84"), "éä");
        assert_eq!(decode("koi8r", b"\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет");
        assert_eq!(decode("greek", b"\xe1\xe2\xe3"), "αβγ");
        assert_eq!(decode("tis620", b"\xa1\xa2"), "กข");
        assert_eq!(decode("swe7", b"r\x7dksm|rg}s"), "råksmörgås");
        assert_eq!(decode("sjis", b"\x8a\xbf\x8e\x9a"), "漢字");
        assert_eq!(decode("ujis", b"\xb4\xc1\xbb\xfa"), "漢字");
        assert_eq!(decode("gbk", b"\xba\xba\xd7\xd6"), "汉字");
        assert_eq!(decode("gb18030", b"\x94\x39\xfc\x36"), "😀");
        assert_eq!(decode("big5", b"\xba\x7e\xa6\x72"), "漢字");
        assert_eq!(decode("euckr", b"\xc7\xd1\xb1\xdb"), "한글");
        assert_eq!(decode("utf16", b"\x03\xa9\xd8\x3d\xde\x00"), "Ω😀");
        assert_eq!(decode("utf16le", b"\xa9\x03\x3d\xd8\x00\xde"), "Ω😀");
        assert_eq!(decode("utf32", b"\x00\x01\xf6\x00"), "😀");
        assert_eq!(decode("ucs2", b"\x03\xa9"), "Ω");
        assert_eq!(decode("utf8mb4", "héllo 😀".as_bytes()), "héllo 😀");
    }

    #[test]
    fn malformed_text_gets_replacement_characters() {
        assert_eq!(decode("utf8mb4", b"a\xffb"), "a\u{fffd}b");
        assert_eq!(decode("utf16", b"\x00a\x00"), "a\u{fffd}");
        assert_eq!(decode("utf16", b"\xd8\x3d\x00a"), "\u{fffd}a");
        assert_eq!(decode("utf32", b"\xff\xff\xff\xff"), "\u{fffd}");
        assert_eq!(decode("sjis", b"\x81"), "\u{fffd}");
    }
}
