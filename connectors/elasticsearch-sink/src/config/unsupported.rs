//! Settings that have no effect, or another one than their default says.

use connect_api::Props;

use super::keys;
use super::ssl_keys::{PREFIX, TRUSTSTORE_PASSWORD, WITHOUT_EFFECT};

/// A line for each of them, by name and with the reason.
pub(crate) fn warnings(props: &Props) -> Vec<String> {
    let mut warnings = Vec::new();
    for name in WITHOUT_EFFECT {
        let name = format!("{PREFIX}{name}");
        if props.contains_key(&name) {
            warnings.push(format!(
                "'{name}' has no effect: it means something to Java's TLS only"
            ));
        }
    }
    if props.contains_key(TRUSTSTORE_PASSWORD.name()) {
        warnings.push(format!(
            "'{}' has no effect: a PEM trust store has no password",
            TRUSTSTORE_PASSWORD.name()
        ));
    }
    if props
        .get(keys::LOG_SENSITIVE_DATA.name())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    {
        warnings.push(format!(
            "'{}' has no effect: why a document was refused is always told in full",
            keys::LOG_SENSITIVE_DATA.name()
        ));
    }
    let on_null = keys::BEHAVIOR_ON_NULL_VALUES.name();
    if props.contains_key(keys::TYPE_NAME.name()) && !props.contains_key(on_null) {
        warnings.push(format!(
            "'{on_null}' is taken as 'ignore', the default of the versions that had '{}': set it \
             to say otherwise",
            keys::TYPE_NAME.name()
        ));
    }
    if props.contains_key(keys::TOPIC_INDEX_MAP.name()) {
        warnings.push(format!(
            "'{}' is an old setting that still works; new ones are a RegexRouter transformation \
             or '{}'",
            keys::TOPIC_INDEX_MAP.name(),
            keys::TOPIC_TO_EXTERNAL_RESOURCE_MAPPING.name()
        ));
    }
    warnings
}
