//! What each method needs of its caller: the one table. A request without a row cannot be
//! passed through the [`gate`](super::gate), and a method whose comment in the proto says
//! something else fails a test.

use prost::Message;

use crate::access::Permission;

use super::pb;

use pb::upload_artifact_request::Part;

/// What a method needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    /// What the caller must be allowed; nothing for what everybody may ask who is let in.
    pub(super) permission: Option<Permission>,
    /// Whether it takes room on the disk.
    pub(super) takes_room: bool,
    /// Whether it may name no project, and is then about all that its caller reaches.
    pub(super) is_wide: bool,
}

impl Rule {
    /// Whether it changes something.
    pub(super) fn changes(self) -> bool {
        matches!(self.permission, Some(Permission::Write | Permission::Admin))
    }
}

/// A request that the table has a row for.
pub(super) trait Ruled: Message + Default {
    /// The path of its method.
    const METHOD: &'static str;
    /// What that needs.
    const RULE: Rule;

    /// Returns the project that it names; empty when it names none.
    fn project(&self) -> &str;

    /// Returns what else it names, for the log of changes.
    fn names(&self) -> Vec<(&'static str, &str)>;
}

const fn rule(permission: Permission) -> Rule {
    Rule { permission: Some(permission), takes_room: false, is_wide: false }
}

const OPEN: Rule = Rule { permission: None, takes_room: false, is_wide: true };
const READ: Rule = rule(Permission::Read);
const READ_WIDE: Rule = Rule { is_wide: true, ..READ };
/// Writes what needs room.
const ADD: Rule = Rule { takes_room: true, ..rule(Permission::Write) };
/// Writes what gives room back, or needs next to none.
const TIDY: Rule = rule(Permission::Write);
const TIDY_WIDE: Rule = Rule { is_wide: true, ..TIDY };
const ADMIN: Rule = rule(Permission::Admin);
const ADMIN_WIDE: Rule = Rule { is_wide: true, ..ADMIN };

macro_rules! rules {
    ($($service:ident { $($method:ident($request:ident): $rule:ident [$($name:ident)*] $project:expr $(, $more:expr)?;)* })*) => {
        $($(
            impl Ruled for pb::$request {
                const METHOD: &'static str =
                    concat!("/callboard.v1.", stringify!($service), "/", stringify!($method));
                const RULE: Rule = $rule;

                fn project(&self) -> &str {
                    let project: fn(&Self) -> &str = $project;
                    project(self)
                }

                #[allow(unused_mut, reason = "few have more")]
                fn names(&self) -> Vec<(&'static str, &str)> {
                    let mut names = vec![$((stringify!($name), self.$name.as_str())),*];
                    $(
                        let more: fn(&Self) -> Vec<(&'static str, &str)> = $more;
                        names.extend(more(self));
                    )?
                    names
                }
            }
        )*)*

        /// All rows, by the paths of the methods.
        #[cfg(test)]
        const ALL: &[(&str, Rule)] = &[$($((<pb::$request as Ruled>::METHOD, $rule)),*),*];
    };
}

rules! {
    MessageBus {
        AppendMessage(AppendMessageRequest): ADD [request_id] |r| of_message(&r.message), |r| task_of(r.message.as_ref());
        AppendMessages(AppendMessagesRequest): ADD [request_id] |r| of_batch(&r.messages), |r| task_of(r.messages.first());
        AppendStream(AppendStreamRequest): ADD [request_id] |r| of_message(&r.message), |r| task_of(r.message.as_ref());
        ReadMessages(ReadMessagesRequest): READ [] |r| &r.project_id;
        PollForNew(PollForNewRequest): READ [] |r| &r.project_id;
        GetMessage(GetMessageRequest): READ [] |r| &r.project_id;
        Subscribe(SubscribeRequest): READ_WIDE [] |r| &r.project_id;
        ListBuses(ListBusesRequest): READ_WIDE [] |r| &r.project_id;
        RotateBus(RotateBusRequest): ADMIN [task_id] |r| &r.project_id;
        TrimBus(TrimBusRequest): ADMIN [task_id] |r| &r.project_id, |r| said("dry_run", r.dry_run.unwrap_or(true));
    }
    Storage {
        GetServerInfo(GetServerInfoRequest): OPEN [] |_| "";
        CreateProject(CreateProjectRequest): ADD [request_id] |r| &r.project_id;
        GetProject(GetProjectRequest): READ [] |r| &r.project_id;
        ListProjects(ListProjectsRequest): READ_WIDE [] |_| "";
        UpdateProject(UpdateProjectRequest): ADD [] |r| &r.project_id;
        DeleteProject(DeleteProjectRequest): ADMIN [] |r| &r.project_id, |r| said("force", r.force);
        CreateTask(CreateTaskRequest): ADD [task_id request_id] |r| &r.project_id;
        GetTask(GetTaskRequest): READ [] |r| &r.project_id;
        ListTasks(ListTasksRequest): READ [] |r| &r.project_id;
        UpdateTask(UpdateTaskRequest): ADD [task_id] |r| &r.project_id;
        DeleteTask(DeleteTaskRequest): ADMIN [task_id] |r| &r.project_id, |r| said("force", r.force);
        TransitionTask(TransitionTaskRequest): ADD [task_id to_status] |r| &r.project_id;
        SaveStepResult(SaveStepResultRequest): ADD [task_id to_status] |r| &r.project_id;
        GetTaskState(GetTaskStateRequest): READ [] |r| &r.project_id;
        SetTaskState(SetTaskStateRequest): ADD [task_id state_status] |r| &r.project_id;
        MarkTaskDone(MarkTaskDoneRequest): ADD [task_id] |r| &r.project_id;
        ClearTaskDone(ClearTaskDoneRequest): TIDY [task_id] |r| &r.project_id;
        AppendTaskLog(AppendTaskLogRequest): ADD [task_id request_id] |r| &r.project_id;
        ReadTaskLog(ReadTaskLogRequest): READ [] |r| &r.project_id;
        SaveArtifact(SaveArtifactRequest): ADD [task_id name request_id] |r| &r.project_id;
        UploadArtifact(UploadArtifactRequest): ADD [] |r| of_upload(&r.part), |r| names_of_upload(&r.part);
        GetArtifact(GetArtifactRequest): READ [] |r| &r.project_id;
        ListArtifacts(ListArtifactsRequest): READ [] |r| &r.project_id;
        DeleteArtifact(DeleteArtifactRequest): TIDY [task_id name path] |r| &r.project_id;
        AppendFact(AppendFactRequest): ADD [task_id name request_id] |r| &r.project_id;
        GetFact(GetFactRequest): READ [] |r| &r.project_id;
        ListFacts(ListFactsRequest): READ [] |r| &r.project_id;
        CreateRun(CreateRunRequest): ADD [task_id run_id request_id] |r| &r.project_id;
        GetRunInfo(GetRunInfoRequest): READ [] |r| &r.project_id;
        ListRuns(ListRunsRequest): READ_WIDE [] |r| &r.project_id;
        UpdateRunStatus(UpdateRunStatusRequest): ADD [task_id run_id status] |r| &r.project_id;
        UpdateRun(UpdateRunRequest): ADD [task_id run_id] |r| &r.project_id;
        GetRunMeta(GetRunMetaRequest): READ [] |r| &r.project_id;
        UpdateRunMeta(UpdateRunMetaRequest): ADD [task_id run_id] |r| &r.project_id;
        AppendRunEvent(AppendRunEventRequest): ADD [task_id run_id event request_id] |r| &r.project_id;
        DeleteRun(DeleteRunRequest): ADMIN [task_id run_id] |r| &r.project_id, |r| said("force", r.force);
        GetRunTree(GetRunTreeRequest): READ [] |r| &r.project_id;
        WriteRunFile(WriteRunFileRequest): ADD [task_id run_id file] |r| &r.project_id;
        AppendRunOutput(AppendRunOutputRequest): ADD [task_id run_id file] |r| &r.project_id;
        ReadRunFile(ReadRunFileRequest): READ [] |r| &r.project_id;
        ListRunFiles(ListRunFilesRequest): READ [] |r| &r.project_id;
        ReconcileRuns(ReconcileRunsRequest): TIDY_WIDE [task_id] |r| &r.project_id, |r| said("dry_run", r.dry_run);
        Watch(WatchRequest): READ_WIDE [] |r| &r.project_id;
        CleanUpRuns(CleanUpRunsRequest): ADMIN_WIDE [task_id] |r| &r.project_id, |r| said("dry_run", r.dry_run.unwrap_or(true));
    }
}

fn of_message(message: &Option<pb::Message>) -> &str {
    message.as_ref().map_or("", |message| &message.project_id)
}

fn task_of(message: Option<&pb::Message>) -> Vec<(&'static str, &str)> {
    vec![("task_id", message.map_or("", |message| &message.task_id))]
}

/// A switch that changes what a call does.
fn said(name: &'static str, is_set: bool) -> Vec<(&'static str, &'static str)> {
    vec![(name, if is_set { "true" } else { "false" })]
}

fn names_of_upload(part: &Option<Part>) -> Vec<(&'static str, &str)> {
    match part {
        Some(Part::Header(header)) => vec![
            ("task_id", &header.task_id),
            ("name", &header.name),
            ("request_id", &header.request_id),
        ],
        _ => Vec::new(),
    }
}

/// The project of a batch is that of its first message: others are refused with it.
fn of_batch(messages: &[pb::Message]) -> &str {
    messages.first().map_or("", |message| &message.project_id)
}

/// Only the header of an upload names a project.
fn of_upload(part: &Option<Part>) -> &str {
    match part {
        Some(Part::Header(header)) => &header.project_id,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prost_reflect::{DescriptorPool, MethodDescriptor};

    use super::*;
    use crate::grpc::DESCRIPTORS;

    fn methods() -> Vec<MethodDescriptor> {
        let pool = DescriptorPool::decode(DESCRIPTORS).expect("the descriptors");
        pool.services()
            .filter(|service| service.package_name() == "callboard.v1")
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .collect()
    }

    fn path(method: &MethodDescriptor) -> String {
        format!("/{}/{}", method.parent_service().full_name(), method.name())
    }

    #[test]
    fn every_method_has_a_row() {
        let rows: BTreeMap<&str, Rule> = ALL.iter().copied().collect();
        assert_eq!(rows.len(), ALL.len());
        let mut paths: Vec<String> = methods().iter().map(path).collect();
        paths.sort();
        assert_eq!(rows.into_keys().collect::<Vec<_>>(), paths);
    }

    #[test]
    fn the_comments_of_the_methods_say_what_they_need() {
        for method in methods() {
            let path = path(&method);
            let (_, rule) = ALL.iter().find(|(row, _)| *row == path).expect("a row");
            let comment = comment(&method);
            let needs = match rule.permission {
                Some(permission) => format!("Needs `{permission}`."),
                None => "Needs no permission".to_owned(),
            };
            assert!(comment.contains(&needs), "{path} {needs}: {comment}");
            let is_wide = rule.is_wide && rule.permission.is_some();
            let gets_those = "A caller limited to some projects gets those only.";
            assert_eq!(comment.contains(gets_those), is_wide, "{path}");
        }
    }

    fn comment(method: &MethodDescriptor) -> String {
        let file = method.parent_file();
        let info = file.file_descriptor_proto().source_code_info.as_ref().expect("comments");
        let mut services = file.services();
        let service = services.position(|it| it == *method.parent_service()).expect("it is there");
        let mut methods = method.parent_service().methods();
        let index = methods.position(|it| it == *method).expect("it is there");
        let number = |index: usize| i32::try_from(index).expect("few");
        // Field 6 of a file are its services, and field 2 of these their methods.
        let path = [6, number(service), 2, number(index)];
        let place = info.location.iter().find(|place| place.path == path).expect("a place");
        place.leading_comments().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
