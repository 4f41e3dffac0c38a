//! What was acknowledged to the writers of one bus, and what of it the bus holds.

use std::collections::BTreeMap;

use callboard::grpc::pb;
use serde_json::Value;

use crate::nothing_lost::tally::Tally;

/// A message as it was acknowledged: its id and its body.
pub(super) type Written = (String, String);

/// What each writer was acknowledged, in the order in which it wrote.
#[derive(Default)]
pub(super) struct Acknowledged(pub(super) BTreeMap<String, Vec<Written>>);

impl Acknowledged {
    /// Notes what a writer of the service was answered.
    pub(super) fn note(&mut self, writer: &str, written: Written) {
        self.0.entry(writer.to_owned()).or_default().push(written);
    }

    /// Notes what a program has printed of what it wrote.
    pub(super) fn note_printed(&mut self, writer: &str, lines: &[String]) {
        for line in lines {
            self.note(writer, printed(line));
        }
    }

    /// Returns how many messages there are.
    pub(super) fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Compares with what a bus holds, or with what somebody was told of it: each message
    /// once, with its body, those of each writer in their order, and no other message.
    pub(super) fn check<'a>(&self, held: impl IntoIterator<Item = &'a pb::Message>) -> Tally {
        let mut tally = Tally { acknowledged: self.count(), ..Tally::default() };
        let mut places: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for (place, message) in held.into_iter().enumerate() {
            places.entry(&message.msg_id).or_default().push((place, &message.body));
        }
        for (writer, written) in &self.0 {
            let mut before = None;
            for (msg_id, body) in written {
                let Some(found) = places.remove(msg_id.as_str()) else {
                    eprintln!("lost: {msg_id} of {writer}");
                    tally.lost += 1;
                    continue;
                };
                tally.duplicated += found.len() - 1;
                let (place, stored) = found[0];
                if stored != body {
                    eprintln!("torn: {msg_id} of {writer}: {stored:?} instead of {body:?}");
                    tally.torn += 1;
                }
                assert!(before < Some(place), "{msg_id} stands before an earlier one of {writer}");
                before = Some(place);
            }
        }
        for (msg_id, found) in places {
            eprintln!("torn: nobody wrote {msg_id}: {found:?}");
            tally.torn += found.len();
        }
        tally
    }
}

/// Reads what a program prints of a message.
pub(super) fn printed(line: &str) -> Written {
    let value: Value = serde_json::from_str(line).expect("a line of JSON");
    let text = |key: &str| value[key].as_str().expect("text").to_owned();
    (text("msg_id"), text("body"))
}
