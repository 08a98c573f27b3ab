//! `response.http.headers.config`: headers of all answers, as Jetty's
//! `HeaderFilter` sets them.

use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use connect_api::{Error, Result};

/// The rules, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResponseHeaders(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    name: HeaderName,
    value: Value,
    /// Instead of the header that is there already.
    replaces: bool,
}

#[derive(Debug, Clone)]
enum Value {
    Text(HeaderValue),
    /// The time of the answer and so many milliseconds more.
    Later(i64),
}

impl ResponseHeaders {
    /// Parses `text` of the setting `name`.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let invalid = |problem: String| {
            Error::config(format!(
                "Invalid value {text} for configuration {name}: {problem}"
            ))
        };
        comma_separated(text)
            .iter()
            .map(|rule| Rule::parse(rule).map_err(invalid))
            .collect::<Result<Vec<Rule>>>()
            .map(Self)
    }

    /// Puts the headers on an answer. What the answer says itself stays, as the
    /// original's filter comes before what answers.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        let mut own = HeaderMap::new();
        for rule in &self.0 {
            let value = match &rule.value {
                Value::Text(value) => value.clone(),
                Value::Later(millis) => match http_date(*millis) {
                    Some(date) => date,
                    None => continue,
                },
            };
            if rule.replaces {
                own.insert(&rule.name, value);
            } else {
                own.append(&rule.name, value);
            }
        }
        for name in own.keys() {
            if !headers.contains_key(name) {
                for value in own.get_all(name) {
                    headers.append(name, value.clone());
                }
            }
        }
    }
}

impl Rule {
    /// The checks and texts are those of `RestServerConfig`.
    fn parse(rule: &str) -> std::result::Result<Self, String> {
        let Some((action, header)) = rule.trim().split_once(char::is_whitespace) else {
            return Err(format!(
                "Invalid format of header config '{rule}'. Expected: '[action] [header name]:[header value]'"
            ));
        };
        let (replaces, is_date) = match action.to_ascii_lowercase().as_str() {
            "set" => (true, false),
            "add" => (false, false),
            "setdate" => (true, true),
            "adddate" => (false, true),
            _ => {
                return Err(format!(
                    "Invalid header config action: '{action}'. Expected one of [set, add, setDate, addDate]"
                ));
            }
        };
        let header = header.trim();
        let parts: Vec<&str> = header.split(':').collect();
        let &[name, value] = parts.as_slice() else {
            return Err(bad_pair(header));
        };
        if value.is_empty() {
            return Err(bad_pair(header));
        }
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!(
                "Invalid header name '{name}'. The '[header name]' cannot contain whitespace"
            ));
        }
        let value = if is_date {
            value.parse().map(Value::Later).map_err(|_| {
                format!("the value '{value}' of '{header}' is not a number of milliseconds")
            })?
        } else {
            HeaderValue::from_str(value)
                .map(Value::Text)
                .map_err(|_| format!("the value '{value}' cannot be that of a header"))?
        };
        Ok(Self {
            name: name
                .parse()
                .map_err(|_| format!("'{name}' cannot be the name of a header"))?,
            value,
            replaces,
        })
    }
}

fn bad_pair(header: &str) -> String {
    format!(
        "Invalid format of header name and header value pair '{header}'. Expected: '[header name]:[header value]'"
    )
}

/// Now and so many milliseconds more, in HTTP's form; none outside the years
/// that it has.
fn http_date(millis: i64) -> Option<HeaderValue> {
    let distance = Duration::from_millis(millis.unsigned_abs());
    let now = SystemTime::now();
    let time = if millis < 0 {
        now.checked_sub(distance)
    } else {
        now.checked_add(distance)
    }?;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    // HTTP's dates end with the year 9999.
    if since.as_secs() >= 253_402_300_800 {
        return None;
    }
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).ok()
}

