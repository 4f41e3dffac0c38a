//! Every mutation of projects and tasks, and of what tasks keep.

use callboard::disk::Disk;
use callboard::domain::{
    Artifact, ArtifactId, FactScope, HomeFolders, ProjectId, StepResult, TreePath,
};
use callboard::error::{Reason, Result};
use callboard::files::Files;
use callboard::store::{
    Artifacts as _, Checkpoint, Created, Facts as _, MessageBus as _, NewArtifact, NewProject,
    NewStatus, NewTask, ProjectChange, Projects as _, Storing, TaskChange, TaskLogs as _,
    Tasks as _,
};

use super::ground::{
    artifact, batch_of, content, fact, new_task, object, request, state, task, task_of,
};
use super::mutation::{Allowed, Answer, Mutation};

const EMPTY_PROJECT: Allowed =
    Allowed::begun("project fresh", "problem: None", "a folder that was made for what comes");
const DOCUMENTS: [Allowed; 2] = [
    Allowed::by_itself("needs p/t", "each of its documents is the old or the new"),
    Allowed::by_itself("prompt p/t", "each of its documents is the old or the new"),
];

fn project(id: &str) -> NewProject {
    NewProject {
        id: ProjectId::parse(id).expect("an id"),
        home_folders: HomeFolders {
            project_root: "/home".to_owned(),
            source_folders: vec!["src".to_owned()],
            additional_folders: Vec::new(),
        },
    }
}

fn id(text: &str) -> ProjectId {
    ProjectId::parse(text).expect("an id")
}

fn made<T: std::fmt::Debug>(created: Result<Created<T>>) -> Result<String> {
    created.map(|created| format!("{:?}", created.item))
}

fn project_of_its_own(files: &Files) -> Answer<'_> {
    Box::pin(async move { made(files.create_project(project("fresh"), None).await) })
}

fn posting_to_a_new_task(files: &Files) -> Answer<'_> {
    Box::pin(async move {
        let batch = batch_of("p", "new", &["first"], None);
        files.append(batch).await.map(|_| String::new())
    })
}

async fn save(files: &Files, new: NewArtifact, chunks: &[&str], id: &str) -> Result<String> {
    let saved = files.save_artifact(new, content(chunks), request(id)).await?;
    // When the file was written is told of the file that is there.
    Ok(format!("{:?}", Artifact { modified_at: None, ..saved.artifact }))
}

fn saving_a_version(files: &Files) -> Answer<'_> {
    Box::pin(save_version(files, "an earlier one", ""))
}

async fn save_version(files: &Files, text: &str, id: &str) -> Result<String> {
    save(files, artifact("spec.md", Storing::Versioned), &[text], id).await
}

fn tear_log(disk: &dyn Disk) {
    let path = TreePath::root().join("p").join("t").join("task.log");
    let file = disk.open_append(&path).expect("a disk").expect("the log");
    file.append(b"{\"to").expect("written");
}

fn marking_done(files: &Files) -> Answer<'_> {
    Box::pin(async move { files.set_task_done(task(), true).await.map(|_| String::new()) })
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        result: StepResult {
            step_index: 0,
            status: "completed".to_owned(),
            output: "well done".to_owned(),
            ..StepResult::default()
        },
        current_step: Some(1),
        to: Some(NewStatus { status: "validating".to_owned(), reason: "done".to_owned() }),
    }
}

fn running(files: &Files) -> Answer<'_> {
    Box::pin(async move {
        let to = NewStatus { status: "running".to_owned(), reason: "now".to_owned() };
        files.transition_task(task(), to, None).await.map(|task| format!("{task:?}"))
    })
}

