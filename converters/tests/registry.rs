//! The Avro converter with a real schema registry.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::plugin::{Converted, Converter};
use connect_api::{Error, ErrorKind, Props};

const CONFLUENT: &str = "io.confluent.connect.avro.AvroConverter";

fn url() -> String {
    std::env::var("SCHEMA_REGISTRY_URL").unwrap_or_else(|_| {
        panic!(
            "SCHEMA_REGISTRY_URL is not set: run `make test`, or tests/services/up schema-registry"
        )
    })
}

fn unique(prefix: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{now}-{count}")
}

fn converter(settings: &[(&str, &str)]) -> Result<Box<dyn Converter>, Error> {
    let mut props = Props::from_iter([("schema.registry.url".to_owned(), url())]);
    for (name, value) in settings {
        props.insert((*name).to_owned(), (*value).to_owned());
    }
    let plugins = connect_converters::converters();
    let plugin = plugins
        .iter()
        .find(|plugin| plugin.name.class == CONFLUENT)
        .unwrap();
    (plugin.create)(&props, false)
}

/// The record, asking the registry as often as the converter wants; fails if
/// that is more than once.
async fn write(
    converter: &mut dyn Converter,
    topic: &str,
    schema: &SchemaRef,
    value: &Value,
) -> Result<(Vec<u8>, usize), Error> {
    let mut out = Vec::new();
    let mut asked = 0;
    while converter.serialize(topic, Some(schema), value, &mut out)? == Converted::Pending {
        assert_eq!(asked, 0, "asked twice");
        converter.resolve().await?;
        asked += 1;
    }
    Ok((out, asked))
}

async fn read(
    converter: &mut dyn Converter,
    topic: &str,
    bytes: &[u8],
) -> Result<(Option<SchemaRef>, Value), Error> {
    let bytes = Bytes::copy_from_slice(bytes);
    for _ in 0..2 {
        if let Some(read) = converter.deserialize(topic, Some(&bytes))? {
            return Ok(read);
        }
        converter.resolve().await?;
    }
    panic!("asked twice");
}

fn record(name: &str, fields: &[(&str, Type)]) -> SchemaRef {
    let mut builder = SchemaBuilder::structure().name(name.to_owned());
    for (field, kind) in fields {
        builder = builder.field((*field).to_owned(), Schema::required(*kind));
    }
    builder.build()
}

fn of(schema: &SchemaRef, values: Vec<Value>) -> Value {
    Value::Struct(Struct::from_values(SchemaRef::clone(schema), values).unwrap())
}

#[tokio::test]
async fn writes_and_reads() {
    let topic = unique("avro");
    let schema = record("a.b.R", &[("i", Type::Int32), ("s", Type::String)]);
    let value = of(&schema, vec![Value::Int32(-3), Value::from("x")]);
    let mut converter = converter(&[]).unwrap();
    let (bytes, asked) = write(&mut *converter, &topic, &schema, &value)
        .await
        .unwrap();
    assert_eq!(asked, 1);
    assert_eq!(bytes[0], 0);
    assert_eq!(bytes[5..], [5, 2, b'x']);
    // The same schema again: by its identity, and by its text.
    let again = record("a.b.R", &[("i", Type::Int32), ("s", Type::String)]);
    for schema in [&schema, &again] {
        let value = of(schema, vec![Value::Int32(-3), Value::from("x")]);
        let (second, asked) = write(&mut *converter, &topic, schema, &value)
            .await
            .unwrap();
        assert_eq!((second, asked), (bytes.clone(), 0));
    }
    let (schema, found) = read(&mut *converter, &topic, &bytes).await.unwrap();
    let schema = schema.unwrap();
    assert_eq!(schema.name(), Some("a.b.R"));
    assert_eq!(schema.version(), Some(1), "the subject's first");
    assert_eq!(
        found.as_struct().unwrap().values(),
        [Value::Int32(-3), Value::from("x")]
    );
    // From another topic, whose subject does not have the schema: no version.
    let (schema, _) = read(&mut *converter, "elsewhere", &bytes).await.unwrap();
    assert_eq!(schema.unwrap().version(), None);
}

#[tokio::test]
async fn plain_bytes_have_no_length_and_null_is_a_tombstone() {
    let topic = unique("avro");
    let mut converter = converter(&[]).unwrap();
    let schema = Schema::required(Type::Bytes);
    let value = Value::Bytes(Bytes::from_static(b"abc"));
    let (bytes, _) = write(&mut *converter, &topic, &schema, &value)
        .await
        .unwrap();
    assert_eq!(&bytes[5..], b"abc");
    assert_eq!(
        read(&mut *converter, &topic, &bytes).await.unwrap().1,
        value
    );
    let mut out = Vec::new();
    let null = converter.serialize(&topic, None, &Value::Null, &mut out);
    assert_eq!(null.unwrap(), Converted::Null);
    assert_eq!(
        converter.deserialize(&topic, None).unwrap().unwrap(),
        (None, Value::Null)
    );
}

