//! Two agents on one bus: one asks and waits for the answer, the other follows and answers.
//!
//! Run a server (`callboard serve`), then: `cargo run --example two_agents`

use callboard_client::v1::Message;
use callboard_client::{Client, Error, Follow};

const PROJECT: &str = "demo";

/// Answers every question as it comes.
async fn answer_questions(client: Client, mut questions: Follow) -> Result<(), Error> {
    while let Some(question) = questions.next().await {
        let question = question?;
        println!("reviewer: saw '{}'", question.body);
        let answer = Message::new("REVIEW", "looks good to me").with_parent(question.msg_id);
        client.append(answer).send().await?;
    }
    Ok(())
}

/// Asks one question and prints the answer.
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let task = format!("task-{}", std::process::id());
    let author = Client::builder().project(PROJECT).task(task).run("author").build()?;

    // The reviewer has subscribed when open() returns: the question is not missed.
    let questions = author.follow().types(["QUESTION"]).open().await?;
    let reviewer = tokio::spawn(answer_questions(author.with_run("reviewer"), questions));

    let question = Message::new("QUESTION", "is the parser ready to merge?");
    let asked = author.append(question).send().await?;
    let mut answers = author.follow().cursor(asked.cursor).types(["REVIEW"]).open().await?;
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        if answer.parents.iter().any(|parent| parent.msg_id == asked.msg_id) {
            println!("author: {} says '{}'", answer.run_id, answer.body);
            break;
        }
    }
    reviewer.abort();
    Ok(())
}
