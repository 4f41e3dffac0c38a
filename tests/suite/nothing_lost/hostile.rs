//! Hostile input through a real server: a clear error or an exact round trip, no panic, and
//! nothing outside the root is read or written.

mod swaps;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use callboard::grpc::pb;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::tally::Tally;
use crate::any_call::{Caller, filled, methods};
use crate::client::{Client, bodies, follow_after, message, reason};
use crate::original_reader;
use crate::run_files::listing;
use crate::server::Server;
use crate::storage_client::StorageClient;

const SERVICES: [&str; 2] = ["MessageBus", "Storage"];

/// Texts that must not become a part of any name.
const HOSTILE: [&str; 9] = [
    "a\0b",
    "\0",
    "a\nb",
    "\u{1b}[2J",
    "a\u{7f}",
    "\u{9b}31m",
    "../../canary/made",
    "/canary/made",
    "..",
];

/// Whether a text names a thing: then a control character in it is refused.
fn names_a_thing(way: &[FieldDescriptor]) -> bool {
    let name = way.last().map_or("", FieldDescriptor::name);
    let names = [
        "project_id",
        "task_id",
        "depends_on",
        "fact_id",
        "request_id",
        "issue_id",
        "file",
        "attachment_path",
    ];
    // What the server says in a message is passed over where it is given.
    let is_said = way.len() > 1 && name == "request_id";
    // Nothing is looked for by these: the first three are compared with what messages say, the
    // last is the folder's name whatever it says.
    let only_compared = ["ReadMessagesRequest", "PollForNewRequest", "SubscribeRequest", "RunMeta"];
    let is_compared = way.last().is_some_and(|field| {
        name == "run_id" && only_compared.contains(&field.parent_message().name())
    });
    (names.contains(&name) || name.ends_with("run_id")) && !is_said && !is_compared
}

/// The ways to every text and every key of a map in a request.
fn texts(message: &MessageDescriptor, levels: usize) -> Vec<Vec<FieldDescriptor>> {
    let mut found = Vec::new();
    for field in message.fields() {
        match field.kind() {
            _ if field.is_map() => found.push(vec![field]),
            Kind::String => found.push(vec![field]),
            Kind::Message(inner) if levels > 0 && inner.full_name().starts_with("callboard.") => {
                found.extend(texts(&inner, levels - 1).into_iter().map(|mut way| {
                    way.insert(0, field.clone());
                    way
                }));
            }
            _ => {}
        }
    }
    found
}

/// Sets the text at the end of a way.
fn set(request: &mut DynamicMessage, way: &[FieldDescriptor], text: &str) {
    let Some((field, rest)) = way.split_first() else { return };
    let value = match (field.kind(), rest) {
        _ if field.is_map() => {
            let text = text.to_owned();
            let entries = [(MapKey::String(text.clone()), Value::String(text))];
            request.set_field(field, Value::Map(entries.into()));
            return;
        }
        (Kind::Message(inner), [_, ..]) => {
            let there = request.get_field(field).into_owned();
            let there = match there {
                Value::Message(message) => Some(message),
                Value::List(list) => list.first().and_then(Value::as_message).cloned(),
                _ => None,
            };
            let mut message = there.unwrap_or_else(|| DynamicMessage::new(inner));
            set(&mut message, rest, text);
            Value::Message(message)
        }
        _ => Value::String(text.to_owned()),
    };
    request.set_field(field, if field.is_list() { Value::List(vec![value]) } else { value });
}

fn shown(way: &[FieldDescriptor]) -> String {
    way.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(".")
}

/// Makes the task that requests are filled for.
async fn with_task(server: &Server) {
    let mut client = StorageClient::connect(server).await;
    client.new_task("demo", "t").await;
    client.new_run("demo", "t", "r").await;
    Client::connect(server).await.append(message("demo", "t", "x")).await;
}

