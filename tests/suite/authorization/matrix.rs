//! Every method with every kind of caller.

use callboard::access::Permission::{Admin, Read, Write};
use prost_reflect::MethodDescriptor;
use tonic::{Code, Status};

use crate::any_call::{Caller, filled, methods};
use crate::client::{Client, assert_refused, reason};
use crate::storage_client::StorageClient;

use super::{Guarded, Tokens, content_of, seconds_from_now};

/// What a caller needs for a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// To be let in.
    Nothing,
    Read,
    Write,
    Admin,
}

/// Written down once more, and by hand: a method that is not here fails the test.
const NEEDS: &[(Needs, &[&str])] = &[
    (Needs::Nothing, &["GetServerInfo"]),
    (
        Needs::Read,
        &[
            "ReadMessages",
            "PollForNew",
            "GetMessage",
            "Subscribe",
            "ListBuses",
            "GetProject",
            "ListProjects",
            "GetTask",
            "ListTasks",
            "GetTaskState",
            "ReadTaskLog",
            "GetArtifact",
            "ListArtifacts",
            "GetFact",
            "ListFacts",
            "GetRunInfo",
            "ListRuns",
            "GetRunMeta",
            "GetRunTree",
            "ReadRunFile",
            "ListRunFiles",
            "Watch",
        ],
    ),
    (
        Needs::Write,
        &[
            "AppendMessage",
            "AppendMessages",
            "AppendStream",
            "CreateProject",
            "UpdateProject",
            "CreateTask",
            "UpdateTask",
            "TransitionTask",
            "SaveStepResult",
            "SetTaskState",
            "MarkTaskDone",
            "ClearTaskDone",
            "AppendTaskLog",
            "SaveArtifact",
            "UploadArtifact",
            "DeleteArtifact",
            "AppendFact",
            "CreateRun",
            "UpdateRunStatus",
            "UpdateRun",
            "UpdateRunMeta",
            "AppendRunEvent",
            "WriteRunFile",
            "AppendRunOutput",
            "ReconcileRuns",
        ],
    ),
    (
        Needs::Admin,
        &["RotateBus", "TrimBus", "DeleteProject", "DeleteTask", "DeleteRun", "CleanUpRuns"],
    ),
];

fn needs(method: &MethodDescriptor) -> Needs {
    let found = NEEDS.iter().find(|(_, names)| names.contains(&method.name()));
    found.unwrap_or_else(|| panic!("say here what {} needs", method.full_name())).0
}

/// Those that may name no project, and are then about all that the caller reaches.
const WIDE: &[&str] = &[
    "Subscribe",
    "ListBuses",
    "ListProjects",
    "ListRuns",
    "Watch",
    "ReconcileRuns",
    "CleanUpRuns",
];

/// What is to come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    LetThrough,
    Refused(Code, &'static str),
}

const REQUIRED: Expected = Expected::Refused(Code::Unauthenticated, "TOKEN_REQUIRED");
const INVALID: Expected = Expected::Refused(Code::Unauthenticated, "TOKEN_INVALID");
const NOT_ALLOWED: Expected = Expected::Refused(Code::PermissionDenied, "NOT_ALLOWED");

/// A kind of caller: what it sends as its authorization, and what comes of a method.
struct Kind {
    name: &'static str,
    authorization: Option<String>,
    expects: fn(&MethodDescriptor) -> Expected,
}

/// Those who are let through by what they may do.
fn if_met(met: bool) -> Expected {
    if met { Expected::LetThrough } else { NOT_ALLOWED }
}