pub(super) fn projects_and_tasks() -> Vec<Mutation> {
    let create_project = &["Storage.CreateProject"];
    let delete_project = &["Storage.DeleteProject"];
    let create_task = &["Storage.CreateTask"];
    let update_task = &["Storage.UpdateTask"];
    vec![
        Mutation::new("create a project", create_project, project_of_its_own)
            .then_refused(&[Reason::ProjectExists]),
        Mutation::new("create a project with a request id", create_project, |files| {
            Box::pin(
                async move { made(files.create_project(project("fresh"), request("one")).await) },
            )
        })
        .repeatable(),
        Mutation::new("update a project", &["Storage.UpdateProject"], |files| {
            Box::pin(async move {
                let change = ProjectChange {
                    project_root: Some("/another".to_owned()),
                    ..ProjectChange::default()
                };
                files.update_project(id("p"), change, None).await.map(|now| format!("{now:?}"))
            })
        })
        .repeatable(),
        Mutation::new("delete a project with all it holds", delete_project, |files| {
            Box::pin(
                async move { files.delete_project(id("p"), true).await.map(|()| String::new()) },
            )
        })
        .then_refused(&[Reason::ProjectNotFound]),
        Mutation::new("delete an empty project", delete_project, |files| {
            Box::pin(async move {
                files.delete_project(id("fresh"), false).await.map(|()| String::new())
            })
        })
        .prepared(project_of_its_own)
        .then_refused(&[Reason::ProjectNotFound]),
        Mutation::new("create a task", create_task, |files| {
            Box::pin(async move { made(files.create_task(new_task("p", "new"), None).await) })
        })
        .then_refused(&[Reason::TaskExists]),
        Mutation::new("create a task of a name alone", create_task, |files| {
            Box::pin(async move {
                let new = NewTask {
                    prompt: String::new(),
                    depends_on: Vec::new(),
                    steps: Vec::new(),
                    ..new_task("p", "new")
                };
                made(files.create_task(new, request("one")).await)
            })
        })
        .repeatable(),
        Mutation::new("create a task under a name made up", create_task, |files| {
            Box::pin(async move {
                let new = NewTask { task: None, ..new_task("p", "unused") };
                made(files.create_task(new, request("one")).await)
            })
        })
        .repeatable(),
        Mutation::new("create a task in a new project", create_task, |files| {
            Box::pin(async move {
                made(files.create_task(new_task("fresh", "new"), request("one")).await)
            })
        })
        .repeatable()
        .allowing([EMPTY_PROJECT]),
        Mutation::new("create a task where a message came first", create_task, |files| {
            Box::pin(
                async move { made(files.create_task(new_task("p", "new"), request("one")).await) },
            )
        })
        .prepared(posting_to_a_new_task)
        .repeatable()
        .allowing([
            Allowed::begun("task p/new", "created_at: None", "its documents come one by one"),
            Allowed::begun("prompt p/new", "", "its documents come one by one"),
            Allowed::begun("needs p/new", "", "its documents come one by one"),
            Allowed::begun("state p/new", "None", "its documents come one by one"),
            Allowed::begun("log p/new", "", "its documents come one by one"),
        ]),
        Mutation::new("update a task's record", update_task, |files| {
            Box::pin(async move {
                let change = TaskChange {
                    description: Some("another".to_owned()),
                    metadata: Some(object(7)),
                    ..TaskChange::default()
                };
                files.update_task(task(), change, None).await.map(|now| format!("{now:?}"))
            })
        })
        .repeatable(),
        Mutation::new("update a task's documents", update_task, |files| {
            Box::pin(async move {
                let change = TaskChange {
                    description: Some("another".to_owned()),
                    prompt: Some("do it again\n".to_owned()),
                    depends_on: Some(vec!["y".to_owned(), "z".to_owned()]),
                    ..TaskChange::default()
                };
                files.update_task(task(), change, None).await.map(|now| format!("{now:?}"))
            })
        })
        .repeatable()
        .allowing(DOCUMENTS),
        Mutation::new("move a task", &["Storage.TransitionTask"], running)
            .then_refused(&[Reason::InvalidTransition]),
        Mutation::new("save what a step resulted in", &["Storage.SaveStepResult"], |files| {
            Box::pin(async move {
                let saved = files.save_step_result(task(), checkpoint(), None).await;
                saved.map(|task| format!("{task:?}"))
            })
        })
        .prepared(running)
        .then_refused(&[Reason::InvalidTransition]),
        Mutation::new("replace a task's state", &["Storage.SetTaskState"], |files| {
            Box::pin(async move {
                let etag = files.set_task_state(task(), state("after"), None).await?;
                Ok(etag.to_string())
            })
        })
        .repeatable(),
        Mutation::new("mark a task done", &["Storage.MarkTaskDone"], marking_done).repeatable(),
        Mutation::new("mark a task no longer done", &["Storage.ClearTaskDone"], |files| {
            Box::pin(async move { files.set_task_done(task(), false).await.map(|_| String::new()) })
        })
        .prepared(marking_done)
        .repeatable(),
        Mutation::new("delete a task", &["Storage.DeleteTask"], |files| {
            Box::pin(async move { files.delete_task(task(), true).await.map(|()| String::new()) })
        })
        .then_refused(&[Reason::TaskNotFound]),
    ]
}

