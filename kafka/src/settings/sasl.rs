//! The SASL login: `sasl.mechanism` and what `sasl.jaas.config` says for it.

use super::jaas::LoginModule;
use super::{Builder, SettingsError, oauth};

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
        oauth::without_tokens(builder, &format!("security.protocol is {protocol}"));
        return Ok(());
    }
    let mechanism = builder
        .prop("sasl.mechanism")
        .or_else(|| builder.prop("sasl.mechanisms"));
    // Java's default is GSSAPI.
    let mechanism = mechanism.unwrap_or("GSSAPI").to_ascii_uppercase();
    builder.set("sasl.mechanism", mechanism.clone());
    if mechanism != "OAUTHBEARER" {
        oauth::without_tokens(builder, &format!("sasl.mechanism is {mechanism}"));
    }
    match mechanism.as_str() {
        "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" => user_and_password(builder, &mechanism),
        "OAUTHBEARER" => oauth::tokens(builder),
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

pub(super) fn login_module(builder: &Builder<'_>) -> Result<Option<LoginModule>, SettingsError> {
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
