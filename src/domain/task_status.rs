//! The states of a task, and the moves between them.

/// The status of a task that nobody has begun.
pub const PENDING: &str = "pending";

/// Each status with the statuses that may follow it.
const MOVES: [(&str, &[&str]); 12] = [
    (PENDING, &["running"]),
    (
        "running",
        &["validating", "gh_failed", "ci_failed", "ci_timeout", "interrupted", "abandoned"],
    ),
    ("validating", &["awaiting_approval", "validation_failed", "interrupted"]),
    ("validation_failed", &["running", "abandoned"]),
    ("awaiting_approval", &["completed", "running", "rejected"]),
    ("gh_failed", &["running", "abandoned"]),
    ("ci_failed", &["running", "abandoned"]),
    ("ci_timeout", &["running", "abandoned"]),
    ("interrupted", &["running", "abandoned"]),
    ("completed", &[]),
    ("rejected", &[]),
    ("abandoned", &[]),
];

/// Returns the statuses that may follow one; none for a word that is no status of a
/// task.
pub fn moves(from: &str) -> Option<&'static [&'static str]> {
    MOVES.iter().find(|(status, _)| *status == from).map(|(_, to)| *to)
}

/// Whether a status is one that nothing follows.
pub fn is_final(status: &str) -> bool {
    moves(status).is_some_and(<[_]>::is_empty)
}

/// Returns all statuses.
pub fn all() -> impl Iterator<Item = &'static str> {
    MOVES.iter().map(|(status, _)| *status)
}
