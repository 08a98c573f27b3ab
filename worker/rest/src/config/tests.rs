//! What is taken, and what is refused by name.

use super::*;

fn props(pairs: &[(&str, &str)]) -> Props {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn parse(pairs: &[(&str, &str)]) -> Result<RestSettings> {
    RestSettings::parse(&props(pairs))
}

fn refused(pairs: &[(&str, &str)]) -> String {
    parse(pairs).unwrap_err().to_string()
}

#[test]
fn defaults_are_those_of_the_real_one() {
    assert!(rest_config().check_defaults().is_empty());
    let settings = parse(&[]).unwrap();
    assert_eq!(
        settings.listeners,
        [Listener {
            scheme: Scheme::Http,
            host: String::new(),
            port: 8083
        }]
    );
    assert_eq!(settings.admin, Admin::WithRest);
    assert!(settings.allow_origins.is_empty() && settings.users.is_none());
}

#[test]
fn listeners_are_parsed_or_refused_by_name() {
    let settings = parse(&[("listeners", "http://127.0.0.1:0, HTTP://[::1]:8084/")]).unwrap();
    let hosts: Vec<(&str, u16)> = settings
        .listeners
        .iter()
        .map(|l| (l.host.as_str(), l.port))
        .collect();
    assert_eq!(hosts, [("127.0.0.1", 0), ("::1", 8084)]);
    for bad in ["ftp://:8443", "8083", "http://host", "http://host:x", ""] {
        let message = refused(&[("listeners", bad)]);
        assert!(message.contains("listeners"), "{message}");
    }
}

#[test]
fn https_needs_a_key_store() {
    let message = refused(&[("listeners", "https://:8443")]);
    assert!(message.contains("'ssl.keystore.location'"), "{message}");
    let message = refused(&[
        ("listeners", "https://:8443"),
        ("listeners.https.ssl.client.auth", "none"),
    ]);
    assert!(
        message.contains("'listeners.https.ssl.keystore.location'"),
        "{message}"
    );
}

#[test]
fn admin_can_be_off_or_elsewhere() {
    let admin = |listeners| parse(&[("admin.listeners", listeners)]).unwrap().admin;
    assert_eq!(admin(""), Admin::Off);
    assert_eq!(admin("http://:8083"), Admin::WithRest);
    let Admin::At(listeners) = admin("http://:9000") else {
        panic!("not elsewhere");
    };
    assert_eq!(listeners[0].port, 9000);
    let message = refused(&[("admin.listeners", "9000")]);
    assert!(message.contains("admin.listeners"), "{message}");
}

#[test]
fn an_advertised_listener_has_to_be_there() {
    let message = refused(&[("rest.advertised.listener", "https")]);
    assert!(message.contains("rest.advertised.listener"), "{message}");
    let message = refused(&[("rest.advertised.listener", "gopher")]);
    assert!(message.contains("rest.advertised.listener"), "{message}");
    let message = refused(&[("rest.advertised.port", "70000")]);
    assert!(message.contains("rest.advertised.port"), "{message}");
    let behind_a_proxy = parse(&[
        ("rest.advertised.listener", "HTTPS"),
        ("rest.advertised.host.name", "connect.example"),
        ("rest.advertised.port", "443"),
    ]);
    assert_eq!(
        behind_a_proxy.unwrap().advertised.scheme,
        Some(Scheme::Https)
    );
}

#[test]
fn other_extensions_are_refused_and_old_settings_warned_of() {
    let message = refused(&[("rest.extension.classes", "com.acme.Audit")]);
    assert!(
        message.contains("rest.extension.classes") && message.contains("com.acme.Audit"),
        "{message}"
    );
    let given = props(&[
        ("rest.port", "8083"),
        ("listeners.https.ssl.provider", "X"),
        ("ssl.provider", "X"),
    ]);
    let warnings = warnings(&given);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("'rest.port'") && warnings[0].contains("listeners"));
    assert!(warnings[1].contains("'listeners.https.ssl.provider'"));
    assert!(knows("admin.listeners.https.ssl.keystore.location"));
    assert!(!knows("listeners.https.ssl.bogus"));
}
