//! Paths.

/// What a path names. Subjects and versions are as they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    Root,
    Subjects,
    Subject(String),
    Versions(String),
    Version(String, String),
    VersionSchema(String, String),
    ReferencedBy(String, String),
    Schemas,
    SchemaTypes,
    Id(String),
    IdSchema(String),
    IdSubjects(String),
    IdVersions(String),
    Guid(String),
    GuidIds(String),
    Compatibility(String),
    CompatibilityVersion(String, String),
    Config(Option<String>),
    Mode(Option<String>),
    Contexts,
    /// Of a resource with subjects: what the official clients ask for before they write to a topic.
    Associations,
    ServerId,
    ServerVersion,
    /// What Confluent's registry has and this one has not.
    Unsupported(&'static str),
}

/// The resource of a path, if there is one.
pub(super) fn resource(path: &str) -> Option<Resource> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Resource::Root);
    }
    let segments: Vec<&str> = path.split('/').collect();
    Some(match *segments.as_slice() {
        ["subjects"] => Resource::Subjects,
        ["subjects", subject] => Resource::Subject(decode(subject)?),
        ["subjects", _, "metadata"] => Resource::Unsupported("metadata"),
        ["subjects", subject, "versions"] => Resource::Versions(decode(subject)?),
        ["subjects", subject, "versions", ref rest @ ..] => {
            return of_version(decode(subject)?, rest);
        }
        ["schemas"] => Resource::Schemas,
        ["schemas", "types"] => Resource::SchemaTypes,
        ["schemas", "ids", id] => Resource::Id(decode(id)?),
        ["schemas", "ids", id, "schema"] => Resource::IdSchema(decode(id)?),
        ["schemas", "ids", id, "subjects"] => Resource::IdSubjects(decode(id)?),
        ["schemas", "ids", id, "versions"] => Resource::IdVersions(decode(id)?),
        ["schemas", "guids", guid] => Resource::Guid(decode(guid)?),
        ["schemas", "guids", guid, "ids"] => Resource::GuidIds(decode(guid)?),
        ["compatibility", "subjects", subject, "versions"] => {
            Resource::Compatibility(decode(subject)?)
        }
        ["compatibility", "subjects", subject, "versions", version] => {
            Resource::CompatibilityVersion(decode(subject)?, decode(version)?)
        }
        ["config"] => Resource::Config(None),
        ["config", subject] => Resource::Config(Some(decode(subject)?)),
        ["mode"] => Resource::Mode(None),
        ["mode", subject] => Resource::Mode(Some(decode(subject)?)),
        ["contexts"] => Resource::Contexts,
        ["contexts", _] => Resource::Unsupported("contexts"),
        ["associations", "resources", _, _] => Resource::Associations,
        ["associations", ..] => Resource::Unsupported("associations"),
        ["v1", "metadata", "id"] => Resource::ServerId,
        ["v1", "metadata", "version"] => Resource::ServerVersion,
        _ => return None,
    })
}

fn of_version(subject: String, rest: &[&str]) -> Option<Resource> {
    Some(match *rest {
        [version] => Resource::Version(subject, decode(version)?),
        [version, "schema"] => Resource::VersionSchema(subject, decode(version)?),
        [version, "referencedby"] => Resource::ReferencedBy(subject, decode(version)?),
        [_, "tags"] => Resource::Unsupported("tags"),
        _ => return None,
    })
}

/// Percent-decodes a path segment; none where that gives no UTF-8.
pub(super) fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}
