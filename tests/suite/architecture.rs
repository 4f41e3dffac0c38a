//! The invariants of `lib.rs` that the compiler does not check.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file below a folder, with its path relative to `src` and its text
/// without comments.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
            let name =
                path.strip_prefix(src).expect("below src").to_str().expect("a name").to_owned();
            found.push((name, code));
        }
    }
}

/// Asserts that only some modules use one of these words.
fn only(allowed: &[&str], words: &[&str]) {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 30, "the sources were found");
    let mut users = 0;
    for (name, code) in &found {
        for word in words.iter().filter(|word| code.contains(**word)) {
            if allowed.iter().any(|module| name.starts_with(module)) {
                users += 1;
            } else {
                panic!("{name} uses {word}, which only {allowed:?} may");
            }
        }
    }
    assert!(users > 0, "nobody uses {words:?}: the words are stale");
}

#[test]
fn only_the_shell_knows_grpc() {
    only(&["grpc/", "server/", "cli/"], &["tonic::", "prost::", "prost_types::", "tonic_health::"]);
}

#[test]
fn only_disk_touches_the_file_system() {
    // The bench measures what the disk can do without it, and appends as other programs do.
    only(
        &["disk/", "cli/bench/"],
        &[
            "tokio::fs",
            "rustix::fs",
            "fs4::",
            "notify::",
            "File::open",
            "File::create",
            "OpenOptions",
        ],
    );
    only(&["disk/", "host.rs", "host/", "cli/bench/"], &["std::fs"]);
}

#[test]
fn the_disk_calls_the_system_only_by_its_seam() {
    // The simulated system sees, and lets fail, only what goes through it.
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let sequences = found.iter().filter(|(name, _)| name.starts_with("disk/os/"));
    let mut files = 0;
    for (name, code) in sequences {
        files += 1;
        let code = code.replace("use rustix::fs::Mode;", "");
        for word in ["rustix::fs", "std::fs", "std::os", "rustix::io::write"] {
            assert!(!code.contains(word), "{name} uses {word}, past the seam");
        }
    }
    assert!(files > 4, "the sequences were found");
}

#[test]
fn host_reads_nothing_but_proc() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let files = found.iter().filter(|(name, _)| name.starts_with("host"));
    let files: Vec<_> = files.collect();
    assert_eq!(files.len(), 2, "host.rs and what is below it");
    for (name, host) in files {
        reads_nothing_but_proc(name, host);
    }
}

fn reads_nothing_but_proc(name: &str, host: &str) {
    let (code, _) = host.split_once("#[cfg(all(test").expect("code and tests");
    let mut calls = 0;
    for (at, _) in code.match_indices("fs::").filter(|(at, _)| !code[..*at].ends_with("std::")) {
        let call = code[at..].lines().next().expect("a line");
        let reads = ["fs::read(", "fs::read_dir(", "fs::read_to_string("]
            .iter()
            .any(|read| call.starts_with(read));
        assert!(reads && call.contains("(\"/proc"), "{name}: {call} reads something else");
        calls += 1;
    }
    assert!(calls > 0, "nothing is read: the test is stale");
    assert_eq!(code.matches("std::fs").count(), 1, "under another name it is not seen here");
    assert!(code.contains("use std::fs;"), "under another name it is not seen here");
}

#[test]
fn only_layout_makes_paths_of_ids() {
    // The ids know which endings are reserved.
    only(&["layout/", "domain/ids.rs"], &["-MESSAGE-BUS.md", "\".archived\"", "\".callboard\""]);
}

#[test]
fn of_the_command_line_only_serve_and_verify_work_on_the_tree() {
    // `serve` hands it to `server`.
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let users: Vec<_> = found
        .iter()
        .filter(|(name, code)| {
            name.starts_with("cli/")
                && ["crate::files", "OsDisk", "crate::server"].iter().any(|it| code.contains(it))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(users.iter().all(|name| ["cli/serve.rs", "cli/verify.rs"].contains(name)), "{users:?}");
    assert_eq!(users.len(), 2, "the words are stale: {users:?}");
}

#[test]
fn only_meters_knows_the_metrics() {
    only(&["meters/"], &["metrics::", "metrics_exporter_prometheus", "callboard_appended_"]);
}

#[test]
fn only_clock_reads_the_system_clock() {
    only(&["clock.rs"], &["Timestamp::now", "SystemTime::now", "Zoned::now"]);
}

#[test]
fn the_core_knows_no_backend_and_no_runtime() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    for (name, code) in &found {
        let pure = ["domain/", "layout/"].iter().any(|module| name.starts_with(module));
        for word in ["tokio::", "crate::files", "crate::disk", "crate::store", "crate::grpc"] {
            assert!(!pure || !code.contains(word), "{name} is pure and uses {word}");
        }
        let below = ["files/", "store/", "disk/"].iter().any(|module| name.starts_with(module));
        for word in ["crate::grpc", "crate::server", "crate::cli"] {
            assert!(!below || !code.contains(word), "{name} looks up to {word}");
        }
    }
}
