//! What a crash or a flipped bit may cost: never another record.

use std::collections::BTreeMap;

use callboard::domain::{Integrity, NewMessage};
use callboard::layout::message_file::{GUARD, NewRecord, Origin, Tail, encode, scan_all};
use proptest::prelude::*;

use crate::bus_format::records;
use crate::bus_properties::{body, check_own, encoded, own_of};
use crate::fuzz_checks::append;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_torn_at_any_byte_is_found_and_can_be_written_again(
        before in prop_oneof![
            Just(String::new()),
            Just("own".to_owned()),
            Just("---\nmsg_id: F\nts: 2026-01-01T00:00:00Z\ntype: X\n---\nf\n".to_owned()),
            Just("---\nmsg_id: F\nts: 2026-01-01T00:00:00Z\ntype: X\n---\nf\n---\n# h\n".to_owned()),
        ],
        body in body(),
    ) {
        let earlier = NewMessage { kind: "FACT".to_owned(), body: body.clone(), ..NewMessage::default() };
        let mut file = match before.as_str() {
            "own" => encoded(&earlier, 0),
            text => text.as_bytes().to_vec(),
        };
        let kept = file.len();
        let (intact, _) = scan_all(&file);
        let message = NewMessage { kind: "FACT".to_owned(), body, ..NewMessage::default() };
        let record = encoded(&message, 1);
        append(&mut file, &record);
        let separator = file.len() - record.len() - kept;
        for length in kept + 1..file.len() {
            let torn = &file[..length];
            let (items, tail) = scan_all(torn);
            let written = &torn[kept..];
            // As other programs leave it, and as a person may: not to be told apart.
            let is_whole = written.is_empty()
                || before != "own" && [b"\n" as &[u8], b"\n---\n", b"---\n", GUARD].contains(&written)
                || before != "own" && separator > 1
                    && written.strip_prefix(GUARD).is_some_and(|rest| rest == b"\n" || rest == b"\n---\n");
            if is_whole {
                prop_assert_eq!(tail, Tail::Complete, "at {}", length - kept);
                continue;
            }
            prop_assert_eq!(tail, Tail::Torn { keep: kept as u64 }, "at {} {:?}", length - kept, items);
            prop_assert_eq!(records(&items), records(&intact), "at {}", length - kept);
            let mut again = torn[..kept].to_vec();
            append(&mut again, &record);
            prop_assert_eq!(&again, &file);
        }
        let (items, _) = scan_all(&file);
        check_own(own_of(&items).last().expect("the record"), 1, &message);
    }

    #[test]
    fn a_flipped_bit_never_costs_another_record(bodies in [body(), body(), body()]) {
        let mut file = Vec::new();
        let mut places = Vec::new();
        for (number, body) in bodies.into_iter().enumerate() {
            let message = NewMessage { kind: "FACT".to_owned(), body, ..NewMessage::default() };
            let record = encoded(&message, number);
            append(&mut file, &record);
            places.push(file.len() - record.len()..file.len());
        }
        let (items, _) = scan_all(&file);
        let intact = own_of(&items);
        prop_assert_eq!(intact.len(), 3);
        for (touched, place) in places.into_iter().enumerate().skip(1) {
            for at in place {
                for bit in 0..8 {
                    let mut flipped = file.clone();
                    flipped[at] ^= 1 << bit;
                    let (items, tail) = scan_all(&flipped);
                    let is_reported = items.len() > records(&items).len() || tail != Tail::Complete;
                    let all_there = records(&items).len() >= intact.len();
                    prop_assert!(is_reported || all_there, "bit {} of {} is not noticed", bit, at);
                    for (place, record) in intact.iter().enumerate() {
                        let stays = records(&items)
                            .iter()
                            .any(|found| found.offset == record.offset && found.message == record.message);
                        prop_assert!(stays || place == touched, "bit {} of {} costs {}", bit, at, place);
                    }
                    let verified = own_of(&items);
                    let is_changed = verified.iter().any(|found| {
                        found.origin == Origin::Own
                            && found.message.integrity == Integrity::Verified
                            && !intact.iter().any(|record| record.message == found.message)
                    });
                    prop_assert!(!is_changed, "bit {} of {} changes a verified record", bit, at);
                }
            }
        }
    }
}

#[test]
fn a_header_over_the_limit_is_refused_and_nothing_is_written() {
    let message = NewMessage {
        kind: "FACT".to_owned(),
        meta: BTreeMap::from([("k".to_owned(), "x".repeat(70_000))]),
        ..NewMessage::default()
    };
    let record = NewRecord {
        project_id: "p",
        task_id: "t",
        message: &message,
        msg_id: "A",
        ts: jiff::Timestamp::UNIX_EPOCH,
        request_id: None,
        batch: None,
    };
    let mut out = b"before".to_vec();
    let error = encode(&record, &mut out).expect_err("it is too large");
    assert!(error.to_string().contains("HEADER_BYTES_MAX"), "{error}");
    assert_eq!(out, b"before");
}
