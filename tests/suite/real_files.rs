//! Files that real programs wrote. They are not part of the project; without them these
//! tests say so and pass.

use std::collections::HashMap;
use std::path::Path;

use callboard::layout::message_file::{Tail, scan_all};
use serde_json::Value;

use crate::bus_format::records;
use crate::fuzz_checks::windowed;

fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real");
    let Ok(file) = std::fs::read(folder.join(format!("{name}.MESSAGE-BUS.md"))) else {
        println!("notice: {name} is not here, nothing was tested");
        return;
    };
    let returned = std::fs::read_to_string(folder.join(format!("{name}.go-reader.jsonl")))
        .expect("what the original reader returned");
    let (items, tail) = scan_all(&file);
    assert_eq!(tail, Tail::Complete);
    assert_eq!(windowed(&file, 16 << 10), (items.clone(), tail));
    let ours: HashMap<&str, _> = records(&items)
        .into_iter()
        .map(|record| (record.message.msg_id.as_str(), &record.message))
        .collect();
    for line in returned.lines() {
        let theirs: Value = serde_json::from_str(line).expect("JSON");
        let id = theirs["MsgID"].as_str().expect("an id");
        if id.is_empty() {
            continue;
        }
        let message = ours.get(id).unwrap_or_else(|| panic!("{id} is not read"));
        assert_eq!(message.kind, theirs["Type"].as_str().expect("text"), "{id}");
        let ts = theirs["Timestamp"].as_str().expect("a time").parse().expect("a time");
        assert_eq!(message.ts, Some(ts), "{id}");
        let body = theirs["Body"].as_str().expect("text");
        let ours = String::from_utf8_lossy(&message.body);
        let body = body.trim_end_matches('\n');
        // Theirs ends at the first `---` line, also where that is a rule in the text.
        let rest = ours.strip_prefix(body).unwrap_or_else(|| panic!("the body of {id} differs"));
        let rest = rest.trim_start_matches('\n');
        assert!(rest.is_empty() || rest.starts_with("---\n"), "the body of {id} goes on: {rest}");
    }
}

#[test]
fn every_message_of_the_real_mixed_bus_is_read() {
    check("legacy-and-yaml");
}

#[test]
fn every_message_of_the_real_project_bus_is_read() {
    check("swarm");
}
