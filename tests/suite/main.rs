//! The tests against a real server: one file per promise.

mod command_line;
mod server;
