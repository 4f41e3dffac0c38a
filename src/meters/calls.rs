//! Calls by method and code, refusals by reason. Both are bounded: whatever a client sends
//! as a method, or somebody gives as a reason, no more series come of it than are named here.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Histogram, Label};

use crate::error::Reason;

use super::names;
use super::recorder::Recorder;

/// A method or a reason that is not known.
const OTHER: &str = "other";

/// The codes of gRPC by their numbers.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
/// What a number counts as that is no code, as gRPC says.
const UNKNOWN: usize = 2;

/// A service with its methods.
struct Service {
    name: &'static str,
    /// With one request and one answer.
    unary: &'static [&'static str],
    /// With a stream of either.
    streaming: &'static [&'static str],
}

const SERVICES: &[Service] = &[
    Service {
        name: "callboard.v1.MessageBus",
        unary: &[
            "AppendMessage",
            "AppendMessages",
            "ReadMessages",
            "PollForNew",
            "GetMessage",
            "ListBuses",
            "RotateBus",
            "TrimBus",
        ],
        streaming: &["AppendStream", "Subscribe"],
    },
    Service {
        name: "callboard.v1.Storage",
        unary: &[
            "GetServerInfo",
            "CreateProject",
            "GetProject",
            "ListProjects",
            "UpdateProject",
            "DeleteProject",
            "CreateTask",
            "GetTask",
            "ListTasks",
            "UpdateTask",
            "DeleteTask",
            "TransitionTask",
            "SaveStepResult",
            "GetTaskState",
            "SetTaskState",
            "MarkTaskDone",
            "ClearTaskDone",
            "AppendTaskLog",
            "SaveArtifact",
            "ListArtifacts",
            "DeleteArtifact",
            "AppendFact",
            "GetFact",
            "ListFacts",
            "CreateRun",
            "GetRunInfo",
            "ListRuns",
            "UpdateRunStatus",
            "UpdateRun",
            "GetRunMeta",
            "UpdateRunMeta",
            "AppendRunEvent",
            "DeleteRun",
            "GetRunTree",
            "WriteRunFile",
            "AppendRunOutput",
            "ListRunFiles",
            "ReconcileRuns",
            "CleanUpRuns",
        ],
        streaming: &["ReadTaskLog", "UploadArtifact", "GetArtifact", "ReadRunFile", "Watch"],
    },
    Service { name: "grpc.health.v1.Health", unary: &["Check"], streaming: &["Watch"] },
    Service {
        name: "grpc.reflection.v1.ServerReflection",
        unary: &[],
        streaming: &["ServerReflectionInfo"],
    },
    Service {
        name: "grpc.reflection.v1alpha.ServerReflection",
        unary: &[],
        streaming: &["ServerReflectionInfo"],
    },
];

/// One method. What nobody called has no series.
struct Method {
    service: &'static str,
    name: &'static str,
    unary: bool,
    by_code: [OnceLock<Counter>; CODES.len()],
    duration: OnceLock<Histogram>,
}

impl Method {
    fn new(service: &'static str, name: &'static str, unary: bool) -> Self {
        Self { service, name, unary, by_code: Default::default(), duration: OnceLock::new() }
    }

    fn labels(&self) -> Vec<Label> {
        vec![
            Label::from_static_parts("service", self.service),
            Label::from_static_parts("method", self.name),
        ]
    }
}

/// The calls that ended.
pub(super) struct Calls {
    /// By their paths, `/SERVICE/METHOD`.
    methods: HashMap<String, Method>,
    other: Method,
}

impl Calls {
    pub(super) fn new() -> Self {
        let of = |service: &'static Service, names: &'static [&'static str], unary| {
            let method = move |&name| {
                (format!("/{}/{name}", service.name), Method::new(service.name, name, unary))
            };
            names.iter().map(method)
        };
        let methods = SERVICES.iter().flat_map(|service| {
            of(service, service.unary, true).chain(of(service, service.streaming, false))
        });
        Self { methods: methods.collect(), other: Method::new(OTHER, OTHER, false) }
    }

    /// Counts one.
    pub(super) fn ended(&self, recorder: &Recorder, path: &str, code: i32, took: Duration) {
        let method = self.methods.get(path).unwrap_or(&self.other);
        let code = usize::try_from(code).ok().filter(|code| *code < CODES.len());
        let code = code.unwrap_or(UNKNOWN);
        let counter = method.by_code[code].get_or_init(|| {
            let mut labels = method.labels();
            labels.push(Label::from_static_parts("code", CODES[code]));
            recorder.counter(&names::CALLS, labels)
        });
        counter.increment(1);
        if method.unary {
            let duration = method
                .duration
                .get_or_init(|| recorder.histogram(&names::CALL_DURATION, method.labels()));
            duration.record(took);
        }
    }
}

