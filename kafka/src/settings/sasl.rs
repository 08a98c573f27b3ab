//! The SASL login: `sasl.mechanism` and what `sasl.jaas.config` says for it.

use super::jaas::LoginModule;
use super::{Builder, SettingsError};

const KNOWN: &str = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are known";

pub(super) fn authentication(builder: &mut Builder<'_>) -> Result<(), SettingsError> {
    let protocol = builder
        .prop("security.protocol")
        .unwrap_or("PLAINTEXT")
        .to_ascii_uppercase();
    if !protocol.starts_with("SASL_") {
        for key in ["sasl.mechanism", "sasl.jaas.config"] {
            if builder.prop(key).is_some() {
                builder.ignored(
                    key,
                    &format!("security.protocol is {protocol}, without SASL"),
                );
            }
        }
        return Ok(());
    }
    let mechanism = builder
        .prop("sasl.mechanism")
        .or_else(|| builder.prop("sasl.mechanisms"));
    // Java's default is GSSAPI.
    let mechanism = mechanism.unwrap_or("GSSAPI").to_ascii_uppercase();
    builder.set("sasl.mechanism", mechanism.clone());
    match mechanism.as_str() {
        "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" => user_and_password(builder, &mechanism),
        "OAUTHBEARER" => oauth_bearer(builder),
        "GSSAPI" => Err(SettingsError::unsupported(
            "sasl.mechanism",
            &mechanism,
            format!("Kerberos is not built in; {KNOWN}"),
        )),
        _ => Err(SettingsError::unsupported(
            "sasl.mechanism",
            &mechanism,
            KNOWN,
        )),
    }
}

fn login_module(builder: &Builder<'_>) -> Result<Option<LoginModule>, SettingsError> {
    let Some(text) = builder.prop("sasl.jaas.config") else {
        return Ok(None);
    };
    LoginModule::parse(text).map(Some).map_err(|problem| {
        let form = "'<login module class> required name=\"value\" …;'";
        SettingsError::invalid(
            "sasl.jaas.config",
            text,
            format!("of the form {form}: {problem}"),
        )
    })
}

fn user_and_password(builder: &mut Builder<'_>, mechanism: &str) -> Result<(), SettingsError> {
    let Some(module) = login_module(builder)? else {
        if builder.prop("sasl.username").is_some() {
            return Ok(());
        }
        return Err(SettingsError::Missing {
            key: "sasl.jaas.config".to_owned(),
            hint: format!("{mechanism} needs a login module with username and password"),
        });
    };
    let expected = if mechanism == "PLAIN" {
        "PlainLoginModule"
    } else {
        "ScramLoginModule"
    };
    if module.name != expected {
        return Err(SettingsError::unsupported(
            "sasl.jaas.config",
            &module.name,
            format!("{mechanism} needs {expected}, not {}", module.name),
        ));
    }
    for (option, key) in [("username", "sasl.username"), ("password", "sasl.password")] {
        let value = module
            .option(option)
            .ok_or_else(|| SettingsError::Missing {
                key: "sasl.jaas.config".to_owned(),
                hint: format!("{expected} needs the option '{option}'"),
            })?;
        builder.set(key, value);
    }
    Ok(())
}

/// Java's unsecured token for development. Tokens of an identity provider librdkafka fetches only
/// where it was built with libcurl; this program's is not.
fn oauth_bearer(builder: &mut Builder<'_>) -> Result<(), SettingsError> {
    let endpoint = "sasl.oauthbearer.token.endpoint.url";
    if let Some(url) = builder.prop(endpoint) {
        return Err(SettingsError::unsupported(
            endpoint,
            url,
            "tokens of an identity provider cannot be fetched; use SCRAM-SHA-512, PLAIN or a \
             client certificate",
        ));
    }
    let module = login_module(builder)?;
    let option = |name: &str| module.as_ref().and_then(|module| module.option(name));
    if let Some(subject) = option("unsecuredLoginStringClaim_sub") {
        builder.set("enable.sasl.oauthbearer.unsecure.jwt", "true");
        builder.set("sasl.oauthbearer.config", format!("principal={subject}"));
        return Ok(());
    }
    if builder.prop("sasl.oauthbearer.config").is_some() {
        return Ok(());
    }
    Err(no_oauth_token())
}

/// OAUTHBEARER without anything that a token is made of.
pub(crate) fn no_oauth_token() -> SettingsError {
    SettingsError::Missing {
        key: "sasl.jaas.config".to_owned(),
        hint: "OAUTHBEARER needs the option unsecuredLoginStringClaim_sub here (for development): \
               other tokens are not supported"
            .to_owned(),
    }
}
