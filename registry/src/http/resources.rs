//! What each resource answers.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use super::answer::Answer;
use super::body;
use super::query::Query;
use super::route::Resource;
use crate::error::Failure;
use crate::service::{CONTEXT, Entity, Service, Version, shown_config};
use crate::state::{Deleted, Stored};

/// `schema.search.default.limit`, of `/schemas`.
const SCHEMAS_LIMIT: usize = 1000;

type Answered = Result<Answer, Failure>;

/// The answer of a resource; none if it does not take the method.
pub(super) async fn answer(
    service: &Service,
    resource: Resource,
    method: &Method,
    query: &Query,
    body: &[u8],
) -> Option<Answered> {
    if let Resource::Unsupported(what) = resource {
        let message = format!("{what} are not supported by this registry");
        return Some(Err(Failure::request(501, message)));
    }
    if matches!(resource, Resource::Associations) {
        // None can be made here, so there are none (AssociationsResource.getAssociationsByResourceName).
        let none = (*method == Method::GET).then(|| Answer::Json(json!([])));
        let refused = "associations are not supported by this registry".to_owned();
        return Some(none.ok_or_else(|| Failure::request(501, refused)));
    }
    if *method == Method::GET {
        return get(service, &resource, query);
    }
    Some(match (resource, method.as_str()) {
        (Resource::Subject(subject), "POST") => lookup(service, &subject, query, body),
        (Resource::Subject(subject), "DELETE") => service
            .delete_subject(&subject, query.flag("permanent"))
            .await
            .and_then(|versions| Answer::json(&versions)),
        (Resource::Versions(subject), "POST") => register(service, &subject, query, body).await,
        (Resource::Version(subject, version), "DELETE") => {
            delete_version(service, &subject, &version, query).await
        }
        (Resource::Compatibility(subject), "POST") => {
            compatibility(service, &subject, None, query, body)
        }
        (Resource::CompatibilityVersion(subject, version), "POST") => {
            compatibility(service, &subject, Some(&version), query, body)
        }
        (Resource::Config(subject), "PUT") => set_config(service, subject, body).await,
        (Resource::Config(subject), "DELETE") => service
            .delete_config(subject.as_deref())
            .await
            .map(|config| Answer::Json(shown_config(&config, "compatibilityLevel"))),
        (Resource::Mode(subject), "PUT") => set_mode(service, subject, query, body).await,
        (Resource::Mode(subject), "DELETE") => service
            .delete_mode(subject.as_deref(), query.flag("recursive"))
            .await
            .map(|mode| match mode {
                Some(mode) => Answer::Json(json!({"mode": mode.name()})),
                None => Answer::Json(json!({})),
            }),
        _ => return None,
    })
}

fn get(service: &Service, resource: &Resource, query: &Query) -> Option<Answered> {
    Some(match resource {
        Resource::Root => Ok(Answer::Json(json!({}))),
        Resource::Subjects => subjects(service, query),
        Resource::Versions(subject) => versions(service, subject, query),
        Resource::Version(subject, version) => {
            version_of(service, subject, version, query).and_then(|entity| Answer::json(&entity))
        }
        Resource::VersionSchema(subject, version) => {
            version_of(service, subject, version, query).map(|entity| Answer::Text(entity.schema))
        }
        Resource::ReferencedBy(subject, version) => referenced_by(service, subject, version, query),
        Resource::Schemas => schemas(service, query),
        Resource::SchemaTypes => Ok(Answer::Json(json!(["AVRO"]))),
        Resource::Id(id) => by_id(service, id, query),
        Resource::IdSchema(id) => find_id(service, id, query)
            .and_then(|stored| formatted(service, &stored, query))
            .map(|entity| Answer::Text(entity.schema)),
        Resource::IdSubjects(id) => uses(service, id, query).and_then(|uses| {
            let subjects: Vec<Value> = uses.into_iter().map(|(subject, _)| subject).collect();
            page(subjects, query, usize::MAX).map(Answer::Json)
        }),
        Resource::IdVersions(id) => uses(service, id, query).and_then(|uses| {
            let versions = uses
                .into_iter()
                .map(|(subject, version)| json!({"subject": subject, "version": version}))
                .collect();
            page(versions, query, usize::MAX).map(Answer::Json)
        }),
        Resource::Guid(guid) => match service.by_guid(guid) {
            Some(stored) => formatted(service, &stored, query)
                .map(|entity| Answer::Json(schema_string(&entity, false))),
            None => Err(Failure::IdNotFound(guid.clone())),
        },
        Resource::GuidIds(guid) => {
            let stored = service.by_guid(guid);
            let ids = stored.map(|stored| json!({"context": CONTEXT, "id": stored.record.id}));
            Ok(Answer::Json(ids.into_iter().collect()))
        }
        Resource::Config(subject) => config(service, subject.as_deref(), query),
        Resource::Mode(subject) => mode(service, subject.as_deref(), query),
        Resource::Contexts => Ok(Answer::Json(json!([CONTEXT]))),
        Resource::ServerId => Ok(Answer::Json(json!({
            "scope": {"path": [], "clusters": {"schema-registry-cluster": "schema-registry"}}
        }))),
        Resource::ServerVersion => Ok(Answer::Json(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "commitId": "connectd",
        }))),
        _ => return None,
    })
}