fn kinds(tokens: &Tokens) -> Vec<Kind> {
    let bearer = |token: String| Some(format!("Bearer {token}"));
    let kind = |name, authorization, expects| Kind { name, authorization, expects };
    let of = |name, projects: &[&str], allow: &[_]| bearer(tokens.add(name, projects, allow));
    let expired = tokens.add_with("expired", &["*"], &[Admin], |grant| {
        grant.expires_at = Some(seconds_from_now(-1));
    });
    let revoked = tokens.add_with("revoked--", &["*"], &[Admin], |grant| {
        grant.revoked_at = Some(seconds_from_now(-1));
    });
    let unknown = format!("cbt_00000000_{}", "0".repeat(64));
    vec![
        kind("no token", None, |_| REQUIRED),
        kind("a malformed token", bearer("cbt_x".into()), |_| INVALID),
        kind("another scheme", Some("Basic eDp5".into()), |_| INVALID),
        kind("an unknown token", bearer(unknown), |_| INVALID),
        kind("an expired token", bearer(expired), |_| INVALID),
        kind("a revoked token", bearer(revoked), |_| INVALID),
        kind("wrong project", of("wrong", &["other*", "dem"], &[Admin]), |method| {
            let names_none = ["GetServerInfo", "ListProjects"].contains(&method.name());
            if_met(names_none)
        }),
        kind("read", of("read", &["demo"], &[Read]), |method| {
            if_met(matches!(needs(method), Needs::Nothing | Needs::Read))
        }),
        kind("write", of("write-", &["demo"], &[Write]), |method| {
            if_met(matches!(needs(method), Needs::Nothing | Needs::Write))
        }),
        kind("read and write", of("both----", &["de*"], &[Read, Write]), |method| {
            if_met(needs(method) != Needs::Admin)
        }),
        kind("admin", of("admin-----", &["demo"], &[Admin]), |_| Expected::LetThrough),
    ]
}

