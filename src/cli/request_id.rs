//! Request ids for callers who give none.

/// Returns the caller's request id or a new one, and whether it is the caller's. An
/// empty one is none: without one, trying again would do it twice.
pub(super) fn given_or_new(given: Option<String>) -> (String, bool) {
    match given.filter(|id| !id.is_empty()) {
        Some(id) => (id, true),
        None => (callboard_client::new_request_id(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_caller_gives_counts_and_what_is_made_the_server_takes() {
        assert_eq!(given_or_new(Some("mine".into())), ("mine".to_owned(), true));
        let (id, is_the_callers) = given_or_new(Some(String::new()));
        assert!(!is_the_callers && crate::domain::RequestId::parse(&id).is_ok(), "{id}");
    }
}