/// A path's number; what is none is no path (Jersey answers 404).
fn id(text: &str) -> Result<i32, Failure> {
    text.parse()
        .map_err(|_| Failure::request(404, "HTTP 404 Not Found"))
}

fn deleted(query: &Query) -> Deleted {
    if query.flag("deletedOnly") {
        Deleted::Only
    } else {
        included(query)
    }
}

fn included(query: &Query) -> Deleted {
    if query.flag("deleted") {
        Deleted::With
    } else {
        Deleted::Without
    }
}

/// `offset` and `limit` of a list.
fn page(list: Vec<Value>, query: &Query, most: usize) -> Result<Value, Failure> {
    let not_found = |()| Failure::request(404, "HTTP 404 Not Found");
    let offset = query.number("offset").map_err(not_found)?.unwrap_or(0);
    let limit = query.number("limit").map_err(not_found)?.unwrap_or(-1);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| *limit > 0 && *limit <= most)
        .unwrap_or(most);
    let offset =
        usize::try_from(offset).map_err(|_| Failure::request(500, "Internal Server Error"))?;
    Ok(list.into_iter().skip(offset).take(limit).collect())
}

fn subjects(service: &Service, query: &Query) -> Answered {
    let prefix = match query.value("subjectPrefix") {
        // The wildcard of contexts, of which there is one.
        None | Some(":*:") => "",
        Some(prefix) => prefix.strip_prefix(":*:").unwrap_or(prefix),
    };
    let subjects = service.subjects(prefix, deleted(query));
    let subjects = subjects.into_iter().map(Value::from).collect();
    page(subjects, query, usize::MAX).map(Answer::Json)
}

fn versions(service: &Service, subject: &str, query: &Query) -> Answered {
    let as_negative = query.flag("deletedAsNegative");
    let which = deleted(query);
    let versions = if as_negative {
        // Whether the subject is there is decided as if it had not been asked for.
        service.versions(subject, which)?;
        service.versions(subject, Deleted::With)?
    } else {
        service.versions(subject, which)?
    };
    let number = |stored: &Arc<Stored>| {
        let record = &stored.record;
        let sign = if as_negative && record.deleted { -1 } else { 1 };
        Value::from(sign * record.version)
    };
    page(versions.iter().map(number).collect(), query, usize::MAX).map(Answer::Json)
}

fn version_of(
    service: &Service,
    subject: &str,
    version: &str,
    query: &Query,
) -> Result<Entity, Failure> {
    let version = Version::parse(version)?;
    let stored = service.version(subject, version, included(query))?;
    formatted(service, &stored, query)
}

/// With the text in the form that `format` asks for.
fn formatted(service: &Service, stored: &Stored, query: &Query) -> Result<Entity, Failure> {
    if query.value("findTags").is_some() {
        return Err(Failure::Unsupported(
            "'findTags' is not supported by this registry".to_owned(),
        ));
    }
    let mut entity = Entity::from(stored);
    if let Some(format) = query
        .value("format")
        .filter(|format| !format.trim().is_empty())
    {
        entity.schema = service.formatted(stored, format)?;
    }
    Ok(entity)
}

fn referenced_by(service: &Service, subject: &str, version: &str, query: &Query) -> Answered {
    let version = Version::parse(version)?;
    let ids = service.referenced_by(subject, version, included(query))?;
    let ids = ids.into_iter().map(Value::from).collect();
    page(ids, query, usize::MAX).map(Answer::Json)
}

fn schemas(service: &Service, query: &Query) -> Answered {
    let prefix = query.value("subjectPrefix").unwrap_or_default();
    let prefix = prefix.strip_prefix(":*:").unwrap_or(prefix);
    let schemas = service.schemas(prefix, included(query), query.flag("latestOnly"));
    let schemas = schemas
        .iter()
        .map(|stored| Answer::json(&Entity::from(&**stored)))
        .map(|answer| match answer? {
            Answer::Json(value) => Ok(value),
            Answer::Text(text) => Ok(Value::from(text)),
        })
        .collect::<Result<Vec<Value>, Failure>>()?;
    page(schemas, query, SCHEMAS_LIMIT).map(Answer::Json)
}

fn find_id(service: &Service, text: &str, query: &Query) -> Result<Arc<Stored>, Failure> {
    let id = id(text)?;
    service
        .by_id(id, query.value("subject"))
        .ok_or_else(|| Failure::IdNotFound(id.to_string()))
}

