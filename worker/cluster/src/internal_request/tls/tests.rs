//! Stores made by the `openssl` command.

use std::path::Path;
use std::process::Command;

use super::*;

/// Runs `openssl` in `folder`.
fn openssl(folder: &Path, arguments: &[&str]) {
    let done = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("openssl runs");
    assert!(done.status.success(), "{done:?}");
}

/// `key.pem`, `cert.pem`, both as `both.pem`, the key as `secret.pem` with the
/// password `geheim`, both and the certificate alone as `key.p12` and
/// `trust.p12` with the password `changeit`.
fn stores() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    openssl(
        path,
        &[
            "req",
            "-new",
            "-x509",
            "-nodes",
            "-days",
            "2",
            "-newkey",
            "rsa:2048",
            "-subj",
            "/CN=localhost",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ],
    );
    let text = |file: &str| std::fs::read_to_string(path.join(file)).unwrap();
    std::fs::write(path.join("both.pem"), text("key.pem") + &text("cert.pem")).unwrap();
    let encrypt = [
        "pkcs8",
        "-topk8",
        "-in",
        "key.pem",
        "-out",
        "secret.pem",
        "-passout",
        "pass:geheim",
    ];
    openssl(path, &encrypt);
    std::fs::write(
        path.join("secret-both.pem"),
        text("secret.pem") + &text("cert.pem"),
    )
    .unwrap();
    let export = [
        "pkcs12",
        "-export",
        "-in",
        "cert.pem",
        "-passout",
        "pass:changeit",
    ];
    openssl(
        path,
        &[&export[..], &["-inkey", "key.pem", "-out", "key.p12"]].concat(),
    );
    openssl(
        path,
        &[&export[..], &["-nokeys", "-out", "trust.p12"]].concat(),
    );
    folder
}

fn parse(pairs: &[(&str, &str)]) -> Result<TlsSettings> {
    let props = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    TlsSettings::parse(&props, LISTENERS_PREFIX)
}

#[test]
fn all_or_nothing_comes_from_under_the_prefix() {
    let without = parse(&[("ssl.client.auth", "required")]).unwrap();
    assert_eq!(
        (without.client_auth, without.prefix),
        (ClientAuth::Required, "")
    );
    let with = parse(&[
        ("ssl.client.auth", "required"),
        ("listeners.https.ssl.enabled.protocols", "TLSv1.3"),
    ])
    .unwrap();
    assert_eq!(with.client_auth, ClientAuth::None);
    assert_eq!(with.versions, (SslVersion::TLS1_3, SslVersion::TLS1_3));
    assert_eq!(with.prefix, "listeners.https.");
    assert!(with.checks_host_names);
}

#[test]
fn key_stores_of_each_form_are_read() {
    let folder = stores();
    let path = |file: &str| folder.path().join(file).display().to_string();
    let text = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    let one_line = |file: &str| text(file).trim().replace('\n', " ");
    let forms: [&[(&str, &str)]; 5] = [
        &[("ssl.keystore.location", &path("both.pem"))],
        &[
            ("ssl.keystore.location", &path("secret-both.pem")),
            ("ssl.key.password", "geheim"),
        ],
        &[
            ("ssl.keystore.location", &path("key.p12")),
            ("ssl.keystore.type", "JKS"),
            ("ssl.keystore.password", "changeit"),
        ],
        &[
            ("ssl.keystore.key", &text("key.pem")),
            ("ssl.keystore.certificate.chain", &text("cert.pem")),
        ],
        &[
            ("ssl.keystore.key", &one_line("secret.pem")),
            ("ssl.keystore.certificate.chain", &one_line("cert.pem")),
            ("ssl.key.password", "geheim"),
        ],
    ];
    let own = X509::from_pem(text("cert.pem").as_bytes()).unwrap();
    for form in forms {
        let identity = parse(form).unwrap().identity.unwrap();
        assert_eq!(identity.chain[0].to_der().unwrap(), own.to_der().unwrap());
        assert!(identity.key.public_eq(&own.public_key().unwrap()));
    }
    assert!(parse(&[]).unwrap().identity.is_none());
}

