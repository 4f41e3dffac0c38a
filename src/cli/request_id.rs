//! Request ids for callers who give none.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};

/// Returns the caller's request id or a new one, and whether it is the caller's. An
/// empty one is none: without one, trying again would do it twice.
pub(super) fn given_or_new(given: Option<String>) -> (String, bool) {
    match given.filter(|id| !id.is_empty()) {
        Some(id) => (id, true),
        None => (generate(), false),
    }
}

/// Makes a request id that no other call has: 128 random bits. The standard
/// library's hash keys are seeded from the system's randomness; nothing secret
/// depends on them here.
fn generate() -> String {
    let [high, low] = [(); 2].map(|()| {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        hasher.finish()
    });
    format!("cli-{high:016x}{low:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_request_ids_are_the_same_and_the_server_takes_them() {
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| generate()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            assert!(crate::domain::RequestId::parse(&id).is_ok(), "{id}");
        }
    }
}
