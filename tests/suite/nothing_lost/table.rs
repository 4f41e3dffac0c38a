//! The table in docs/durability.md has a row for each test that counts, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How the name of each of these tests begins.
const PREFIX: &str = concat!("nothing_lost", "::");

#[test]
fn the_table_of_the_docs_names_each_of_these_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(root.join("docs/durability.md")).expect("the page");
    let rows = docs.lines().filter(|line| line.starts_with("| ") && line.contains(PREFIX));
    let in_docs: BTreeSet<&str> = rows.filter_map(|row| row.rsplit('`').nth(1)).collect();

    let mut source = String::new();
    read_all(&root.join("tests/suite/nothing_lost"), &mut source);
    // A name that is too long for its line goes on in the next.
    let joined: String = source.split("\\\n").map(str::trim_start).collect();
    let quoted = format!("\"{PREFIX}");
    // Each test says its path when it settles. Where several share that, only its beginning is
    // in the source.
    let settled = joined.split(&quoted).skip(1).filter_map(|rest| rest.split('"').next());
    let (beginnings, settled): (Vec<&str>, Vec<&str>) = settled.partition(|it| it.contains('{'));
    for name in &settled {
        let test = format!("{PREFIX}{name}");
        assert!(in_docs.contains(test.as_str()), "{test} has no row");
    }
    for test in in_docs {
        let (path, name) = test.rsplit_once("::").expect("a path and a name");
        let is_shared =
            |it: &&str| format!("{PREFIX}{it}").split('{').next() == Some(&test[..path.len() + 2]);
        let is_settled = settled.iter().any(|it| test.strip_prefix(PREFIX) == Some(it));
        assert!(is_settled || beginnings.iter().any(is_shared), "{test} settles nowhere");
        assert!(source.contains(&format!("fn {name}(")), "{test} is no test");
    }
}

/// Appends the text of all sources below a folder.
fn read_all(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_all(&path, into);
        } else {
            into.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}