#[tokio::test]
async fn without_registering_the_schema_must_be_there() {
    let topic = unique("avro");
    let schema = record("R", &[("i", Type::Int32)]);
    let value = of(&schema, vec![Value::Int32(1)]);
    let mut careful = converter(&[("auto.register.schemas", "false")]).unwrap();
    let error = write(&mut *careful, &topic, &schema, &value)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    let trace = error.trace();
    for words in [&*topic, "Error retrieving Avro schema", "error code: 40401"] {
        assert!(trace.contains(words), "{words} is not in {trace}");
    }
    // Told again without asking again, for a while.
    let again = careful.serialize(&topic, Some(&schema), &value, &mut Vec::new());
    assert!(again.unwrap_err().trace().contains("error code: 40401"));
    let mut other = converter(&[]).unwrap();
    let (bytes, _) = write(&mut *other, &topic, &schema, &value).await.unwrap();
    let mut careful = converter(&[("auto.register.schemas", "false")]).unwrap();
    let (known, _) = write(&mut *careful, &topic, &schema, &value).await.unwrap();
    assert_eq!(known, bytes);
}

#[tokio::test]
async fn the_latest_schema_is_written_by_name() {
    let topic = unique("avro");
    let old = record("R", &[("i", Type::Int32)]);
    let new = SchemaBuilder::structure()
        .name("R")
        .field("s", Schema::optional(Type::String))
        .field("i", Schema::required(Type::Int32))
        .build();
    let mut registering = converter(&[]).unwrap();
    let value = of(&new, vec![Value::from("x"), Value::Int32(7)]);
    let (bytes, _) = write(&mut *registering, &topic, &new, &value)
        .await
        .unwrap();
    let latest = [
        ("auto.register.schemas", "false"),
        ("use.latest.version", "true"),
    ];
    let mut converter = converter(&latest).unwrap();
    let value = of(&old, vec![Value::Int32(7)]);
    let (written, _) = write(&mut *converter, &topic, &old, &value).await.unwrap();
    assert_eq!(written[..5], bytes[..5], "the latest schema's id");
    assert_eq!(written[5..], [0, 14], "its own field is null");
    let foreign = record("R", &[("i", Type::String)]);
    let value = of(&foreign, vec![Value::from("x")]);
    let error = write(&mut *converter, &topic, &foreign, &value)
        .await
        .unwrap_err();
    let trace = error.trace();
    assert!(
        trace.contains("Set latest.compatibility.strict=false"),
        "{trace}"
    );
}

#[tokio::test]
async fn subjects_can_be_called_by_record() {
    let (topic, name) = (unique("avro"), unique("Rec").replace('-', "_"));
    let schema = record(&name, &[("i", Type::Int32)]);
    let value = of(&schema, vec![Value::Int32(1)]);
    for (strategy, subject) in [
        ("RecordNameStrategy", name.clone()),
        ("TopicRecordNameStrategy", format!("{topic}-{name}")),
    ] {
        let class = format!("io.confluent.kafka.serializers.subject.{strategy}");
        let mut naming = converter(&[("value.subject.name.strategy", &class)]).unwrap();
        let (bytes, _) = write(&mut *naming, &topic, &schema, &value).await.unwrap();
        let (found, _) = read(&mut *naming, &topic, &bytes).await.unwrap();
        assert_eq!(found.unwrap().version(), Some(1), "{subject}");
        let plain = Schema::required(Type::Int32);
        let error = write(&mut *naming, &topic, &plain, &Value::Int32(1))
            .await
            .unwrap_err();
        assert!(error.trace().contains("must only be a record schema"));
    }
}

#[tokio::test]
async fn the_next_url_is_asked_and_a_dead_one_is_retriable() {
    let topic = unique("avro");
    let schema = Schema::required(Type::String);
    let value = Value::from("x");
    let dead = "http://127.0.0.1:1/";
    let both = format!("{dead},{}", url());
    let mut failing_over = converter(&[("schema.registry.url", &both)]).unwrap();
    write(&mut *failing_over, &topic, &schema, &value)
        .await
        .unwrap();
    let mut lonely = converter(&[("schema.registry.url", dead)]).unwrap();
    let error = write(&mut *lonely, &topic, &schema, &value)
        .await
        .unwrap_err();
    assert!(error.is_retriable(), "{}", error.trace());
    assert!(error.trace().contains("127.0.0.1:1"), "{}", error.trace());
}