fn found(outcome: &Result<Vec<Vec<u8>>, Status>) -> Expected {
    match outcome {
        Err(status) if status.code() == Code::Unauthenticated => match reason(status).as_str() {
            "TOKEN_REQUIRED" => REQUIRED,
            "TOKEN_INVALID" => INVALID,
            other => panic!("UNAUTHENTICATED with {other}"),
        },
        Err(status) if status.code() == Code::PermissionDenied => {
            assert_eq!(reason(status), "NOT_ALLOWED");
            NOT_ALLOWED
        }
        Err(status) => {
            let broken = [Code::Internal, Code::Unknown, Code::Unimplemented, Code::Unavailable];
            assert!(!broken.contains(&status.code()), "{status:?}");
            Expected::LetThrough
        }
        Ok(_) => Expected::LetThrough,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_lets_through_whom_its_rule_does_and_nobody_else() {
    let Guarded { server, tokens } = Guarded::start();
    let all = tokens.add("the one that makes things", &["*"], &[Admin]);
    let mut setup = Caller::connect(&server).await.authorized(&format!("Bearer {all}"));
    let methods: Vec<_> = ["MessageBus", "Storage"].into_iter().flat_map(methods).collect();
    let named: usize = NEEDS.iter().map(|(_, names)| names.len()).sum();
    assert_eq!(named, methods.len(), "a method that is no more");
    for name in ["CreateTask", "CreateRun", "AppendMessage"] {
        let method = methods.iter().find(|method| method.name() == name).expect(name);
        setup.call(method, &filled(method, "demo")).await.expect(name);
    }
    let kinds = kinds(&tokens);
    let before = content_of(server.root());
    // First all that is refused: it changes nothing. Then the rest, of which the last calls
    // remove things.
    for lets_through in [false, true] {
        for kind in &kinds {
            let mut caller = Caller::connect(&server).await;
            if let Some(authorization) = &kind.authorization {
                caller = caller.authorized(authorization);
            }
            for method in &methods {
                let expected = (kind.expects)(method);
                if (expected == Expected::LetThrough) != lets_through {
                    continue;
                }
                let outcome = caller.call(method, &filled(method, "demo")).await;
                assert_eq!(
                    found(&outcome),
                    expected,
                    "{} {}: {outcome:?}",
                    kind.name,
                    method.name()
                );
            }
        }
        if !lets_through {
            assert_eq!(content_of(server.root()), before, "what was refused changed something");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_project_a_permission_is_needed_as_well_and_the_project_where_there_is_one() {
    let Guarded { server, tokens } = Guarded::start();
    for (name, allow) in [("read", Read), ("write-", Write), ("admin--", Admin)] {
        let token = tokens.add(name, &["demo"], &[allow]);
        let mut caller = Caller::connect(&server).await.authorized(&format!("Bearer {token}"));
        for method in ["MessageBus", "Storage"].into_iter().flat_map(methods) {
            let needs = needs(&method);
            let is_met = match allow {
                Read => matches!(needs, Needs::Nothing | Needs::Read),
                Write => matches!(needs, Needs::Nothing | Needs::Write),
                Admin => true,
            };
            let is_wide = needs == Needs::Nothing || WIDE.contains(&method.name());
            let outcome = caller.call(&method, &filled(&method, "")).await;
            let expected = if_met(is_met && is_wide);
            assert_eq!(found(&outcome), expected, "{name} {}: {outcome:?}", method.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_the_same_of_a_project_that_exists_and_of_one_that_does_not() {
    let Guarded { server, tokens } = Guarded::start();
    let all = tokens.add("all", &["*"], &[Admin]);
    let limited = tokens.add("limited", &["mine"], &[Read]);
    let methods = methods("Storage");
    let find = |name: &str| methods.iter().find(|method| method.name() == name).expect("a method");
    let mut setup = Caller::connect(&server).await.authorized(&format!("Bearer {all}"));
    let create = find("CreateTask");
    setup.call(create, &filled(create, "there")).await.expect("a task");
    let mut caller = Caller::connect(&server).await.authorized(&format!("Bearer {limited}"));
    for name in ["GetTask", "ListTasks", "GetProject"] {
        let method = find(name);
        let mut told = Vec::new();
        for project in ["there", "gone"] {
            let refused = caller.call(method, &filled(method, project)).await;
            let status = refused.expect_err("refused");
            told.push(status.message().replace(project, "it"));
        }
        assert_eq!(told[0], told[1], "{name}");
        assert!(
            told[0].contains("this needs read in project it, and token limited is"),
            "{}",
            told[0]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_is_open_and_reflection_as_it_is_set() {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

    for (set, code) in [
        ("open", None),
        ("authenticated", Some(Code::Unauthenticated)),
        ("off", Some(Code::Unauthenticated)),
    ] {
        let Guarded { server, tokens } = Guarded::start_with(&["--reflection", set]);
        let channel = crate::client::channel(server.addr()).await;
        let health = HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await;
        health.expect("the health is open");
        let list = || {
            let message_request = Some(MessageRequest::ListServices(String::new()));
            let request = ServerReflectionRequest { message_request, ..Default::default() };
            tokio_stream::iter([request])
        };
        let mut without = ServerReflectionClient::new(channel.clone());
        let asked = without.server_reflection_info(list());
        assert_eq!(asked.await.err().map(|status| status.code()), code, "{set}");
        let token = tokens.add("any", &["x"], &[Read]);
        let mut with =
            ServerReflectionClient::with_interceptor(channel, super::With::token(&token));
        let asked = with.server_reflection_info(list()).await.err().map(|status| status.code());
        assert_eq!(asked, (set == "off").then_some(Code::Unimplemented), "{set}, with a token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_settings_the_owner_needs_no_token_and_a_token_that_is_sent_counts() {
    let server = crate::server::Server::start();
    let mut client = Client::connect(&server).await;
    let message = callboard::grpc::pb::Message {
        project_id: "demo".into(),
        r#type: "INFO".into(),
        ..Default::default()
    };
    client.append(message).await;
    let mut storage = StorageClient::connect(&server).await;
    let info = storage.0.get_server_info(callboard::grpc::pb::GetServerInfoRequest {});
    let info = info.await.expect("an answer").into_inner();
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(info.caller, format!("user {uid}"));
    assert_eq!(
        (info.permissions.join(" "), info.projects.join(" ")),
        ("read write admin".into(), "*".into())
    );
    assert_eq!(info.open["calls"], 1);
    let methods = methods("Storage");
    let mut caller = Caller::connect(&server).await.authorized("Bearer nonsense");
    let method = methods.iter().find(|method| method.name() == "ListProjects").expect("a method");
    let refused = caller.call(method, &filled(method, "demo")).await;
    assert_refused(refused, Code::Unauthenticated, "TOKEN_INVALID", "malformed");
}
