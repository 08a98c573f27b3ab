//! Content types: what the registry reads and writes (`Versions`).

use axum::http::{HeaderMap, header};

const REGISTRY_V1: &str = "application/vnd.schemaregistry.v1+json";
const REGISTRY: &str = "application/vnd.schemaregistry+json";
const JSON: &str = "application/json";
/// What a client that says nothing sends.
const ANYTHING: &str = "application/octet-stream";

/// What an answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    RegistryV1,
    Registry,
    Json,
}

/// In the order of preference.
const OFFERED: [MediaType; 3] = [MediaType::RegistryV1, MediaType::Registry, MediaType::Json];

impl MediaType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RegistryV1 => REGISTRY_V1,
            Self::Registry => REGISTRY,
            Self::Json => JSON,
        }
    }

    /// How much the registry itself prefers it.
    fn preference(self) -> f32 {
        match self {
            Self::RegistryV1 => 1.0,
            Self::Registry => 0.9,
            Self::Json => 0.5,
        }
    }

    /// The one that a request wants most; none if it accepts none of them.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut accepted = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|range| !range.is_empty())
            .peekable();
        if accepted.peek().is_none() {
            return Some(Self::RegistryV1);
        }
        let ranges: Vec<(String, f32)> = accepted.map(range).collect();
        let mut best: Option<(Self, f32, f32)> = None;
        for offered in OFFERED {
            let quality = ranges
                .iter()
                .filter(|(range, _)| covers(range, offered.name()))
                .map(|(_, quality)| *quality)
                .fold(0.0, f32::max);
            let preference = offered.preference();
            let is_better = best.is_none_or(|(_, best_quality, best_preference)| {
                (quality, preference) > (best_quality, best_preference)
            });
            if quality > 0.0 && is_better {
                best = Some((offered, quality, preference));
            }
        }
        best.map(|(offered, ..)| offered)
    }
}

/// A media range and its quality.
fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts
        .filter_map(|part| part.strip_prefix("q="))
        .find_map(|quality| quality.parse().ok())
        .unwrap_or(1.0);
    (range, quality)
}

fn covers(range: &str, name: &str) -> bool {
    range == name || range == "*/*" || range == "application/*"
}

/// Whether a body of this type is read.
pub(super) fn is_readable(content_type: &str) -> bool {
    let (range, _) = range(content_type);
    [REGISTRY_V1, REGISTRY, JSON, ANYTHING].contains(&range.as_str())
}
