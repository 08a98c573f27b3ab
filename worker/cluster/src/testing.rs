//! Captured data for tests.

use std::io::Read;

use flate2::read::GzDecoder;

/// A topic's records as Connect 4.1.0 wrote them, in the order of the capture.
pub(crate) fn golden_topic(topic: &str) -> Vec<(String, Option<String>)> {
    let packed = include_bytes!("../tests/data/internal-topics-4.1.0.txt.gz");
    let mut text = String::new();
    GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let heading = format!("== {topic} ");
    let records: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with(&heading))
        .skip(1)
        .take_while(|line| !line.starts_with("=="))
        .filter_map(|line| line.split_once(" K=")?.1.split_once("  V="))
        .map(|(key, value)| {
            let value = (value != "<tombstone>").then(|| value.to_owned());
            (key.to_owned(), value)
        })
        .collect();
    assert!(!records.is_empty(), "no records of {topic}");
    records
}
