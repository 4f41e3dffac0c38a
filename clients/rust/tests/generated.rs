//! The committed code is what the proto files give.

#[allow(dead_code, reason = "its main is not used here")]
#[path = "../examples/generate.rs"]
mod generate;

#[test]
fn the_committed_code_is_what_the_proto_files_give() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    generate::generate(folder.path()).expect("the proto files compile");
    for (name, committed) in [
        ("callboard.v1.rs", include_str!("../src/generated/callboard.v1.rs")),
        ("calls.rs", include_str!("../src/generated/calls.rs")),
    ] {
        let fresh = std::fs::read_to_string(folder.path().join(name)).expect("made");
        assert!(
            fresh == committed,
            "src/generated/{name} is stale: cargo run -p callboard-client --example generate"
        );
    }
}
