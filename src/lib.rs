//! Callboard: one shared storage and one shared message bus for programs, kept as
//! plain files.
//!
//! Two rings. A synchronous core knows files and nothing of networks; an
//! asynchronous shell knows gRPC and nothing of files:
//!
//! ```text
//! main ─► cli ─► callboard-client ─ ─ gRPC ─ ─┐
//!  └────► server ─► grpc ────────────────────┘
//!                    │ speaks to the backend traits in `store`
//!                    └─► files ─► layout ─► domain
//!                          └─► disk
//! error, limits, clock, config, host: leaves
//! ```
//!
//! What holds everywhere (the first three are checked by `tests/suite/architecture.rs`):
//!
//! 1. only `grpc`, `server` and `cli`, and `clients/rust`, mention tonic or prost;
//! 2. only `disk` touches the file system; `host` reads `/proc`, and `cli::bench` measures
//!    the disk beside it;
//! 3. ids become paths in `layout` alone;
//! 4. nothing is acknowledged or delivered before it is durable;
//! 5. a live wake-up carries no data.
//!
//! Where to begin reading: `store` for the promises, `files::bus` for how they are
//! kept, `layout::message_file` for the format.

pub mod access;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod disk;
pub mod domain;
pub mod error;
pub mod files;
pub mod grpc;
pub mod host;
pub mod layout;
pub mod limits;
pub mod meters;
pub mod server;
pub mod store;
