//! Time zones as hours and minutes (`SimpleDateFormat.subParseNumericZone`).

/// How a zone's hours and minutes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `h:mm` or `hh:mm`, after `GMT`.
    Gmt,
    /// `hhmm`: RFC 822, and two letters of ISO 8601.
    Digits,
    /// `hh`: one letter of ISO 8601.
    Hours,
    /// `hh:mm`: three letters of ISO 8601.
    Colon,
}

/// The minutes that `text` begins with, and how long they are; the sign before
/// them is read already.
pub(super) fn parse(text: &str, style: Style) -> Option<(i64, usize)> {
    let mut digits = Digits { text, at: 0 };
    let mut hours = digits.digit()?;
    match digits.digit() {
        Some(digit) => hours = hours * 10 + digit,
        // A text that ends here lacks its minutes.
        None if style == Style::Gmt && digits.at < text.len() => {}
        None => return None,
    }
    if hours > 23 {
        return None;
    }
    let mut minutes = 0;
    if style != Style::Hours {
        if matches!(style, Style::Gmt | Style::Colon) {
            digits.colon()?;
        }
        minutes = digits.digit()? * 10 + digits.digit()?;
        if minutes > 59 {
            return None;
        }
    }
    Some((hours * 60 + minutes, digits.at))
}

struct Digits<'t> {
    text: &'t str,
    at: usize,
}

impl Digits<'_> {
    fn digit(&mut self) -> Option<i64> {
        let byte = *self.text.as_bytes().get(self.at)?;
        let digit = char::from(byte).to_digit(10)?;
        self.at += 1;
        Some(i64::from(digit))
    }

    fn colon(&mut self) -> Option<()> {
        let is_colon = self.text.as_bytes().get(self.at) == Some(&b':');
        self.at += 1;
        is_colon.then_some(())
    }
}
