//! Unary answers end at [`ANSWER_BYTES_MAX`], whatever was asked for: clients
//! receive no more than 4 MiB unless they say so.

use prost::Message;

use crate::limits::ANSWER_BYTES_MAX;
use crate::store::Page;

/// What an item takes beside its own bytes: its key and its length.
const ITEM_FRAME_BYTES: usize = 6;
/// What a note of a cut takes at most, with the keys and lengths of what is sent.
pub(super) const NOTE_BYTES_MAX: usize = 256;

/// An item whose texts other programs may have made larger than an answer.
pub(super) trait Item: Message + Sized {
    /// Returns what names the item and is small, with its new problem.
    fn bare(self, problem: String) -> Self;
}

/// Returns the item, bare when it fits into no answer.
pub(super) fn fitting<T: Item>(item: T) -> T {
    fitting_into(ANSWER_BYTES_MAX, item)
}

/// Returns the item, bare when it does not fit beside another.
pub(super) fn fitting_beside<T: Item>(other: &impl Message, item: T) -> T {
    fitting_into(ANSWER_BYTES_MAX.saturating_sub(other.encoded_len() + NOTE_BYTES_MAX), item)
}

fn fitting_into<T: Item>(bytes_max: usize, item: T) -> T {
    let size = item.encoded_len();
    if size <= bytes_max {
        return item;
    }
    item.bare(format!("its record is too large to send ({size} bytes)"))
}

/// Cuts a text of an item, which is called `name`, to what fits beside the rest of it.
/// Says so when it was longer.
pub(super) fn cut_beside(rest: &impl Message, name: &str, text: &mut String) -> Option<String> {
    let left = ANSWER_BYTES_MAX.saturating_sub(rest.encoded_len() + NOTE_BYTES_MAX);
    cut(text, left).map(|said| format!("its {name} is {said}"))
}

/// Adds to an item's problem, when there is something to add.
pub(super) fn note(problem: &mut String, said: Option<String>) {
    let Some(said) = said else { return };
    if !problem.is_empty() {
        problem.push_str("; ");
    }
    problem.push_str(&said);
}

/// Cuts a text at a character. Says so when it was longer.
pub(super) fn cut(text: &mut String, bytes_max: usize) -> Option<String> {
    let size = text.len();
    if size <= bytes_max {
        return None;
    }
    text.truncate(text.floor_char_boundary(bytes_max));
    Some(format!("too large to send: only {} of {size} bytes are sent", text.len()))
}

/// The room that is left in one answer.
pub(super) struct Room {
    left: usize,
    is_untouched: bool,
}

impl Room {
    /// A whole answer.
    pub(super) fn new() -> Self {
        Self { left: ANSWER_BYTES_MAX, is_untouched: true }
    }

    /// Tells whether an item fits, and takes its room. The first one always does:
    /// documents are bounded, and an answer without it would lead nowhere.
    pub(super) fn take(&mut self, item: &impl Message) -> bool {
        let size = item.encoded_len() + ITEM_FRAME_BYTES;
        let fits = size <= self.left || self.is_untouched;
        self.is_untouched = false;
        // What does not fit closes the answer: nothing smaller may overtake it.
        self.left = if fits { self.left.saturating_sub(size) } else { 0 };
        fits
    }

    /// Takes items for as long as they fit.
    pub(super) fn fill<T: Message>(&mut self, items: impl Iterator<Item = T>) -> Vec<T> {
        items.take_while(|item| self.take(item)).collect()
    }
}

/// Makes a page of a list: the items that fit, and the token that goes on after the
/// last of them.
pub(in crate::grpc) fn page<T, M: Message>(
    page: Page<T>,
    token: impl Fn(&T) -> String,
    out: impl Fn(T) -> M,
) -> (Vec<M>, String) {
    let next = page.items.last().filter(|_| page.more).map(&token);
    page_until(page.items, next.unwrap_or_default(), token, out)
}

/// Like [`page`], for a list that says itself where its next page begins.
pub(in crate::grpc) fn page_until<T, M: Message>(
    items: Vec<T>,
    next: String,
    token: impl Fn(&T) -> String,
    out: impl Fn(T) -> M,
) -> (Vec<M>, String) {
    let mut room = Room::new();
    let mut answers = Vec::with_capacity(items.len());
    let mut last = String::new();
    for item in items {
        let after = token(&item);
        let answer = out(item);
        if !room.take(&answer) {
            return (answers, last);
        }
        answers.push(answer);
        last = after;
    }
    (answers, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(sizes: &[usize], more: bool) -> (Vec<usize>, String) {
        let items: Vec<(usize, usize)> = sizes.iter().copied().enumerate().collect();
        let (answers, token) = page(
            Page { items, more },
            |(index, _)| index.to_string(),
            |(_, size)| "x".repeat(size),
        );
        (answers.iter().map(String::len).collect(), token)
    }

    #[test]
    fn a_text_is_cut_at_a_character() {
        let mut text = "xé".to_owned();
        assert_eq!(cut(&mut text, 3), None);
        let said = cut(&mut text, 2).expect("it was longer");
        assert_eq!(text, "x");
        assert_eq!(said, "too large to send: only 1 of 3 bytes are sent");
    }

    #[test]
    fn a_page_ends_where_the_answer_is_full_and_goes_on_there() {
        const MIB: usize = 1 << 20;
        assert_eq!(listed(&[], false), (vec![], String::new()));
        assert_eq!(listed(&[1, 2], false), (vec![1, 2], String::new()));
        assert_eq!(listed(&[1, 2], true), (vec![1, 2], "1".into()));
        assert_eq!(listed(&[MIB, MIB, MIB, 1], false), (vec![MIB, MIB], "1".into()));
        assert_eq!(listed(&[4 * MIB, 1], false), (vec![4 * MIB], "0".into()));
    }
}
