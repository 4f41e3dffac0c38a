//! Generates the Rust code for the services of `proto/`, without a protoc on the
//! machine, and the descriptor set that reflection serves, comments included.

use std::path::PathBuf;

use prost::Message as _;

const SERVICES: &[&str] =
    &["proto/callboard/v1/message_bus.proto", "proto/callboard/v1/storage.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(SERVICES)?;
    let descriptors = compiler.file_descriptor_set();

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("callboard.binpb"), descriptors.encode_to_vec())?;
    tonic_build::configure().compile_fds(descriptors)?;
    Ok(())
}