/// Calls that were refused, by reason.
pub(super) struct Refusals(HashMap<&'static str, OnceLock<Counter>>);

impl Refusals {
    pub(super) fn new() -> Self {
        let reasons = Reason::ALL.iter().map(|reason| reason.as_str());
        Self(reasons.chain([OTHER]).map(|reason| (reason, OnceLock::new())).collect())
    }

    /// Counts one.
    pub(super) fn add(&self, recorder: &Recorder, reason: &str) {
        let known = self.0.get_key_value(reason).or_else(|| self.0.get_key_value(OTHER));
        let Some((reason, counter)) = known else { return };
        let labels = || vec![Label::from_static_parts("reason", reason)];
        counter.get_or_init(|| recorder.counter(&names::REFUSED, labels())).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost_reflect::DescriptorPool;

    use super::*;

    /// The series of a metric, in the order of their labels.
    fn series(recorder: &Recorder, metric: &str) -> Vec<String> {
        let text = recorder.render();
        let of = |line: &&str| line.strip_prefix(metric).is_some_and(|rest| rest.starts_with('{'));
        let mut lines: Vec<_> = text.lines().filter(of).map(ToOwned::to_owned).collect();
        lines.sort();
        lines
    }

    #[test]
    fn the_methods_are_those_of_the_proto() {
        let pool = DescriptorPool::decode(crate::grpc::DESCRIPTORS).expect("a descriptor set");
        let (mut unary, mut streaming) = (BTreeSet::new(), BTreeSet::new());
        for service in pool.services() {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                let streams = method.is_client_streaming() || method.is_server_streaming();
                if streams { &mut streaming } else { &mut unary }.insert(path);
            }
        }
        let calls = Calls::new();
        let known = |is_unary| {
            let of = |(path, method): (&String, &Method)| {
                (method.unary == is_unary && path.starts_with("/callboard.")).then(|| path.clone())
            };
            calls.methods.iter().filter_map(of).collect::<BTreeSet<_>>()
        };
        assert_eq!(known(true), unary);
        assert_eq!(known(false), streaming);
    }

    #[test]
    fn calls_are_counted_by_method_and_code_and_whatever_is_unknown_together() {
        let (recorder, calls) = (Recorder::new(), Calls::new());
        let took = Duration::from_millis(3);
        let append = "/callboard.v1.MessageBus/AppendMessage";
        for (path, code) in [
            (append, 0),
            (append, 0),
            (append, 10),
            (append, 99),
            (append, -1),
            ("/callboard.v1.MessageBus/Subscribe", 14),
            ("/callboard.v1.MessageBus/appendmessage", 12),
            ("/callboard.v2.MessageBus/AppendMessage", 12),
            ("", 12),
        ] {
            calls.ended(&recorder, path, code, took);
        }
        assert_eq!(
            series(&recorder, "callboard_calls_total"),
            [
                r#"callboard_calls_total{service="callboard.v1.MessageBus",method="AppendMessage",code="ABORTED"} 1"#,
                r#"callboard_calls_total{service="callboard.v1.MessageBus",method="AppendMessage",code="OK"} 2"#,
                r#"callboard_calls_total{service="callboard.v1.MessageBus",method="AppendMessage",code="UNKNOWN"} 2"#,
                r#"callboard_calls_total{service="callboard.v1.MessageBus",method="Subscribe",code="UNAVAILABLE"} 1"#,
                r#"callboard_calls_total{service="other",method="other",code="UNIMPLEMENTED"} 3"#,
            ]
        );
        // How long a stream lasts says nothing.
        assert_eq!(
            series(&recorder, "callboard_call_seconds_count"),
            [
                r#"callboard_call_seconds_count{service="callboard.v1.MessageBus",method="AppendMessage"} 5"#
            ]
        );
    }

    #[test]
    fn refusals_are_counted_by_the_reasons_that_exist() {
        let (recorder, refusals) = (Recorder::new(), Refusals::new());
        for reason in ["LOCK_TIMEOUT", "LOCK_TIMEOUT", "TOKEN_INVALID", "made up", "", "made up 2"]
        {
            refusals.add(&recorder, reason);
        }
        assert_eq!(
            series(&recorder, "callboard_refused_total"),
            [
                r#"callboard_refused_total{reason="LOCK_TIMEOUT"} 2"#,
                r#"callboard_refused_total{reason="TOKEN_INVALID"} 1"#,
                r#"callboard_refused_total{reason="other"} 3"#,
            ]
        );
    }
}
