//! Sets of global transaction ids (`uuid:1-5:7,uuid:tag:1-3`).

use std::fmt;

use connect_api::{Error, Result};
use mysql_async::{GnoInterval, Sid};
use mysql_common::packets::Tag;

/// A set of global transaction ids, in the order in which their sources came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GtidSet {
    sources: Vec<Source>,
}

/// The transactions of one source: a server's UUID, and a tag if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    name: String,
    /// Ranges, both ends included; sorted, apart from each other.
    ranges: Vec<(u64, u64)>,
}

impl GtidSet {
    /// Parses the text that servers show; line breaks and blanks do not count.
    pub fn parse(text: &str) -> Result<Self> {
        let mut set = Self::default();
        for part in text.split(',') {
            let part: String = part.chars().filter(|c| !c.is_whitespace()).collect();
            if part.is_empty() {
                continue;
            }
            set.parse_source(&part.to_lowercase())
                .ok_or_else(|| Error::data(format!("'{part}' is not a part of a GTID set")))?;
        }
        Ok(set)
    }

    fn parse_source(&mut self, part: &str) -> Option<()> {
        let (uuid, rest) = part.split_once(':')?;
        uuid::Uuid::parse_str(uuid).ok()?;
        let mut name = uuid.to_owned();
        for piece in rest.split(':') {
            if piece.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                // Since 8.3 a tag may stand before ranges.
                name = format!("{uuid}:{piece}");
                continue;
            }
            let (from, to) = piece.split_once('-').unwrap_or((piece, piece));
            self.add_range(&name, from.parse().ok()?, to.parse().ok()?);
        }
        Some(())
    }

    /// True without any transaction.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Adds one transaction: its source's name and number.
    pub fn add(&mut self, source: &str, number: u64) {
        self.add_range(source, number, number);
    }

    fn add_range(&mut self, name: &str, from: u64, to: u64) {
        if from == 0 || to < from {
            return;
        }
        let index = match self.sources.iter().position(|source| source.name == name) {
            Some(index) => index,
            None => {
                self.sources.push(Source {
                    name: name.to_owned(),
                    ranges: Vec::new(),
                });
                self.sources.len() - 1
            }
        };
        insert_range(&mut self.sources[index].ranges, from, to);
    }

    /// The sources whose UUID `keep` says yes to.
    #[must_use]
    pub fn retain(&self, keep: impl Fn(&str) -> bool) -> Self {
        let uuid = |source: &&Source| keep(source.name.split(':').next().unwrap_or_default());
        Self {
            sources: self.sources.iter().filter(uuid).cloned().collect(),
        }
    }

    /// The sources that `other` has too, with all their transactions here.
    #[must_use]
    pub fn retain_sources_of(&self, other: &Self) -> Self {
        let known = |source: &&Source| other.sources.iter().any(|known| known.name == source.name);
        Self {
            sources: self.sources.iter().filter(known).cloned().collect(),
        }
    }

    /// This set without the transactions of `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut left = Self::default();
        for source in &self.sources {
            let taken = other.ranges(&source.name);
            let ranges = subtract(&source.ranges, taken);
            if !ranges.is_empty() {
                left.sources.push(Source {
                    name: source.name.clone(),
                    ranges,
                });
            }
        }
        left
    }

    /// All transactions of both.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        for source in &other.sources {
            for &(from, to) in &source.ranges {
                sum.add_range(&source.name, from, to);
            }
        }
        sum
    }

    /// True if `other` has all transactions of this set.
    pub fn is_within(&self, other: &Self) -> bool {
        self.minus(other).is_empty()
    }

    fn ranges(&self, name: &str) -> &[(u64, u64)] {
        self.sources
            .iter()
            .find(|source| source.name == name)
            .map_or(&[], |source| &source.ranges)
    }

    /// The set as the request for a binlog has it.
    pub fn to_sids(&self) -> Result<Vec<Sid<'static>>> {
        self.sources.iter().map(to_sid).collect()
    }
}

