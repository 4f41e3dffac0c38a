//! What is made up from the time, the process and a counter, told from what is not.

/// Masks stamps, ids of messages, and the etags of what holds a stamp.
pub(in super::super) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    let mut has_stamp = false;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit() || c == 'M') {
        masked += &rest[..at];
        rest = &rest[at..];
        let made_up = message_id(rest).or_else(|| stamp(rest));
        let length = made_up.unwrap_or_else(|| {
            rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()).max(1)
        });
        if made_up.is_some() {
            has_stamp = true;
            masked.push('#');
        } else {
            masked += &rest[..length];
        }
        rest = &rest[length..];
    }
    masked += rest;
    if has_stamp { without_etags(&masked) } else { masked }
}

fn without_etags(text: &str) -> String {
    let mut parts = text.split("Etag(\"");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += "Etag(#";
        plain += part.split_once('"').map_or("", |(_, rest)| rest);
    }
    plain
}

/// The length of `MSG-YYYYMMDD-HHMMSS-NNNNNNNNN-PIDnnnnn-nnnn` at the beginning of a text.
fn message_id(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("MSG-")?;
    let is_of_id = |c: char| c.is_ascii_digit() || "-PID".contains(c);
    Some(text.len() - rest.trim_start_matches(is_of_id).len())
}

/// The length of `YYYYMMDD-HHMMSSffff-PID-SEQ` at the beginning of a text.
fn stamp(text: &str) -> Option<usize> {
    let mut length = 0;
    for (number, digits) in [8, 10, 0, 0].into_iter().enumerate() {
        let part = &text[length..];
        let part = if number == 0 { part } else { part.strip_prefix('-')? };
        let count = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        if count == 0 || digits != 0 && count != digits {
            return None;
        }
        length += count + usize::from(number > 0);
    }
    Some(length)
}
