//! How many bytes the reader looks at, again and again included: what its time is made of,
//! but the same on every machine. Counted in tests alone.

/// Counts bytes that are looked at.
#[cfg(not(test))]
#[inline]
pub(super) fn looked_at(_bytes: usize) {}

/// Counts bytes that the YAML parser is given.
#[cfg(not(test))]
#[inline]
pub(super) fn parsed(_bytes: usize) {}

#[cfg(test)]
pub(super) use counted::{looked_at, parsed};

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
        static PARSED: Cell<usize> = const { Cell::new(0) };
    }

    pub(in super::super) fn looked_at(bytes: usize) {
        LOOKED_AT.set(LOOKED_AT.get() + bytes);
    }

    pub(in super::super) fn parsed(bytes: usize) {
        PARSED.set(PARSED.get() + bytes);
    }

    /// Reads a file; returns how many bytes were looked at, and how many were parsed.
    pub(super) fn count(file: &[u8]) -> (usize, usize) {
        LOOKED_AT.set(0);
        PARSED.set(0);
        crate::layout::message_file::scan_all(file);
        (LOOKED_AT.get(), PARSED.get())
    }
}

#[cfg(test)]
mod tests {
    use super::counted::count;

    const HEADER: &str = "---\nmsg_id: A\nts: 2026-01-01T00:00:00Z\ntype: X\n---\n";
    const DAMAGED: &str = "---\nmsg_id: A\nts: 2026-03-04T05:06:07.5Z\ntype: FACT\nproject_id: p\ntask_id: t\nrun_id: r\nbody_size: 999999\nchecksum: crc32c-93d3f4e2\n---\nx\n";

    #[test]
    fn four_times_the_file_is_about_four_times_the_work() {
        for unit in [
            "---\n",
            "---\n\n",
            "\n",
            "text\n",
            "x",
            "---\nk: v\n",
            DAMAGED,
            "\n---\nmsg_id: \n",
            "[",
            "\r",
            "\0",
        ] {
            for (before, after) in [("", ""), (HEADER, ""), ("", HEADER)] {
                let work = |bytes: usize| {
                    let file = format!("{before}{}\n\n{after}b\n", unit.repeat(bytes / unit.len()));
                    count(file.as_bytes()).0
                };
                let (small, large) = (work(128 << 10), work(512 << 10));
                println!("{before:?} {unit:?} {after:?}: {small}, then {large} bytes");
                // Quadratic would be sixteen times as much.
                assert!(large < 7 * small, "{before:?} {unit:?} {after:?}: {small}, then {large}");
                assert!(large > 1 << 18, "{before:?} {unit:?} {after:?}: {large} are not all");
            }
        }
    }

    #[test]
    fn the_yaml_parser_is_given_no_header_that_nests_deep_and_others_twice_at_most() {
        for unit in ["[", "{a: ", "- ", "? ", "&a [", "a: {b: c}, "] {
            let header = format!("msg_id: A\nparents: {}\n", unit.repeat(15_000 / unit.len()));
            let parsed = count(format!("---\n{header}---\nb\n").as_bytes()).1;
            let is_deep = unit.contains(['[', '{']) && !unit.contains('}');
            let most = if is_deep { 0 } else { 2 * header.len() };
            assert!(parsed <= most, "of a header of {unit:?} {parsed} bytes were parsed");
        }
    }
}
