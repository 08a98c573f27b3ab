//! Query parameters.

/// The values of the parameter `name`, in order.
pub(crate) fn values<'q>(query: &'q str, name: &str) -> Vec<&'q str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('=').or(Some((pair, ""))))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .collect()
}

/// A boolean parameter as Jersey reads it: `true` in any case, else false.
pub(crate) fn flag(query: &str, name: &str, default: bool) -> bool {
    values(query, name)
        .first()
        .map_or(default, |value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read() {
        assert_eq!(
            values("expand=info&expand=status", "expand"),
            ["info", "status"]
        );
        assert!(flag(
            "includeTasks=True&onlyFailed=bogus",
            "includeTasks",
            false
        ));
        assert!(!flag(
            "includeTasks=True&onlyFailed=bogus",
            "onlyFailed",
            true
        ));
        assert!(flag("", "connectorsOnly", true));
    }
}
