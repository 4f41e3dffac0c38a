//! Facts: a Markdown file with a YAML front matter between `---` lines. Written so that
//! readers of YAML 1.1 and 1.2 read the same text, one key a line.

use crate::domain::{FactScope, FactText};

use super::yaml_document::{Document, scalar};
use super::{Damage, document_time};

/// The line that opens and closes the front matter.
const FENCE: &str = "---";

/// Reads a fact. What its front matter leaves out is empty. One blank line behind the
/// front matter and the last line break are no part of the body.
///
/// # Errors
/// When it has no front matter, or that is no YAML mapping of the right kinds.
pub fn read(bytes: &[u8]) -> Result<FactText, Damage> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        Damage::new(format!("not UTF-8 in line {line}"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (front_matter, body) = split(text)?;
    let document = Document::read(front_matter.as_bytes())?;
    Ok(FactText {
        created_at: document.time("created_at")?,
        name: document.text("name")?,
        run_id: document.text("run_id")?,
        title: document.text("title")?,
        body: body.to_owned(),
    })
}

/// Splits a file into its front matter, with the line that opens it so that lines count
/// from the first, and its body.
fn split(text: &str) -> Result<(&str, &str), Damage> {
    let mut end = 0;
    for (place, line) in text.split_inclusive('\n').enumerate() {
        let is_fence = line.trim_end_matches([' ', '\t', '\r', '\n']) == FENCE;
        if place == 0 && !is_fence {
            return Err(Damage::new("no front matter: line 1 is not `---`"));
        }
        if place > 0 && is_fence {
            let body = &text[end + line.len()..];
            return Ok((&text[..end], inside(body, line.ends_with("\r\n"))));
        }
        end += line.len();
    }
    let lines = text.lines().count();
    Err(Damage::new(match lines {
        0 => "no front matter: line 1 is not `---`".to_owned(),
        _ => format!("the front matter has no end: there is no `---` up to line {lines}"),
    }))
}

/// Takes the blank line before a body and the line break behind it away.
fn inside(body: &str, has_long_breaks: bool) -> &str {
    let body = ["\n", "\r\n"].iter().find_map(|line| body.strip_prefix(line)).unwrap_or(body);
    // A body may end with a carriage return; only in a file with such breaks is that one.
    let long = if has_long_breaks { body.strip_suffix("\r\n") } else { None };
    long.or_else(|| body.strip_suffix('\n')).unwrap_or(body)
}

/// Writes a fact. The name of a fact about a project stands in the name of its file.
pub fn write(scope: &FactScope, text: &FactText) -> Vec<u8> {
    let mut out = format!("{FENCE}\n");
    if text.created_at.is_some() {
        out.push_str(&format!("created_at: {}\n", document_time::write(text.created_at)));
    }
    out.push_str(match scope {
        FactScope::Project(_) => "scope: project\n",
        FactScope::Task(_) => "scope: task\n",
    });
    if !text.run_id.is_empty() {
        write_line("run_id", &text.run_id, &mut out);
    }
    write_line("title", &text.title, &mut out);
    if scope.task().is_some() && !text.name.is_empty() {
        write_line("name", &text.name, &mut out);
    }
    for part in [FENCE, "\n\n", &text.body, "\n"] {
        out.push_str(part);
    }
    out.into_bytes()
}

fn write_line(key: &str, text: &str, out: &mut String) {
    out.push_str(key);
    out.push_str(": ");
    scalar::write_inline(text, out);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{ProjectId, TaskId, TaskKey};

    fn project() -> FactScope {
        FactScope::Project(ProjectId::parse("p").expect("a name"))
    }

    fn task() -> FactScope {
        FactScope::Task(TaskKey {
            project: ProjectId::parse("p").expect("a name"),
            task: TaskId::parse("t").expect("a name"),
        })
    }

    fn fact() -> FactText {
        FactText {
            created_at: Some("2026-01-02T03:04:05.5Z".parse().expect("a time")),
            name: "cache".to_owned(),
            run_id: "20260102-0304050000-12-1".to_owned(),
            title: "Yes: it's cached".to_owned(),
            body: "# Why\n\ntext".to_owned(),
        }
    }

    const WRITTEN: &str = "---\ncreated_at: 2026-01-02T03:04:05.5Z\nscope: task\n\
                           run_id: 20260102-0304050000-12-1\ntitle: 'Yes: it''s cached'\n\
                           name: cache\n---\n\n# Why\n\ntext\n";

    #[test]
    fn a_fact_has_its_keys_in_their_order_and_then_its_body() {
        assert_eq!(String::from_utf8(write(&task(), &fact())), Ok(WRITTEN.to_owned()));
        assert_eq!(read(WRITTEN.as_bytes()), Ok(fact()));
        let of_project =
            WRITTEN.replace("scope: task", "scope: project").replace("name: cache\n", "");
        assert_eq!(String::from_utf8(write(&project(), &fact())), Ok(of_project.clone()));
        let nameless = FactText { name: String::new(), ..fact() };
        assert_eq!(read(of_project.as_bytes()), Ok(nameless));
        let least = "---\nscope: task\ntitle: \"\"\n---\n\n\n";
        assert_eq!(write(&task(), &FactText::default()), least.as_bytes());
        assert_eq!(read(least.as_bytes()), Ok(FactText::default()));
    }

    #[test]
    fn files_of_other_programs_are_read() {
        let dos = WRITTEN.replace('\n', "\r\n");
        let body = "# Why\r\n\r\ntext".to_owned();
        assert_eq!(read(dos.as_bytes()), Ok(FactText { body, ..fact() }));
        assert_eq!(read(format!("\u{feff}{WRITTEN}").as_bytes()), Ok(fact()));
        let body = |text: &str| read(text.as_bytes()).expect(text).body;
        assert_eq!(body("---\n---"), "");
        assert_eq!(body("---\n---\n"), "");
        assert_eq!(body("---\n---\n\n\n\nx\n\n"), "\n\nx\n");
        assert_eq!(body("---\n---\nx"), "x");
        assert_eq!(body("--- \ntitle: a\n---\t\n---\nx\n"), "---\nx");
        let found = read(
            b"---\ntitle: 007\nother: [1, {a: b}]\nname:\nrun_id: 1.50\n\
                           created_at: 2026-01-02\n---\n",
        )
        .expect("a fact");
        assert_eq!((found.title.as_str(), found.name.as_str()), ("007", ""));
        assert_eq!(found.run_id, "1.50");
        assert_eq!(found.created_at, Some("2026-01-02T00:00:00Z".parse().expect("a time")));
    }

    #[test]
    fn the_damage_names_its_line() {
        let utf_16: Vec<u8> = WRITTEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_mark = [b"\xff\xfe".as_slice(), &utf_16].concat();
        let bomb =
            (1..9).map(|it| format!("a{it}: &a{it} [{}]\n", format!("*a{},", it - 1).repeat(9)));
        let bomb = format!("---\na0: &a0 [x]\n{}---\n", bomb.collect::<String>());
        for (bytes, part) in [
            (&b""[..], "line 1"),
            (b"\n---\na: b\n---\n", "line 1"),
            (b"# Title\n\ntext\n", "line 1"),
            (b"----\n", "line 1"),
            (b"---\ntitle: x\n", "up to line 2"),
            (b"---\ntitle: x\n ---\n", "up to line 3"),
            (b"---\ntitle: [\n---\n", "line 3"),
            (b"---\nscope: task\ntitle: [a]\n---\n", "`title` is no text in line 3"),
            (b"---\ntitle: a\ntitle: b\n---\n", "`title` stands twice in line 3"),
            (b"---\ncreated_at: soon\n---\n", "`created_at` is no time in line 2"),
            (b"---\n# x\n- a\n---\n", "a list, where a mapping belongs, in line 3"),
            (b"---\r\n\r\njust text\r\n---\r\n", "a text, where a mapping belongs, in line 3"),
            (b"---\ntitle: x\n---\n\nabc\xff\n", "not UTF-8 in line 5"),
            (b"\x7fELF\x00\n", "line 1"),
            (&utf_16, "line 1"),
            (&with_mark, "not UTF-8 in line 1"),
            (bomb.as_bytes(), "repetition limit"),
        ] {
            let damage = read(bytes).expect_err(&String::from_utf8_lossy(bytes)).to_string();
            assert!(damage.contains(part), "{damage}");
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ -~]{0,12}",
            "([ \n\ta]|---\n?|[.]{3}|: |#|\u{85}|\u{2028}|\u{feff}|\r|é|😀|0|1|[.]|-){0,8}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_fact_comes_back_as_it_was_written(
            texts in proptest::collection::vec(text(), 4),
            second in proptest::option::of(-62_135_596_799..253_402_207_200_i64),
        ) {
            let fact = FactText {
                created_at: second.map(|second| jiff::Timestamp::from_second(second).expect("a time")),
                name: texts[0].clone(),
                run_id: texts[1].clone(),
                title: texts[2].clone(),
                body: texts[3].clone(),
            };
            let written = write(&task(), &fact);
            let end = format!("---\n\n{}\n", fact.body);
            prop_assert!(written.ends_with(end.as_bytes()));
            // Any other YAML reader finds the same.
            let front_matter = &written[..written.len() - end.len()];
            let found: std::collections::BTreeMap<String, serde_yaml::Value> =
                serde_yaml::from_slice(front_matter).expect("YAML");
            prop_assert_eq!(found["title"].as_str(), Some(fact.title.as_str()));
            prop_assert_eq!(found.get("name").map_or(Some(""), |it| it.as_str()), Some(fact.name.as_str()));
            prop_assert_eq!(read(&written), Ok(fact.clone()));
            let of_project = FactText { name: String::new(), ..fact.clone() };
            prop_assert_eq!(read(&write(&project(), &fact)), Ok(of_project));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in text()) {
            let _ = read(&bytes);
            let _ = read(format!("---\n{text}\n---\n{text}").as_bytes());
        }
    }
}
