//! A tour of the client: `cargo run --example tour [PROJECT]`, with a running server.

use callboard_client::v1::{CreateTaskRequest, Message, SaveStepResultRequest, Step, StepResult};
use callboard_client::{Client, Error, ErrorKind, Run};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let project_id = std::env::args().nth(1).unwrap_or_else(|| "tour".to_owned());
    let client = Client::builder().project(&project_id).build()?;
    let step = |name: &str| Step { name: name.into(), r#type: "ai".into(), ..Step::default() };
    let steps = vec![step("write"), step("check")];
    let description = "write a report".to_owned();
    let request = CreateTaskRequest { project_id, steps, description, ..Default::default() };
    let task = client.call(request).await?.task.unwrap_or_default();
    println!("task {}", task.task_id);

    let client = client.with_task(&task.task_id);
    let body = async |run: &Run| -> Result<(), Error> {
        println!("run {}", run.run_id());
        run.append(Message::new("PROGRESS", "halfway")).await?;
        run.stdout().write_all(b"writing\nwritten\n").await?;
        client.append_log([json!({"event": "written"})]).send().await?;
        client.put_artifact(&b"hello board\n"[..]).name("report.txt").send().await?;
        let copy = std::env::temp_dir().join(format!("{}.txt", run.run_id()));
        let report = client.get_artifact("report.txt").save(&copy).await?;
        tokio::fs::remove_file(&copy).await?;
        println!("artifact {} {} bytes", report.name, report.size);
        let (status, artifact_path) = ("completed".to_owned(), report.path);
        let result = StepResult { status, artifact_path, ..Default::default() };
        let (project_id, task_id) = (report.project_id, report.task_id);
        let (step_result, current_step) = (Some(result), Some(1));
        let rest = SaveStepResultRequest::default();
        let request =
            SaveStepResultRequest { project_id, task_id, step_result, current_step, ..rest };
        client.call(request).await?;
        run.append(Message::new("FACT", "done")).await?;
        Ok(())
    };
    client.run("tour").scope(body).await?;

    for message in client.read().tail(10).types(["PROGRESS", "FACT"]).all().await? {
        println!("{} {}", message.r#type, message.body);
    }
    match client.get("MSG-unknown").await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("refused: {}", error.reason());
        }
        answer => drop(answer?),
    }
    Ok(())
}
