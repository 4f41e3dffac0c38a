//! Bodies that hold `---` lines. Others take such a line for a delimiter, so it is stored
//! with one more space in front. (A space behind would be lost to editors.)

use memchr::memmem;

/// The places in `body` where a space is stored that is not part of it: the starts of the
/// lines that are spaces, `---`, and carriage returns.
pub(super) fn places(body: &[u8]) -> impl Iterator<Item = usize> + '_ {
    memmem::find_iter(body, b"---").filter_map(|dashes| dashed_line(body, dashes))
}

fn dashed_line(body: &[u8], dashes: usize) -> Option<usize> {
    let spaces = body[..dashes].iter().rev().take_while(|&&byte| byte == b' ').count();
    let start = dashes - spaces;
    let rest = &body[dashes + 3..];
    let returns = rest.iter().take_while(|&&byte| byte == b'\r').count();
    let starts_line = start == 0 || body[start - 1] == b'\n';
    let ends_line = rest.get(returns).is_none_or(|&byte| byte == b'\n');
    (starts_line && ends_line).then_some(start)
}

/// Takes the stored spaces away again.
pub(super) fn remove(stored: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(stored.len());
    let mut copied = 0;
    for start in places(stored) {
        if stored[start] == b' ' {
            body.extend_from_slice(&stored[copied..start]);
            copied = start + 1;
        }
    }
    body.extend_from_slice(&stored[copied..]);
    body
}