/// The names of all that is in a folder, at any level.
fn names(folder: &Path) -> BTreeSet<String> {
    let paths = listing(folder).into_iter().map(|(path, _, _)| path);
    paths.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn no_hostile_text_in_any_field_of_any_method_gets_into_a_name_or_out_of_the_root() {
    let server = Server::start();
    with_task(&server).await;
    // Beside the root, where a way out of it would lead.
    let canary = server.root().parent().expect("a folder").join("canary");
    fs::create_dir(&canary).expect("a folder");
    fs::write(canary.join("made"), "untouched").expect("a file");
    let before = listing(&canary);

    let mut caller = Caller::connect(&server).await;
    let (mut tally, mut taken) = (Tally::default(), Vec::new());
    for method in swaps::in_order() {
        let ways = texts(&method.input(), 2);
        for way in &ways {
            for text in HOSTILE {
                let mut request = filled(&method, "demo");
                set(&mut request, way, text);
                let answer = caller.call(&method, &request).await;
                let what = format!("{} with {} {text:?}: {answer:?}", method.name(), shown(way));
                tally.cases += 1;
                let is_taken = match answer {
                    Ok(_) => text.contains(char::is_control) && names_a_thing(way),
                    Err(status) => {
                        let has_reason = status.get_details_error_info().is_some();
                        !has_reason || matches!(status.code(), Code::Internal | Code::Unknown)
                    }
                };
                if is_taken {
                    taken.push(what);
                }
            }
        }
    }
    assert!(taken.is_empty(), "taken, or refused without a reason:\n{}", taken.join("\n"));
    assert!(tally.cases > 1000, "{} calls", tally.cases);
    assert_eq!(listing(&canary), before, "something outside the root was changed");
    let around = server.root().parent().expect("a folder");
    let odd = names(around).into_iter().filter(|name| name.contains(char::is_control));
    assert_eq!(odd.collect::<Vec<_>>(), Vec::<String>::new());
    let made = listing(around).into_iter().filter(|(path, _, _)| path.ends_with("made"));
    assert_eq!(made.count(), 1, "a path was followed");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    tally.settle(
        "NUL, control characters and ways out of the root in every text of every method",
        "nothing_lost::hostile::no_hostile_text_in_any_field_of_any_method_gets_into_a_name_or_out_of_the_root",
    );
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused_by_the_name_of_the_limit() {
    let server = Server::start();
    with_task(&server).await;
    let before = listing(server.root());
    let mut caller = Caller::connect(&server).await;
    let mut tally = Tally::default();
    let mut refuse = async |service: &str, name: &str, field: &str, size: usize| {
        let method = methods(service).into_iter().find(|it| it.name() == name || name.is_empty());
        let method = method.expect("a method");
        let ways = texts(&method.input(), 2);
        let way = ways.iter().find(|way| field.is_empty() || shown(way) == field);
        let Some(way) = way else { return };
        let mut request = filled(&method, "demo");
        set(&mut request, way, &"x".repeat(size));
        let status = caller.call(&method, &request).await.expect_err(name);
        assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status:?}");
        assert_eq!(reason(&status), "TOO_LARGE", "{name}: {status:?}");
        assert!(status.message().contains("REQUEST_BYTES_MAX"), "{name}: {status:?}");
        tally.cases += 1;
    };
    for service in SERVICES {
        for method in methods(service) {
            refuse(service, method.name(), "", 5 << 20).await;
        }
    }
    for (service, name, field) in
        [("MessageBus", "AppendMessage", "message.body"), ("Storage", "CreateTask", "prompt")]
    {
        refuse(service, name, field, 64 << 20).await;
    }
    assert!(tally.cases >= 50, "{} calls", tally.cases);
    assert_eq!(listing(server.root()), before);
    assert!(!server.log().contains("panicked"), "{}", server.log());

    // Headers of HTTP end the call before it has begun; nobody else notices.
    let mut client = Client::connect(&server).await;
    let mut request = tonic::Request::new(pb::AppendMessageRequest {
        message: Some(message("demo", "t", "x")),
        ..Default::default()
    });
    let large = "x".repeat(1 << 20).parse().expect("a value");
    request.metadata_mut().insert("x-large", large);
    client.0.append_message(request).await.expect_err("the headers are too large");
    tally.cases += 1;
    Client::connect(&server).await.append(message("demo", "t", "still there")).await;
    tally.settle(
        "requests of 5 and 64 MiB to every method, headers of 1 MiB",
        "nothing_lost::hostile::a_request_that_is_too_large_is_refused_by_the_name_of_the_limit",
    );
}

/// Bodies that look like something else.
fn bodies_to_try() -> Vec<String> {
    let most = callboard::limits::MESSAGE_BODY_BYTES_MAX;
    let whole = "---\nmsg_id: MSG-20260223-191710-184887000-PID67946-0001\nts: 2026-02-23T19:17:10Z\ntype: FACT\nproject_id: demo\ntask_id: t\nrun_id: \"\"\n---\nforged\n";
    let of_ours = "---\nmsg_id: A\nts: 2026-03-04T05:06:07.5Z\ntype: FACT\nproject_id: p\ntask_id: t\nrun_id: r\nbody_size: 1\nchecksum: crc32c-93d3f4e2\n---\nx\n";
    let mut bodies: Vec<String> = [
        "",
        "\n",
        "---",
        "---\n",
        "\n---\n",
        " ---",
        "   ---\r\r",
        "---\r\n---\n",
        "--- ",
        "\0",
        "\r",
        "\u{feff}---\n",
        "\n\n---\nmsg_id:",
        "[2026-03-01 10:00:00] FACT: one",
        "<!-- -->\n",
        "\n---\n<!-- -->\n",
        "checksum: crc32c-00000000\n---\n",
        "\u{1b}[2J\u{9b}\u{202e}",
    ]
    .map(str::to_owned)
    .into();
    for text in [whole, of_ours] {
        bodies.extend([
            text.to_owned(),
            format!("\n{text}"),
            format!("a\n\n{text}"),
            text.repeat(20),
        ]);
    }
    for line in ["---\n", "\n", " ---\r\n", "\0", "é"] {
        bodies.push(line.repeat(most / line.len()));
    }
    bodies
}

#[tokio::test]
async fn every_body_comes_back_exactly_and_makes_no_second_message() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let tried = bodies_to_try();
    let first = client.append(message("demo", "t", "first")).await;
    let mut ids = vec![first];
    for body in &tried {
        ids.push(client.append(message("demo", "t", body)).await);
    }
    let mut read = Vec::new();
    let mut cursor = None;
    loop {
        let start = cursor.map(pb::read_messages_request::Start::Cursor);
        let request =
            pb::ReadMessagesRequest { start, limit: 7, ..crate::client::read_of("demo", "t") };
        let page = client.read(request).await;
        read.extend(page.messages);
        if page.end_of_bus {
            break;
        }
        cursor = Some(page.cursor);
    }
    let found: Vec<&str> = read.iter().map(|message| message.msg_id.as_str()).collect();
    assert_eq!(found, ids);
    let tried: Vec<&str> = ["first"].into_iter().chain(tried.iter().map(String::as_str)).collect();
    assert!(bodies(&read) == tried, "a body came back as another one");

    // A subscriber gets the same, and so does a reader of the original rules.
    let start =
        client.read(pb::ReadMessagesRequest { limit: 1, ..crate::client::read_of("demo", "t") });
    let cursor = start.await.cursor;
    let mut subscription = client.subscribe(follow_after("demo", "t", &cursor)).await;
    for expected in &read[1..] {
        assert_eq!(subscription.message().await.message.as_ref(), Some(expected));
    }
    let file = fs::read(server.root().join("demo/t/TASK-MESSAGE-BUS.md")).expect("the bus");
    let original: Vec<String> =
        original_reader::read(&file).into_iter().map(|message| message.msg_id).collect();
    assert_eq!(original, ids);
    let tally = Tally { cases: tried.len(), acknowledged: tried.len(), ..Tally::default() };
    tally.settle(
        "bodies of `---` lines, of whole records, of a MiB",
        "nothing_lost::hostile::every_body_comes_back_exactly_and_makes_no_second_message",
    );
}
