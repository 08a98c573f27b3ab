//! Writes metadata and assignments.

use std::collections::{HashMap, HashSet};

use connect_runtime::ConnectorTaskId;

use super::java_order::hash_set_order;
use super::{Assignment, CONNECTOR, ConnectProtocol, ProtocolError, WorkerState};

impl WorkerState {
    /// The metadata with which the worker joins under `protocol`.
    pub(crate) fn encode(&self, protocol: ConnectProtocol) -> Result<Vec<u8>, ProtocolError> {
        let mut out = Vec::new();
        out.extend(protocol.version().to_be_bytes());
        put_string(&mut out, "url", &self.url)?;
        out.extend(self.offset.to_be_bytes());
        if !protocol.is_cooperative() {
            return Ok(out);
        }
        match &self.assignment {
            None => out.extend((-1_i32).to_be_bytes()),
            Some(assignment) => {
                let bytes = assignment.encode(protocol)?;
                out.extend(length(bytes.len())?.to_be_bytes());
                out.extend(bytes);
            }
        }
        Ok(out)
    }
}

impl Assignment {
    /// The assignment as `protocol` writes it. The eager one has no words for
    /// what is to stop and for the delay.
    pub(crate) fn encode(&self, protocol: ConnectProtocol) -> Result<Vec<u8>, ProtocolError> {
        let mut out = Vec::new();
        out.extend(protocol.version().to_be_bytes());
        out.extend(self.error.to_be_bytes());
        put_string(&mut out, "leader", &self.leader)?;
        put_string(&mut out, "leader-url", &self.leader_url)?;
        out.extend(self.offset.to_be_bytes());
        let connectors = hash_set_order(self.connectors.iter().map(String::as_str));
        put_work(&mut out, &connectors, &self.tasks)?;
        if protocol.is_cooperative() {
            let mut seen = HashSet::new();
            let revoked: Vec<&str> = self
                .revoked_connectors
                .iter()
                .map(String::as_str)
                .filter(|name| seen.insert(*name))
                .collect();
            put_work(&mut out, &revoked, &self.revoked_tasks)?;
            out.extend(self.delay_ms.to_be_bytes());
        }
        Ok(out)
    }
}

/// Connectors and tasks, grouped by connector: first the groups whose connector
/// itself is among them, then the others as their first task comes up.
fn put_work(
    out: &mut Vec<u8>,
    connectors: &[&str],
    tasks: &[ConnectorTaskId],
) -> Result<(), ProtocolError> {
    let mut groups: Vec<(&str, Vec<i32>)> = connectors
        .iter()
        .map(|name| (*name, vec![CONNECTOR]))
        .collect();
    let mut places: HashMap<&str, usize> = connectors
        .iter()
        .enumerate()
        .map(|(place, name)| (*name, place))
        .collect();
    for id in tasks {
        let number = i32::try_from(id.task).map_err(|_| ProtocolError::TaskNumber {
            connector: id.connector.clone(),
            task: i64::try_from(id.task).unwrap_or(i64::MAX),
        })?;
        let place = *places.entry(&id.connector).or_insert_with(|| {
            groups.push((&id.connector, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(number);
    }
    out.extend(length(groups.len())?.to_be_bytes());
    for (connector, numbers) in groups {
        put_string(out, "connector", connector)?;
        out.extend(length(numbers.len())?.to_be_bytes());
        for number in numbers {
            out.extend(number.to_be_bytes());
        }
    }
    Ok(())
}

fn put_string(out: &mut Vec<u8>, field: &'static str, text: &str) -> Result<(), ProtocolError> {
    let length = i16::try_from(text.len()).map_err(|_| ProtocolError::TooLong {
        field,
        length: text.len(),
    })?;
    out.extend(length.to_be_bytes());
    out.extend(text.as_bytes());
    Ok(())
}

fn length(count: usize) -> Result<i32, ProtocolError> {
    i32::try_from(count).map_err(|_| ProtocolError::TooLarge)
}
