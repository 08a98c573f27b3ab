//! Reads metadata and assignments, of all versions by one layout: an older
//! message ends earlier, and a newer one is taken for ours with something after
//! it (`IncrementalCooperativeConnectProtocol`).

use connect_runtime::ConnectorTaskId;

use super::{Assignment, CONNECTOR, ProtocolError, WorkerState};

impl WorkerState {
    /// Reads the metadata with which a worker joined.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ProtocolError> {
        let mut input = Input { rest: bytes };
        input.version()?;
        let url = input.string("url")?;
        let offset = input.i64("config-offset")?;
        let assignment = match input.allocation()? {
            None => None,
            Some(bytes) => Some(Assignment::decode(bytes)?),
        };
        Ok(Self {
            url,
            offset,
            assignment,
        })
    }
}

impl Assignment {
    /// Reads an assignment.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ProtocolError> {
        let mut input = Input { rest: bytes };
        let version = input.version()?;
        let error = input.i16("error")?;
        let leader = input.string("leader")?;
        let leader_url = input.string("leader-url")?;
        let offset = input.i64("config-offset")?;
        let (connectors, tasks) = input.work("assignment")?;
        let (revoked_connectors, revoked_tasks) = input.work("revoked")?;
        let delay_ms = if input.rest.is_empty() {
            0
        } else {
            input.i32("delay")?
        };
        Ok(Self {
            version,
            error,
            leader,
            leader_url,
            offset,
            connectors,
            tasks,
            revoked_connectors,
            revoked_tasks,
            delay_ms,
        })
    }
}

/// A connector's group in a list of work has a name and a list at least.
const SMALLEST_GROUP: usize = 2 + 4;

struct Input<'b> {
    rest: &'b [u8],
}

impl<'b> Input<'b> {
    fn take(&mut self, field: &'static str, count: usize) -> Result<&'b [u8], ProtocolError> {
        let too_short = ProtocolError::TooShort {
            field,
            needed: count,
            left: self.rest.len(),
        };
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(too_short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], ProtocolError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(field, N)?);
        Ok(array)
    }

    fn i16(&mut self, field: &'static str) -> Result<i16, ProtocolError> {
        self.array(field).map(i16::from_be_bytes)
    }

    fn i32(&mut self, field: &'static str) -> Result<i32, ProtocolError> {
        self.array(field).map(i32::from_be_bytes)
    }

    fn i64(&mut self, field: &'static str) -> Result<i64, ProtocolError> {
        self.array(field).map(i64::from_be_bytes)
    }

    fn version(&mut self) -> Result<i16, ProtocolError> {
        match self.i16("version")? {
            version if version < 0 => Err(ProtocolError::Version(version)),
            version => Ok(version),
        }
    }

    fn string(&mut self, field: &'static str) -> Result<String, ProtocolError> {
        let length = usize::try_from(self.i16(field)?)
            .map_err(|_| ProtocolError::NegativeLength { field })?;
        let bytes = self.take(field, length)?;
        let text = std::str::from_utf8(bytes).map_err(|_| ProtocolError::NotUtf8 { field })?;
        Ok(text.to_owned())
    }

    /// The bytes of what a worker runs: none if they are null, or not there (v0).
    fn allocation(&mut self) -> Result<Option<&'b [u8]>, ProtocolError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        match usize::try_from(self.i32("allocation")?) {
            Err(_) => Ok(None),
            Ok(length) => self.take("allocation", length).map(Some),
        }
    }

    /// The length of a list, which the rest of the message must have room for,
    /// with elements of `smallest` bytes each; none if it is negative.
    fn count(
        &mut self,
        field: &'static str,
        smallest: usize,
    ) -> Result<Option<usize>, ProtocolError> {
        let Ok(elements) = usize::try_from(self.i32(field)?) else {
            return Ok(None);
        };
        let needed = elements.saturating_mul(smallest);
        let left = self.rest.len();
        if needed > left {
            return Err(ProtocolError::TooShort {
                field,
                needed,
                left,
            });
        }
        Ok(Some(elements))
    }

    /// A list of connectors with their tasks. Null, or not there, is empty.
    fn work(
        &mut self,
        field: &'static str,
    ) -> Result<(Vec<String>, Vec<ConnectorTaskId>), ProtocolError> {
        let (mut connectors, mut tasks) = (Vec::new(), Vec::new());
        if self.rest.is_empty() {
            return Ok((connectors, tasks));
        }
        let groups = self.count(field, SMALLEST_GROUP)?.unwrap_or(0);
        for _ in 0..groups {
            let connector = self.string("connector")?;
            let numbers = self
                .count("tasks", 4)?
                .ok_or(ProtocolError::NegativeLength { field: "tasks" })?;
            for _ in 0..numbers {
                match self.i32("tasks")? {
                    CONNECTOR => connectors.push(connector.clone()),
                    number => tasks.push(task_id(&connector, number)?),
                }
            }
        }
        Ok((connectors, tasks))
    }
}

fn task_id(connector: &str, number: i32) -> Result<ConnectorTaskId, ProtocolError> {
    let task = usize::try_from(number).map_err(|_| ProtocolError::TaskNumber {
        connector: connector.to_owned(),
        task: i64::from(number),
    })?;
    Ok(ConnectorTaskId::new(connector, task))
}
