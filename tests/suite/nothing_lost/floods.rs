//! Callers that are too many or too greedy: memory stays bounded, and others are served.

mod calls;
mod connections;
mod frames;
pub(crate) mod http2;
pub(crate) mod neighbour;
mod over_limits;
mod requests;
mod resets;
mod unread;

use std::fs;

use crate::server::Server;

/// What the server holds in memory, as the system counts it, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    now: usize,
    highest: usize,
}

impl Memory {
    /// Asks for it.
    pub(crate) fn of(server: &Server) -> Self {
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid()));
        let status = status.expect("the server is there");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
            let kib = line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
            kib << 10
        };
        Self { now: field("VmRSS:"), highest: field("VmHWM:") }
    }

    /// Prints what a flood took at most, and fails when that is over its bound.
    #[track_caller]
    pub(crate) fn assert_grew_less(self, server: &Server, flood: &str, bound: usize) {
        let now = Self::of(server);
        let grown = now.highest.saturating_sub(self.now);
        eprintln!(
            "{flood}: {} KiB more at most, {} KiB more now, of {} KiB",
            grown >> 10,
            now.now.saturating_sub(self.now) >> 10,
            bound >> 10
        );
        assert!(grown <= bound, "{flood}: {grown} bytes more, over {bound}");
    }
}

/// Returns how many descriptors the server has open.
fn descriptors(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("the server is there").count()
}
