//! SASL/PLAIN and TLS, for clients that want to be tested with them.

use connect_broker::{Security, Tls};
use kafka_protocol::messages::MetadataRequest;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::support::{Fixture, Raw, WAIT, versions_request};

/// A certificate for this machine that has signed itself, and its key.
fn certificate() -> Tls {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "localhost").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    let from = Asn1Time::days_from_now(0).unwrap();
    builder.set_not_before(&from).unwrap();
    let until = Asn1Time::days_from_now(1).unwrap();
    builder.set_not_after(&until).unwrap();
    let names = SubjectAlternativeName::new()
        .ip("127.0.0.1")
        .build(&builder.x509v3_context(None, None))
        .unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    Tls {
        certificates: builder.build().to_pem().unwrap(),
        key: key.private_key_to_pem_pkcs8().unwrap(),
    }
}

fn secured() -> (Fixture, String) {
    let tls = certificate();
    let trusted = String::from_utf8(tls.certificates.clone()).unwrap();
    let fixture = Fixture::with(|settings| {
        settings.security = Security {
            users: vec![("alice".to_owned(), "secret".to_owned())],
            tls: Some(tls),
        };
    });
    (fixture, trusted)
}

fn client(fixture: &Fixture, trusted: &str, password: &str) -> ClientConfig {
    let mut config = fixture.client();
    config
        .set("security.protocol", "SASL_SSL")
        .set("ssl.ca.pem", trusted)
        .set("sasl.mechanisms", "PLAIN")
        .set("sasl.username", "alice")
        .set("sasl.password", password);
    config
}

#[test]
fn a_client_with_the_password_is_served_over_tls() {
    let (fixture, trusted) = secured();
    let consumer: BaseConsumer = client(&fixture, &trusted, "secret").create().unwrap();
    let metadata = consumer.fetch_metadata(None, WAIT).unwrap();
    assert_eq!(metadata.brokers().len(), 1);
    let wrong: BaseConsumer = client(&fixture, &trusted, "guess").create().unwrap();
    let refused = wrong.fetch_metadata(None, std::time::Duration::from_secs(3));
    assert!(refused.is_err());
}

#[test]
fn nobody_is_served_who_has_not_said_who_they_are() {
    let fixture = Fixture::with(|settings| {
        settings.security.users = vec![("alice".to_owned(), "secret".to_owned())];
    });
    let mut raw = Raw::connect(fixture.broker.address());
    raw.ask(3, &versions_request());
    raw.send(12, 1, &MetadataRequest::default());
    raw.assert_closed();
}
