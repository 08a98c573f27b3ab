use super::*;
use crate::wire::WireSettings;

const MODULE: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required";
const URL: (&str, &str) = (ENDPOINT, "https://idp.example/realms/x/token?tenant=1");

fn build(pairs: &[(&str, &str)]) -> Result<ClientSettings, SettingsError> {
    let common = [
        ("bootstrap.servers", "a:9092"),
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "OAUTHBEARER"),
    ];
    let pairs = common.iter().chain(pairs);
    let props = pairs.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    ClientSettings::from_props(ClientKind::Producer, &props.collect())
}

fn jaas(options: &str) -> String {
    format!("{MODULE} {options};")
}

/// What the keeper of these settings would ask.
fn shown(settings: &ClientSettings) -> String {
    format!("{:?}", settings.tokens())
}

fn refusal(pairs: &[(&str, &str)], key: &str, part: &str) {
    let error = build(pairs).unwrap_err();
    assert_eq!(error.key(), key, "{error}");
    let text = error.to_string();
    assert!(text.contains(part), "{part}: {text}");
    assert!(!text.contains("hush"), "{text}");
}

#[test]
fn an_endpoint_with_the_login_module_of_older_kafka() {
    let jaas = jaas("clientId=\"me\" clientSecret=\"hush\" scope=\"kafka\"");
    let package = "org.apache.kafka.common.security.oauthbearer";
    for class in [
        format!("{package}.OAuthBearerLoginCallbackHandler"),
        format!("{package}.secured.OAuthBearerLoginCallbackHandler"),
        String::new(),
    ] {
        let settings = build(&[URL, (JAAS, &jaas), (HANDLER, &class)]).unwrap();
        assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
        let shown = shown(&settings);
        assert!(
            shown.contains("https://idp.example/realms/x/token"),
            "{shown}"
        );
        assert!(
            shown.contains("\"me\"") && !shown.contains("hush"),
            "{shown}"
        );
        assert!(!format!("{settings:?}").contains("hush"));
        // librdkafka would ask for itself, and is built without the means.
        assert_eq!(settings.get(ENDPOINT), None);
        WireSettings::from_settings(&settings).unwrap();
    }
}

#[test]
fn an_endpoint_with_the_settings_of_kafka_4_1() {
    let jaas = jaas("clientId=other scope=old");
    let settings = build(&[
        URL,
        (JAAS, &jaas),
        (CLIENT_ID, "me"),
        (CLIENT_SECRET, "hush"),
        (SCOPE, "kafka"),
        (RETRIEVER, "x.ClientCredentialsJwtRetriever"),
        (VALIDATOR, "x.DefaultJwtValidator"),
        (GRANT, "client_credentials"),
        ("sasl.oauthbearer.assertion.file", "/x"),
    ])
    .unwrap();
    assert!(shown(&settings).contains("\"me\""));
    assert_eq!(settings.get(CLIENT_SECRET), None);
    let warnings = settings.warnings().join("\n");
    for part in ["clientId", "option scope", "assertion.file"] {
        assert!(warnings.contains(part), "{warnings}");
    }
    assert!(!format!("{settings:?} {warnings}").contains("hush"));
}

