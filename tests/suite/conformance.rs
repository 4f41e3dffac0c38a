//! The conformance suite of the clients: the cases of `tests/conformance`, played by every
//! language whose toolchain is there.

mod case;
mod driver;
mod gateway;
mod guarded;
mod kills;
mod matching;
mod proxy;
mod stage;
mod table;
mod variables;

use std::process::Command;
use std::sync::Mutex;
use std::{env, thread};

use callboard::grpc::pb::ErrorReason;

use self::case::{Case, Verdict};
use self::driver::Driver;
use self::stage::Stage;
use self::table::Table;
use crate::clients::{self, Driver as Language};
use crate::server::Server;

#[test]
fn every_client_passes_every_case() {
    let cases: Vec<Case> = chosen().into_iter().filter(|case| !case.together).collect();
    let languages = Mutex::new(languages());
    let table = Mutex::new(Table::default());
    let play_languages = || {
        let next = || languages.lock().expect("the languages").pop();
        while let Some(language) = next() {
            let name = language.language.clone();
            let verdicts = play_all(language, &cases);
            table.lock().expect("the table").fill(&name, verdicts);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(4) {
            scope.spawn(play_languages);
        }
    });
    table.into_inner().expect("the table").report("each client by itself", &cases);
}

#[test]
fn the_cases_bring_about_every_reason_there_is() {
    let cases = case::all_text();
    let is_named = |name: &str| {
        cases
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .any(|word| word == name)
    };
    let reasons = (1..).map_while(|number| ErrorReason::try_from(number).ok());
    let names = reasons.filter_map(|reason| reason.as_str_name().strip_prefix("ERROR_REASON_"));
    let missing: Vec<&str> = names.filter(|name| !is_named(name)).collect();
    assert!(missing.is_empty(), "no case brings about {missing:?}");
}

#[test]
fn what_one_client_writes_all_others_read_the_same() {
    let cases: Vec<Case> = chosen().into_iter().filter(|case| case.together).collect();
    let stage = Stage::set_up(Server::start());
    let outside_pages = languages().into_iter().filter(|one| one.page_origin.is_none());
    let mut all: Vec<(String, Driver)> = outside_pages
        .map(|Language { language, command, .. }| {
            let driver = Driver::start(command, &stage);
            (language, driver.unwrap_or_else(|problem| panic!("{problem}")))
        })
        .collect();
    let mut table = Table::default();
    for round in 0..all.len() {
        let verdicts = cases.iter().enumerate().map(|(index, case)| {
            let mut drivers: Vec<&mut Driver> = all.iter_mut().map(|(_, driver)| driver).collect();
            case::play(case, &format!("together-{round}-{index}"), &stage, &mut drivers)
        });
        let verdicts = verdicts.collect();
        table.fill(&all[0].0, verdicts);
        all.rotate_left(1);
    }
    for (language, driver) in all {
        assert_eq!(driver.finish(), Ok(()), "{language}");
    }
    table.report("each client as the writer, all others as readers", &cases);
}

#[test]
fn a_follower_in_every_language_survives_kills_of_the_server_without_loss_or_repeat() {
    for language in languages() {
        let server = server_for(&language);
        let followed = kills::follow_through(language.command, server);
        println!("{}: {followed:?}", language.language);
        assert_eq!(followed, Ok(()), "{}", language.language);
    }
}

/// Plays all cases in one language, before a server of its own.
fn play_all(language: Language, cases: &[Case]) -> Vec<Verdict> {
    let stage = Stage::set_up(server_for(&language));
    let Language { language, command, page_origin } = language;
    let mut driver = match Driver::start(command, &stage) {
        Ok(driver) => driver,
        Err(problem) => return vec![Verdict::Failed(problem); cases.len()],
    };
    let mut verdicts = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let mut verdict = if page_origin.is_some() && !case.is_for_pages() {
            Verdict::Unsupported
        } else {
            case::play(case, &format!("case-{index}"), &stage, &mut [&mut driver])
        };
        if page_origin.is_none() && verdict == Verdict::Unsupported {
            verdict = Verdict::Failed("only a client in a page may be without this".to_owned());
        }
        if let Verdict::Failed(problem) = &verdict {
            println!("{language}: {}: {}: {problem}", case.suite, case.name);
            println!("{}", driver.stderr());
        }
        verdicts.push(verdict);
    }
    if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Failed(_))) {
        let log = stage.log();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        println!("{language}: the end of the server's log, backwards:\n{}", lines.join("\n"));
    } else if let Err(problem) = driver.finish() {
        verdicts = vec![Verdict::Failed(problem); cases.len()];
    }
    verdicts
}

/// Starts a server that lets a language's client in.
fn server_for(language: &Language) -> Server {
    match &language.page_origin {
        Some(origin) => Server::start_with(&["--web-origin", origin]),
        None => Server::start(),
    }
}

/// Returns all languages whose tools are there, or those of them that CALLBOARD_CLIENTS
/// lists; with CALLBOARD_DRIVER, the one that it names, with that command as its driver.
fn languages() -> Vec<Language> {
    let wanted = env::var("CALLBOARD_CLIENTS").ok();
    if let (Some(language), Ok(line)) = (&wanted, env::var("CALLBOARD_DRIVER")) {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec {line}")]);
        return vec![Language { language: language.clone(), command, page_origin: None }];
    }
    let is_wanted =
        |name: &str| wanted.as_ref().is_none_or(|list| list.split(',').any(|one| one == name));
    clients::drivers(is_wanted)
}

/// Returns the cases, or those whose file or name holds what CALLBOARD_CASES says.
fn chosen() -> Vec<Case> {
    let wanted = env::var("CALLBOARD_CASES").unwrap_or_default();
    let holds = |case: &Case| case.suite.contains(&wanted) || case.name.contains(&wanted);
    case::read_all().into_iter().filter(holds).collect()
}
