//! FindCoordinator: on one node, it is always this one (`KafkaApis.getCoordinator`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

use crate::server::Node;

/// From this version a request asks for several coordinators.
const MANY: i16 = 4;
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

/// Who coordinates groups and transactions. Share groups there are none.
pub(crate) fn find_coordinator(
    version: i16,
    request: FindCoordinatorRequest,
    node: &Node,
) -> FindCoordinatorResponse {
    let found = matches!(request.key_type, GROUP | TRANSACTION);
    let node = match found {
        true => node.clone(),
        false => Node {
            id: -1,
            host: StrBytes::new(),
            port: -1,
        },
    };
    let error_code = match found {
        true => 0,
        false => ResponseError::InvalidRequest.code(),
    };
    if version < MANY {
        let message = match found {
            // What Java's `Errors.NONE.message()` is.
            true => "NONE".to_owned(),
            false => ResponseError::InvalidRequest.to_string(),
        };
        return FindCoordinatorResponse::default()
            .with_error_code(error_code)
            .with_error_message(Some(StrBytes::from_string(message)))
            .with_node_id(node.id.into())
            .with_host(node.host)
            .with_port(node.port);
    }
    let coordinators = request.coordinator_keys.into_iter().map(|key| {
        Coordinator::default()
            .with_key(key)
            .with_node_id(node.id.into())
            .with_host(node.host.clone())
            .with_port(node.port)
            .with_error_code(error_code)
    });
    FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
}
