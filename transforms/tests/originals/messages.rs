//! When an error's message says what the original's says.

use serde_json::Value as Json;

/// True if `ours` has the words of the original's error, whatever it says
/// beyond them.
pub(crate) fn is_same(theirs: &Json, ours: &str) -> bool {
    let message = theirs["message"].as_str().unwrap();
    let ours = ours.to_lowercase();
    match theirs["class"].as_str().unwrap() {
        // A fault of the original's: there are no words to keep.
        "NullPointerException" => true,
        "ConfigException" => parts(message)
            .iter()
            .all(|part| ours.contains(&part.to_lowercase())),
        _ => ours.contains(&our_classes(message).to_lowercase()),
    }
}

/// Collections are of other classes in the cases than converters make them.
fn our_classes(message: &str) -> String {
    let mut text = message.to_owned();
    for (theirs, ours) in [
        ("ImmutableCollections$List12", "ArrayList"),
        ("ImmutableCollections$ListN", "ArrayList"),
        ("ImmutableCollections$Map1", "HashMap"),
        ("LinkedHashMap", "HashMap"),
        ("java.nio.HeapByteBuffer", "[B"),
    ] {
        text = text.replace(theirs, ours);
    }
    text
}

/// The key and the reason of a configuration's error. Ours always names the
/// key; in some of the original's it is missing, or key and value are mixed up.
fn parts(message: &str) -> Vec<&str> {
    if let Some(rest) = message.strip_prefix("Configuration '") {
        let (key, reason) = rest.split_once("' ").unwrap();
        return vec![key, reason];
    }
    let Some((value, rest)) = message
        .strip_prefix("Invalid value ")
        .and_then(|rest| rest.split_once(" for configuration "))
    else {
        return vec![message];
    };
    if let Some((_, cause)) = value.split_once("IllegalArgumentException: ") {
        return match cause.strip_prefix("No enum constant ") {
            Some(_) => vec![rest],
            None => vec![rest, cause],
        };
    }
    let (key, reason) = rest.split_once(": ").unwrap();
    // Cast gives ReplaceField's key; Java's lists are written with brackets.
    match key {
        "renames" => vec![reason],
        _ if value.starts_with('[') => vec![key, reason],
        _ => vec![value, key, reason],
    }
}
