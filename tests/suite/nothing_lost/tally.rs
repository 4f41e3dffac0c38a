//! What the tests of faults count, and the rows of the table in docs/durability.md.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::thread;

/// The rounds of kills of a full run, which all other counts stand in proportion to.
const ROUNDS_FULL: usize = 200;
/// The same for a run that nobody asked more of.
const ROUNDS_DEFAULT: usize = 5;

/// Returns how often to do what a full run does so many times: `CALLBOARD_ROUNDS` says which
/// part of it this run does, 200 for all.
pub(crate) fn rounds(full: usize) -> usize {
    let asked = env::var("CALLBOARD_ROUNDS").ok();
    let asked = asked.map(|rounds| rounds.parse().expect("CALLBOARD_ROUNDS is a number"));
    (full * asked.unwrap_or(ROUNDS_DEFAULT) / ROUNDS_FULL).max(1)
}

/// What became of what was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How often the fault was brought about.
    pub(crate) cases: usize,
    /// Writes that were acknowledged, all in all.
    pub(crate) acknowledged: usize,
    /// Of these, those that are not there afterwards, or not as they were acknowledged.
    pub(crate) lost: usize,
    /// What is there, or was delivered, more than once.
    pub(crate) duplicated: usize,
    /// What is there in part, or mixed of old and new.
    pub(crate) torn: usize,
}

impl Tally {
    /// Adds what another count found.
    pub(crate) fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.torn += other.torn;
    }

    /// Prints the row of a fault, keeps it in a file, and fails unless nothing was lost,
    /// duplicated or torn. The test is named by its path in the suite, which is asserted: by it
    /// alone the test can be run.
    pub(crate) fn settle(self, fault: &str, test: &str) {
        let Self { cases, acknowledged, lost, duplicated, torn } = self;
        let thread = thread::current();
        // A test runs on a thread of its name, unless all run on the main one.
        if thread.name() != Some("main") {
            assert_eq!(thread.name(), Some(test), "the row of a test names it");
        }
        let row = format!(
            "| {fault} | {cases} | {acknowledged} | {lost} | {duplicated} | {torn} | `{test}` |\n"
        );
        // Straight to stderr: what a test that passes prints is not shown.
        let _ = std::io::stderr().write_all(row.as_bytes());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("durability");
        fs::create_dir_all(&folder).expect("a folder for the rows");
        fs::write(folder.join(format!("{}.md", test.replace("::", "."))), &row).expect("a row");
        assert!(cases > 0, "nothing was tried: {row}");
        assert_eq!((lost, duplicated, torn), (0, 0, 0), "lost, duplicated, torn: {row}");
    }
}
