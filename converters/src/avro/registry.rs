//! What the converter asks a schema registry for.

use std::sync::Arc;

use connect_api::{Error, Result};

use super::client::{Client, Refusal, Request};
use super::compat;
use super::config::WriteWith;
use super::json::{Json, member};
use super::schema::AvroSchema;
use super::schema_parse;
use super::subject::Subject;
use crate::java::json::write_string;

/// How deep schemas may refer to others.
const MAX_REFERENCES: usize = 100;

/// The schema that a record is written with.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    pub(super) id: u32,
    /// The registry's schema; none where it is the record's own.
    pub(super) schema: Option<Arc<AvroSchema>>,
}

/// The schema that a record was written with.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) schema: AvroSchema,
    /// Its version among the subject's, if the registry has it there.
    pub(super) version: Option<i32>,
}

/// The id to write with for `subject`, whose records have the schema `text`.
pub(super) async fn writer(
    client: &mut Client,
    subject: &str,
    text: &str,
    with: WriteWith,
    normalize: bool,
) -> Result<Writer> {
    let (doing, answer) = match with {
        WriteWith::Registered => (
            "Error registering Avro schema",
            register(client, subject, text, normalize).await,
        ),
        WriteWith::Known => (
            "Error retrieving Avro schema",
            lookup(client, subject, text, normalize, false).await,
        ),
        WriteWith::Latest(strict) => (
            "Error retrieving latest version of Avro schema",
            latest(client, subject, text, strict).await,
        ),
        WriteWith::Id(id, strict) => (
            "Error retrieving schema ID",
            by_id(client, subject, id, text, strict).await,
        ),
    };
    answer.map_err(|error| error.while_doing(format!("{doing} for subject {subject}: {text}")))
}

async fn register(
    client: &mut Client,
    subject: &str,
    text: &str,
    normalize: bool,
) -> Result<Writer> {
    let normalize = normalize.to_string();
    let request = Request {
        path: &["subjects", subject, "versions"],
        query: &[("normalize", &normalize)],
        body: Some(schema_body(text, &[])),
    };
    let answer = client.call(&request).await.map_err(Refusal::into_error)?;
    Ok(Writer {
        id: id_of(&answer)?,
        schema: None,
    })
}

async fn lookup(
    client: &mut Client,
    subject: &str,
    text: &str,
    normalize: bool,
    deleted: bool,
) -> Result<Writer> {
    let answer = lookup_answer(client, subject, (text, &[]), normalize, deleted).await;
    let answer = answer.map_err(Refusal::into_error)?;
    Ok(Writer {
        id: id_of(&answer)?,
        schema: None,
    })
}

async fn lookup_answer(
    client: &mut Client,
    subject: &str,
    (text, references): (&str, &[Json]),
    normalize: bool,
    deleted: bool,
) -> Result<Json, Refusal> {
    let (normalize, deleted) = (normalize.to_string(), deleted.to_string());
    let request = Request {
        path: &["subjects", subject],
        query: &[("normalize", &normalize), ("deleted", &deleted)],
        body: Some(schema_body(text, references)),
    };
    client.call(&request).await
}

async fn latest(client: &mut Client, subject: &str, text: &str, strict: bool) -> Result<Writer> {
    let request = Request {
        path: &["subjects", subject, "versions", "latest"],
        query: &[],
        body: None,
    };
    let answer = client.call(&request).await.map_err(Refusal::into_error)?;
    let schema = parsed(client, &answer).await?;
    if strict {
        check(&schema, text, "latest.compatibility.strict")?;
    }
    Ok(Writer {
        id: id_of(&answer)?,
        schema: Some(Arc::new(schema)),
    })
}

async fn by_id(
    client: &mut Client,
    subject: &str,
    id: u32,
    text: &str,
    strict: bool,
) -> Result<Writer> {
    let answer = schema_of_id(client, subject, id).await;
    let schema = parsed(client, &answer.map_err(Refusal::into_error)?).await?;
    if strict {
        check(&schema, text, "id.compatibility.strict")?;
    }
    Ok(Writer {
        id,
        schema: Some(Arc::new(schema)),
    })
}

/// The schema of a record's id, and which version of its subject it is.
pub(super) async fn written(
    client: &mut Client,
    subject: &Subject,
    id: u32,
    with_version: bool,
) -> Result<Written> {
    let doing = || format!("Error retrieving Avro schema for id {id}");
    let before = subject.without_schema().unwrap_or_default();
    let answer = schema_of_id(client, &before, id).await;
    let answer = answer.map_err(|refusal| refusal.into_error().while_doing(doing()))?;
    let schema = parsed(client, &answer)
        .await
        .map_err(|error| error.while_doing(doing()))?;
    if !with_version {
        return Ok(Written {
            schema,
            version: None,
        });
    }
    // The name of the record may be the subject's.
    let subject = subject.name(schema.root_name().as_deref())?;
    let version = version_of(client, &subject, &answer)
        .await
        .map_err(|error| error.while_doing(format!("{} in subject {subject}", doing())))?;
    Ok(Written { schema, version })
}

