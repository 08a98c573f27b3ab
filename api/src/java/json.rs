//! JSON strings as Jackson's UTF-8 generator writes them: quote, backslash and
//! control characters are escaped; characters outside of the first plane
//! become a pair of surrogate escapes; all else stands as it is.

/// For ASCII: 0 to stand as it is, the letter of a short escape, or `u`.
const ESCAPES: [u8; 128] = {
    let mut table = [0; 128];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0A] = b'n';
    table[0x0C] = b'f';
    table[0x0D] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `text` in quotes.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut plain_from = 0;
    let mut at = 0;
    while let Some(found) = next_special(bytes, at) {
        out.extend_from_slice(&bytes[plain_from..found]);
        if bytes[found] < 0x80 {
            write_escape(out, bytes[found]);
            at = found + 1;
        } else {
            write_surrogates(out, &text[found..]);
            at = found + 4;
        }
        plain_from = at;
    }
    out.extend_from_slice(&bytes[plain_from..]);
}

/// Where the next byte is that needs an escape: ASCII by the table, or the
/// first of four bytes.
fn next_special(bytes: &[u8], from: usize) -> Option<usize> {
    const BLOCK: usize = 16;
    let mut at = from;
    for block in bytes[from..].chunks_exact(BLOCK) {
        if has_special(block) {
            break;
        }
        at += BLOCK;
    }
    // The last block, which overlaps the one before, is tested as fast as the others.
    let is_rest_short = at > from && bytes.len() - at < BLOCK;
    if is_rest_short && !has_special(&bytes[bytes.len() - BLOCK..]) {
        return None;
    }
    bytes[at..]
        .iter()
        .position(|&byte| is_special(byte))
        .map(|found| at + found)
}

/// One test for the whole block, which the compiler turns into vectors.
#[inline]
fn has_special(block: &[u8]) -> bool {
    block
        .iter()
        .fold(false, |any, &byte| any | is_special(byte))
}

#[inline]
fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte >= 0xF0)
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    match ESCAPES[usize::from(byte & 0x7F)] {
        b'u' => write_unit(out, u16::from(byte)),
        letter => out.extend_from_slice(&[b'\\', letter]),
    }
}

fn write_surrogates(out: &mut Vec<u8>, text: &str) {
    let Some(char) = text.chars().next() else {
        return;
    };
    for unit in char.encode_utf16(&mut [0; 2]) {
        write_unit(out, *unit);
    }
}

fn write_unit(out: &mut Vec<u8>, unit: u16) {
    let digit = |shift: u16| HEX[usize::from(unit >> shift & 0xF)];
    out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes_what_jackson_escapes() {
        let cases = [
            ("", r#""""#),
            ("plain / text", r#""plain / text""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\u{8}\t\n\u{c}\r", r#""\b\t\n\f\r""#),
            ("\0\u{1f}\u{7f}", "\"\\u0000\\u001F\u{7f}\""),
            ("žluťoučký 日本", "\"žluťoučký 日本\""),
            ("a😀b", r#""a\uD83D\uDE00b""#),
            (
                "a text of more than sixteen bytes, then a \" and a long rest of it",
                r#""a text of more than sixteen bytes, then a \" and a long rest of it""#,
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(written(text), expected);
        }
    }

    #[test]
    fn every_character_reads_back() {
        for code in (0..0x3000).chain(0xFF00..0x1_0100) {
            let Some(char) = char::from_u32(code) else {
                continue;
            };
            let text = format!("before the character{char}after");
            let read: String = serde_json::from_str(&written(&text)).unwrap();
            assert_eq!(read, text);
        }
    }
}
