//! Basic authentication, as Kafka's `BasicAuthSecurityRestExtension` does it:
//! users and passwords are in the properties file that a JAAS file names.

mod jaas;

use std::collections::HashMap;
use std::fmt;

use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use connect_api::config::Settings;
use connect_api::{Error, Result};
use connect_cluster::properties;

use crate::config::{EXTENSIONS, LOGIN_CONFIG};
use crate::route::Resource;

/// The extension, by its class and the names that Connect takes for it.
const BASIC_AUTH: [&str; 3] = [
    "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension",
    "BasicAuthSecurityRestExtension",
    "BasicAuthSecurityRest",
];

/// The one login module that is known.
const PROPERTY_FILE: &str =
    "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";

/// With padding or without, as Java's decoder takes it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who may call the REST API.
#[derive(Clone)]
pub(crate) struct Users {
    /// Passwords by users, file by file.
    files: Vec<HashMap<String, String>>,
}

/// Passwords are secret.
impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users")
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

/// The users of the extensions that are set; none where everybody may call.
pub(crate) fn users(settings: &Settings) -> Result<Option<Users>> {
    let extensions = settings.get(&EXTENSIONS)?;
    if let Some(unknown) = (extensions.iter()).find(|name| !BASIC_AUTH.contains(&name.as_str())) {
        return Err(Error::config(format!(
            "Invalid value {unknown} for configuration {}: this REST extension is not known; known is {}",
            EXTENSIONS.name(),
            BASIC_AUTH[0]
        )));
    }
    if extensions.is_empty() {
        return Ok(None);
    }
    let file = match settings.get(&LOGIN_CONFIG)? {
        Some(file) => file,
        None => login_file_of_java(&std::env::var("KAFKA_OPTS").unwrap_or_default()).ok_or_else(
            || {
                Error::config(format!(
                    "'{0}' has {1}, which needs a JAAS file with the entry KafkaConnect: set '{2}' to the file, or KAFKA_OPTS=-D{2}=FILE in the environment",
                    EXTENSIONS.name(),
                    BASIC_AUTH[0],
                    LOGIN_CONFIG.name()
                ))
            },
        )?,
    };
    Users::of_login_file(&file).map(Some)
}

/// The login file among Java's options; `==` instead of `=` leaves Java's own out.
fn login_file_of_java(options: &str) -> Option<String> {
    let option = format!("-D{}=", LOGIN_CONFIG.name());
    options
        .split_whitespace()
        .filter_map(|word| word.trim_matches(['"', '\'']).strip_prefix(&option))
        .next_back()
        .map(|file| file.trim_start_matches('=').to_owned())
}

impl Users {
    fn of_login_file(file: &str) -> Result<Self> {
        let while_reading = || format!("reading the login configuration {file}");
        let path = file.strip_prefix("file:").unwrap_or(file);
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::config(while_reading()).caused_by(error))?;
        let modules = jaas::modules(&text, "KafkaConnect")
            .map_err(|problem| Error::config(format!("{}: {problem}", while_reading())))?;
        let mut files = Vec::new();
        for module in modules {
            if module.class != PROPERTY_FILE {
                return Err(Error::config(format!(
                    "{}: the login module {} is not known; known is {PROPERTY_FILE}",
                    while_reading(),
                    module.class
                )));
            }
            let Some(file) = module.option("file").filter(|file| !file.trim().is_empty()) else {
                return Err(Error::config(format!(
                    "{}: Property Credentials file must be specified: {PROPERTY_FILE} lacks file=\"…\"",
                    while_reading()
                )));
            };
            files.push(passwords(file).map_err(|error| error.while_doing(while_reading()))?);
        }
        Ok(Self { files })
    }

    /// True if a request with these headers may be answered. One file that
    /// knows user and password is enough, whatever the modules' flags: a module
    /// that does not is passed over, as it says false and throws nothing.
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(credentials);
        self.files.iter().any(|passwords| {
            // As the original: an empty file lets everybody in.
            passwords.is_empty()
                || given.as_ref().is_some_and(|(user, password)| {
                    (passwords.get(user)).is_some_and(|known| is_same(known, password))
                })
        })
    }
}

