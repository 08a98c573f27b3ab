//! From Java's pattern syntax to that of `fancy-regex`.

use super::class;
use crate::{Error, ErrorKind, Result};

/// The capturing groups of a pattern.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    count: usize,
    names: Vec<(String, usize)>,
}

impl Groups {
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn number_of(&self, name: &str) -> Option<usize> {
        self.names
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, number)| *number)
    }
}

#[derive(Debug)]
pub(super) struct Translated {
    pub(super) text: String,
    pub(super) groups: Groups,
}

/// Java's line terminators, as the inside of a class.
pub(super) const LINE_TERMINATORS: &str = r"\n\r\x{85}\x{2028}\x{2029}";

/// The flags that change how a pattern is read. Ignoring case is left to the
/// engine, which scopes it as Java does.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    dot_all: bool,
    multiline: bool,
    pub(super) comments: bool,
    unix_lines: bool,
    pub(super) unicode: bool,
}

/// Reads a pattern from left to right.
pub(super) struct Translator<'p> {
    pub(super) pattern: &'p str,
    pub(super) at: usize,
    pub(super) out: String,
    pub(super) flags: Flags,
    groups: Groups,
    /// Where the last atom starts in `out`: what a quantifier applies to.
    atom: Option<usize>,
    /// Flags and start in `out` of each open group.
    open: Vec<(Flags, usize)>,
    /// Back-references to check at the end, when all groups are known.
    references: Vec<usize>,
}

pub(super) fn translate(pattern: &str) -> Result<Translated> {
    let mut translator = Translator {
        pattern,
        at: 0,
        out: String::with_capacity(pattern.len() + 16),
        flags: Flags::default(),
        groups: Groups {
            count: count_groups(pattern),
            names: Vec::new(),
        },
        atom: None,
        open: Vec::new(),
        references: Vec::new(),
    };
    let mut opened = 0;
    while let Some(char) = translator.next() {
        translator.item(char, &mut opened)?;
    }
    if !translator.open.is_empty() {
        return Err(translator.invalid("Unclosed group"));
    }
    if let Some(number) = translator
        .references
        .iter()
        .find(|&&number| number > opened)
    {
        return Err(translator.invalid(&format!("there is no group {number}")));
    }
    translator.groups.count = opened;
    Ok(Translated {
        text: translator.out,
        groups: translator.groups,
    })
}

/// An upper bound of the capturing groups, for back-references that stand
/// before their group is read.
fn count_groups(pattern: &str) -> usize {
    pattern.bytes().filter(|&byte| byte == b'(').count()
}

