//! `TASK-CONFIG.yaml`: the tasks that a task waits for. Keys of others survive a rewrite.

use super::Damage;
use super::yaml_document::{Document, compose, scalar};

const DEPENDS_ON: &str = "depends_on";

/// Reads the tasks that it names: a list, or one alone. What is empty is left out.
///
/// # Errors
/// When it is no mapping, or names something else than texts.
pub fn read(bytes: &[u8]) -> Result<Vec<String>, Damage> {
    Document::read(bytes)?.texts(DEPENDS_ON)
}

/// Writes the tasks, with what others have put into the file that it replaces.
///
/// # Errors
/// When that cannot be kept.
pub fn write(depends_on: &[String], previous: Option<&[u8]>) -> Result<Vec<u8>, Damage> {
    let mut out = String::new();
    scalar::write_list(DEPENDS_ON, depends_on, &mut out);
    compose(out, &[DEPENDS_ON], previous)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_or_one_alone_is_read() {
        let tasks = |text: &str| read(text.as_bytes()).expect("YAML");
        assert_eq!(tasks("depends_on: [a, 007, 1.50]\nx: 1\n"), ["a", "007", "1.50"]);
        assert_eq!(tasks("depends_on:\n- a\n-\n- ' '\n"), ["a"]);
        assert_eq!(tasks("depends_on: a\n"), ["a"]);
        for text in ["", "x: 1\n", "depends_on:\n", "depends_on: []\n", "depends_on: null\n"] {
            assert!(tasks(text).is_empty(), "{text}");
        }
        let damage = read(b"x: 1\ndepends_on: [{a: b}]\n").expect_err("damage");
        assert_eq!(damage.to_string(), "`depends_on` is no list of texts in line 2");
        read(b"- a\n").expect_err("damage");
    }

    #[test]
    fn it_is_written_as_the_original_writes_it_and_keeps_other_keys() {
        let write = |tasks: &[String], previous: Option<&[u8]>| {
            String::from_utf8(write(tasks, previous).expect("it can be rewritten")).expect("text")
        };
        let tasks = ["task-1".to_owned(), "2".to_owned()];
        let written = "depends_on:\n    - task-1\n    - \"2\"\n";
        assert_eq!(write(&tasks, None), written);
        assert_eq!(write(&[], None), "depends_on: []\n");
        let previous =
            b"# Head\n\npriority: 01 # high\n# those\ndepends_on: [x]\nmore:\n  - 1e400\n---\nz\n";
        let expected =
            format!("# Head\n\n# those\n{written}priority: 01 # high\nmore:\n  - 1e400\n---\nz\n");
        assert_eq!(write(&tasks, Some(previous)), expected);
    }

    proptest! {
        #[test]
        fn tasks_come_back_as_they_were_written(tasks in proptest::collection::vec(any::<String>(), 0..5)) {
            let tasks: Vec<_> = tasks.into_iter().filter(|it| !it.trim().is_empty()).collect();
            let written = write(&tasks, Some(b"x: 1\n")).expect("it can be rewritten");
            prop_assert!(written.ends_with(b"\nx: 1\n"));
            prop_assert_eq!(read(&written), Ok(tasks));
        }
    }
}
