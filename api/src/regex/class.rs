//! Character classes and the escapes that stand for characters.

use super::translate::Translator;
use crate::Result;

/// What an escape stands for.
pub(super) enum Set {
    /// One character.
    Char(char),
    /// The inside of a class, and whether it is negated.
    Class(String, bool),
}

impl Set {
    /// As it stands in a pattern or as an item of a class.
    pub(super) fn as_atom(&self) -> String {
        match self {
            Set::Char(char) => escaped_char(*char),
            Set::Class(inside, false) => format!("[{inside}]"),
            Set::Class(inside, true) => format!("[^{inside}]"),
        }
    }
}

/// A character that means itself both in a class and outside of one.
fn escaped_char(char: char) -> String {
    format!(r"\x{{{:x}}}", u32::from(char))
}

const HORIZONTAL: &str = r" \t\x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}";
const VERTICAL: &str = r"\n\x{b}\x{c}\r\x{85}\x{2028}\x{2029}";
const SPACE: &str = r" \t\n\x{b}\x{c}\r";

/// Reads what follows a `\` and stands for characters.
pub(super) fn escaped(t: &mut Translator<'_>) -> Result<Set> {
    let Some(char) = t.next() else {
        return Err(t.invalid("'\\' at the end"));
    };
    let unicode = t.flags.unicode;
    let class = |inside: &str, negated: bool| Set::Class(inside.to_owned(), negated);
    Ok(match char {
        'd' | 'D' => class(if unicode { r"\d" } else { "0-9" }, char == 'D'),
        'w' | 'W' => class(if unicode { r"\w" } else { "a-zA-Z_0-9" }, char == 'W'),
        's' | 'S' => class(if unicode { r"\s" } else { SPACE }, char == 'S'),
        'h' | 'H' => class(HORIZONTAL, char == 'H'),
        'v' | 'V' => class(VERTICAL, char == 'V'),
        'p' | 'P' => property(t, char == 'P')?,
        't' => Set::Char('\t'),
        'n' => Set::Char('\n'),
        'r' => Set::Char('\r'),
        'f' => Set::Char('\x0C'),
        'a' => Set::Char('\x07'),
        'e' => Set::Char('\x1B'),
        'c' => control(t)?,
        '0' => octal(t)?,
        'x' => hexadecimal(t)?,
        'u' => utf16_unit(t)?,
        'N' => return Err(t.unsupported(r"\N{name}")),
        other if other.is_ascii_alphabetic() => {
            return Err(t.invalid(&format!("Illegal/unsupported escape sequence '\\{other}'")));
        }
        other => Set::Char(other),
    })
}

fn control(t: &mut Translator<'_>) -> Result<Set> {
    match t
        .next()
        .map(u32::from)
        .and_then(|code| char::from_u32(code ^ 64))
    {
        Some(char) => Ok(Set::Char(char)),
        None => Err(t.invalid("Illegal control escape sequence")),
    }
}

/// `\0n`, `\0nn`, `\0mnn` with m up to 3.
fn octal(t: &mut Translator<'_>) -> Result<Set> {
    let mut code = 0;
    let mut digits = 0;
    while let Some(digit) = t.peek().and_then(|char| char.to_digit(8)) {
        if digits == 3 || code * 8 + digit > 0o377 {
            break;
        }
        code = code * 8 + digit;
        digits += 1;
        t.at += 1;
    }
    char_of(t, code, digits > 0, "Illegal octal escape sequence")
}

fn hexadecimal(t: &mut Translator<'_>) -> Result<Set> {
    let wrong = "Illegal hexadecimal escape sequence";
    if t.take("{") {
        let digits = t.until('}', "Unclosed hexadecimal escape sequence")?;
        let code = u32::from_str_radix(&digits, 16).unwrap_or(u32::MAX);
        return char_of(t, code, true, wrong);
    }
    let code = fixed_digits(t, 2);
    char_of(t, code.unwrap_or(0), code.is_some(), wrong)
}

/// `\uhhhh`, two of them for a character outside of the first plane.
fn utf16_unit(t: &mut Translator<'_>) -> Result<Set> {
    let wrong = "Illegal Unicode escape sequence";
    let Some(high) = fixed_digits(t, 4) else {
        return Err(t.invalid(wrong));
    };
    if !(0xD800..0xDC00).contains(&high) {
        return char_of(t, high, true, wrong);
    }
    let low = if t.take(r"\u") {
        fixed_digits(t, 4)
    } else {
        None
    };
    match low {
        Some(low) if (0xDC00..0xE000).contains(&low) => char_of(
            t,
            0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00),
            true,
            wrong,
        ),
        _ => Err(t.unsupported("half of a surrogate pair")),
    }
}

fn fixed_digits(t: &mut Translator<'_>, count: usize) -> Option<u32> {
    let digits = t.rest().get(..count)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(digits, 16).ok()?;
    t.at += count;
    Some(code)
}

fn char_of(t: &Translator<'_>, code: u32, is_given: bool, wrong: &str) -> Result<Set> {
    match char::from_u32(code) {
        Some(char) if is_given => Ok(Set::Char(char)),
        _ => Err(t.invalid(wrong)),
    }
}

