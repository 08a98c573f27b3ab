//! Writing JSON as Jackson's generator does.

use std::fmt::Write as _;

use serde_json::Value;

/// Writes as Jackson's `DefaultPrettyPrinter` does: objects over several lines, arrays in one,
/// both with blanks where Jackson has them.
pub(super) fn write_pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Some(0));
    out
}

/// Writes without any blanks.
pub(super) fn write_compact(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, None);
    out
}

/// Only objects count for the depth: Jackson's array indenter is an inline one.
fn write(out: &mut String, value: &Value, depth: Option<usize>) {
    match value {
        Value::Object(fields) if fields.is_empty() => {
            out.push_str(if depth.is_some() { "{ }" } else { "{}" });
        }
        Value::Object(fields) => {
            let inner = depth.map(|depth| depth + 1);
            out.push('{');
            for (index, (name, field)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_line_start(out, inner);
                write_string(out, name);
                out.push_str(if depth.is_some() { " : " } else { ":" });
                write(out, field, inner);
            }
            write_line_start(out, depth);
            out.push('}');
        }
        Value::Array(elements) if elements.is_empty() => {
            out.push_str(if depth.is_some() { "[ ]" } else { "[]" });
        }
        Value::Array(elements) => {
            let blank = if depth.is_some() { " " } else { "" };
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(blank);
                write(out, element, depth);
            }
            out.push_str(blank);
            out.push(']');
        }
        Value::String(text) => write_string(out, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => push_display(out, value),
    }
}

fn write_line_start(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

/// Escapes what Jackson's `JsonOutput` tables escape, with its upper-case hexadecimal digits.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 => push_display(out, format_args!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn push_display(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String never fails.
    let written = write!(out, "{value}");
    debug_assert!(written.is_ok(), "a String takes everything");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blanks_are_those_of_jackson() {
        let value =
            json!({"a": {}, "b": [], "c": [1, {"d": null}, {"e": [true]}], "f": "x\u{1f}\"é"});
        let pretty = "{\n  \"a\" : { },\n  \"b\" : [ ],\n  \"c\" : [ 1, {\n    \"d\" : null\n  }, {\n    \"e\" : [ true ]\n  } ],\n  \"f\" : \"x\\u001F\\\"é\"\n}";
        assert_eq!(write_pretty(&value), pretty);
        let compact =
            "{\"a\":{},\"b\":[],\"c\":[1,{\"d\":null},{\"e\":[true]}],\"f\":\"x\\u001F\\\"é\"}";
        assert_eq!(write_compact(&value), compact);
    }
}
