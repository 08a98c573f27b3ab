//! Compares records with recorded ones.

use connectd_harness::Record;

use crate::accepted::Accepted;
use crate::mask::mask;

/// Headers whose values are of one run of a task, or a place in the binlog.
const RUN_HEADERS: &[&str] = &["__debezium.context.runId", "__source_pos"];

/// How two topics differ, one line per difference.
pub(crate) fn differences(
    topic: &str,
    recorded: &[Record],
    ours: &[Record],
    accepted: &mut Accepted,
) -> Vec<String> {
    let mut found = Vec::new();
    if recorded.len() != ours.len() {
        found.push(format!(
            "{topic}: {} records instead of {}",
            ours.len(),
            recorded.len()
        ));
    }
    for (position, (recorded, ours)) in recorded.iter().zip(ours).enumerate() {
        let place = format!("{topic}[{position}]");
        if recorded.partition != ours.partition {
            found.push(format!(
                "{place}: partition {} instead of {}",
                ours.partition, recorded.partition
            ));
        }
        let parts = [
            ("key", &recorded.key, &ours.key),
            ("value", &recorded.value, &ours.value),
        ];
        for (part, recorded, ours) in parts {
            let place = format!("{place} {part}");
            found.extend(bytes(
                topic,
                &place,
                recorded.as_deref(),
                ours.as_deref(),
                accepted,
            ));
        }
        found.extend(headers(topic, &place, recorded, ours, accepted));
    }
    found
}

fn headers(
    topic: &str,
    place: &str,
    recorded: &Record,
    ours: &Record,
    accepted: &mut Accepted,
) -> Vec<String> {
    let names = |record: &Record| -> Vec<String> {
        record
            .headers
            .iter()
            .map(|(name, _)| name.clone())
            .collect()
    };
    if names(recorded) != names(ours) {
        return vec![format!(
            "{place}: headers {:?} instead of {:?}",
            names(ours),
            names(recorded)
        )];
    }
    let mut found = Vec::new();
    for ((name, recorded), (_, ours)) in recorded.headers.iter().zip(&ours.headers) {
        if RUN_HEADERS.contains(&name.as_str()) {
            let shape = |value: &Option<Vec<u8>>| value.as_ref().map(|value| shape(value));
            if shape(recorded) != shape(ours) {
                found.push(format!(
                    "{place}: header {name} is {ours:?} instead of {recorded:?}"
                ));
            }
            continue;
        }
        let place = format!("{place} header {name}");
        found.extend(bytes(
            topic,
            &place,
            recorded.as_deref(),
            ours.as_deref(),
            accepted,
        ));
    }
    found
}

/// `8-4-4-4-12` for a UUID, `number` for a number.
fn shape(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    if text.parse::<u64>().is_ok() {
        return "number".to_owned();
    }
    let lengths = text.split('-').map(|part| part.len().to_string());
    lengths.collect::<Vec<String>>().join("-")
}

fn bytes(
    topic: &str,
    place: &str,
    recorded: Option<&[u8]>,
    ours: Option<&[u8]>,
    accepted: &mut Accepted,
) -> Option<String> {
    let (recorded, ours) = match (recorded, ours) {
        (None, None) => return None,
        (Some(recorded), Some(ours)) => (recorded, ours),
        (Some(recorded), None) => {
            return Some(format!("{place}: null instead of {}", lossy(recorded)));
        }
        (None, Some(ours)) => return Some(format!("{place}: {} instead of null", lossy(ours))),
    };
    let (Ok(recorded), Ok(ours)) = (std::str::from_utf8(recorded), std::str::from_utf8(ours))
    else {
        return (recorded != ours).then(|| format!("{place}: {ours:?} instead of {recorded:?}"));
    };
    let recorded = accepted.apply(topic, recorded);
    let (recorded, recorded_times) = mask(&recorded, accepted.times());
    let (ours, our_times) = mask(ours, accepted.times());
    if recorded != ours {
        return Some(first_difference(place, &recorded, &ours));
    }
    for (recorded, ours) in recorded_times.iter().zip(&our_times) {
        if recorded.is_whole_second() && !ours.is_whole_second() {
            return Some(format!("{place}: {ours:?} has a fraction of a second"));
        }
    }
    None
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(300).collect()
}

/// Both texts around where they begin to differ.
fn first_difference(place: &str, recorded: &str, ours: &str) -> String {
    let same = recorded
        .chars()
        .zip(ours.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let around = |text: &str| -> String {
        text.chars()
            .skip(same.saturating_sub(70))
            .take(190)
            .collect()
    };
    format!(
        "{place} at {same}:\n    recorded …{}\n    ours     …{}",
        around(recorded),
        around(ours)
    )
}
