//! The setting `spec`.

use bytestring::ByteString;
use connect_api::data::Type;

use crate::keys::split_at_colons;
use crate::schemas::type_name;

/// The types that something can be cast to.
pub(super) const TARGETS: [Type; 8] = [
    Type::Int8,
    Type::Int16,
    Type::Int32,
    Type::Int64,
    Type::Float32,
    Type::Float64,
    Type::Boolean,
    Type::String,
];
const OTHERS: [Type; 4] = [Type::Array, Type::Map, Type::Struct, Type::Bytes];

/// What is cast to what.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spec {
    Whole(Type),
    Fields(Vec<(ByteString, Type)>),
}

impl Spec {
    /// Parses the parts of the setting; the error says what is wrong with them.
    pub(super) fn parse(parts: &[String]) -> Result<Self, String> {
        if parts.is_empty() {
            return Err("Must specify at least one field to cast.".to_owned());
        }
        let mut whole = None;
        let mut fields: Vec<(ByteString, Type)> = Vec::new();
        for part in parts {
            match split_at_colons(part).as_slice() {
                [target] => whole = Some(target_of(target)?),
                [name, target] => {
                    let (name, target) = (name.trim(), target_of(target)?);
                    match fields.iter_mut().find(|(known, _)| known == name) {
                        Some(field) => field.1 = target,
                        None => fields.push((name.into(), target)),
                    }
                }
                _ => return Err(format!("Invalid rename mapping: {part}")),
            }
        }
        match whole {
            None => Ok(Self::Fields(fields)),
            Some(target) if parts.len() == 1 => Ok(Self::Whole(target)),
            Some(_) => Err(
                "Cast transformations that specify a type to cast the entire value to may only \
                 specify a single cast in their spec"
                    .to_owned(),
            ),
        }
    }
}

fn target_of(text: &str) -> Result<Type, String> {
    let name = text.trim();
    let find = |types: &[Type]| {
        let mut types = types.iter();
        types
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
            .copied()
    };
    match find(&TARGETS) {
        Some(target) => Ok(target),
        None => Err(match find(&OTHERS) {
            Some(other) => format!(
                "Cast transformation does not support casting to {}; supported types are [{}]",
                type_name(other),
                type_names(&TARGETS)
            ),
            None => format!("Invalid type found in casting spec: {name}"),
        }),
    }
}

/// Types as an error lists them.
pub(super) fn type_names(types: &[Type]) -> String {
    let names: Vec<String> = types.iter().map(|kind| type_name(*kind)).collect();
    names.join(", ")
}