/// Requests between workers carry signatures, not credentials
/// (`JaasBasicAuthFilter.INTERNAL_REQUEST_MATCHERS`).
pub(crate) fn is_internal(resource: &Resource, method: &Method) -> bool {
    match resource {
        Resource::Tasks(_) => method == Method::POST,
        Resource::ConnectorFence(_) => method == Method::PUT,
        _ => false,
    }
}

/// Java's properties, in Latin-1.
fn passwords(file: &str) -> Result<HashMap<String, String>> {
    let failed = || format!("reading the credentials {file}");
    let bytes = std::fs::read(file).map_err(|error| Error::config(failed()).caused_by(error))?;
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let passwords = properties::parse(&text).map_err(|error| error.while_doing(failed()))?;
    if passwords.is_empty() {
        tracing::warn!(file, "there are no credentials: all requests are permitted");
    }
    Ok(passwords.into_iter().collect())
}

/// User and password of the header's value; none where they are malformed.
fn credentials(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    (!user.is_empty()).then(|| (user.to_owned(), password.to_owned()))
}

/// Takes the same time whichever character is wrong.
fn is_same(known: &str, given: &str) -> bool {
    known.len() == given.len() && openssl::memcmp::eq(known.as_bytes(), given.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_file_is_found_among_javas_options() {
        let found = |options| login_file_of_java(options);
        assert_eq!(found("-Xmx1g -Dx=y"), None);
        let file = Some("/etc/jaas.conf".to_owned());
        assert_eq!(
            found("-Xmx1g -Djava.security.auth.login.config=/etc/jaas.conf -Dx=y"),
            file
        );
        assert_eq!(
            found("'-Djava.security.auth.login.config==/etc/jaas.conf'"),
            file
        );
    }

    fn users(jaas: impl Fn(&str) -> String, credentials: &str) -> Result<Users> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("users"), credentials).unwrap();
        std::fs::write(path("jaas"), jaas(&path("users"))).unwrap();
        Users::of_login_file(&path("jaas"))
    }

    fn property_file(file: &str) -> String {
        format!("KafkaConnect {{ {PROPERTY_FILE} required file=\"{file}\"; }};")
    }

    #[test]
    fn an_empty_file_lets_everybody_in() {
        let nobody = HeaderMap::new();
        assert!(users(property_file, "# none\n").unwrap().allow(&nobody));
        assert!(!users(property_file, "a=b\n").unwrap().allow(&nobody));
    }

    #[test]
    fn any_of_several_files_is_enough() {
        let both = |file: &str| {
            format!(
                "KafkaConnect {{ {PROPERTY_FILE} required file=\"{file}\"; {PROPERTY_FILE} required file=\"{file}\"; }};"
            )
        };
        let users = users(both, "a=b\n").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Basic YTpi".parse().unwrap());
        assert!(users.allow(&headers));
    }

    #[test]
    fn other_modules_and_missing_files_are_named() {
        for (jaas, expected) in [
            ("KafkaConnect { com.acme.Ldap required; };", "com.acme.Ldap"),
            ("Other { com.acme.Ldap required; };", "KafkaConnect"),
            (
                "KafkaConnect { org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required; };",
                "Property Credentials file must be specified",
            ),
            (
                "KafkaConnect { org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required file=\"/nowhere/users\"; };",
                "/nowhere/users",
            ),
        ] {
            let error = users(|_| jaas.to_owned(), "").unwrap_err().trace();
            assert!(error.contains(expected), "{jaas}: {error}");
        }
        let error = Users::of_login_file("/nowhere/jaas").unwrap_err().trace();
        assert!(error.contains("/nowhere/jaas"), "{error}");
    }
}
