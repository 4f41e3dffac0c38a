//! Headers as other programs usually write them: one plain field a line. Read without a
//! YAML parser, which takes ten times as long.
//!
//! Strict: for everything that is read here the YAML reader must come to the same fields.

use super::header::{Field, Header};
use super::scalar;

/// Reads a header of known keys, each once, with values that are plainly safe; none for
/// any other.
pub(super) fn read(block: &str) -> Option<Header> {
    let mut header = Header::default();
    let (mut seen, mut fields) = (0, 0_u32);
    for line in block.strip_suffix('\n')?.split('\n') {
        let (key, value) = line.split_once(": ")?;
        let field = Field::named(key).filter(|field| field.is_text())?;
        let bit = 1 << field as u32;
        if fields & bit != 0 {
            // Twice, or under two names; which of them counts is said elsewhere.
            return None;
        }
        fields |= bit;
        let text = match field {
            Field::Ts if is_plain_time(value) => value.to_owned(),
            _ => scalar::read(value)?,
        };
        header.note_key(&mut seen, key);
        header.set(field, text);
    }
    Some(header)
}

/// Tells whether the text is made of what times are made of, and begins as one.
fn is_plain_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let allowed = |byte: &u8| byte.is_ascii_digit() || b"-:.TZ+".contains(byte);
    bytes.len() >= 20
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[10] == b'T'
        && bytes.iter().all(allowed)
        && !bytes.ends_with(b":")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::layout::message_file::yaml;

    fn line() -> impl Strategy<Value = String> {
        let key = proptest::sample::select(
            &[
                "msg_id",
                "messageId",
                "ts",
                "timestamp",
                "type",
                "project",
                "project_id",
                "task_id",
                "run_id",
                "batch",
                "stuffed",
                "body_size",
                "checksum",
                "zz",
            ][..],
        );
        let value = prop_oneof![
            "[ -~]{0,8}",
            Just("\"\"".to_owned()),
            Just("2026-01-02T03:04:05Z".to_owned()),
            Just("2026-01-02T03:04:05.5+02:00".to_owned()),
            Just("FACT".to_owned()),
            "[0-9TZ:.+-]{20,24}",
        ];
        (key, value).prop_map(|(key, value)| format!("{key}: {value}\n"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_read_here_the_yaml_reader_reads_to_the_same(lines in vec(line(), 0..7)) {
            let block = lines.concat();
            if let Some(header) = read(&block) {
                prop_assert_eq!(Some(header), yaml::read(&block));
            }
        }
    }

    #[test]
    fn the_usual_header_is_read_here() {
        let block = "msg_id: MSG-20260223-191710-184887000-PID67946-0001\nts: 2026-02-23T19:17:10.184887Z\n\
                     type: FACT\nproject_id: swarm\ntask_id: \"\"\nrun_id: 20260223-2048581234-66789-1\n";
        let header = read(block).expect("it is simple");
        assert!(header.has_six && header.is_full());
        assert_eq!(Some(header), yaml::read(block));
    }
}
