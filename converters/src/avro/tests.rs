//! Against what Confluent's `AvroData` made of the same schemas and values
//! (`tests/avro-recorder`), and against what the JVM worker wrote with
//! Debezium's MySQL connector and Apicurio's converter.

use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use connect_api::Props;
use connect_api::data::{SchemaRef, Value};
use connect_api::plugin::{Converted, Converter};
use serde_json::Value as Line;

use super::anything;
use super::binary::Input;
use super::config::DataOptions;
use super::encode::{Plan, write_schemaless};
use super::from_connect::avro_schema;
use super::names;
use super::schema_parse::parse;
use super::schema_text::to_text;
use super::to_connect::connect_schema;
use crate::failure::Failure;

fn lines(file: &str) -> Vec<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn json_converter() -> Box<dyn Converter> {
    let props = Props::from_iter([("replace.null.with.default".to_owned(), "false".to_owned())]);
    (crate::json::CONVERTER.create)(&props, false).unwrap()
}

fn from_json(text: &str) -> (Option<SchemaRef>, Value) {
    json_converter()
        .deserialize("t", Some(&Bytes::from(text.to_owned())))
        .unwrap()
        .unwrap()
}

fn to_json(schema: Option<&SchemaRef>, value: &Value) -> String {
    let mut out = Vec::new();
    let converted = json_converter()
        .serialize("t", schema, value, &mut out)
        .unwrap();
    assert_eq!(converted, Converted::Bytes);
    String::from_utf8(out).unwrap()
}

/// The options that the recorder calls by this name.
fn options(config: &str) -> DataOptions {
    let mut options = DataOptions {
        raw_bytes: false,
        ..DataOptions::default()
    };
    match config {
        "default" => {}
        "enhanced.avro.schema.support" => options.enhanced_schemas = true,
        "generalized.sum.type.support" => options.generalized_sum_types = true,
        "ignore.default.for.nullables" => options.ignore_default_for_nullables = true,
        "scrub.invalid.names" => options.scrub_names = true,
        "discard.type.doc.default" => options.discard_type_doc_default = true,
        "allow.optional.map.keys" => options.optional_map_keys = true,
        "no connect.meta.data" => options.meta_data = false,
        "no flatten.singleton.unions" => options.flatten_singleton_unions = false,
        other => panic!("unknown configuration {other}"),
    }
    options
}

/// The schema's text and the value's bytes; none for null.
fn write(
    schema: Option<&SchemaRef>,
    value: &Value,
    options: &DataOptions,
) -> Result<(String, Option<Vec<u8>>), Failure> {
    let mut out = Vec::new();
    let Some(schema) = schema else {
        write_schemaless(&mut out, value)?;
        return Ok((anything::SCHEMA.to_owned(), Some(out)));
    };
    let avro = avro_schema(schema, options)?;
    if value.is_null() && schema.is_optional() {
        return Ok((to_text(&avro), None));
    }
    Plan::new(schema, &avro, options)?.write(&mut out, value)?;
    Ok((to_text(&avro), Some(out)))
}

fn read(
    text: &str,
    bytes: &[u8],
    version: Option<i32>,
    options: &DataOptions,
) -> Result<(Option<SchemaRef>, Value), Failure> {
    let avro = parse(text, &[])?;
    let bytes = Bytes::copy_from_slice(bytes);
    let mut input = Input::new(&bytes, 0);
    if avro.root_name().as_deref() == Some(names::ANYTHING) {
        return Ok((None, anything::read(&mut input)?));
    }
    let (schema, node) = connect_schema(&avro, version, options)?;
    let value = node.read(&mut input)?;
    assert_eq!(input.rest(), 0, "bytes are left over: {text}");
    Ok((Some(schema), value))
}

fn text<'l>(line: &'l Line, name: &str) -> &'l str {
    line[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {line}"))
}

fn base64_of(line: &Line) -> Vec<u8> {
    STANDARD.decode(text(line, "bytes")).unwrap()
}

/// What the original fails with and we write: an enum of the other of the two
/// kinds is a string.
const WRITTEN_BETTER: [&str; 2] = ["enum", "enums in a struct"];

#[test]
fn writes_what_the_original_writes() {
    let mut differences = Vec::new();
    let lines = lines("avro-write.jsonl.gz");
    assert_eq!(lines.len(), 621);
    for line in &lines {
        let what = format!("{}, {}", text(line, "name"), text(line, "config"));
        let (schema, value) = from_json(text(line, "connect"));
        let written = write(schema.as_ref(), &value, &options(text(line, "config")));
        if !line["error"].is_null() {
            let better = WRITTEN_BETTER.contains(&text(line, "name"));
            assert_eq!(written.is_ok(), better, "{what}");
            continue;
        }
        match written {
            Err(failure) => differences.push(format!("{what}: {}", failure.into_error())),
            Ok((schema, bytes)) => {
                if schema != text(line, "avro") {
                    let expected = text(line, "avro");
                    differences.push(format!("{what}:\n  {schema}\n  {expected}"));
                }
                let expected = line["bytes"].as_str().map(|_| base64_of(line));
                if bytes != expected {
                    differences.push(format!("{what}: {bytes:?} instead of {expected:?}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What the original fails with and we read: entries of a map with string keys,
/// a generalized union whose null comes first, and the default of a union.
const READ_BETTER: [&str; 3] = ["entries named", "union", "union in a record"];

#[test]
fn reads_what_the_original_reads() {
    let mut differences = Vec::new();
    let lines = lines("avro-read.jsonl.gz");
    assert_eq!(lines.len(), 333);
    for line in &lines {
        let what = format!("{}, {}", text(line, "name"), text(line, "config"));
        let version = line["version"].as_i64().map(|version| version as i32);
        let options = options(text(line, "config"));
        let found = read(text(line, "avro"), &base64_of(line), version, &options);
        if !line["error"].is_null() {
            let better = READ_BETTER.contains(&text(line, "name"));
            assert_eq!(found.is_ok(), better, "{what}");
            continue;
        }
        match found {
            Err(failure) => differences.push(format!("{what}: {}", failure.into_error())),
            Ok((schema, value)) => {
                let found = to_json(schema.as_ref(), &value);
                let mut expected = text(line, "connect").to_owned();
                if text(line, "name") == "bad default" {
                    // The original makes a 0 of the text "x".
                    expected = expected.replace("\"default\":0,", "");
                }
                if found != expected {
                    differences.push(format!("{what}:\n  {found}\n  {expected}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Read and written again, the schemas and records of a JVM worker are the same.
#[test]
fn debezium_records_come_back_as_they_were() {
    let (mut schemas, mut records) = (0, 0);
    let options = DataOptions::default();
    for line in lines("avro-debezium.jsonl.gz") {
        let avro = text(&line, "schema");
        schemas += 1;
        for record in line["records"].as_array().unwrap() {
            let bytes = STANDARD.decode(record.as_str().unwrap()).unwrap();
            let (schema, value) = read(avro, &bytes, None, &options)
                .unwrap_or_else(|failure| panic!("{}: {avro}", failure.into_error()));
            let (text, written) = write(schema.as_ref(), &value, &options)
                .unwrap_or_else(|failure| panic!("{}: {avro}", failure.into_error()));
            assert_eq!(text, avro);
            assert_eq!(written.as_deref(), Some(&*bytes), "{avro}");
            records += 1;
        }
    }
    assert_eq!((schemas, records), (58, 264));
}
