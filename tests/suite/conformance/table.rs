//! The table of languages and cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::case::{Case, Verdict};

/// The verdicts of each language, in the order of the cases.
#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<String, Vec<Verdict>>);

impl Table {
    /// Fills in the column of a language.
    pub(super) fn fill(&mut self, language: &str, verdicts: Vec<Verdict>) {
        self.0.insert(language.to_owned(), verdicts);
    }

    /// Prints the table, keeps it as a file, and fails when a case failed.
    pub(super) fn report(&self, title: &str, cases: &[Case]) {
        let text = self.text(title, cases);
        println!("{text}");
        let name = format!("conformance-{}.md", title.replace(", ", "-").replace(' ', "-"));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(file, text).expect("the table is written");

        let failures: Vec<String> = self
            .0
            .iter()
            .flat_map(|(language, verdicts)| {
                cases.iter().zip(verdicts).filter_map(move |(case, verdict)| match verdict {
                    Verdict::Failed(problem) => {
                        Some(format!("{language}: {}: {}: {problem}", case.suite, case.name))
                    }
                    _ => None,
                })
            })
            .collect();
        assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
    }

    fn text(&self, title: &str, cases: &[Case]) -> String {
        let names: String = self.0.keys().map(|language| format!(" {language} |")).collect();
        let mut text = format!("Conformance: {title}\n\n| case |{names}\n|---|");
        text.push_str(&"---|".repeat(self.0.len()));
        for (index, case) in cases.iter().enumerate() {
            let _ = write!(text, "\n| {}: {} |", case.suite, case.name);
            for verdicts in self.0.values() {
                let _ = write!(text, " {} |", verdicts[index].word());
            }
        }
        text.push('\n');
        text
    }
}
