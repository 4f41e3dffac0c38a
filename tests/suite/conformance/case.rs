//! The cases, as the files of `tests/conformance` have them, and how one is played.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::driver::{Answer, Driver};
use super::matching;
use super::stage::Stage;

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    /// Whether each language plays it before all others.
    #[serde(default)]
    together: bool,
    cases: Vec<Case>,
}

/// A case: steps in a project of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    steps: Vec<Step>,
    /// Why a client in a page cannot play it.
    #[serde(default)]
    not_in_pages: String,
    /// The name of its file.
    #[serde(skip)]
    pub(crate) suite: String,
    /// Whether each language plays it before all others.
    #[serde(skip)]
    pub(crate) together: bool,
}

/// One step: what a driver is to do, or what happens around it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Step {
    r#do: Option<String>,
    with: Value,
    /// Who does it; of cases that are played together, `everyone` but the first.
    by: Option<String>,
    /// What the answer must hold.
    ok: Option<Value>,
    /// What the error must hold.
    error: Option<Value>,
    /// The answers before an error of a stream.
    answers: Option<Value>,
    /// What the refusal of the arguments must say.
    misuse: Option<String>,
    /// The variable that the answer becomes.
    r#as: Option<String>,
    server: Option<Value>,
    connection: Option<Value>,
    gateway: Option<Value>,
    tokens: Option<Value>,
    logged: Option<Value>,
    tree: Option<Value>,
}

impl Case {
    /// Whether a client in a page can play it: one that has no sockets and certificates of its
    /// own, no files, and no environment.
    pub(crate) fn is_for_pages(&self) -> bool {
        const BEYOND: [&str; 6] =
            ["${unix}", "${tls}", "${ca_file}", "${gateway}", "${files.", "${folder}"];
        let steps = serde_json::to_string(&self.steps).expect("steps are values");
        self.not_in_pages.is_empty() && !BEYOND.iter().any(|word| steps.contains(word))
    }
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    /// The language's runtime cannot do it.
    Unsupported,
    Failed(String),
}

impl Verdict {
    /// Returns it as the table has it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Unsupported => "–",
            Self::Failed(_) => "FAILED",
        }
    }
}

/// Reads all cases, in the order of their files.
pub(crate) fn read_all() -> Vec<Case> {
    let suites = files().into_iter().map(|(name, text)| {
        let suite: Suite =
            serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, suite)
    });
    let cases = suites.flat_map(|(name, suite)| {
        let together = suite.together;
        suite.cases.into_iter().map(move |case| Case { suite: name.clone(), together, ..case })
    });
    cases.collect()
}

/// Returns the text of all files of cases.
pub(crate) fn all_text() -> String {
    files().into_values().collect()
}

fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let entries = fs::read_dir(folder).expect("the cases");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let cases = paths.filter(|path| path.extension().is_some_and(|kind| kind == "yaml"));
    let texts = cases.map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("cases are text"))
    });
    texts.collect()
}

/// Plays a case: the first driver does the steps, but for those that are for everyone else.
pub(crate) fn play(
    case: &Case,
    project: &str,
    stage: &Stage,
    drivers: &mut [&mut Driver],
) -> Verdict {
    let mut variables = stage.variables();
    variables.set("project", json!(project));
    let mut clients = vec!["main".to_owned()];
    let connect = json!({
        "client": "main", "addr": "${tcp}", "project": "${project}", "task": "job", "run": "",
    });
    let first = Step { r#do: Some("connect".to_owned()), with: connect, ..Step::default() };
    let everyone = Step { by: Some("everyone".to_owned()), ..first.clone() };
    let begin = [first].into_iter().chain((drivers.len() > 1).then_some(everyone));
    let mut verdict = Verdict::Passed;
    for (number, step) in begin.chain(case.steps.iter().cloned()).enumerate() {
        let others = step.by.as_deref() == Some("everyone");
        let (from, to) = if others { (1, drivers.len()) } else { (0, 1) };
        let mut played = Ok(Value::Null);
        if let Some(what) = &step.r#do {
            if let (true, Some(name)) = (what == "connect", step.with.get("client")) {
                clients.extend(name.as_str().map(str::to_owned));
            }
            for driver in &mut drivers[from..to] {
                played = variables.expand(&step.with).map_err(Some).and_then(|with| {
                    let answer = driver.tell(what, &with).map_err(Some)?;
                    judge(&step, &answer, &|value| variables.expand(value))
                });
                if played.is_err() {
                    break;
                }
            }
        } else {
            played = happen(&step, stage, &|value| variables.expand(value)).map_err(Some);
        }
        match played {
            Ok(value) => {
                if let Some(name) = &step.r#as {
                    variables.set(name, value);
                }
            }
            Err(None) => {
                verdict = Verdict::Unsupported;
                break;
            }
            Err(Some(problem)) => {
                let what = step.r#do.as_deref().unwrap_or("what happens around it");
                verdict = Verdict::Failed(format!("step {number} ({what}): {problem}"));
                break;
            }
        }
    }
    for driver in drivers.iter_mut() {
        for client in &clients {
            let _ = driver.tell("close", &json!({"client": client}));
        }
    }
    verdict
}

/// Judges an answer; returns what it holds. None for an error means that the language cannot
/// do it.
fn judge(
    step: &Step,
    answer: &Answer,
    expand: &dyn Fn(&Value) -> Result<Value, String>,
) -> Result<Value, Option<String>> {
    let check = |expected: &Value, actual: &Value| {
        matching::check(&expand(expected)?, actual).map(|()| actual.clone())
    };
    match (answer, &step.error, &step.misuse) {
        (Answer::Unsupported, ..) => return Err(None),
        (Answer::Ok(value), None, None) => check(step.ok.as_ref().unwrap_or(&json!({})), value),
        (Answer::Error { error, answers }, Some(expected), None) => check(expected, error)
            .and_then(|error| match &step.answers {
                Some(expected) => check(expected, answers).map(|_| error),
                None => Ok(error),
            }),
        (Answer::Misuse(said), None, Some(expected)) if said.contains(expected.as_str()) => {
            Ok(json!(said))
        }
        _ => {
            let answer: String = format!("{answer:?}").chars().take(600).collect();
            Err(format!("unexpected {answer}"))
        }
    }
    .map_err(Some)
}

/// Has something happen around the driver; returns what came of it.
fn happen(
    step: &Step,
    stage: &Stage,
    expand: &dyn Fn(&Value) -> Result<Value, String>,
) -> Result<Value, String> {
    if let Some(what) = &step.server {
        stage.control_server(what)?;
    } else if let Some(what) = &step.connection {
        stage.control_connection(what)?;
    } else if let Some(what) = &step.gateway {
        stage.control_gateway(&expand(what)?)?;
    } else if let Some(what) = &step.tokens {
        return stage.control_tokens(&expand(what)?);
    } else if let Some(what) = &step.logged {
        stage.await_log(what)?;
    } else if let Some(what) = &step.tree {
        stage.touch_tree(&expand(what)?)?;
    } else {
        return Err("the step says nothing".to_owned());
    }
    Ok(Value::Null)
}