fn by_id(service: &Service, text: &str, query: &Query) -> Answered {
    let stored = find_id(service, text, query)?;
    let entity = formatted(service, &stored, query)?;
    let mut shown = schema_string(&entity, true);
    if let (Value::Object(members), true) = (&mut shown, query.flag("fetchMaxId")) {
        let place = members.keys().position(|name| name == "ts");
        let place = place.unwrap_or(members.len());
        members.shift_insert(place, "maxId".to_owned(), Value::from(service.largest_id()));
    }
    Ok(Answer::Json(shown))
}

/// A schema without its id, and without its place where it was asked for by its guid
/// (`SchemaString`).
fn schema_string(entity: &Entity, with_place: bool) -> Value {
    let mut shown = json!(entity);
    if let Value::Object(members) = &mut shown {
        members.shift_remove("id");
        if !with_place {
            members.shift_remove("subject");
            members.shift_remove("version");
        }
    }
    shown
}

fn uses(service: &Service, text: &str, query: &Query) -> Result<Vec<(Value, i32)>, Failure> {
    let uses = service.uses(id(text)?, query.value("subject"), included(query))?;
    Ok(uses
        .into_iter()
        .map(|place| (Value::from(place.subject), place.version))
        .collect())
}

fn lookup(service: &Service, subject: &str, query: &Query, body: &[u8]) -> Answered {
    let registration = body::registration(body)?;
    let normalize = query.flag("normalize");
    let entity = service.lookup(subject, &registration.sent, normalize, included(query))?;
    Answer::json(&entity)
}

async fn register(service: &Service, subject: &str, query: &Query, body: &[u8]) -> Answered {
    let registration = body::registration(body)?;
    check_subject(subject)?;
    let entity = service
        .register(subject, registration, query.flag("normalize"))
        .await?;
    // `RegisterSchemaResponse`: the id first, and no subject.
    let mut shown = json!({"id": entity.id});
    if let (Value::Object(shown), Value::Object(rest)) = (&mut shown, json!(entity)) {
        shown.extend(
            rest.into_iter()
                .filter(|(name, _)| name != "subject" && name != "id"),
        );
    }
    Ok(Answer::Json(shown))
}

async fn delete_version(
    service: &Service,
    subject: &str,
    version: &str,
    query: &Query,
) -> Answered {
    let version = Version::parse(version)?;
    let deleted = service
        .delete_version(subject, version, query.flag("permanent"))
        .await?;
    Answer::json(&deleted)
}

fn compatibility(
    service: &Service,
    subject: &str,
    version: Option<&str>,
    query: &Query,
    body: &[u8],
) -> Answered {
    let registration = body::registration(body)?;
    let (sent, normalize) = (&registration.sent, query.flag("normalize"));
    let checked = match version {
        Some(version) => service.check_version(subject, Version::parse(version)?, sent, normalize),
        None => service.check_subject(subject, sent, normalize),
    };
    let is_verbose = query.flag("verbose");
    let messages = match checked {
        Err(Failure::InvalidSchema(message)) if is_verbose => vec![message],
        other => other?,
    };
    let mut answer = json!({"is_compatible": messages.is_empty()});
    if is_verbose {
        answer["messages"] = json!(messages);
    }
    Ok(Answer::Json(answer))
}

fn config(service: &Service, subject: Option<&str>, query: &Query) -> Answered {
    let config = if query.flag("defaultToGlobal") {
        service.config_in_scope(subject)
    } else {
        service.config(subject)?
    };
    Ok(Answer::Json(shown_config(&config, "compatibilityLevel")))
}

async fn set_config(service: &Service, subject: Option<String>, body: &[u8]) -> Answered {
    let change = body::config(body)?;
    if let Some(subject) = &subject {
        check_subject(subject)?;
    }
    let config = service.set_config(subject.as_deref(), change).await?;
    Ok(Answer::Json(shown_config(&config, "compatibility")))
}

fn mode(service: &Service, subject: Option<&str>, query: &Query) -> Answered {
    let mode = if query.flag("defaultToGlobal") {
        service.mode_in_scope(subject)
    } else {
        service.mode(subject)?
    };
    Ok(Answer::Json(json!({"mode": mode.name()})))
}

async fn set_mode(
    service: &Service,
    subject: Option<String>,
    query: &Query,
    body: &[u8],
) -> Answered {
    let (mode, shown) = body::mode(body)?;
    if let Some(subject) = &subject {
        check_subject(subject)?;
    }
    service
        .set_mode(subject.as_deref(), mode, query.flag("force"))
        .await?;
    Ok(Answer::Json(shown))
}

/// `QualifiedSubject.isValidSubject`; subjects of contexts are refused too.
fn check_subject(subject: &str) -> Result<(), Failure> {
    if subject.starts_with(":.") {
        return Err(Failure::Unsupported(format!(
            "the subject '{subject}' is in a context, and contexts are not supported by this registry"
        )));
    }
    let is_reserved = ["__GLOBAL", "__EMPTY"].contains(&subject);
    if is_reserved || subject.chars().any(char::is_control) {
        return Err(Failure::InvalidSubject(subject.to_owned()));
    }
    Ok(())
}