impl Translator<'_> {
    pub(super) fn rest(&self) -> &str {
        &self.pattern[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        if is_next {
            self.at += text.len();
        }
        is_next
    }

    /// What stands up to `end`, which is taken too.
    pub(super) fn until(&mut self, end: char, missing: &str) -> Result<String> {
        match self.rest().split_once(end) {
            Some((text, _)) => {
                let text = text.to_owned();
                self.at += text.len() + end.len_utf8();
                Ok(text)
            }
            None => Err(self.invalid(missing)),
        }
    }

    pub(super) fn invalid(&self, reason: &str) -> Error {
        Error::config(format!(
            "Invalid regex '{}': {reason} near index {}",
            self.pattern,
            self.pattern[..self.at].chars().count()
        ))
    }

    pub(super) fn unsupported(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::Config,
            format!(
                "Invalid regex '{}': {what} of Java's syntax is not supported; write it another way",
                self.pattern
            ),
        )
    }

    fn item(&mut self, char: char, opened: &mut usize) -> Result<()> {
        let start = self.out.len();
        match char {
            '(' => return self.open_group(opened),
            ')' => return self.close_group(),
            '|' => {
                self.out.push('|');
                self.atom = None;
                return Ok(());
            }
            '*' | '+' | '?' | '{' => return self.quantifier(char),
            ' ' | '\t' | '\n' | '\x0B' | '\x0C' | '\r' if self.flags.comments => return Ok(()),
            '#' if self.flags.comments => {
                while !matches!(self.next(), None | Some('\n')) {}
                return Ok(());
            }
            '[' => class::class(self)?,
            '\\' => self.escape()?,
            '.' => self.dot(),
            '^' if self.flags.multiline => {
                let terminators = self.terminators();
                self.out.push_str(&format!(r"(?:\A|(?<=[{terminators}]))"));
            }
            '^' => self.out.push_str(r"\A"),
            '$' => self.dollar(),
            other => self.literal(other),
        }
        self.atom = Some(start);
        Ok(())
    }

    pub(super) fn literal(&mut self, char: char) {
        if char.is_alphanumeric() || char == '_' || !char.is_ascii() {
            self.out.push(char);
        } else {
            self.out.push_str(&format!(r"\x{{{:x}}}", u32::from(char)));
        }
    }

    fn terminators(&self) -> &'static str {
        if self.flags.unix_lines {
            r"\n"
        } else {
            LINE_TERMINATORS
        }
    }

    fn dot(&mut self) {
        if self.flags.dot_all {
            self.out.push_str("(?s:.)");
        } else {
            let terminators = self.terminators();
            self.out.push_str(&format!("[^{terminators}]"));
        }
    }

    /// `$`: the end, or before a final line terminator; in multi-line mode
    /// before any.
    fn dollar(&mut self) {
        let terminators = self.terminators();
        let text = if self.flags.multiline {
            format!(r"(?=[{terminators}]|\z)")
        } else {
            format!(r"(?=(?:\r\n|[{terminators}])?\z)")
        };
        self.out.push_str(&text);
    }

    fn open_group(&mut self, opened: &mut usize) -> Result<()> {
        let start = self.out.len();
        let outer = self.flags;
        if !self.take("?") {
            *opened += 1;
            self.out.push('(');
        } else if let Some(kind) = ["<=", "<!", "=", "!", ">", ":"]
            .into_iter()
            .find(|kind| self.rest().starts_with(kind))
        {
            self.at += kind.len();
            self.out.push_str("(?");
            self.out.push_str(kind);
        } else if self.take("<") {
            *opened += 1;
            self.named_group(*opened)?;
        } else if !self.inline_flags()? {
            return Ok(());
        }
        self.open.push((outer, start));
        self.atom = None;
        Ok(())
    }

    fn named_group(&mut self, number: usize) -> Result<()> {
        let name = self.until('>', "named capturing group is missing trailing '>'")?;
        let is_name = name.starts_with(|char: char| char.is_ascii_alphabetic())
            && name.chars().all(|char| char.is_ascii_alphanumeric());
        if !is_name {
            return Err(self.invalid(&format!(
                "'{name}' is no group name: it must start with a letter and hold only letters and digits"
            )));
        }
        if self.groups.number_of(&name).is_some() {
            return Err(self.invalid(&format!(
                "Named capturing group <{name}> is already defined"
            )));
        }
        self.out.push_str(&format!("(?<{name}>"));
        self.groups.names.push((name, number));
        Ok(())
    }

    /// `(?i-s)` or `(?i-s:`; false for the first, which opens no group.
    fn inline_flags(&mut self) -> Result<bool> {
        let mut on = true;
        let mut ignore_case = None;
        let mut flags = self.flags;
        loop {
            match self.next() {
                Some('-') if on => on = false,
                Some('i') => ignore_case = Some(on),
                Some('s') => flags.dot_all = on,
                Some('m') => flags.multiline = on,
                Some('x') => flags.comments = on,
                Some('d') => flags.unix_lines = on,
                Some('U') => flags.unicode = on,
                // Ignoring case follows Unicode in any case.
                Some('u') => {}
                Some(end @ (')' | ':')) => {
                    self.out.push_str(match ignore_case {
                        Some(true) => "(?i",
                        Some(false) => "(?-i",
                        None => "(?",
                    });
                    if end == ':' {
                        self.out.push(':');
                    } else if ignore_case.is_some() {
                        self.out.push(')');
                    } else {
                        self.out.truncate(self.out.len() - 2);
                    }
                    // The caller remembered the outer flags already.
                    self.flags = flags;
                    self.atom = None;
                    return Ok(end == ':');
                }
                Some(other) => {
                    return Err(self.invalid(&format!("Unknown inline modifier '{other}'")));
                }
                None => return Err(self.invalid("Unclosed group")),
            }
        }
    }

    fn close_group(&mut self) -> Result<()> {
        let Some((flags, start)) = self.open.pop() else {
            return Err(self.invalid("Unmatched closing ')'"));
        };
        self.flags = flags;
        self.out.push(')');
        self.atom = Some(start);
        Ok(())
    }

    fn quantifier(&mut self, char: char) -> Result<()> {
        let Some(start) = self.atom else {
            return Err(self.invalid(&if char == '{' {
                "Illegal repetition".to_owned()
            } else {
                format!("Dangling meta character '{char}'")
            }));
        };
        let count = if char == '{' {
            format!("{{{}}}", self.repetition()?)
        } else {
            char.to_string()
        };
        self.out.push_str(&count);
        if self.take("?") {
            self.out.push('?');
        } else if self.take("+") {
            // Possessive: never gives back what it took.
            self.out.insert_str(start, "(?>");
            self.out.push(')');
        }
        self.atom = None;
        Ok(())
    }

    fn repetition(&mut self) -> Result<String> {
        let text = self.until('}', "Unclosed counted closure")?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let fits = match text.split_once(',') {
            None => is_number(&text),
            Some((low, "")) => is_number(low),
            Some((low, high)) => is_number(low) && is_number(high),
        };
        if fits {
            Ok(text)
        } else {
            Err(self.invalid("Illegal repetition"))
        }
    }

    fn escape(&mut self) -> Result<()> {
        let Some(char) = self.peek() else {
            return Err(self.invalid("Unexpected internal error: '\\' at the end"));
        };
        match char {
            '1'..='9' => return self.back_reference(),
            'k' => return self.named_reference(),
            'Q' => {
                self.at += 1;
                let quoted = match self.rest().split_once(r"\E") {
                    Some((text, _)) => text.to_owned(),
                    None => self.rest().to_owned(),
                };
                self.at = (self.at + quoted.len() + 2).min(self.pattern.len());
                // A quantifier after \E applies to the last character only.
                for char in quoted.chars() {
                    self.atom = Some(self.out.len());
                    self.literal(char);
                }
                return Ok(());
            }
            'A' | 'G' => self.out.push_str(r"\A"),
            'z' => self.out.push_str(r"\z"),
            'Z' => {
                let multiline = std::mem::replace(&mut self.flags.multiline, false);
                self.dollar();
                self.flags.multiline = multiline;
            }
            'b' if self.rest().starts_with("b{") => return Err(self.unsupported(r"\b{g}")),
            'b' | 'B' => {
                self.out.push('\\');
                self.out.push(char);
            }
            'R' => self
                .out
                .push_str(r"(?>\r\n|[\n\x{b}\x{c}\r\x{85}\x{2028}\x{2029}])"),
            'X' => return Err(self.unsupported(r"\X")),
            _ => {
                let set = class::escaped(self)?;
                self.out.push_str(&set.as_atom());
                return Ok(());
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Java takes as many digits as there are groups for.
    fn back_reference(&mut self) -> Result<()> {
        let mut number = 0;
        while let Some(digit) = self.peek().and_then(|char| char.to_digit(10)) {
            let longer = number * 10 + digit as usize;
            if number > 0 && longer > self.groups.count {
                break;
            }
            number = longer;
            self.at += 1;
        }
        self.references.push(number);
        self.out.push_str(&format!(r"(?:\{number})"));
        Ok(())
    }

    fn named_reference(&mut self) -> Result<()> {
        if !self.take("k<") {
            return Err(self.invalid(r"\k is not followed by '<' for named capturing group"));
        }
        let name = self.until('>', "named capturing group is missing trailing '>'")?;
        let Some(number) = self.groups.number_of(&name) else {
            return Err(self.invalid(&format!("named capturing group <{name}> does not exist")));
        };
        self.out.push_str(&format!(r"(?:\{number})"));
        Ok(())
    }
}
