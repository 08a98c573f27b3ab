//! Where OAUTHBEARER's tokens come from, by Java's settings.

use std::time::Duration;

use reqwest::Url;

use super::jaas::LoginModule;
use super::{Builder, ClientKind, ClientSettings, Props, SettingsError, sasl};
use crate::oauth::{
    Credentials, EndpointTls, Keeper, RefreshRules, Retries, TokenEndpoint, TokenSource,
    UnsecuredToken,
};

const ENDPOINT: &str = "sasl.oauthbearer.token.endpoint.url";
const HANDLER: &str = "sasl.login.callback.handler.class";
const RETRIEVER: &str = "sasl.oauthbearer.jwt.retriever.class";
const VALIDATOR: &str = "sasl.oauthbearer.jwt.validator.class";
const GRANT: &str = "sasl.oauthbearer.grant.type";
const JAAS: &str = "sasl.jaas.config";
const CLIENT_ID: &str = "sasl.oauthbearer.client.credentials.client.id";
const CLIENT_SECRET: &str = "sasl.oauthbearer.client.credentials.client.secret";
const SCOPE: &str = "sasl.oauthbearer.scope";

/// What is said of an endpoint and of nothing else.
const OF_ENDPOINTS: &[&str] = &[
    ENDPOINT,
    RETRIEVER,
    VALIDATOR,
    GRANT,
    CLIENT_ID,
    CLIENT_SECRET,
    SCOPE,
    "sasl.oauthbearer.header.urlencode",
    "sasl.oauthbearer.sub.claim.name",
    "sasl.login.connect.timeout.ms",
    "sasl.login.read.timeout.ms",
    "sasl.login.refresh.buffer.seconds",
    "sasl.login.refresh.min.period.seconds",
    "sasl.login.refresh.window.factor",
    "sasl.login.refresh.window.jitter",
    "sasl.login.retry.backoff.max.ms",
    "sasl.login.retry.backoff.ms",
];

/// Java waits for ever unless told otherwise.
const CONNECT_TIMEOUT_MS: i64 = 10_000;
const READ_TIMEOUT_MS: i64 = 10_000;

/// Names what has no effect on a client that logs in without a token.
pub(super) fn without_tokens(builder: &mut Builder<'_>, why: &str) {
    without_endpoint(builder, why);
    if builder.prop(HANDLER).is_some() {
        builder.ignored(HANDLER, why);
    }
}

fn without_endpoint(builder: &mut Builder<'_>, why: &str) {
    for key in OF_ENDPOINTS {
        if builder.prop(key).is_some() {
            builder.ignored(key, why);
        }
    }
}

/// The tokens of a client whose mechanism is OAUTHBEARER.
pub(super) fn tokens(builder: &mut Builder<'_>) -> Result<(), SettingsError> {
    let tokens = if is_endpoint(builder)? {
        TokenSource::Endpoint(Keeper::of(endpoint(builder)?)?)
    } else {
        without_endpoint(builder, "the token is an unsecured one, made here");
        TokenSource::Unsecured(unsecured(builder)?)
    };
    builder.settings.tokens = Some(tokens);
    Ok(())
}

/// By the class that Java would load, or else by whether there is an endpoint to ask.
fn is_endpoint(builder: &Builder<'_>) -> Result<bool, SettingsError> {
    let url = builder.prop(ENDPOINT).filter(|url| !url.is_empty());
    let Some(class) = builder.prop(HANDLER).filter(|class| !class.is_empty()) else {
        return Ok(url.is_some());
    };
    match class.rsplit('.').next().unwrap_or_default() {
        "OAuthBearerLoginCallbackHandler" if url.is_some() => Ok(true),
        "OAuthBearerLoginCallbackHandler" => Err(SettingsError::Missing {
            key: ENDPOINT.to_owned(),
            hint: format!("{HANDLER} is {class}, which asks a token endpoint"),
        }),
        "OAuthBearerUnsecuredLoginCallbackHandler" => Ok(false),
        _ => Err(SettingsError::unsupported(
            HANDLER,
            class,
            "Java classes cannot be loaded; OAuthBearerLoginCallbackHandler and \
             OAuthBearerUnsecuredLoginCallbackHandler are known",
        )),
    }
}