fn to_sid(source: &Source) -> Result<Sid<'static>> {
    let malformed = || Error::data(format!("'{}' is not the source of a GTID", source.name));
    let (uuid, tag) = match source.name.split_once(':') {
        Some((uuid, tag)) => (uuid, Some(tag)),
        None => (source.name.as_str(), None),
    };
    let uuid = uuid::Uuid::parse_str(uuid).map_err(|_| malformed())?;
    let intervals = source
        .ranges
        .iter()
        // The protocol's ends are not included.
        .map(|&(from, to)| GnoInterval::new(from, to.saturating_add(1)))
        .collect();
    let sid = Sid::new(*uuid.as_bytes()).with_intervals(intervals);
    match tag {
        Some(tag) => Ok(sid.with_tag(Tag::new(tag.to_owned()).map_err(|_| malformed())?)),
        None => Ok(sid),
    }
}

fn insert_range(ranges: &mut Vec<(u64, u64)>, from: u64, to: u64) {
    // Transactions come in order almost always: the last range grows by one.
    if let Some(last) = ranges.last_mut().filter(|last| from == last.1 + 1) {
        last.1 = to;
        return;
    }
    ranges.push((from, to));
    ranges.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for &(from, to) in ranges.iter() {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    *ranges = merged;
}

fn subtract(ranges: &[(u64, u64)], taken: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut left = Vec::new();
    for &(mut from, to) in ranges {
        for &(taken_from, taken_to) in taken {
            if taken_to < from || taken_from > to {
                continue;
            }
            if taken_from > from {
                left.push((from, taken_from - 1));
            }
            from = taken_to.saturating_add(1);
            if from > to {
                break;
            }
        }
        if from <= to {
            left.push((from, to));
        }
    }
    left
}

impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, source) in self.sources.iter().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            f.write_str(&source.name)?;
            for &(from, to) in &source.ranges {
                if from == to {
                    write!(f, ":{from}")?;
                } else {
                    write!(f, ":{from}-{to}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "fee9422b-e59f-11f1-b998-02fc00000001";
    const B: &str = "36c60082-694c-11ea-8c1d-02fc00000001";

    fn set(text: &str) -> GtidSet {
        GtidSet::parse(text).unwrap()
    }

    #[test]
    fn text_goes_in_and_out() {
        let text = format!("{A}:1-19,{B}:3:5-7");
        assert_eq!(set(&text).to_string(), text);
        assert_eq!(
            set(&format!("{A}:1-5,\n{B}:1")).to_string(),
            format!("{A}:1-5,{B}:1")
        );
        assert_eq!(set("").to_string(), "");
        assert_eq!(
            set(&format!("{A}:1-2:tag:4-5")).to_string(),
            format!("{A}:1-2,{A}:tag:4-5")
        );
        assert!(GtidSet::parse("x:1").is_err());
        assert!(GtidSet::parse(A).is_err());
    }

    #[test]
    fn transactions_join_ranges() {
        let mut gtids = set(&format!("{A}:1-19"));
        gtids.add(A, 20);
        assert_eq!(gtids.to_string(), format!("{A}:1-20"));
        gtids.add(A, 22);
        gtids.add(B, 1);
        gtids.add(A, 21);
        assert_eq!(gtids.to_string(), format!("{A}:1-22,{B}:1"));
    }

    #[test]
    fn algebra() {
        let all = set(&format!("{A}:1-20,{B}:1-5"));
        let some = set(&format!("{A}:1-5:8,{B}:1-5"));
        assert_eq!(all.minus(&some).to_string(), format!("{A}:6-7:9-20"));
        assert!(some.is_within(&all));
        assert!(!all.is_within(&some));
        assert_eq!(
            some.plus(&set(&format!("{A}:6-7"))).to_string(),
            format!("{A}:1-8,{B}:1-5")
        );
        assert_eq!(all.retain(|uuid| uuid == B).to_string(), format!("{B}:1-5"));
        assert_eq!(
            all.retain_sources_of(&set(&format!("{A}:1"))).to_string(),
            format!("{A}:1-20")
        );
    }
}
