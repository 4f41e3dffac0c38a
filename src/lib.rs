//! Callboard: one shared storage and one shared message bus for programs.

pub mod clock;
pub mod domain;
pub mod error;
pub mod grpc;
pub mod layout;
pub mod limits;