/// `\p{Name}`, `\pL`, `\p{IsLatin}`, `\p{sc=Latin}`, `\p{gc=Lu}`.
fn property(t: &mut Translator<'_>, negated: bool) -> Result<Set> {
    let name = if t.take("{") {
        t.until('}', "Unclosed character family")?
    } else {
        match t.next() {
            Some(char) => char.to_string(),
            None => return Err(t.invalid("Illegal character family")),
        }
    };
    let inside = match posix(&name) {
        Some(inside) => inside.to_owned(),
        None => unicode_property(t, &name)?,
    };
    Ok(Set::Class(inside, negated))
}

/// The POSIX classes, which hold ASCII only, and Java's own that have one.
fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => r"\x{0}-\x{7f}",
        "Alpha" => "a-zA-Z",
        "Digit" => "0-9",
        "Alnum" => "a-zA-Z0-9",
        "Punct" => r"!-/:-@\[-`\{-~",
        "Graph" => "!-~",
        "Print" => " -~",
        "Blank" => r" \t",
        "Cntrl" => r"\x{0}-\x{1f}\x{7f}",
        "XDigit" => "0-9a-fA-F",
        "Space" => SPACE,
        "javaLowerCase" => r"\p{Lowercase}",
        "javaUpperCase" => r"\p{Uppercase}",
        "javaAlphabetic" => r"\p{Alphabetic}",
        "javaLetter" => r"\p{L}",
        "javaDigit" => r"\p{Nd}",
        "javaLetterOrDigit" => r"\p{L}\p{Nd}",
        "L1" => r"\x{0}-\x{ff}",
        "all" => r"\x{0}-\x{10ffff}",
        _ => return None,
    })
}

fn unicode_property(t: &Translator<'_>, name: &str) -> Result<String> {
    let plain = match name.split_once('=') {
        Some(("sc" | "script" | "gc" | "general_category", value)) => value,
        Some(_) => return Err(t.unsupported(&format!(r"\p{{{name}}}"))),
        None if name.starts_with("In") || name.starts_with("java") => {
            return Err(t.unsupported(&format!(r"\p{{{name}}}")));
        }
        None => name.strip_prefix("Is").unwrap_or(name),
    };
    let is_name = !plain.is_empty()
        && plain
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | ' ' | '-'));
    if is_name {
        Ok(format!(r"\p{{{plain}}}"))
    } else {
        Err(t.invalid(&format!("Unknown character property name {{{name}}}")))
    }
}

/// Reads a class after its `[`: union by juxtaposition, `[…]` inside,
/// intersection by `&&`, ranges, escapes.
pub(super) fn class(t: &mut Translator<'_>) -> Result<()> {
    t.out.push('[');
    if t.take("^") {
        t.out.push('^');
    }
    let mut is_empty = true;
    loop {
        if t.take("&&") {
            // Java drops an intersection with nothing on its right side.
            if !t.rest().starts_with(']') && !is_empty {
                t.out.push_str("&&");
            }
            continue;
        }
        let Some(char) = t.next() else {
            return Err(t.invalid("Unclosed character class"));
        };
        match char {
            ']' if !is_empty => break,
            '[' => class(t)?,
            char if t.flags.comments && char.is_ascii_whitespace() => continue,
            char => item(t, char)?,
        }
        is_empty = false;
    }
    t.out.push(']');
    Ok(())
}

fn item(t: &mut Translator<'_>, char: char) -> Result<()> {
    if char == '\\' && t.take("Q") {
        let quoted = t.until('\\', r"\Q without \E in a class")?;
        if !t.take("E") {
            return Err(t.unsupported(r"a '\' between \Q and \E in a class"));
        }
        for char in quoted.chars() {
            t.out.push_str(&escaped_char(char));
        }
        return Ok(());
    }
    let first = single(t, char)?;
    let Set::Char(low) = first else {
        t.out.push_str(&first.as_atom());
        return Ok(());
    };
    t.out.push_str(&escaped_char(low));
    let after = t.rest().strip_prefix('-');
    if after.is_none_or(|after| after.starts_with([']', '[']) || after.is_empty()) {
        return Ok(());
    }
    t.at += 1;
    let Some(next) = t.next() else {
        return Err(t.invalid("Unclosed character class"));
    };
    match single(t, next)? {
        Set::Char(high) if high >= low => {
            t.out.push('-');
            t.out.push_str(&escaped_char(high));
            Ok(())
        }
        Set::Char(_) => Err(t.invalid("Illegal character range")),
        set @ Set::Class(..) => {
            t.out.push_str(&escaped_char('-'));
            t.out.push_str(&set.as_atom());
            Ok(())
        }
    }
}

fn single(t: &mut Translator<'_>, char: char) -> Result<Set> {
    match char {
        '\\' if t.peek() == Some('R') => Err(t.invalid(r"\R in a character class")),
        '\\' => escaped(t),
        char => Ok(Set::Char(char)),
    }
}
