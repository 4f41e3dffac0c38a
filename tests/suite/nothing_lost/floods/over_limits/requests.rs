//! A request for each limit, with as much of what it bounds as is asked for.

use callboard::grpc::pb;
use futures_util::future::BoxFuture;
use tonic::Status;

use crate::client::{Client, message, read_of, reason};
use crate::storage_client::{
    StorageClient, log_of, new_artifact, new_fact, new_run, new_task, step_result, upload_header,
};

pub(super) const PROJECT: &str = "demo";
pub(super) const TASK: &str = "task-20260101-120000-limits";
pub(super) const RUN: &str = "run-1";

/// Those who call.
#[derive(Clone)]
pub(super) struct Callers {
    pub(super) bus: Client,
    pub(super) storage: StorageClient,
}

/// Makes a call with so much of what a limit bounds.
pub(super) type Try = fn(Callers, usize) -> BoxFuture<'static, Result<(), Status>>;

/// What is shown of a limit.
pub(super) enum Shown {
    /// A request over it is refused, and one at it is not.
    Refused(Try),
    /// Why nothing is refused by it, or where that is shown.
    Elsewhere(&'static str),
}

use Shown::{Elsewhere, Refused};

macro_rules! tried {
    ($client:ident, $size:ident, $call:expr) => {
        Refused(|callers, $size| {
            Box::pin(async move {
                #[allow(unused_mut, reason = "some calls take a clone")]
                let mut $client = callers;
                $call.await.map(drop)
            })
        })
    };
}

/// An append of a message that differs from a plain one.
macro_rules! appended {
    ($size:ident, $field:ident: $value:expr) => {
        tried!(
            callers,
            $size,
            callers.bus.try_append(pb::Message { $field: $value, ..message(PROJECT, "", "x") })
        )
    };
}

/// A new task that differs from a plain one.
macro_rules! created {
    ($size:ident, $field:ident: $value:expr) => {
        tried!(
            callers,
            $size,
            callers
                .storage
                .create_task(pb::CreateTaskRequest { $field: $value, ..new_task(PROJECT, "") })
        )
    };
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// An object of JSON, so long in all.
fn json(bytes: usize) -> String {
    format!(r#"{{"a":"{}"}}"#, text(bytes - 8))
}

fn numbered(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|nth| format!("n{nth}"))
}

/// Lets pass what a call of the right size is refused for besides.
fn besides<T>(result: Result<T, Status>, reasons: &[&str]) -> Result<(), Status> {
    match result {
        Err(status) if reasons.contains(&reason(&status).as_str()) => Ok(()),
        result => result.map(drop),
    }
}

pub(super) fn shown(name: &str) -> Shown {
    match name {
        "MESSAGE_BODY_BYTES_MAX" => appended!(size, body: text(size)),
        "MESSAGE_TYPE_BYTES_MAX" => appended!(size, r#type: text(size)),
        "PARENTS_MAX" => appended!(size, parents: numbered(size)
            .map(|msg_id| pb::Parent { msg_id, ..Default::default() })
            .collect()),
        "LINKS_MAX" => appended!(size, links: numbered(size)
            .map(|url| pb::Link { url, ..Default::default() })
            .collect()),
        "META_KEYS_MAX" => {
            appended!(size, meta: numbered(size).map(|key| (key, String::new())).collect())
        }
        "META_KEY_CHARS_MAX" => appended!(size, meta: [("é".repeat(size), String::new())].into()),
        "ATTACHMENT_PATH_BYTES_MAX" => {
            appended!(size, attachment_path: (0..size)
                .map(|nth| if nth % 100 == 50 { '/' } else { 'x' })
                .collect())
        }
        "HEADER_BYTES_MAX" => {
            Elsewhere("what a header takes only its encoding knows: bad_messages")
        }
        "FOREIGN_BODY_BYTES_MAX" => Elsewhere("only other programs write so long ones: bus_format"),
        "ID_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.create_project(pb::CreateProjectRequest {
                project_id: text(size),
                ..Default::default()
            })
        ),
        "NAME_BYTES_MAX" => tried!(callers, size, async {
            let request = pb::GetProjectRequest { project_id: text(size) };
            besides(callers.storage.get_project(request).await, &["PROJECT_NOT_FOUND"])
        }),
        "MSG_ID_BYTES_MAX" => tried!(callers, size, async {
            let request = pb::GetMessageRequest {
                project_id: PROJECT.into(),
                msg_id: text(size),
                ..Default::default()
            };
            besides(callers.bus.0.get_message(request).await, &["MESSAGE_NOT_FOUND"])
        }),
        "CURSOR_BYTES_MAX" => Elsewhere("no cursor is so long: domain::cursor"),
        "REQUEST_ID_BYTES_MAX" => tried!(
            callers,
            size,
            callers.bus.append_request(pb::AppendMessageRequest {
                message: Some(message(PROJECT, "", "x")),
                request_id: text(size),
                ..Default::default()
            })
        ),
        "TEXT_BYTES_MAX" => created!(size, description: text(size)),
        "PROMPT_BYTES_MAX" => created!(size, prompt: text(size)),
        "DEPENDENCIES_MAX" => created!(size, depends_on: numbered(size).collect()),
        "STEPS_MAX" => created!(size, steps: numbered(size).map(step).collect()),
        "COMMANDS_MAX" => created!(size, steps: vec![pb::Step {
            commands: numbered(size).collect(),
            ..step("one".into())
        }]),
        "METADATA_BYTES_MAX" => created!(size, metadata_json: json(size)),
        "JSON_LEVELS_MAX" => created!(size, metadata_json: format!(
            r#"{{"a":{}{}}}"#,
            "[".repeat(size - 1),
            "]".repeat(size - 1)
        )),
        "LABEL_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.create_run(pb::CreateRunRequest {
                agent_version: text(size),
                ..new_run(PROJECT, TASK, "")
            })
        ),
        "PATH_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.create_run(pb::CreateRunRequest {
                cwd: format!("/{}", text(size - 1)),
                ..new_run(PROJECT, TASK, "")
            })
        ),
        "STATE_STATUS_BYTES_MAX" => tried!(
            callers,
            size,
            callers
                .storage
                .set_task_state(pb::SetTaskStateRequest { state_status: text(size), ..state() })
        ),
        "STATE_MARKDOWN_BYTES_MAX" => tried!(
            callers,
            size,
            callers
                .storage
                .set_task_state(pb::SetTaskStateRequest { markdown: text(size), ..state() })
        ),
        "FOLDERS_MAX" => tried!(
            callers,
            size,
            callers.storage.create_project(pb::CreateProjectRequest {
                project_id: "folders".into(),
                source_folders: numbered(size).map(|name| format!("/{name}")).collect(),
                ..Default::default()
            })
        ),
        "RUN_FILE_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.write_run_file(pb::WriteRunFileRequest {
                run_id: RUN.into(),
                file: "output".into(),
                data: vec![b'x'; size],
                ..Default::default()
            })
        ),
        "RUN_OUTPUT_CHUNK_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.append_run_output(pb::AppendRunOutputRequest {
                run_id: RUN.into(),
                file: "stdout".into(),
                chunk: vec![b'x'; size],
                ..Default::default()
            })
        ),
        "TAIL_LINES_MAX" => tried!(
            callers,
            size,
            callers.storage.0.read_task_log(pb::ReadTaskLogRequest {
                project_id: PROJECT.into(),
                task_id: TASK.into(),
                tail_entries: number(size),
                ..Default::default()
            })
        ),
        "FILES_CHANGED_MAX" => tried!(callers, size, async {
            let mut request = step_result(PROJECT, TASK, 0, "completed");
            let result = request.step_result.as_mut().expect("a result");
            result.files_changed = numbered(size).collect();
            callers.storage.save_step_result(request).await
        }),
        "LOG_ENTRY_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.append_task_log(log_of(PROJECT, TASK, &[&json(size)]))
        ),
        "LOG_ENTRIES_MAX" => tried!(
            callers,
            size,
            callers.storage.append_task_log(log_of(PROJECT, TASK, &vec!["{}"; size]))
        ),
        "LOG_BATCH_BYTES_MAX" => tried!(callers, size, async {
            let long = json(60_000);
            let rest = json(size % 60_000 + 8);
            let mut entries = vec![long.as_str(); size / 60_000];
            // As short as an entry can be, so that the sum comes out.
            let shortened = json(60_000 - 8);
            entries[0] = &shortened;
            entries.push(&rest);
            callers.storage.append_task_log(log_of(PROJECT, TASK, &entries)).await
        }),
        "EVENT_DATA_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.append_run_event(pb::AppendRunEventRequest {
                run_id: RUN.into(),
                event: "tried".into(),
                data_json: json(size),
                ..Default::default()
            })
        ),
        "ARTIFACT_COMPONENTS_MAX" => tried!(
            callers,
            size,
            callers.storage.save_artifact(new_artifact(
                PROJECT,
                TASK,
                &vec!["a"; size].join("/"),
                "x"
            ))
        ),
        "ARTIFACT_DATA_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.save_artifact(new_artifact(
                PROJECT,
                TASK,
                "data.bin",
                vec![b'x'; size]
            ))
        ),
        "ARTIFACT_BYTES_MAX" => tried!(callers, size, async {
            let mut header = upload_header(PROJECT, TASK, "size.bin");
            header.size = i64::try_from(size).ok();
            // Nothing of it is sent.
            besides(callers.storage.upload(header, vec![]).await, &["CHECKSUM_MISMATCH"])
        }),
        "ARTIFACT_VERSIONS_MAX" => Elsewhere("10 000 versions: atlas::versions"),
        "FACT_TITLE_BYTES_MAX" => {
            tried!(callers, size, callers.storage.append_fact(new_fact(PROJECT, TASK, &text(size))))
        }
        "FACT_BODY_BYTES_MAX" => tried!(
            callers,
            size,
            callers.storage.append_fact(pb::AppendFactRequest {
                body: text(size),
                ..new_fact(PROJECT, TASK, "a fact")
            })
        ),
        "BATCH_MESSAGES_MAX" => tried!(
            callers,
            size,
            callers.bus.append_batch(vec![message(PROJECT, "", "x"); size], "")
        ),
        "BATCH_BYTES_MAX" => tried!(callers, size, async {
            let bodies = vec!["x"; size].concat();
            let pieces = bodies.as_bytes().chunks(1 << 20);
            let batch = pieces.map(|piece| message(PROJECT, "", &text(piece.len()))).collect();
            callers.bus.append_batch(batch, "").await
        }),
        "REQUEST_BYTES_MAX" => tried!(callers, size, async {
            let mut request = new_artifact(PROJECT, TASK, "request.bin", vec![]);
            // What the field takes besides its content: a tag, and a length of four bytes.
            let besides_data = prost::Message::encoded_len(&request) + 5;
            request.data = vec![b'x'; size - besides_data];
            let result = callers.storage.save_artifact(request).await;
            match result {
                Err(status) if status.message().contains("ARTIFACT_DATA_BYTES_MAX") => Ok(()),
                result => result.map(drop),
            }
        }),
        "READ_LIMIT_MAX" => tried!(
            callers,
            size,
            callers
                .bus
                .try_read(pb::ReadMessagesRequest { limit: number(size), ..read_of(PROJECT, "") })
        ),
        "PAGE_SIZE_MAX" => tried!(
            callers,
            size,
            callers.storage.list_projects(pb::ListProjectsRequest {
                page_size: number(size),
                ..Default::default()
            })
        ),
        "FILTER_TYPES_MAX" => tried!(
            callers,
            size,
            callers.bus.try_read(pb::ReadMessagesRequest {
                types: numbered(size).collect(),
                ..read_of(PROJECT, "")
            })
        ),
        "FILTER_STATUSES_MAX" => tried!(
            callers,
            size,
            callers.storage.list_runs(pb::ListRunsRequest {
                project_id: PROJECT.into(),
                statuses: vec!["running".into(); size],
                ..Default::default()
            })
        ),
        "POSITIONS_MAX" => tried!(callers, size, async {
            let position = |project_id| pb::BusPosition {
                project_id,
                // Found out when the positions are looked at, after they were counted.
                cursor: "none".into(),
                ..Default::default()
            };
            let request = pb::SubscribeRequest {
                scope: pb::SubscribeScope::All.into(),
                positions: numbered(size).map(position).collect(),
                stop_at_tail: true,
                ..Default::default()
            };
            besides(callers.bus.try_subscribe(request).await, &["CURSOR_UNKNOWN"])
        }),
        "SUBSCRIBERS_MAX" => {
            Elsewhere("files::seat; floods::resets opens more, one after the other")
        }
        "CALLS_MAX" | "WAITING_CALLS_MAX" => Elsewhere("server::calls"),
        "CONNECTIONS_MAX" => Elsewhere("floods::connections"),
        "REQUESTS_BYTES_MAX" | "BUS_QUEUE_BYTES_MAX" => {
            Elsewhere("what is over waits: floods::requests")
        }
        "ANSWERS_BYTES_MAX" => Elsewhere("server::answer_body"),
        "REQUEST_HEADER_BYTES_MAX" => Elsewhere("floods::frames"),
        "CONNECTION_STREAMS_MAX" => Elsewhere("the transport announces it, and clients keep to it"),
        "APPEND_STREAM_IN_FLIGHT" => Elsewhere("what is over waits: append"),
        "DOCUMENT_BYTES_MAX" => Elsewhere("what others wrote makes up most of it: odd_documents"),
        "ANSWER_BYTES_MAX"
        | "FILE_CHUNK_BYTES"
        | "RUNS_EXAMINED_MAX"
        | "ARTIFACT_HASH_BYTES_MAX" => {
            Elsewhere("an answer's own: what is over is in the next one")
        }
        "NAMED_MAX" => Elsewhere("what is over is counted"),
        "CREATE_REQUESTS_MAX" | "REQUEST_ID_MESSAGES" => Elsewhere("how long is remembered"),
        "READ_LIMIT_DEFAULT" | "PAGE_SIZE_DEFAULT" => Elsewhere("a default"),
        _ => panic!("{name} is announced, and nothing says what is shown of it"),
    }
}

pub(super) fn step(name: String) -> pb::Step {
    pb::Step { name, r#type: "prompt".into(), ..Default::default() }
}

fn state() -> pb::SetTaskStateRequest {
    pb::SetTaskStateRequest {
        project_id: PROJECT.into(),
        task_id: TASK.into(),
        state_status: "working".into(),
        ..Default::default()
    }
}

fn number(size: usize) -> i32 {
    i32::try_from(size).expect("a number")
}
