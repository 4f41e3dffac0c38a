//! Bus files of real programs, served in place. Skipped, with a notice, where they
//! are not beside the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use callboard::grpc::pb;
use pb::StartPosition::Earliest;
use pb::subscribe_response::Frame;

use crate::client::{Client, follow, message};
use crate::server::Server;

fn real(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {name} is not beside the project");
    None
}

/// What the original reader returns of a file: the body by id, for each id.
fn listed(name: &str) -> Option<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(real(name)?).expect("text");
    let field =
        |value: &serde_json::Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let records = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    Some(
        records
            .map(|record: serde_json::Value| (field(&record, "MsgID"), field(&record, "Body")))
            .filter(|(id, _)| !id.is_empty())
            .collect(),
    )
}

#[tokio::test]
async fn real_bus_files_are_read_followed_and_appended_to_in_place() {
    for name in ["legacy-and-yaml", "swarm"] {
        let (Some(file), Some(expected)) =
            (real(&format!("{name}.MESSAGE-BUS.md")), listed(&format!("{name}.go-reader.jsonl")))
        else {
            return;
        };
        let server = Server::start();
        let bus = server.root().join("real/PROJECT-MESSAGE-BUS.md");
        std::fs::create_dir(server.root().join("real")).expect("a project");
        std::fs::copy(&file, &bus).expect("copied");
        let before = std::fs::read(&bus).expect("the bus");

        let shown = server.ok(&["read", "--all", "--project", "real", "--json"]);
        let read: BTreeMap<String, String> = shown
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
            .map(|message| {
                (
                    message["msg_id"].as_str().expect("an id").to_owned(),
                    message["body"].as_str().expect("a body").to_owned(),
                )
            })
            .collect();
        for (id, body) in &expected {
            let found = read.get(id).unwrap_or_else(|| panic!("{name}: {id} is missing"));
            // The original keeps the newline of the separator in some bodies, and
            // ends others at a rule.
            assert!(found.starts_with(body.trim_end()), "{name}: {id}: {found:?} is not {body:?}");
        }

        let mut client = Client::connect(&server).await;
        let mut subscription = client.subscribe(follow("real", "", Earliest)).await;
        let frames = subscription.caught_up().await;
        let followed = frames.iter().filter(|frame| matches!(frame, Frame::Message(_))).count();
        assert_eq!(followed, read.len(), "{name}: following sees what reading sees");

        let id = client.append(message("real", "", "appended")).await;
        client.append(message("real", "task-1", "elsewhere")).await;
        assert_eq!(subscription.message().await.message.expect("a message").msg_id, id);
        let after = std::fs::read(&bus).expect("the bus");
        assert!(after.starts_with(&before), "{name}: old bytes stay");
        let theirs = crate::original_reader::read(&after);
        assert_eq!(theirs.last().expect("a message").msg_id, id, "{name}: the original reads ours");
    }
}