/// Java's unsecured token for development, or librdkafka's settings for the same.
fn unsecured(builder: &mut Builder<'_>) -> Result<UnsecuredToken, SettingsError> {
    let module = sasl::login_module(builder)?;
    let option = |name: &str| module.as_ref().and_then(|module| module.option(name));
    if let Some(subject) = option("unsecuredLoginStringClaim_sub") {
        builder.set("enable.sasl.oauthbearer.unsecure.jwt", "true");
        builder.set("sasl.oauthbearer.config", format!("principal={subject}"));
    }
    let token = UnsecuredToken::from_settings(&builder.settings)?;
    if token.has_extensions() {
        builder.warn(
            "the extension_… of 'sasl.oauthbearer.config' are said with a client's first token \
             only, and not with those that follow"
                .to_owned(),
        );
    }
    Ok(token)
}

/// OAUTHBEARER without anything that a token is made of.
pub(crate) fn no_oauth_token() -> SettingsError {
    SettingsError::Missing {
        key: ENDPOINT.to_owned(),
        hint: format!(
            "OAUTHBEARER needs the token endpoint of an identity provider, with clientId and \
             clientSecret in {JAAS}; or there, for development, the option \
             unsecuredLoginStringClaim_sub"
        ),
    }
}

fn endpoint(builder: &mut Builder<'_>) -> Result<TokenEndpoint, SettingsError> {
    only_client_credentials(builder)?;
    let module = sasl::login_module(builder)?;
    if let Some(module) = &module {
        login_module_can_be_used(module)?;
    }
    let retries = Retries {
        backoff: millis(builder, "sasl.login.retry.backoff.ms", 100)?,
        limit: millis(builder, "sasl.login.retry.backoff.max.ms", 10_000)?,
    };
    let subject_claim = builder.prop("sasl.oauthbearer.sub.claim.name");
    Ok(TokenEndpoint {
        url: url(builder)?,
        credentials: credentials(builder, module.as_ref())?,
        subject_claim: subject_claim.unwrap_or("sub").to_owned(),
        connect_timeout: millis(builder, "sasl.login.connect.timeout.ms", CONNECT_TIMEOUT_MS)?,
        read_timeout: millis(builder, "sasl.login.read.timeout.ms", READ_TIMEOUT_MS)?,
        retries,
        refresh: refresh_rules(builder)?,
        tls: tls(builder, module.as_ref())?,
    })
}

/// Java has other ways to a token too.
fn only_client_credentials(builder: &mut Builder<'_>) -> Result<(), SettingsError> {
    let simple = |class: &str| class.rsplit('.').next().unwrap_or_default().to_owned();
    if let Some(class) = builder.prop(RETRIEVER)
        && !matches!(
            simple(class).as_str(),
            "" | "DefaultJwtRetriever" | "ClientCredentialsJwtRetriever"
        )
    {
        let known = "DefaultJwtRetriever and ClientCredentialsJwtRetriever are known";
        return Err(SettingsError::unsupported(RETRIEVER, class, known));
    }
    if let Some(grant) = builder.prop(GRANT)
        && !grant.eq_ignore_ascii_case("client_credentials")
    {
        let known = "only client_credentials is";
        return Err(SettingsError::unsupported(GRANT, grant, known));
    }
    if let Some(class) = builder.prop(VALIDATOR)
        && !matches!(
            simple(class).as_str(),
            "" | "DefaultJwtValidator" | "ClientJwtValidator"
        )
    {
        builder.ignored(VALIDATOR, "tokens are judged as by ClientJwtValidator");
    }
    Ok(())
}

fn login_module_can_be_used(module: &LoginModule) -> Result<(), SettingsError> {
    if module.name != "OAuthBearerLoginModule" {
        return Err(SettingsError::unsupported(
            JAAS,
            "",
            format!(
                "OAUTHBEARER needs OAuthBearerLoginModule, not {}",
                module.name
            ),
        ));
    }
    let mut names = module.options().map(|(name, _)| name);
    match names.find(|name| name.starts_with("extension_")) {
        None => Ok(()),
        // Without them the broker would judge the token otherwise than the user means it.
        Some(name) => Err(SettingsError::unsupported(
            JAAS,
            "",
            format!("the option {name}: SASL extensions cannot be said beside an endpoint's token"),
        )),
    }
}