/// Where the subject does not have the schema, the original fails; the record
/// can be read without knowing the version, so that we do.
async fn version_of(client: &mut Client, subject: &str, answer: &Json) -> Result<Option<i32>> {
    let text = text_of(answer)?;
    let references = answer
        .get("references")
        .and_then(Json::items)
        .unwrap_or(&[]);
    match lookup_answer(client, subject, (text, references), false, true).await {
        Ok(answer) => Ok(answer
            .get("version")
            .and_then(Json::as_i64)
            .and_then(|version| i32::try_from(version).ok())),
        Err(refusal) if refusal.is_not_found() => Ok(None),
        Err(refusal) => Err(refusal.into_error()),
    }
}

async fn schema_of_id(client: &mut Client, subject: &str, id: u32) -> Result<Json, Refusal> {
    let id = id.to_string();
    let mut query = vec![("fetchMaxId", "false")];
    if !subject.is_empty() {
        query.push(("subject", subject));
    }
    let request = Request {
        path: &["schemas", "ids", &id],
        query: &query,
        body: None,
    };
    client.call(&request).await
}

/// The schema in an answer, with those that it refers to.
async fn parsed(client: &mut Client, answer: &Json) -> Result<AvroSchema> {
    match answer.get("schemaType").and_then(Json::as_str) {
        None | Some("AVRO") => {}
        Some(other) => {
            return Err(Error::data(format!(
                "the schema is of type {other}, not AVRO: another converter reads it"
            )));
        }
    }
    let references = references(client, answer).await?;
    schema_parse::parse(text_of(answer)?, &references).map_err(|failure| {
        failure
            .into_error()
            .while_doing("reading the registry's Avro schema")
    })
}

/// The texts of the schemas that `answer` refers to, each after those that it
/// refers to itself.
async fn references(client: &mut Client, answer: &Json) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut known: Vec<(String, i64)> = Vec::new();
    let mut pending = vec![answer.clone()];
    while let Some(present) = pending.last().cloned() {
        let next = present
            .get("references")
            .and_then(Json::items)
            .unwrap_or(&[])
            .iter()
            .filter_map(|reference| {
                let subject = reference.get("subject")?.as_str()?.to_owned();
                Some((subject, reference.get("version")?.as_i64()?))
            })
            .find(|reference| !known.contains(reference));
        let Some((subject, version)) = next else {
            pending.pop();
            if !pending.is_empty() {
                texts.push(text_of(&present)?.to_owned());
            }
            continue;
        };
        if known.len() >= MAX_REFERENCES {
            return Err(Error::data(format!(
                "the schema refers to more than {MAX_REFERENCES} others"
            )));
        }
        let version_text = version.to_string();
        let request = Request {
            path: &["subjects", &subject, "versions", &version_text],
            query: &[],
            body: None,
        };
        let answer = client.call(&request).await.map_err(|refusal| {
            refusal.into_error().while_doing(format!(
                "Error retrieving the schema of subject {subject}, version {version}"
            ))
        })?;
        known.push((subject, version));
        pending.push(answer);
    }
    Ok(texts)
}

fn check(reader: &AvroSchema, writer: &str, setting: &str) -> Result<()> {
    let writer = schema_parse::parse(writer, &[]).map_err(crate::failure::Failure::into_error)?;
    compat::check(reader, &writer).map_err(|reason| {
        Error::data(format!(
            "Incompatible schema of type 'AVRO': {reason}. Set {setting}=false to disable this check"
        ))
    })
}

fn text_of(answer: &Json) -> Result<&str> {
    answer
        .get("schema")
        .and_then(Json::as_str)
        .ok_or_else(|| unexpected(answer, "schema"))
}

fn id_of(answer: &Json) -> Result<u32> {
    answer
        .get("id")
        .and_then(Json::as_i64)
        .and_then(|id| u32::try_from(id).ok())
        .ok_or_else(|| unexpected(answer, "id"))
}

fn unexpected(answer: &Json, missing: &str) -> Error {
    let shown: String = answer.to_text().chars().take(300).collect();
    Error::data(format!(
        "the schema registry's answer has no valid \"{missing}\": {shown}"
    ))
}

fn schema_body(text: &str, references: &[Json]) -> String {
    let mut out = Vec::with_capacity(text.len() + 64);
    out.push(b'{');
    if !references.is_empty() {
        member(&mut out, "references");
        Json::Array(references.to_vec()).write(&mut out);
        out.push(b',');
    }
    member(&mut out, "schema");
    write_string(&mut out, text);
    out.push(b'}');
    // Only strings and ASCII were written.
    String::from_utf8_lossy(&out).into_owned()
}
