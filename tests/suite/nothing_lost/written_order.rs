//! The order of what each writer wrote.

use std::collections::BTreeMap;

use callboard::grpc::pb;

/// Asserts that the messages of each writer are in the order in which it wrote them, and
/// returns how many writers they are of. Their bodies are `<writer>.<number>`, or
/// `<writer>.<number>/<place>` in a batch.
pub(crate) fn check(messages: &[pb::Message]) -> usize {
    let mut last = BTreeMap::<&str, (u64, u64)>::new();
    for message in messages {
        let (body, place) = message.body.split_once('/').unwrap_or((&message.body, "0"));
        let (writer, number) = body.rsplit_once('.').expect("a writer and a number");
        let number = number.parse().expect("a number");
        let place = place.parse().expect("a place in a batch");
        if let Some(before) = last.insert(writer, (number, place)) {
            assert!(before < (number, place), "{} came after {before:?}", message.body);
        }
    }
    last.len()
}