fn url(builder: &Builder<'_>) -> Result<Url, SettingsError> {
    let text = builder.prop(ENDPOINT).unwrap_or_default();
    let url = Url::parse(text)
        .map_err(|error| SettingsError::invalid(ENDPOINT, text, format!("a URL: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        let expected = format!("a URL without a user; {CLIENT_ID} says who asks");
        return Err(SettingsError::invalid(ENDPOINT, "[hidden]", expected));
    }
    match url.scheme() {
        "http" | "https" => Ok(url),
        "file" => Err(SettingsError::unsupported(
            ENDPOINT,
            text,
            "tokens are not read from files; http and https are known",
        )),
        _ => Err(SettingsError::invalid(
            ENDPOINT,
            text,
            "a URL of http or https",
        )),
    }
}

fn credentials(
    builder: &mut Builder<'_>,
    module: Option<&LoginModule>,
) -> Result<Credentials, SettingsError> {
    let mut part = |key: &str, option: &str| {
        let of_module = module.and_then(|module| module.option(option));
        let of_setting = builder.prop(key);
        if of_setting.is_some() && of_module.is_some() {
            builder.warn(format!(
                "the option {option} of '{JAAS}' has no effect: '{key}' is set"
            ));
        }
        let value = of_setting.or(of_module).map(str::trim);
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let missing = |key: &str, option: &str| SettingsError::Missing {
        key: key.to_owned(),
        hint: format!("{ENDPOINT} needs it, or the option {option} in {JAAS}"),
    };
    let id = part(CLIENT_ID, "clientId").ok_or_else(|| missing(CLIENT_ID, "clientId"))?;
    let secret = part(CLIENT_SECRET, "clientSecret");
    let secret = secret.ok_or_else(|| missing(CLIENT_SECRET, "clientSecret"))?;
    let scope = part(SCOPE, "scope");
    Ok(Credentials {
        id,
        secret,
        scope,
        is_urlencoded: is_urlencoded(builder)?,
    })
}

fn is_urlencoded(builder: &Builder<'_>) -> Result<bool, SettingsError> {
    let key = "sasl.oauthbearer.header.urlencode";
    match builder.prop(key).map(str::to_ascii_lowercase).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(SettingsError::invalid(key, other, "true or false")),
    }
}

/// Within the bounds that Java sets (`SaslConfigs`).
fn refresh_rules(builder: &Builder<'_>) -> Result<RefreshRules, SettingsError> {
    let default = RefreshRules::default();
    let part = |name: &str, default: f64, low: f64, high: f64| {
        let key = format!("sasl.login.refresh.{name}");
        let Some(text) = builder.prop(&key) else {
            return Ok(default);
        };
        let within = |number: &f64| (low..=high).contains(number);
        text.parse().ok().filter(within).ok_or_else(|| {
            SettingsError::invalid(&key, text, format!("a number from {low} to {high}"))
        })
    };
    let seconds = |name: &str, default: i64, high: f64| {
        part(name, default as f64, 0.0, high).map(|seconds| seconds as i64)
    };
    Ok(RefreshRules {
        window_factor: part("window.factor", default.window_factor, 0.5, 1.0)?,
        window_jitter: part("window.jitter", default.window_jitter, 0.0, 0.25)?,
        min_period_seconds: seconds("min.period.seconds", default.min_period_seconds, 900.0)?,
        buffer_seconds: seconds("buffer.seconds", default.buffer_seconds, 3600.0)?,
    })
}

fn millis(builder: &Builder<'_>, key: &str, default: i64) -> Result<Duration, SettingsError> {
    let Some(text) = builder.prop(key) else {
        return Ok(Duration::from_millis(default.unsigned_abs()));
    };
    let number = builder.number(key, text)?;
    u64::try_from(number)
        .map(Duration::from_millis)
        .map_err(|_| SettingsError::invalid(key, text, "zero or more milliseconds"))
}

/// The login module's `ssl.*` are for the connection to the endpoint, and the client's own are
/// not (`JaasOptionsUtils.createSSLSocketFactory`).
fn tls(
    builder: &mut Builder<'_>,
    module: Option<&LoginModule>,
) -> Result<EndpointTls, SettingsError> {
    let options = module.into_iter().flat_map(LoginModule::options);
    let mut props: Props = options
        .filter(|(name, _)| name.starts_with("ssl."))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if props.is_empty() {
        return Ok(EndpointTls::default());
    }
    // As if they were a client's, which gives them the same forms, bounds and words.
    for (key, value) in [
        ("bootstrap.servers", "none:1"),
        ("security.protocol", "SSL"),
    ] {
        props.insert(key.to_owned(), value.to_owned());
    }
    let settings = ClientSettings::from_props(ClientKind::Admin, &props).map_err(|error| {
        let expected = format!("with options of TLS that can be used: {error}");
        SettingsError::invalid(JAAS, "", expected)
    })?;
    for warning in settings.warnings() {
        builder.warn(format!("in '{JAAS}': {warning}"));
    }
    if settings.get("ssl.cipher.suites").is_some() {
        builder.warn(format!(
            "the option ssl.cipher.suites of '{JAAS}' has no effect: OpenSSL's own are offered"
        ));
    }
    Ok(EndpointTls::of(&settings))
}

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