#[tokio::test]
async fn what_is_no_record_of_a_registry_is_told() {
    let mut converter = converter(&[]).unwrap();
    for (bytes, words) in [
        (&b"{\"a\":1}"[..], "Unknown magic byte"),
        (&[0, 0, 0], "too short"),
        (&[], "Unknown magic byte"),
        (&[1; 17], "GUID"),
        (&[0, 0x7f, 0xff, 0xff, 0xff, 1], "error code: 40403"),
    ] {
        let error = read(&mut *converter, "t", bytes).await.unwrap_err();
        let trace = error.trace();
        assert!(trace.contains(words), "{words} is not in {trace}");
        assert_eq!(error.kind(), ErrorKind::Data);
    }
}

#[tokio::test]
async fn broken_values_name_schema_id_and_field() {
    let topic = unique("avro");
    let schema = record("R", &[("i", Type::Int32), ("s", Type::String)]);
    let value = of(&schema, vec![Value::Int32(1), Value::from("abc")]);
    let mut converter = converter(&[]).unwrap();
    let (bytes, _) = write(&mut *converter, &topic, &schema, &value)
        .await
        .unwrap();
    let short = &bytes[..bytes.len() - 1];
    let error = read(&mut *converter, &topic, short).await.unwrap_err();
    let id = u32::from_be_bytes(bytes[1..5].try_into().unwrap());
    let trace = error.trace();
    for words in [&*topic, "field: s", &format!("schema id: {id}")] {
        assert!(trace.contains(words), "{words} is not in {trace}");
    }
}

#[test]
fn settings_that_are_not_offered_are_refused_by_name() {
    for (name, value) in [
        ("schema.registry.url", "mock://x"),
        ("schema.registry.url", "registry:8081"),
        (
            "value.subject.name.strategy",
            "io.confluent.kafka.serializers.subject.AssociatedNameStrategy",
        ),
        ("basic.auth.credentials.source", "SASL_INHERIT"),
        ("basic.auth.credentials.source", "USER_INFO"),
        ("bearer.auth.credentials.source", "OAUTHBEARER"),
        ("use.latest.with.metadata", "a=b"),
        ("schema.registry.ssl.truststore.location", "/trust.jks"),
        ("schema.reflection", "true"),
    ] {
        let error = converter(&[(name, value)]).err().unwrap();
        let told = error.trace();
        let named = if value == "USER_INFO" {
            "basic.auth.user.info"
        } else {
            name
        };
        assert!(told.contains(named), "{name}={value}: {told}");
    }
}

/// A registry that answers any request with the id 7, and what it was sent.
async fn listener() -> (u16, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        // Their bodies end so, and nothing before them does.
        while !request.ends_with(b"\"}") {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).await.unwrap();
            request.extend_from_slice(&part[..length]);
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"id\":7}";
        stream.write_all(answer).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    (port, served)
}

#[tokio::test]
async fn credentials_and_headers_are_sent() {
    let basic = "basic.auth.credentials.source";
    for (user, settings, expected) in [
        ("", vec![], None),
        (
            "us:p%40ss@",
            vec![],
            Some("authorization: Basic dXM6cEBzcw=="),
        ),
        (
            "",
            vec![(basic, "USER_INFO"), ("basic.auth.user.info", "us:p@ss")],
            Some("authorization: Basic dXM6cEBzcw=="),
        ),
        (
            "",
            vec![("bearer.auth.token", "tok")],
            Some("authorization: Bearer tok"),
        ),
        ("", vec![("request.header.X-A", "b")], Some("x-a: b")),
    ] {
        let (port, served) = listener().await;
        let url = format!("http://{user}127.0.0.1:{port}/base/");
        let mut all = vec![("schema.registry.url", &*url)];
        all.extend(settings);
        let mut converter = converter(&all).unwrap();
        let schema = Schema::required(Type::String);
        let (bytes, _) = write(&mut *converter, "a/b", &schema, &Value::from("x"))
            .await
            .unwrap();
        assert_eq!(bytes, [0, 0, 0, 0, 7, 2, b'x']);
        let request = served.await.unwrap();
        let start = "POST /base/subjects/a%2Fb-value/versions?normalize=false HTTP/1.1";
        assert!(request.starts_with(start), "{request}");
        assert!(request.contains("content-type: application/vnd.schemaregistry.v1+json"));
        assert!(request.ends_with(r#"{"schema":"\"string\""}"#), "{request}");
        match expected {
            Some(header) => assert!(request.contains(header), "{header} is not in {request}"),
            None => assert!(!request.contains("authorization"), "{request}"),
        }
    }
}
