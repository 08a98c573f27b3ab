//! Query parameters.

/// The parameters of a request, in order.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn new(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    /// The first value of a parameter.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// A boolean parameter as Jersey reads it: `true` in any case, else false.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.value(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A number; none where it is missing, an error where it is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, ()> {
        self.value(name)
            .filter(|value| !value.is_empty())
            .map(|value| value.parse::<i32>().map(i64::from).map_err(|_| ()))
            .transpose()
    }
}

/// In a query, a plus sign is a space.
fn decode(text: &str) -> String {
    super::route::decode(&text.replace('+', " ")).unwrap_or_else(|| text.to_owned())
}
