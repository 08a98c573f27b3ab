//! Masks what depends on the server, the clock and the run, and nothing else.

/// Fields whose numbers are times; the ones in `_ms` of an event's source are whole seconds.
const TIMES: &[&str] = &[
    "ts_ms",
    "ts_us",
    "ts_ns",
    "ts_sec",
    "__source_ts_ms",
    "discoverTimestamp",
];
/// Fields that are a place in the binlog, or a thread of the server. `row` is not among them.
const PLACES: &[&str] = &["file", "pos", "server_id", "thread", "gtid"];
/// Fields that depend on the run of a worker.
const RUNS: &[&str] = &["worker_id", "generation"];

/// The text with values of such fields replaced by their kind; 0 and null stay, since whether
/// there is a value does not depend on the server. The replaced times come back besides.
pub(crate) fn mask(text: &str, more: &[&str]) -> (String, Vec<Time>) {
    let mut masked = String::with_capacity(text.len());
    let mut times = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, quoted) = rest.split_at(start);
        masked.push_str(before);
        let (token, after) = quoted.split_at(string_end(quoted));
        masked.push_str(token);
        rest = after;
        let Some((colon, value)) = field_value(after) else {
            continue;
        };
        let Some(kind) = kind(token.trim_matches('"'), value, more) else {
            continue;
        };
        if kind == "<time>" {
            times.push(Time::new(token.trim_matches('"'), value));
        }
        masked.push_str(colon);
        masked.push_str(kind);
        rest = &after[colon.len() + value.len()..];
    }
    masked.push_str(rest);
    (masked, times)
}

/// A time that was masked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Time {
    field: String,
    number: i64,
}

impl Time {
    fn new(field: &str, value: &str) -> Self {
        Self {
            field: field.to_owned(),
            number: value.parse().expect("a number"),
        }
    }

    /// Whether it has no fraction of a second, as the times of binlog events have none.
    pub(crate) fn is_whole_second(&self) -> bool {
        let unit = match self.field.rsplit('_').next() {
            Some("us") => 1_000_000,
            Some("ns") => 1_000_000_000,
            Some("sec") => 1,
            _ => 1_000,
        };
        self.number % unit == 0
    }
}

fn kind(field: &str, value: &str, more: &[&str]) -> Option<&'static str> {
    if matches!(value, "0" | "null") {
        return None;
    }
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    if (TIMES.contains(&field) || more.contains(&field)) && is_number {
        return Some("<time>");
    }
    if PLACES.contains(&field) && (is_number || field == "file" || field == "gtid") {
        return Some("<place>");
    }
    RUNS.contains(&field).then_some("<run>")
}

/// The `:` with blanks around it and the scalar after it, if the string was a field's name.
fn field_value(after: &str) -> Option<(&str, &str)> {
    let blanks = after.len() - after.trim_start().len();
    let value = after[blanks..].strip_prefix(':')?.trim_start();
    let colon = &after[..after.len() - value.len()];
    let end = match value.as_bytes().first()? {
        b'"' => string_end(value),
        b'{' | b'[' => return None,
        _ => value.find([',', '}', ']', '\n', ' ', '\r'])?,
    };
    Some((colon, &value[..end]))
}

/// Where the string that `text` starts with ends.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return position + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_values_of_those_fields_are_masked() {
        let text = r#"{"a":"x \"ts_ms\":5","ts_ms":1795260793000,"ts_us" : 0,"file":"b.1","row":2,"pos":155,"server_id":0,"field":"ts_ms","thread":null}"#;
        let (masked, times) = mask(text, &[]);
        assert_eq!(
            masked,
            r#"{"a":"x \"ts_ms\":5","ts_ms":<time>,"ts_us" : 0,"file":<place>,"row":2,"pos":<place>,"server_id":0,"field":"ts_ms","thread":null}"#
        );
        assert_eq!(times.len(), 1);
        assert!(times[0].is_whole_second());
    }

    #[test]
    fn a_table_s_column_of_such_a_name_is_masked_only_if_it_is_a_number() {
        assert_eq!(mask(r#"{"ts":5}"#, &["ts"]).0, r#"{"ts":<time>}"#);
        assert_eq!(mask(r#"{"ts_ms":"5"}"#, &[]).0, r#"{"ts_ms":"5"}"#);
    }
}