#[test]
fn clients_of_the_same_settings_share_a_keeper() {
    let keeper = |secret: &str| {
        let settings = build(&[URL, (CLIENT_ID, "sharing"), (CLIENT_SECRET, secret)]);
        match settings.unwrap().tokens().cloned() {
            Some(TokenSource::Endpoint(keeper)) => keeper,
            other => panic!("{other:?}"),
        }
    };
    let (one, same, other) = (keeper("a"), keeper("a"), keeper("b"));
    assert!(std::sync::Arc::ptr_eq(&one, &same));
    assert!(!std::sync::Arc::ptr_eq(&one, &other));
}

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    let login = jaas("clientId=me clientSecret=hush");
    let with = |extra: (&'static str, &'static str)| [URL, (JAAS, login.as_str()), extra];
    refusal(
        &with((RETRIEVER, "x.JwtBearerJwtRetriever")),
        RETRIEVER,
        "JwtBearerJwtRetriever",
    );
    let bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    refusal(&with((GRANT, bearer)), GRANT, "client_credentials");
    refusal(&with((HANDLER, "com.acme.Mine")), HANDLER, "com.acme.Mine");
    let key = "sasl.login.refresh.window.factor";
    refusal(&with((key, "0.2")), key, "0.5 to 1");
    let key = "sasl.login.read.timeout.ms";
    refusal(&with((key, "-1")), key, "milliseconds");
    let key = "sasl.oauthbearer.header.urlencode";
    refusal(&with((key, "maybe")), key, "true or false");
    for (url, part) in [
        ("file:///token.jwt", "not read from files"),
        ("ftp://idp/token", "http or https"),
        ("idp", "a URL"),
        ("https://me:hush@idp/token", "without a user"),
    ] {
        refusal(&[(ENDPOINT, url), (JAAS, &login)], ENDPOINT, part);
    }
}

#[test]
fn what_a_login_module_lacks_or_has_too_much_is_named() {
    refusal(&[URL], CLIENT_ID, "clientId");
    refusal(
        &[URL, (JAAS, &jaas("clientId=me"))],
        CLIENT_SECRET,
        "clientSecret",
    );
    let extended = jaas("clientId=me clientSecret=hush extension_pool=a");
    refusal(&[URL, (JAAS, &extended)], JAAS, "extension_pool");
    let plain = "x.PlainLoginModule required clientId=me clientSecret=hush;";
    refusal(&[URL, (JAAS, plain)], JAAS, "PlainLoginModule");
    let stores = jaas("clientId=me clientSecret=hush ssl.truststore.location=/idp.jks");
    refusal(&[URL, (JAAS, &stores)], JAAS, "keytool");
    let absent = jaas("clientId=me clientSecret=hush ssl.truststore.location=/no/such.pem");
    refusal(&[URL, (JAAS, &absent)], JAAS, "/no/such.pem");
}

#[test]
fn librdkafkas_own_names_are_warned_about_or_refused() {
    let login = jaas("clientId=me clientSecret=hush");
    let names = ["sasl.oauthbearer.method", "sasl.oauthbearer.client.id"];
    let settings = build(&[URL, (JAAS, &login), (names[0], "oidc"), (names[1], "c")]).unwrap();
    for name in names {
        let warned = settings.warnings().iter().any(|it| it.contains(name));
        assert!(warned, "{name}: {:?}", settings.warnings());
    }
    let key = "sasl.oauthbearer.extensions";
    refusal(&[URL, (JAAS, &login), (key, "a=b")], key, "extensions");
}

#[test]
fn unsecured_tokens_are_made_here_too() {
    let jaas = jaas("unsecuredLoginStringClaim_sub=al");
    let settings = build(&[(JAAS, &jaas), ("sasl.login.read.timeout.ms", "5")]).unwrap();
    assert_eq!(
        settings.get("sasl.oauthbearer.config"),
        Some("principal=al")
    );
    assert!(settings.warnings()[0].contains("'sasl.login.read.timeout.ms'"));
    assert_eq!(settings.tokens().unwrap().token().unwrap().principal, "al");
    refusal(&[], ENDPOINT, "unsecuredLoginStringClaim_sub");
    let class = "x.OAuthBearerLoginCallbackHandler";
    refusal(&[(JAAS, &jaas), (HANDLER, class)], ENDPOINT, class);
}

#[test]
fn other_mechanisms_have_no_use_for_an_endpoint() {
    let props = [
        ("bootstrap.servers", "a:9092"),
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "PLAIN"),
        (
            JAAS,
            "x.PlainLoginModule required username=u password=hush;",
        ),
        URL,
        (HANDLER, "com.acme.Mine"),
    ];
    let props = props.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let settings = ClientSettings::from_props(ClientKind::Admin, &Props::from(props)).unwrap();
    assert!(settings.tokens().is_none());
    let warnings = settings.warnings().join("\n");
    assert!(
        warnings.contains(ENDPOINT) && warnings.contains(HANDLER),
        "{warnings}"
    );
}
