//! What holds of any text that is given as a cursor.

use callboard::domain::Cursor;
use callboard::error::Error;
use callboard::limits;

/// Checks the bytes as a text, and as the id in a cursor of ours.
pub(crate) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Cursor::parse(&text) {
        Ok(cursor) => check_comes_back(&cursor),
        Err(Error::CursorUnknown { cursor, .. }) => {
            assert!(text.starts_with(&cursor), "another cursor is named: {cursor}");
        }
        Err(other) => panic!("{text:?} is refused for another reason: {other}"),
    }

    // Ids that are longer are given out by nobody.
    let mut id: String = text.chars().take(limits::MSG_ID_BYTES_MAX).collect();
    while id.len() > limits::MSG_ID_BYTES_MAX {
        id.pop();
    }
    check_comes_back(&Cursor::Start { first_msg_id: None });
    if !id.is_empty() {
        let offset = bytes.iter().fold(0_u64, |sum, &byte| sum.rotate_left(8) ^ u64::from(byte));
        check_comes_back(&Cursor::After { offset, msg_id: id.clone() });
        check_comes_back(&Cursor::Start { first_msg_id: Some(id) });
    }
}

fn check_comes_back(cursor: &Cursor) {
    let text = cursor.to_string();
    assert!(text.is_ascii() && !text.contains(char::is_whitespace), "{text:?}");
    assert_eq!(Cursor::parse(&text).as_ref().ok(), Some(cursor), "{text}");
}
