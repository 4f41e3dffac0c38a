//! The gRPC services: thin methods over the backend traits of `store`.

mod append;
mod convert;
mod delivery_bytes;
mod gate;
mod message_bus;
mod request_room;
mod rules;
mod sent_frame;
mod status;
mod storage;

pub use convert::page_tokens;
pub use gate::{FindProject, Gate};
pub use message_bus::MessageBusService;
pub use request_room::RequestRoom;
pub use status::{oversize, status};
pub use storage::{OpenNow, ServerFacts, StorageService};

/// The messages of `callboard.v1`, which are the client's, and the generated servers.
pub mod pb {
    #![allow(missing_docs, unreachable_pub, clippy::all, rust_2018_idioms, reason = "generated")]
    pub use callboard_client::v1::*;

    tonic::include_proto!("callboard.v1");
}

/// The descriptors of all services with their comments, as reflection serves them.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/callboard.binpb"));