/// Items between commas, without the blanks around them. One in double quotes
/// has its commas and blanks, and any character after a backslash.
fn comma_separated(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (item, after) = unquote(quoted);
            items.push(item);
            // What stands between the quote and the comma is passed over.
            rest = after.split_once(',').map_or("", |(_, after)| after);
        } else {
            let (item, after) = rest.split_once(',').unwrap_or((rest, ""));
            items.push(item.trim_end().to_owned());
            rest = after;
        }
        rest = rest.trim_start();
    }
    items
}

/// The text up to the closing quote, and what follows it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut item = String::new();
    let mut characters = quoted.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return (item, &quoted[position + 1..]),
            '\\' => item.extend(characters.next().map(|(_, escaped)| escaped)),
            other => item.push(other),
        }
    }
    (item, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, headers: &mut HeaderMap) {
        ResponseHeaders::parse("x", text).unwrap().apply(headers);
    }

    #[test]
    fn rules_are_applied_and_the_answers_own_headers_stay() {
        let mut headers = HeaderMap::new();
        headers.insert("vary", HeaderValue::from_static("Origin"));
        applied(
            r#"set X-Frame-Options: DENY, "add Cache-Control: no-cache, no-store" ,ADD X-A:1,add x-a: 2,set X-B:1,set X-B:2,set Vary: Accept"#,
            &mut headers,
        );
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["cache-control"], "no-cache, no-store");
        let all: Vec<&HeaderValue> = headers.get_all("x-a").iter().collect();
        assert_eq!(all, ["1", "2"]);
        let all: Vec<&HeaderValue> = headers.get_all("x-b").iter().collect();
        assert_eq!(all, ["2"]);
        assert_eq!(headers["vary"], "Origin");
    }

    #[test]
    fn dates_are_counted_from_the_answer() {
        let mut headers = HeaderMap::new();
        applied("setDate Expires: 3600000", &mut headers);
        let date = httpdate::parse_http_date(headers["expires"].to_str().unwrap()).unwrap();
        let ahead = date.duration_since(SystemTime::now()).unwrap();
        assert!((3590..=3600).contains(&ahead.as_secs()), "{ahead:?}");
    }

    /// The cases of Kafka's `RestServerConfigTest`.
    #[test]
    fn rules_are_checked_as_the_original_does() {
        for good in [
            "add \t Cache-Control: no-cache, no-store, must-revalidate",
            "add \r X-XSS-Protection: 1; mode=block",
            "\n add Strict-Transport-Security: max-age=31536000; includeSubDomains",
            "AdD   Strict-Transport-Security:  \r  max-age=31536000;  includeSubDomains",
            "AdD \t Strict-Transport-Security : \n   max-age=31536000;  includeSubDomains",
            "add X-Content-Type-Options: \r nosniff",
            "Set \t X-Frame-Options: \t Deny\n ",
            "seT \t X-Cache-Info: \t not cacheable\n ",
            "seTDate \t Expires: \r 31540000000",
            "adDdate \n Last-Modified: \t 0",
        ] {
            Rule::parse(good).unwrap_or_else(|error| panic!("{good}: {error}"));
        }
        for bad in [
            "set \t",
            "badaction \t X-Frame-Options:DENY",
            "set add X-XSS-Protection:1",
            "addX-XSS-Protection",
            "X-XSS-Protection:",
            "add set X-XSS-Protection: 1",
            "add X-XSS-Protection:1 X-XSS-Protection:1 ",
            "add X-XSS-Protection",
            "set X-Frame-Options:DENY, add  :no-cache, no-store, must-revalidate ",
        ] {
            assert!(Rule::parse(bad).is_err(), "{bad}");
        }
        let error = ResponseHeaders::parse("response.http.headers.config", "sett X:1").unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("response.http.headers.config") && message.contains("'sett'"),
            "{message}"
        );
    }

    #[test]
    fn quotes_keep_commas_and_backslashes_what_follows_them() {
        assert_eq!(comma_separated(""), Vec::<String>::new());
        assert_eq!(comma_separated(" a b , c"), ["a b", "c"]);
        assert_eq!(
            comma_separated(r#""a, b" , "c\"d" x,e"#),
            ["a, b", "c\"d", "e"]
        );
    }
}
