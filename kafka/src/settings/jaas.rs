//! `sasl.jaas.config`: the one line of Java's login configuration that clients carry.
//!
//! `<class> required name="value" name=value;` — JAAS's grammar with a single entry, as Kafka's
//! `JaasConfig` accepts it.

/// A parsed login module entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LoginModule {
    /// The class name without its package.
    pub(super) name: String,
    options: Vec<(String, String)>,
}

impl LoginModule {
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        let options = self.options.iter();
        options.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = tokens(text)?.into_iter();
        let class = match tokens.next() {
            Some(Token::Word(class)) => class,
            _ => return Err("it must start with the class name of a login module".to_owned()),
        };
        match tokens.next() {
            Some(Token::Word(flag)) if is_control_flag(&flag) => {}
            _ => return Err("the login module's name must be followed by 'required'".to_owned()),
        }
        let mut options = Vec::new();
        loop {
            match tokens.next() {
                Some(Token::Word(name)) => options.push((name, option_value(&mut tokens)?)),
                Some(Token::End) => break,
                _ => return Err("it must end with a semicolon".to_owned()),
            }
        }
        if tokens.next().is_some() {
            return Err("only one login module is allowed".to_owned());
        }
        let name = class.rsplit('.').next().unwrap_or(&class).to_owned();
        Ok(Self { name, options })
    }
}

fn option_value(tokens: &mut impl Iterator<Item = Token>) -> Result<String, String> {
    match (tokens.next(), tokens.next()) {
        (Some(Token::Equals), Some(Token::Word(value))) => Ok(value),
        _ => Err("each option must have the form name=\"value\"".to_owned()),
    }
}

fn is_control_flag(word: &str) -> bool {
    ["required", "requisite", "sufficient", "optional"]
        .iter()
        .any(|flag| word.eq_ignore_ascii_case(flag))
}

#[derive(Debug)]
enum Token {
    Word(String),
    Equals,
    End,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '=' => tokens.push(Token::Equals),
            ';' => tokens.push(Token::End),
            '"' | '\'' => tokens.push(Token::Word(quoted(&mut chars, c)?)),
            c if c.is_whitespace() => {}
            first => {
                let mut word = String::from(first);
                while let Some(c) =
                    chars.next_if(|c| !c.is_whitespace() && !matches!(c, '=' | ';' | '"'))
                {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

/// The rest of a quoted word; a backslash takes the next character as it is, and `\n`, `\t`,
/// `\r` have Java's meaning (`StreamTokenizer`).
fn quoted(chars: &mut impl Iterator<Item = char>, quote: char) -> Result<String, String> {
    let mut word = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => word.push('\n'),
                Some('t') => word.push('\t'),
                Some('r') => word.push('\r'),
                Some(escaped) => word.push(escaped),
                None => break,
            },
            c if c == quote => return Ok(word),
            c => word.push(c),
        }
    }
    Err("a quoted value is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_with_and_without_quotes() {
        let module = LoginModule::parse(
            "org.apache.kafka.common.security.plain.PlainLoginModule required \
             username=\"alice\"\n password=\"a \\\"b\\\" = ;\" serviceName=kafka;",
        )
        .unwrap();
        assert_eq!(module.name, "PlainLoginModule");
        assert_eq!(module.option("username"), Some("alice"));
        assert_eq!(module.option("password"), Some("a \"b\" = ;"));
        assert_eq!(module.option("serviceName"), Some("kafka"));
        assert_eq!(module.option("other"), None);
    }

    #[test]
    fn broken_entries_say_what_is_wrong() {
        for (text, part) in [
            ("", "class name"),
            ("a.B username=\"x\";", "'required'"),
            ("a.B required username=\"x\"", "semicolon"),
            ("a.B required username=\"x;", "not closed"),
            ("a.B required username;", "name=\"value\""),
            ("a.B required; a.C required;", "only one"),
        ] {
            let error = LoginModule::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
