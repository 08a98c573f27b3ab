//! Java's login configuration file: `Name { module.Class flag option="value"; };`,
//! entry after entry, with Java's comments.

/// A login module of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LoginModule {
    pub(super) class: String,
    options: Vec<(String, String)>,
}

impl LoginModule {
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The login modules of `entry`; what is wrong where there is none.
pub(super) fn modules(text: &str, entry: &str) -> Result<Vec<LoginModule>, String> {
    let mut tokens = Tokens { rest: text };
    while let Some(token) = tokens.next()? {
        let Token::Word(name) = token else {
            return Err("expected the name of an entry".to_owned());
        };
        tokens.expect(&Token::Sign('{'), "'{' after the entry's name")?;
        let modules = modules_of(&mut tokens)?;
        tokens.expect(&Token::Sign(';'), "';' after the entry's '}'")?;
        if name == entry {
            return Ok(modules);
        }
    }
    Err(format!("it has no entry {entry}"))
}

/// Modules up to the closing brace.
fn modules_of(tokens: &mut Tokens<'_>) -> Result<Vec<LoginModule>, String> {
    const FLAGS: [&str; 4] = ["required", "requisite", "sufficient", "optional"];
    let mut modules = Vec::new();
    loop {
        let class = match tokens.next()? {
            Some(Token::Sign('}')) if !modules.is_empty() => return Ok(modules),
            Some(Token::Word(class)) => class,
            _ => return Err("expected the class of a login module".to_owned()),
        };
        match tokens.next()? {
            Some(Token::Word(flag)) if FLAGS.iter().any(|f| flag.eq_ignore_ascii_case(f)) => {}
            _ => {
                return Err(format!(
                    "expected one of {} after {class}",
                    FLAGS.join(", ")
                ));
            }
        }
        let mut options = Vec::new();
        loop {
            match tokens.next()? {
                Some(Token::Sign(';')) => break,
                Some(Token::Word(name)) => {
                    tokens.expect(&Token::Sign('='), "'=' after an option's name")?;
                    let Some(Token::Word(value)) = tokens.next()? else {
                        return Err(format!("expected a value for the option {name}"));
                    };
                    if value.contains("${") {
                        return Err(format!(
                            "the value of the option {name} has a system property of Java, {value}: write it out"
                        ));
                    }
                    options.push((name, value));
                }
                _ => return Err(format!("expected an option or ';' after {class}")),
            }
        }
        modules.push(LoginModule { class, options });
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A name, or a text that was in quotes.
    Word(String),
    Sign(char),
}

struct Tokens<'t> {
    rest: &'t str,
}

impl Tokens<'_> {
    fn next(&mut self) -> Result<Option<Token>, String> {
        self.skip_blanks()?;
        let Some(first) = self.rest.chars().next() else {
            return Ok(None);
        };
        if matches!(first, '{' | '}' | ';' | '=') {
            self.rest = &self.rest[1..];
            return Ok(Some(Token::Sign(first)));
        }
        if matches!(first, '"' | '\'') {
            return self.quoted(first).map(|word| Some(Token::Word(word)));
        }
        let is_end = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '=' | '"');
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Some(Token::Word(word.to_owned())))
    }

    fn expect(&mut self, token: &Token, what: &str) -> Result<(), String> {
        if self.next()?.as_ref() == Some(token) {
            Ok(())
        } else {
            Err(format!("expected {what}"))
        }
    }

    fn skip_blanks(&mut self) -> Result<(), String> {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with("//") || self.rest.starts_with('#') {
                self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                let (_, rest) = comment
                    .split_once("*/")
                    .ok_or("a comment is not closed by '*/'")?;
                self.rest = rest;
            } else {
                return Ok(());
            }
        }
    }

    /// A text in quotes, with what follows each backslash.
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut word = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((position, character)) = characters.next() {
            if character == quote {
                self.rest = &self.rest[position + 1..];
                return Ok(word);
            }
            let taken = match character {
                '\\' => characters.next().map(|(_, escaped)| escaped),
                other => Some(other),
            };
            word.extend(taken);
        }
        Err(format!("a text is not closed by {quote}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_found_among_others() {
        let text = r#"
            // Kafka's own
            KafkaClient { org.example.Plain required; };
            /* the REST
               API's */
            KafkaConnect {
                org.example.First sufficient
                    file="/etc/a b.properties" debug=true;
                org.example.Second REQUIRED file="c:\\users";
            };
            # not read any more
            Broken {"#;
        let modules = modules(text, "KafkaConnect").unwrap();
        let classes: Vec<&str> = modules.iter().map(|module| module.class.as_str()).collect();
        assert_eq!(classes, ["org.example.First", "org.example.Second"]);
        assert_eq!(modules[0].option("file"), Some("/etc/a b.properties"));
        assert_eq!(modules[0].option("debug"), Some("true"));
        assert_eq!(modules[1].option("file"), Some("c:\\users"));
        assert_eq!(modules[1].option("debug"), None);
    }

    #[test]
    fn mistakes_are_told() {
        for (text, expected) in [
            ("", "no entry K"),
            ("Other { x.Y required; };", "no entry K"),
            ("K x.Y required; };", "'{'"),
            ("K { };", "class of a login module"),
            ("K { x.Y always; };", "required, requisite"),
            ("K { x.Y required file; };", "'='"),
            ("K { x.Y required file=; };", "value for the option file"),
            ("K { x.Y required file=\"a", "not closed by \""),
            (
                "K { x.Y required file=\"${user.home}/a\"; };",
                "${user.home}",
            ),
            ("K { x.Y required; }", "';'"),
            ("K { /* x", "'*/'"),
        ] {
            let error = modules(text, "K").unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
