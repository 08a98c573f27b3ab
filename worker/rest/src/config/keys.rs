//! The keys of the REST server (`RestServerConfig` of Connect 4.3).

use connect_api::Props;
use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_cluster::internal_request::tls;

/// Where REST listens: `http://host:port`, several with commas.
pub(crate) const LISTENERS: Key<Vec<String>> = Key::new("listeners")
    .default("http://:8083")
    .doc("Comma-separated list of URIs that the REST API listens on, with http or https. An empty host means all interfaces, port 0 any free port.");

/// The host name that other workers and `worker_id` use.
pub(crate) const ADVERTISED_HOST_NAME: Key<Option<String>> = Key::new("rest.advertised.host.name")
    .default_null()
    .doc("The host name that is given to other workers; the listener's or this machine's address if not set.");

/// The port that other workers and `worker_id` use.
pub(crate) const ADVERTISED_PORT: Key<Option<i32>> = Key::new("rest.advertised.port")
    .default_null()
    .doc("The port that is given to other workers; the listener's if not set.");

/// The listener that other workers use.
pub(crate) const ADVERTISED_LISTENER: Key<Option<String>> = Key::new("rest.advertised.listener")
    .default_null()
    .check(Check::Custom(http_or_https))
    .doc("Which listener is given to other workers, http or https; the first of http if there is one, if not set.");

/// Not set is right too.
fn http_or_https(value: &ConfigValue) -> Result<(), String> {
    match value {
        ConfigValue::Null => Ok(()),
        ConfigValue::String(text)
            if ["http", "https"]
                .iter()
                .any(|known| text.eq_ignore_ascii_case(known)) =>
        {
            Ok(())
        }
        _ => Err("String must be one of: http, https".to_owned()),
    }
}

/// Origins that browsers may call from.
pub(crate) const ALLOW_ORIGIN: Key<String> = Key::new("access.control.allow.origin")
    .default("")
    .doc("Origins that may call the REST API from a browser, with commas; * for all, and * within an origin for a part of it. Empty turns CORS off.");

/// Methods that browsers may use from another origin.
pub(crate) const ALLOW_METHODS: Key<String> = Key::new("access.control.allow.methods")
    .default("")
    .doc("Methods for cross-origin requests, with commas; GET, POST and HEAD if not set.");

/// Where `/admin` answers: the listeners if null, nowhere if empty.
pub(crate) const ADMIN_LISTENERS: Key<Option<Vec<String>>> = Key::new("admin.listeners")
    .default_null()
    .doc("Comma-separated list of URIs that the admin API listens on. Not set: it is at the listeners of the REST API. Empty: it is off.");

/// Headers of all answers.
pub(crate) const RESPONSE_HEADERS: Key<String> = Key::new("response.http.headers.config")
    .default("")
    .doc("Rules for headers of the REST API's answers: comma-separated '[action] [header name]:[header value]', in double quotes where there is a comma in one; actions are set, add, setDate, addDate.");

/// What stands before the resources.
pub(crate) const EXTENSIONS: Key<Vec<String>> = Key::new("rest.extension.classes")
    .default("")
    .doc("Comma-separated names of REST extensions. Known is org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension.");

/// The file with the login modules of basic authentication.
pub(crate) const LOGIN_CONFIG: Key<Option<String>> = Key::new("java.security.auth.login.config")
    .default_null()
    .doc("The JAAS file with the entry KafkaConnect, for BasicAuthSecurityRestExtension. If not set, the one that KAFKA_OPTS gives to Java by -Djava.security.auth.login.config=.");

/// What stands before the `ssl.*` settings of `admin.listeners`.
pub(crate) const ADMIN_PREFIX: &str = "admin.listeners.https.";

/// Settings of old versions, with what to use now.
const REMOVED: [(&str, &str); 2] = [
    ("rest.host.name", "listeners=http://HOST:PORT"),
    ("rest.port", "listeners=http://HOST:PORT"),
];

/// The keys of the REST server.
pub fn rest_config() -> ConfigDef {
    ConfigDef::new()
        .with(&LISTENERS)
        .with(&ADVERTISED_HOST_NAME)
        .with(&ADVERTISED_PORT)
        .with(&ADVERTISED_LISTENER)
        .with(&ALLOW_ORIGIN)
        .with(&ALLOW_METHODS)
        .with(&ADMIN_LISTENERS)
        .with(&RESPONSE_HEADERS)
        .with(&EXTENSIONS)
        .with(&LOGIN_CONFIG)
}

/// True if a worker's setting belongs to this room.
pub fn knows(name: &str) -> bool {
    rest_config().knows(name)
        || tls::knows(name, tls::LISTENERS_PREFIX)
        || tls::knows(name, ADMIN_PREFIX)
}

/// Warnings by name about settings that have no effect.
pub fn warnings(props: &Props) -> Vec<String> {
    let mut warnings: Vec<String> = REMOVED
        .iter()
        .filter(|(name, _)| props.contains_key(*name))
        .map(|(name, now)| {
            format!("'{name}' has no effect: it was removed in Kafka Connect 3.0, use {now}")
        })
        .collect();
    for prefix in [tls::LISTENERS_PREFIX, ADMIN_PREFIX] {
        // Those without a prefix are also the Kafka clients', who warn of them.
        if props.keys().any(|name| name.starts_with(prefix)) {
            warnings.extend(tls::warnings(props, prefix));
        }
    }
    warnings
}
