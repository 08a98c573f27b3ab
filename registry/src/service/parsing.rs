//! From the text of a request, or of a record, to a schema with its references.

use crate::avro::{AvroSchema, Strictness};
use crate::error::Failure;
use crate::guid::Guid;
use crate::record::Reference;
use crate::service::Service;
use crate::state::{State, Stored};

/// How deep references may go.
const DEEPEST: usize = 64;

/// A schema that somebody sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) schema_type: String,
    /// Empty where the request has none.
    pub(crate) schema: String,
    pub(crate) references: Vec<SentReference>,
}

/// A reference that somebody sent, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentReference {
    pub(crate) name: Option<String>,
    pub(crate) subject: Option<String>,
    /// -1 for the last one.
    pub(crate) version: Option<i32>,
}

/// A schema in the form in which it is stored and compared.
#[derive(Debug)]
pub(super) struct Canonical {
    pub(super) parsed: AvroSchema,
    pub(super) schema: String,
    pub(super) references: Vec<Reference>,
}

impl Canonical {
    pub(super) fn guid(&self) -> Guid {
        Guid::of(&self.schema, &self.references)
    }

    /// Whether a stored schema is this one (`ParsedSchema.canLookup`): the same references, or
    /// none and the text of all of them.
    pub(super) fn is_same_as(&self, stored: &Stored, parsed: &AvroSchema) -> bool {
        let record = &stored.record;
        let has_same_references =
            self.references.is_empty() || self.references == record.references;
        has_same_references
            && record.metadata.is_none()
            && record.rule_set.is_none()
            && self.parsed.is_equivalent(parsed)
    }
}

impl Service {
    /// Parses what was sent; none where it is empty.
    pub(super) fn canonical(
        &self,
        subject: &str,
        sent: &Sent,
        strictness: Strictness,
        normalize: bool,
    ) -> Result<Option<Canonical>, Failure> {
        if sent.schema.trim().is_empty() {
            return Ok(None);
        }
        check_type(&sent.schema_type)?;
        let state = self.store.state();
        let failed = |reason: &str| invalid(subject, sent, reason);
        let (texts, mut references) =
            resolve(&state, &sent.references, strictness).map_err(|reason| failed(&reason))?;
        let mut parsed = AvroSchema::parse(&sent.schema, &texts, strictness)
            .map_err(|error| failed(&error.0))?;
        if normalize {
            parsed = AvroSchema::parse(&parsed.normalized_text(), &texts, strictness)
                .map_err(|error| failed(&error.0))?;
            references.sort();
            references.dedup();
        }
        Ok(Some(Canonical {
            schema: parsed.canonical_text(),
            parsed,
            references,
        }))
    }

    /// Parses a stored schema.
    pub(super) fn parse_stored(&self, stored: &Stored) -> Result<AvroSchema, Failure> {
        parse_stored(&self.store.state(), stored)
    }
}

/// Parses a stored schema.
pub(super) fn parse_stored(state: &State, stored: &Stored) -> Result<AvroSchema, Failure> {
    let record = &stored.record;
    let sent = Sent {
        schema_type: record.schema_type.clone(),
        schema: record.schema.clone(),
        references: record.references.iter().map(SentReference::from).collect(),
    };
    check_type(&sent.schema_type)?;
    let failed = |reason: &str| invalid(&record.subject, &sent, reason);
    let (texts, _) =
        resolve(state, &sent.references, Strictness::Known).map_err(|reason| failed(&reason))?;
    AvroSchema::parse(&sent.schema, &texts, Strictness::Known).map_err(|error| failed(&error.0))
}

fn check_type(schema_type: &str) -> Result<(), Failure> {
    match schema_type {
        "AVRO" => Ok(()),
        "JSON" | "PROTOBUF" => Err(Failure::InvalidSchema(format!(
            "Invalid schema type {schema_type}: this registry has AVRO only"
        ))),
        other => Err(Failure::InvalidSchema(format!(
            "Invalid schema type {other}"
        ))),
    }
}

