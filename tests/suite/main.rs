//! The tests against a real server: one file per promise.

mod append;
mod architecture;
mod bad_messages;
mod bus_faults;
mod bus_format;
mod bus_properties;
mod client;
mod coexist;
mod command_line;
mod conductor_vectors;
mod conductor_yaml;
mod durable;
mod foreign_writer;
mod grpcurl;
mod original_reader;
mod python_client;
mod read;
mod real_bus;
mod real_files;
mod request_ids;
mod server;
mod shutdown;
mod startup;
mod subscribe;
