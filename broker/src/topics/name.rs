//! What a topic may be called (Kafka's `Topic.validate`).

/// The longest name: with a partition's number behind it, it still is a folder's name.
const LONGEST: usize = 249;

/// Why a topic cannot be called `name`, if it cannot.
pub(crate) fn problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("Topic name is invalid: the empty string is not allowed".to_owned());
    }
    if name == "." || name == ".." {
        return Some("Topic name is invalid: '.' or '..' is not allowed".to_owned());
    }
    if name.len() > LONGEST {
        return Some(format!(
            "Topic name is invalid: the length of '{name}' is longer than the max allowed length {LONGEST}"
        ));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.chars().all(legal) {
        return Some(format!(
            "Topic name is invalid: '{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        ));
    }
    None
}

/// The name as metrics would show it: two topics of which this is the same may not exist together.
pub(crate) fn unified(name: &str) -> String {
    name.replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_as_kafka_does() {
        for name in ["a", "A.b_c-9", "__consumer_offsets", &"x".repeat(249)] {
            assert_eq!(problem(name), None, "{name}");
        }
        for name in ["", ".", "..", "a b", "a/b", "é", "a\0", &"x".repeat(250)] {
            assert!(problem(name).is_some(), "{name}");
        }
        assert_eq!(unified("a.b"), unified("a_b"));
        assert_ne!(unified("a.b"), unified("a-b"));
    }
}
