//! What a request looks like on the wire, so that one that lies about its lengths is refused before
//! anything is allocated for it: `kafka-protocol` believes every array's length.

use kafka_protocol::messages::ApiKey;

use self::Field::{Blob, Fixed, Nullable, Struct, Structs, Text, Values};

/// As many elements and tags as all arrays of one request may have together. Each takes some hundred
/// bytes when it is decoded, whatever its length on the wire.
const MOST_ELEMENTS: usize = 1_000_000;

/// The request is not what its key and version say.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A field says that it is longer than what is there.
    #[error("it ends before its fields do")]
    TooShort,
    /// More elements than any client sends.
    #[error("its arrays have more than {MOST_ELEMENTS} elements")]
    TooMany,
    /// A length or a tag that cannot be.
    #[error("a length or a tag in it is impossible")]
    Impossible,
}

/// A field's type. Strings, byte strings and arrays may be null anywhere: whether they may be where
/// they are is for the decoder to say.
#[derive(Debug)]
enum Field {
    Fixed(usize),
    Text,
    Blob,
    Values(&'static Field),
    Structs(&'static [Member]),
    Struct(&'static [Member]),
    /// A structure with a byte before it that says whether it is there.
    Nullable(&'static [Member]),
}

/// A field of a structure, in the versions that have it.
#[derive(Debug)]
struct Member {
    from: i16,
    to: i16,
    tag: Option<u32>,
    field: Field,
}

#[derive(Debug)]
struct Shape {
    /// The first version with compact lengths and tagged fields (KIP-482).
    flexible: i16,
    fields: &'static [Member],
}

const NEVER: i16 = i16::MAX;

const fn shape(flexible: i16, fields: &'static [Member]) -> Shape {
    Shape { flexible, fields }
}

const fn since(from: i16, field: Field) -> Member {
    at(from, i16::MAX, field)
}

const fn at(from: i16, to: i16, field: Field) -> Member {
    Member {
        from,
        to,
        tag: None,
        field,
    }
}

const fn tag(from: i16, tag: u32, field: Field) -> Member {
    Member {
        from,
        to: i16::MAX,
        tag: Some(tag),
        field,
    }
}

/// Whether a request of that version has compact lengths and tagged fields, and so does its header.
pub(crate) fn is_flexible(key: ApiKey, version: i16) -> bool {
    find(key).is_some_and(|shape| version >= shape.flexible)
}

/// Checks the body of a request, which has to be of an API that is answered.
pub(crate) fn check(key: ApiKey, version: i16, body: &[u8]) -> Result<(), Malformed> {
    let shape = find(key).ok_or(Malformed::Impossible)?;
    let mut walk = Walk {
        rest: body,
        version,
        flexible: version >= shape.flexible,
        elements: MOST_ELEMENTS,
    };
    walk.members(shape.fields)
}

/// The length of the tagged fields that `bytes` begins with.
pub(crate) fn tags_length(bytes: &[u8]) -> Result<usize, Malformed> {
    let mut walk = Walk {
        rest: bytes,
        version: 0,
        flexible: true,
        elements: MOST_ELEMENTS,
    };
    walk.members(&[])?;
    Ok(bytes.len() - walk.rest.len())
}

fn find(key: ApiKey) -> Option<&'static Shape> {
    SHAPES
        .iter()
        .find(|(known, _)| *known == key)
        .map(|(_, shape)| shape)
}

struct Walk<'a> {
    rest: &'a [u8],
    version: i16,
    flexible: bool,
    /// How many more there may be.
    elements: usize,
}

impl<'a> Walk<'a> {
    fn members(&mut self, members: &'static [Member]) -> Result<(), Malformed> {
        let version = self.version;
        let present = |member: &&Member| (member.from..=member.to).contains(&version);
        for member in members.iter().filter(present) {
            if member.tag.is_none() {
                self.field(&member.field)?;
            }
        }
        if !self.flexible {
            return Ok(());
        }
        for _ in 0..self.varint()? {
            self.count(1)?;
            let tag = self.varint()?;
            let size = usize::try_from(self.varint()?).map_err(|_| Malformed::Impossible)?;
            let known = members.iter().filter(present);
            match known.into_iter().find(|member| member.tag == Some(tag)) {
                None => self.skip(size)?,
                Some(member) => {
                    // The decoder reads the field and not its size, so they have to agree.
                    let before = self.rest.len();
                    self.field(&member.field)?;
                    if before - self.rest.len() != size {
                        return Err(Malformed::Impossible);
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &'static Field) -> Result<(), Malformed> {
        match field {
            Fixed(size) => self.skip(*size),
            Text => {
                let length = self.length(2)?;
                self.skip(length.unwrap_or(0))
            }
            Blob => {
                let length = self.length(4)?;
                self.skip(length.unwrap_or(0))
            }
            Values(of) => {
                for _ in 0..self.array()? {
                    self.field(of)?;
                }
                Ok(())
            }
            Structs(of) => {
                for _ in 0..self.array()? {
                    self.members(of)?;
                }
                Ok(())
            }
            Struct(of) => self.members(of),
            Nullable(of) => match self.take(1)? {
                [1] => self.members(of),
                _ => Ok(()),
            },
        }
    }

    fn array(&mut self) -> Result<usize, Malformed> {
        let length = self.length(4)?.unwrap_or(0);
        // An element takes at least a byte.
        if length > self.rest.len() {
            return Err(Malformed::TooShort);
        }
        self.count(length)?;
        Ok(length)
    }

    fn count(&mut self, elements: usize) -> Result<(), Malformed> {
        self.elements = self
            .elements
            .checked_sub(elements)
            .ok_or(Malformed::TooMany)?;
        Ok(())
    }

    /// A length, which takes `size` bytes where it is not compact; none is null.
    fn length(&mut self, size: usize) -> Result<Option<usize>, Malformed> {
        if self.flexible {
            let length = self.varint()?;
            return Ok(length.checked_sub(1).map(|length| length as usize));
        }
        let length = match self.take(size)? {
            [a, b] => i32::from(i16::from_be_bytes([*a, *b])),
            [a, b, c, d] => i32::from_be_bytes([*a, *b, *c, *d]),
            _ => return Err(Malformed::Impossible),
        };
        match length {
            -1 => Ok(None),
            length => usize::try_from(length)
                .map(Some)
                .map_err(|_| Malformed::Impossible),
        }
    }

    fn varint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let [byte] = self.take(1)? else {
                return Err(Malformed::TooShort);
            };
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return u32::try_from(value).map_err(|_| Malformed::Impossible);
            }
        }
        Err(Malformed::Impossible)
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self
            .rest
            .split_at_checked(size)
            .ok_or(Malformed::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    fn skip(&mut self, size: usize) -> Result<(), Malformed> {
        self.take(size).map(drop)
    }
}

/// Kafka's message definitions (`clients/src/main/resources/common/message/*Request.json`), as far
/// as lengths are concerned: one line of fields for each structure would not be easier to read.
#[rustfmt::skip]
static SHAPES: &[(ApiKey, Shape)] = &[
    (ApiKey::Produce, shape(9, &[
        since(0, Text), since(0, Fixed(2)), since(0, Fixed(4)), since(0, Structs(&[at(0, 12, Text),
        since(13, Fixed(16)), since(0, Structs(&[since(0, Fixed(4)), since(0, Blob)]))]))
    ])),
    (ApiKey::Fetch, shape(12, &[
        at(0, 14, Fixed(4)), since(0, Fixed(4)), since(0, Fixed(4)), since(0, Fixed(4)),
        since(0, Fixed(1)), since(7, Fixed(4)), since(7, Fixed(4)),
        since(0, Structs(&[at(0, 12, Text), since(13, Fixed(16)),
        since(0, Structs(&[since(0, Fixed(4)), since(9, Fixed(4)), since(0, Fixed(8)),
        since(12, Fixed(4)), since(5, Fixed(8)), since(0, Fixed(4)), tag(17, 0, Fixed(16)),
        tag(18, 1, Fixed(8))]))])), since(7, Structs(&[at(7, 12, Text), since(13, Fixed(16)),
        since(7, Values(&Fixed(4)))])), since(11, Text), tag(12, 0, Text),
        tag(15, 1, Struct(&[since(15, Fixed(4)), since(15, Fixed(8))]))
    ])),
    (ApiKey::ListOffsets, shape(6, &[
        since(0, Fixed(4)), since(2, Fixed(1)), since(0, Structs(&[since(0, Text),
        since(0, Structs(&[since(0, Fixed(4)), since(4, Fixed(4)), since(0, Fixed(8))]))])),
        since(10, Fixed(4))
    ])),
    (ApiKey::Metadata, shape(9, &[
        since(0, Structs(&[since(10, Fixed(16)), since(0, Text)])), since(4, Fixed(1)),
        at(8, 10, Fixed(1)), since(8, Fixed(1))
    ])),
    (ApiKey::OffsetCommit, shape(8, &[
        since(0, Text), since(0, Fixed(4)), since(0, Text), since(7, Text), at(0, 4, Fixed(8)),
        since(0, Structs(&[at(0, 9, Text), since(10, Fixed(16)),
        since(0, Structs(&[since(0, Fixed(4)), since(0, Fixed(8)), since(6, Fixed(4)),
        since(0, Text)]))]))
    ])),
    (ApiKey::OffsetFetch, shape(6, &[
        at(0, 7, Text), at(0, 7, Structs(&[at(0, 7, Text), at(0, 7, Values(&Fixed(4)))])),
        since(8, Structs(&[since(8, Text), since(9, Text), since(9, Fixed(4)),
        since(8, Structs(&[at(8, 9, Text), since(10, Fixed(16)), since(8, Values(&Fixed(4)))]))])),
        since(7, Fixed(1))
    ])),
    (ApiKey::FindCoordinator, shape(3, &[
        at(0, 3, Text), since(1, Fixed(1)), since(4, Values(&Text))
    ])),
    (ApiKey::JoinGroup, shape(6, &[
        since(0, Text), since(0, Fixed(4)), since(1, Fixed(4)), since(0, Text), since(5, Text),
        since(0, Text), since(0, Structs(&[since(0, Text), since(0, Blob)])), since(8, Text)
    ])),
    (ApiKey::Heartbeat, shape(4, &[
        since(0, Text), since(0, Fixed(4)), since(0, Text), since(3, Text)
    ])),
    (ApiKey::LeaveGroup, shape(4, &[
        since(0, Text), at(0, 2, Text), since(3, Structs(&[since(3, Text), since(3, Text),
        since(5, Text)]))
    ])),
    (ApiKey::SyncGroup, shape(4, &[
        since(0, Text), since(0, Fixed(4)), since(0, Text), since(3, Text), since(5, Text),
        since(5, Text), since(0, Structs(&[since(0, Text), since(0, Blob)]))
    ])),
    (ApiKey::DescribeGroups, shape(5, &[since(0, Values(&Text)), since(3, Fixed(1))])),
    (ApiKey::ListGroups, shape(3, &[since(4, Values(&Text)), since(5, Values(&Text))])),
    (ApiKey::SaslHandshake, shape(NEVER, &[since(0, Text)])),
    (ApiKey::ApiVersions, shape(3, &[
        since(3, Text), since(3, Text), since(5, Text), since(5, Fixed(4))
    ])),
    (ApiKey::CreateTopics, shape(5, &[
        since(0, Structs(&[since(0, Text), since(0, Fixed(4)), since(0, Fixed(2)),
        since(0, Structs(&[since(0, Fixed(4)), since(0, Values(&Fixed(4)))])),
        since(0, Structs(&[since(0, Text), since(0, Text)]))])), since(0, Fixed(4)),
        since(0, Fixed(1))
    ])),
    (ApiKey::DeleteTopics, shape(4, &[
        since(6, Structs(&[since(6, Text), since(6, Fixed(16))])), at(0, 5, Values(&Text)),
        since(0, Fixed(4))
    ])),
    (ApiKey::DeleteRecords, shape(2, &[
        since(0, Structs(&[since(0, Text), since(0, Structs(&[since(0, Fixed(4)),
        since(0, Fixed(8))]))])), since(0, Fixed(4))
    ])),
    (ApiKey::InitProducerId, shape(2, &[
        since(0, Text), since(0, Fixed(4)), since(3, Fixed(8)), since(3, Fixed(2)),
        since(6, Fixed(1)), since(6, Fixed(1))
    ])),
    (ApiKey::OffsetForLeaderEpoch, shape(4, &[
        since(3, Fixed(4)), since(0, Structs(&[since(0, Text),
        since(0, Structs(&[since(0, Fixed(4)), since(0, Fixed(4)), since(0, Fixed(4))]))]))
    ])),
    (ApiKey::AddPartitionsToTxn, shape(3, &[
        since(4, Structs(&[since(4, Text), since(4, Fixed(8)), since(4, Fixed(2)),
        since(4, Fixed(1)), since(4, Structs(&[since(0, Text), since(0, Values(&Fixed(4)))]))])),
        at(0, 3, Text), at(0, 3, Fixed(8)), at(0, 3, Fixed(2)), at(0, 3, Structs(&[since(0, Text),
        since(0, Values(&Fixed(4)))]))
    ])),
    (ApiKey::AddOffsetsToTxn, shape(3, &[
        since(0, Text), since(0, Fixed(8)), since(0, Fixed(2)), since(0, Text)
    ])),
    (ApiKey::EndTxn, shape(3, &[
        since(0, Text), since(0, Fixed(8)), since(0, Fixed(2)), since(0, Fixed(1))
    ])),
    (ApiKey::TxnOffsetCommit, shape(3, &[
        since(0, Text), since(0, Text), since(0, Fixed(8)), since(0, Fixed(2)), since(3, Fixed(4)),
        since(3, Text), since(3, Text), since(0, Structs(&[at(0, 5, Text), since(6, Fixed(16)),
        since(0, Structs(&[since(0, Fixed(4)), since(0, Fixed(8)), since(2, Fixed(4)),
        since(0, Text)]))]))
    ])),
    (ApiKey::DescribeConfigs, shape(4, &[
        since(0, Structs(&[since(0, Fixed(1)), since(0, Text), since(0, Values(&Text))])),
        since(0, Fixed(1)), since(3, Fixed(1))
    ])),
    (ApiKey::AlterConfigs, shape(2, &[
        since(0, Structs(&[since(0, Fixed(1)), since(0, Text), since(0, Structs(&[since(0, Text),
        since(0, Text)]))])), since(0, Fixed(1))
    ])),
    (ApiKey::SaslAuthenticate, shape(2, &[since(0, Blob)])),
    (ApiKey::CreatePartitions, shape(2, &[
        since(0, Structs(&[since(0, Text), since(0, Fixed(4)),
        since(0, Structs(&[since(0, Values(&Fixed(4)))]))])), since(0, Fixed(4)), since(0, Fixed(1))
    ])),
    (ApiKey::DeleteGroups, shape(2, &[since(0, Values(&Text))])),
    (ApiKey::IncrementalAlterConfigs, shape(1, &[
        since(0, Structs(&[since(0, Fixed(1)), since(0, Text), since(0, Structs(&[since(0, Text),
        since(0, Fixed(1)), since(0, Text)]))])), since(0, Fixed(1))
    ])),
    (ApiKey::OffsetDelete, shape(NEVER, &[
        since(0, Text), since(0, Structs(&[since(0, Text),
        since(0, Structs(&[since(0, Fixed(4))]))]))
    ])),
    (ApiKey::DescribeCluster, shape(0, &[
        since(0, Fixed(1)), since(1, Fixed(1)), since(2, Fixed(1))
    ])),
    (ApiKey::DescribeTopicPartitions, shape(0, &[
        since(0, Structs(&[since(0, Text)])), since(0, Fixed(4)),
        since(0, Nullable(&[since(0, Text), since(0, Fixed(4))]))
    ])),
];

#[cfg(test)]
mod tests;