/// The texts of all that is referred to, in the order of need, and the references with their
/// versions (`AbstractSchemaProvider.resolveReferences`).
fn resolve(
    state: &State,
    references: &[SentReference],
    strictness: Strictness,
) -> Result<(Vec<String>, Vec<Reference>), String> {
    let mut resolution = Resolution {
        state,
        with_deleted: strictness == Strictness::Known,
        visited: Vec::new(),
        texts: Vec::new(),
    };
    let resolved = resolution.all(references, 0)?;
    let texts = resolution.texts.into_iter().map(|(_, text)| text).collect();
    Ok((texts, resolved))
}

struct Resolution<'s> {
    state: &'s State,
    /// A new schema may not refer to what is deleted.
    with_deleted: bool,
    visited: Vec<String>,
    texts: Vec<(String, String)>,
}

impl Resolution<'_> {
    fn all(
        &mut self,
        references: &[SentReference],
        depth: usize,
    ) -> Result<Vec<Reference>, String> {
        if depth > DEEPEST {
            return Err(format!(
                "references are nested deeper than {DEEPEST} levels"
            ));
        }
        references
            .iter()
            .map(|reference| self.one(reference, depth))
            .collect()
    }

    fn one(&mut self, reference: &SentReference, depth: usize) -> Result<Reference, String> {
        let (Some(name), Some(subject), Some(version)) =
            (&reference.name, &reference.subject, reference.version)
        else {
            return Err(format!("Invalid reference: {reference}"));
        };
        let found = if version == -1 {
            self.state.latest(subject)
        } else {
            self.state
                .version(subject, version)
                .filter(|stored| self.with_deleted || !stored.record.deleted)
                .cloned()
        };
        let Some(stored) = found else {
            return Err(format!(
                "No schema reference found for subject \"{subject}\" and version {version}"
            ));
        };
        if !self.visited.contains(name) {
            self.visited.push(name.clone());
            let nested: Vec<SentReference> = stored
                .record
                .references
                .iter()
                .map(SentReference::from)
                .collect();
            self.all(&nested, depth + 1)?;
            self.texts
                .push((name.clone(), stored.record.schema.clone()));
        }
        Ok(Reference {
            name: name.clone(),
            subject: subject.clone(),
            version: stored.record.version,
        })
    }
}

impl From<&Reference> for SentReference {
    fn from(reference: &Reference) -> Self {
        Self {
            name: Some(reference.name.clone()),
            subject: Some(reference.subject.clone()),
            version: Some(reference.version),
        }
    }
}

/// `SchemaReference.toString`.
impl std::fmt::Display for SentReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "null".to_owned());
        let version = self.version.map(|version| version.to_string());
        write!(
            f,
            "{{name='{}', subject='{}', version={}}}",
            text(&self.name),
            text(&self.subject),
            text(&version)
        )
    }
}

/// The registry's words about a schema that cannot be parsed, which show all of it.
fn invalid(subject: &str, sent: &Sent, reason: &str) -> Failure {
    let parts = sent.references.iter().map(|reference| {
        (
            reference.name.as_deref(),
            reference.subject.as_deref(),
            reference.version,
        )
    });
    let guid = Guid::of_parts(&sent.schema, parts);
    let shown: Vec<String> = sent.references.iter().map(ToString::to_string).collect();
    let shown = shown.join(", ");
    let (schema, kind) = (&sent.schema, &sent.schema_type);
    Failure::InvalidSchema(format!(
        "Invalid schema of type {kind}, details: Invalid schema {{subject={subject},version=null,id=null,guid={guid},schemaType={kind},references=[{shown}],metadata=null,ruleSet=null,schema={schema},schemaTags=null,ts=null,deleted=null}} with refs [{shown}] of type {kind}, details: {reason}"
    ))
}