#[test]
fn trust_stores_of_each_form_are_read() {
    let folder = stores();
    let path = |file: &str| folder.path().join(file).display().to_string();
    let text = std::fs::read_to_string(folder.path().join("cert.pem")).unwrap();
    let forms: [&[(&str, &str)]; 3] = [
        &[("ssl.truststore.location", &path("cert.pem"))],
        &[
            ("ssl.truststore.location", &path("trust.p12")),
            ("ssl.truststore.password", "changeit"),
        ],
        &[("ssl.truststore.certificates", &text)],
    ];
    for form in forms {
        let trusted = parse(form).unwrap().trusted.unwrap();
        assert_eq!(trusted.len(), 1, "{form:?}");
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let folder = stores();
    let path = |file: &str| folder.path().join(file).display().to_string();
    std::fs::write(folder.path().join("old.jks"), b"\xfe\xed\xfe\xed\0\0\0\x02").unwrap();
    let other = stores();
    let mixed = std::fs::read_to_string(other.path().join("key.pem")).unwrap()
        + &std::fs::read_to_string(folder.path().join("cert.pem")).unwrap();
    std::fs::write(folder.path().join("mixed.pem"), mixed).unwrap();
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c [&'c str]);
    let cases: [Case<'_>; 9] = [
        (
            &[("ssl.keystore.location", &path("old.jks"))],
            &["ssl.keystore.location", "keytool"],
        ),
        (
            &[("ssl.truststore.location", &path("old.jks"))],
            &["ssl.truststore.location", "keytool"],
        ),
        (
            &[("ssl.keystore.location", "/nowhere.pem")],
            &["ssl.keystore.location", "/nowhere.pem"],
        ),
        (
            &[
                ("ssl.keystore.location", &path("key.p12")),
                ("ssl.keystore.password", "x"),
            ],
            &["ssl.keystore.password"],
        ),
        (
            &[("ssl.keystore.location", &path("secret-both.pem"))],
            &["ssl.key.password"],
        ),
        (
            &[("ssl.keystore.location", &path("cert.pem"))],
            &["no private key"],
        ),
        (
            &[("ssl.keystore.location", &path("mixed.pem"))],
            &["not that of the private key"],
        ),
        (
            &[("ssl.keystore.key", "x")],
            &["ssl.keystore.certificate.chain"],
        ),
        (
            &[
                ("ssl.keystore.location", &path("both.pem")),
                ("ssl.keystore.type", "BCFKS"),
            ],
            &["ssl.keystore.type", "BCFKS"],
        ),
    ];
    for (pairs, expected) in cases {
        let error = parse(pairs).unwrap_err().to_string();
        for part in expected {
            assert!(error.contains(part), "{pairs:?}: {error}");
        }
    }
    for (name, value) in [
        ("ssl.client.auth", "maybe"),
        ("ssl.enabled.protocols", "TLSv1.1"),
        ("ssl.enabled.protocols", "TLSv9"),
    ] {
        let error = parse(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(value), "{error}");
    }
}

#[test]
fn settings_without_effect_are_named() {
    let props = Props::from([
        ("listeners.https.ssl.provider".to_owned(), "X".to_owned()),
        (
            "listeners.https.ssl.enabled.protocols".to_owned(),
            "TLSv1.1,TLSv1.2".to_owned(),
        ),
    ]);
    let warnings = warnings(&props, LISTENERS_PREFIX);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("'listeners.https.ssl.provider'"));
    assert!(warnings[1].contains("'listeners.https.ssl.enabled.protocols' has TLSv1.1,"));
    assert!(knows("listeners.https.ssl.client.auth", LISTENERS_PREFIX));
    assert!(!knows("listeners.https.ssl.bogus", LISTENERS_PREFIX));
}
