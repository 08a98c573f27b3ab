use connect_api::Props;

use super::*;
use crate::config::Flavor;

fn settings(url: &str, more: &[(&str, &str)]) -> SinkSettings {
    let mut props = Props::new();
    props.insert("connection.url".to_owned(), url.to_owned());
    for (name, value) in more {
        props.insert((*name).to_owned(), (*value).to_owned());
    }
    SinkSettings::parse(Flavor::Confluent, &props).unwrap()
}

fn parsed(url: &str) -> JdbcUrl {
    JdbcUrl::parse(&settings(url, &[])).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn hosts(url: &JdbcUrl) -> Vec<String> {
    url.hosts
        .iter()
        .map(|(host, port)| format!("{host}:{port}"))
        .collect()
}

#[test]
fn urls_of_pgjdbc() {
    let url = parsed(
        "jdbc:postgresql://db1:5433,db2/orders?user=fred&password=s%26cret&sslmode=verify-ca&ApplicationName=a",
    );
    assert_eq!(hosts(&url), ["db1:5433", "db2:5432"]);
    assert_eq!(url.name.as_deref(), Some("orders"));
    assert_eq!(url.user.as_deref(), Some("fred"));
    assert_eq!(url.password.as_ref().map(Secret::reveal), Some("s&cret"));
    assert_eq!(url.tls.mode, TlsMode::VerifyAuthority);
    assert!(url.warnings.is_empty());
    assert_eq!(hosts(&parsed("jdbc:postgresql:orders")), ["localhost:5432"]);
    assert_eq!(
        hosts(&parsed("jdbc:postgresql://[::1]:5444/x")),
        ["::1:5444"]
    );
    // pgjdbc: ssl=true without sslmode is verify-full.
    assert_eq!(
        parsed("jdbc:postgresql://h/x?ssl=true").tls.mode,
        TlsMode::VerifyIdentity
    );
    assert_eq!(parsed("jdbc:postgresql://h/x").tls.mode, TlsMode::Preferred);
    let url = parsed("jdbc:postgresql://h/x?currentSchema=a,B&targetServerType=primary");
    assert_eq!(url.setup, ["SET search_path TO \"a\",\"B\""]);
    assert_eq!(url.server, Server::Primary);
}

#[test]
fn urls_of_connector_j() {
    let url = parsed(
        "jdbc:mysql://sandy:secret@myhost1:1111,myhost2:2222/db?useSSL=false&serverTimezone=UTC",
    );
    assert_eq!(hosts(&url), ["myhost1:1111", "myhost2:2222"]);
    assert_eq!(url.user.as_deref(), Some("sandy"));
    assert_eq!(url.tls.mode, TlsMode::Disabled);
    for text in [
        "jdbc:mysql://(host=myhost1,port=1111),(host=myhost2,port=2222)/db",
        "jdbc:mysql://address=(host=myhost1)(port=1111),address=(host=myhost2)(port=2222)/db",
        "jdbc:mysql://[(host=myhost1,port=1111),(host=myhost2,port=2222)]/db",
        "jdbc:mysql://[myhost1:1111,myhost2:2222]/db",
        "jdbc:mysql://u:p@[myhost1:1111,(host=myhost2,port=2222)]/db",
        "jdbc:mysql:loadbalance://myhost1:1111,myhost2:2222/db",
        "jdbc:mariadb://myhost1:1111,myhost2:2222/db",
    ] {
        let url = parsed(text);
        assert_eq!(hosts(&url), ["myhost1:1111", "myhost2:2222"], "{text}");
        assert_eq!(url.name.as_deref(), Some("db"), "{text}");
    }
    let of_ipv6 = parsed("jdbc:mysql://[::1]:1111,[::2]/db");
    assert_eq!(hosts(&of_ipv6), ["::1:1111", "::2:3306"]);
    let of_ipv6 = parsed("jdbc:mysql://[::1],[::2]/db");
    assert_eq!(hosts(&of_ipv6), ["::1:3306", "::2:3306"]);
    assert_eq!(
        parsed("jdbc:mysql://h/d?sslMode=VERIFY_IDENTITY").tls.mode,
        TlsMode::VerifyIdentity
    );
    assert_eq!(
        parsed("jdbc:mysql://h/d?useSSL=true&requireSSL=true")
            .tls
            .mode,
        TlsMode::Required
    );
}

#[test]
fn a_parameter_without_effect_is_named() {
    let url = parsed("jdbc:mysql://h/d?useCompression=true");
    assert_eq!(
        url.warnings,
        ["connection.url: parameter 'useCompression' has no effect here"]
    );
    let url = parsed("jdbc:postgresql://h/d?socketFactory=x");
    assert_eq!(
        url.warnings,
        ["connection.url: parameter 'socketFactory' has no effect here"]
    );
}

#[test]
fn settings_win_over_the_url() {
    let more = [("connection.user", "a"), ("connection.password", "b")];
    let url = JdbcUrl::parse(&settings("jdbc:postgresql://h/d?user=x&password=y", &more)).unwrap();
    assert_eq!(url.user.as_deref(), Some("a"));
    assert_eq!(url.password.as_ref().map(Secret::reveal), Some("b"));
}

#[test]
fn what_is_no_url_is_refused_without_its_password() {
    for (url, words) in [
        ("postgresql://h/d?password=secret", "starts with 'jdbc:'"),
        (
            "jdbc:oracle:thin:@h?password=secret",
            "known are jdbc:postgresql:",
        ),
        (
            "jdbc:postgresql://h:port/d?password=secret",
            "is not a port",
        ),
        ("jdbc:mysql://u:secret@h:port/d", "is not a port"),
        (
            "jdbc:postgresql://h/d?password=secret&sslmode=yes",
            "sslmode 'yes'",
        ),
        ("jdbc:sqlite:", "a file should follow"),
    ] {
        let error = JdbcUrl::parse(&settings(url, &[])).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

/// The cases of the originals' `assertSanitizedUrl`.
#[test]
fn passwords_are_masked() {
    for (url, masked_url) in [
        (
            "jdbc:postgresql://localhost/test?user=fred&ssl=true",
            "jdbc:postgresql://localhost/test?user=fred&ssl=true",
        ),
        (
            "jdbc:postgresql://localhost/test?user=fred&password=secret&ssl=true",
            "jdbc:postgresql://localhost/test?user=fred&password=****&ssl=true",
        ),
        (
            "jdbc:mysql://sandy:secret@(host=myhost1,port=1111)/db?key1=value1",
            "jdbc:mysql://sandy:****@(host=myhost1,port=1111)/db?key1=value1",
        ),
        (
            "jdbc:mysql://[(host=myhost1,port=1111,user=sandy,password=secret),(password=secret,host=myhost2)]/db",
            "jdbc:mysql://[(host=myhost1,port=1111,user=sandy,password=****),(password=****,host=myhost2)]/db",
        ),
    ] {
        assert_eq!(masked(url), masked_url);
    }
}

/// pgjdbc lets the URL win over properties, Connector/J properties over the URL.
#[test]
fn properties_beside_the_url() {
    let of = |url: &str, name: &str, value: &str| {
        JdbcUrl::parse(&settings(url, &[(name, value)]))
            .unwrap()
            .tls
            .mode
    };
    for (url, name, value, mode) in [
        (
            "jdbc:postgresql://h/d",
            "connection.sslmode",
            "require",
            TlsMode::Required,
        ),
        (
            "jdbc:postgresql://h/d?sslmode=disable",
            "connection.sslmode",
            "require",
            TlsMode::Disabled,
        ),
        (
            "jdbc:mysql://h/d?sslMode=DISABLED",
            "connection.sslMode",
            "REQUIRED",
            TlsMode::Required,
        ),
        (
            "jdbc:postgresql://h/d?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory",
            "connection.attempts",
            "1",
            TlsMode::Required,
        ),
    ] {
        assert_eq!(of(url, name, value), mode, "{url}");
    }
}
