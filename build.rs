//! Generates the servers of the services in `proto/`, without a protoc on the machine, and
//! the descriptor set that reflection serves, comments included. The messages are those of
//! the client, but for the frames of a subscription, which are encoded once for all who get
//! them.

use std::path::PathBuf;

use prost::Message as _;

const PROTOS: &[&str] = &[
    "proto/callboard/v1/error_reason.proto",
    "proto/callboard/v1/message_bus.proto",
    "proto/callboard/v1/storage.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(PROTOS)?;
    let descriptors = compiler.file_descriptor_set();

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("callboard.binpb"), descriptors.encode_to_vec())?;
    // Once more beside the program, which is three folders above, for grpcurl -protoset.
    if let Some(programs) = out.ancestors().nth(3) {
        std::fs::write(programs.join("callboard.binpb"), descriptors.encode_to_vec())?;
    }
    tonic_build::configure()
        .build_client(false)
        .extern_path(".callboard.v1", "::callboard_client::v1")
        .extern_path(".callboard.v1.SubscribeResponse", "crate::grpc::sent_frame::SentFrame")
        .compile_fds(descriptors)?;
    Ok(())
}
