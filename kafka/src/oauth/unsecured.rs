//! The unsecured token that Kafka's own clients make for development
//! (`OAuthBearerUnsecuredLoginCallbackHandler`), by librdkafka's settings for it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::Token;
use crate::settings::{ClientSettings, SettingsError, no_oauth_token};

const CONFIG: &str = "sasl.oauthbearer.config";

/// A JSON web token without a signature.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UnsecuredToken {
    principal: String,
    principal_claim: String,
    scope: Vec<String>,
    scope_claim: String,
    life_seconds: u64,
    extensions: Vec<(String, String)>,
}

impl fmt::Debug for UnsecuredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsecuredToken")
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

impl UnsecuredToken {
    pub(crate) fn from_settings(settings: &ClientSettings) -> Result<Self, SettingsError> {
        let allowed = settings.get("enable.sasl.oauthbearer.unsecure.jwt") == Some("true");
        let Some(config) = settings.get(CONFIG).filter(|_| allowed) else {
            return Err(no_oauth_token());
        };
        Self::parse(config).map_err(|expected| SettingsError::invalid(CONFIG, "[hidden]", expected))
    }

    /// librdkafka's `name=value …`, values with spaces in double quotes.
    fn parse(config: &str) -> Result<Self, String> {
        let mut token = Self {
            principal: String::new(),
            principal_claim: "sub".to_owned(),
            scope: Vec::new(),
            scope_claim: "scope".to_owned(),
            life_seconds: 3600,
            extensions: Vec::new(),
        };
        let mut rest = config.trim_start();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').ok_or("a list of name=value")?;
            let (value, left) = match after.strip_prefix('"') {
                Some(quoted) => quoted
                    .split_once('"')
                    .ok_or("a list whose quotes are closed")?,
                None => after.split_once(' ').unwrap_or((after, "")),
            };
            token.set(name, value)?;
            rest = left.trim_start();
        }
        if token.principal.is_empty() {
            return Err("a list with a principal=…".to_owned());
        }
        Ok(token)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "principal" => value.clone_into(&mut self.principal),
            "principalClaimName" => value.clone_into(&mut self.principal_claim),
            "scope" => self.scope = value.split(',').map(|s| s.trim().to_owned()).collect(),
            "scopeClaimName" => value.clone_into(&mut self.scope_claim),
            "lifeSeconds" => {
                self.life_seconds = value
                    .parse()
                    .map_err(|_| format!("a list whose lifeSeconds is a number, not '{value}'"))?;
            }
            _ => match name.strip_prefix("extension_") {
                Some(extension) if !extension.is_empty() => {
                    self.extensions
                        .push((extension.to_owned(), value.to_owned()));
                }
                _ => {
                    return Err(format!(
                        "a list of principal, principalClaimName, scope, scopeClaimName, \
                         lifeSeconds and extension_…, without '{name}'"
                    ));
                }
            },
        }
        Ok(())
    }

    /// Whether SASL extensions are said beside the token.
    pub(crate) fn has_extensions(&self) -> bool {
        !self.extensions.is_empty()
    }

    /// A token that is valid from `now` on (milliseconds since 1970).
    pub(super) fn issue(&self, now: i64) -> Token {
        let seconds = u64::try_from(now / 1000).unwrap_or(0);
        let life = i64::try_from(self.life_seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        Token {
            value: self.token(seconds),
            principal: self.principal.clone(),
            extensions: self.extensions.clone(),
            expires: now.saturating_add(life),
            renewed: now.saturating_add(life / 10 * 8),
        }
    }

    fn token(&self, now: u64) -> String {
        let mut claims = Map::new();
        claims.insert(self.principal_claim.clone(), json!(self.principal));
        claims.insert("iat".to_owned(), json!(now));
        claims.insert(
            "exp".to_owned(),
            json!(now.saturating_add(self.life_seconds)),
        );
        if !self.scope.is_empty() {
            claims.insert(self.scope_claim.clone(), json!(self.scope));
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!(
            "{}.{}.",
            part(&json!({"alg": "none"})),
            part(&Value::Object(claims))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn the_token_carries_what_the_settings_say() {
        let token = UnsecuredToken::parse(
            "principal=admin scope=\"role 1,role2\" lifeSeconds=60 extension_pool=a",
        )
        .unwrap();
        let token = token.issue(1_000_500);
        assert_eq!(token.extensions, [("pool".to_owned(), "a".to_owned())]);
        assert_eq!((token.expires, token.renewed), (1_060_500, 1_048_500));
        let jws = token.value;
        let parts: Vec<&str> = jws.split('.').collect();
        assert_eq!(decoded(parts[0]), json!({"alg": "none"}));
        assert_eq!(
            decoded(parts[1]),
            json!({"sub": "admin", "iat": 1000, "exp": 1060, "scope": ["role 1", "role2"]})
        );
        assert_eq!(parts[2..], [""]);
    }

    #[test]
    fn a_config_that_would_be_misread_is_refused() {
        for (config, part) in [
            ("scope=a", "principal"),
            ("principal", "name=value"),
            ("principal=\"a", "quotes"),
            ("principal=a audience=b", "'audience'"),
            ("principal=a lifeSeconds=long", "'long'"),
        ] {
            let error = UnsecuredToken::parse(config).unwrap_err();
            assert!(error.contains(part), "{config}: {error}");
        }
    }
}
