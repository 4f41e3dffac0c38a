//! The properties of `checks`, for the fuzzers in `fuzz_targets`. The suite includes the same
//! files, so that `cargo test` tries them on the corpus.

#[path = "../checks/mod.rs"]
mod fuzz_checks;
#[path = "../../suite/original_reader.rs"]
mod original_reader;

/// Checks bytes as one of the targets.
///
/// # Panics
/// When a property of the target does not hold of the bytes.
pub fn check(target: &str, bytes: &[u8]) {
    let (_, check) =
        fuzz_checks::TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    check(bytes);
}
