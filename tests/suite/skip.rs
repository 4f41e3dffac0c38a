//! What a test does that cannot run here: it says so, and it fails in CI.

use std::env;
use std::io::Write as _;
use std::thread;

/// Says what is skipped and why; that is a failure in CI.
pub(crate) fn skip(reason: &str) {
    assert!(!in_ci(), "CI must not skip this: {reason}");
    let thread = thread::current();
    // Straight to stderr: what a test that passes prints is not shown.
    let said = format!("skipped {}: {reason}\n", thread.name().unwrap_or("a test"));
    let _ = std::io::stderr().write_all(said.as_bytes());
}

/// Whether nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    env::var("CI").as_deref() == Ok("true")
}
