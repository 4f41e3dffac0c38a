//! Callboard: one shared storage and one shared message bus for programs.

pub mod cli;
pub mod clock;
pub mod config;
pub mod disk;
pub mod domain;
pub mod error;
pub mod files;
pub mod grpc;
pub mod layout;
pub mod limits;
pub mod server;
pub mod store;