pub(super) fn kept_by_tasks() -> Vec<Mutation> {
    let log = &["Storage.AppendTaskLog"];
    let save_artifact = &["Storage.SaveArtifact"];
    let append_fact = &["Storage.AppendFact"];
    vec![
        Mutation::new("append to a task's log", log, |files| {
            Box::pin(async move {
                let appended =
                    files.append_task_log(task(), vec![object(2), object(3)], None).await?;
                Ok(format!("{} {}", appended.offset, appended.next_offset))
            })
        })
        .allowing([PART_OF_LINES]),
        Mutation::new("append to a torn log with a request id", log, |files| {
            Box::pin(async move {
                let entries = vec![object(2), object(3)];
                let appended = files.append_task_log(task(), entries, request("one")).await?;
                Ok(format!("{} {}", appended.offset, appended.next_offset))
            })
        })
        .tampered(tear_log)
        .repeatable()
        .allowing([PART_OF_LINES]),
        Mutation::new("begin a task's log", log, |files| {
            Box::pin(async move {
                let task = task_of("p", "new");
                let appended = files.append_task_log(task, vec![object(1)], request("one")).await?;
                Ok(format!("{} {}", appended.offset, appended.next_offset))
            })
        })
        .prepared(|files| {
            Box::pin(async move { made(files.create_task(new_task("p", "new"), None).await) })
        })
        .repeatable(),
        Mutation::new("save an artifact", save_artifact, |files| {
            Box::pin(save(files, artifact("b.txt", Storing::Plain), &["new"], ""))
        })
        .repeatable(),
        Mutation::new("save an artifact in a new folder", save_artifact, |files| {
            Box::pin(save(files, artifact("sub/deep/b.txt", Storing::Plain), &["new"], "one"))
        })
        .repeatable(),
        Mutation::new("replace an artifact", save_artifact, |files| {
            Box::pin(save(files, artifact("a.txt", Storing::Plain), &["af", "ter"], "one"))
        })
        .repeatable(),
        Mutation::new("save the first version of an artifact", save_artifact, |files| {
            Box::pin(save_version(files, "the first", "one"))
        })
        .repeatable(),
        Mutation::new("save another version of an artifact", save_artifact, |files| {
            Box::pin(save_version(files, "the second", "one"))
        })
        .prepared(saving_a_version)
        .repeatable(),
        Mutation::new("save an attachment", save_artifact, |files| {
            Box::pin(save(files, artifact("plan.md", Storing::Attachment), &["a plan"], "one"))
        })
        .repeatable(),
        Mutation::new("upload an artifact", &["Storage.UploadArtifact"], |files| {
            Box::pin(async move {
                let chunks = ["one;", "two;", "", "three;", "four"];
                let new = NewArtifact { size: Some(18), ..artifact("b.txt", Storing::Plain) };
                save(files, new, &chunks, "").await
            })
        })
        .repeatable(),
        Mutation::new("delete an artifact", &["Storage.DeleteArtifact"], |files| {
            Box::pin(async move {
                let id = ArtifactId::of_name("a.txt").expect("a name");
                files.delete_artifact(task(), id).await.map(|()| String::new())
            })
        })
        .then_refused(&[Reason::ArtifactNotFound]),
        Mutation::new("append a fact about a project", append_fact, |files| {
            Box::pin(async move {
                let scope = FactScope::Project(id("p"));
                made(files.append_fact(fact(scope), request("one")).await)
            })
        })
        .repeatable(),
        Mutation::new("append a fact about a task", append_fact, |files| {
            Box::pin(async move {
                made(files.append_fact(fact(FactScope::Task(task())), request("one")).await)
            })
        })
        .repeatable(),
        Mutation::new("append a fact without a request id", append_fact, |files| {
            Box::pin(
                async move { made(files.append_fact(fact(FactScope::Task(task())), None).await) },
            )
        }),
    ]
}

const PART_OF_LINES: Allowed = Allowed::some_lines(
    "log p/t",
    "of entries that were cut off, some may be there; the request id completes them",
);
