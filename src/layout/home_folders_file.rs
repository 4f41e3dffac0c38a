//! `home-folders.md`: where a project's sources are. It is YAML, between `---` lines or
//! not; keys of others and the text below the second `---` survive a rewrite.

use crate::domain::HomeFolders;

use super::Damage;
use super::yaml_document::{Document, compose, scalar};

const KEYS: [&str; 3] = ["project_root", "source_folders", "additional_folders"];

/// Reads the folders; a folder alone is a list of one, and what is missing is empty.
///
/// # Errors
/// When it is no mapping, or names something else than texts.
pub fn read(bytes: &[u8]) -> Result<HomeFolders, Damage> {
    let document = Document::read(bytes)?;
    let [project_root, source_folders, additional_folders] = KEYS;
    Ok(HomeFolders {
        project_root: document.text(project_root)?,
        source_folders: document.texts(source_folders)?,
        additional_folders: document.texts(additional_folders)?,
    })
}

/// Writes the folders, with what others have put into the file that it replaces.
///
/// # Errors
/// When that cannot be kept.
pub fn write(folders: &HomeFolders, previous: Option<&[u8]>) -> Result<Vec<u8>, Damage> {
    let [project_root, source_folders, additional_folders] = KEYS;
    let mut out = format!("{project_root}:");
    scalar::write_value(&folders.project_root, &mut out);
    scalar::write_list(source_folders, &folders.source_folders, &mut out);
    scalar::write_list(additional_folders, &folders.additional_folders, &mut out);
    let mut written = compose(out, &KEYS, previous)?;
    let has_text_below = previous.is_some_and(|bytes| {
        Document::read(bytes).is_ok_and(|document| !document.behind(bytes).is_empty())
    });
    if has_text_below {
        written.splice(..0, *b"---\n");
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(folders: &HomeFolders, previous: Option<&[u8]>) -> Vec<u8> {
        write(folders, previous).expect("it can be rewritten")
    }

    fn folders() -> HomeFolders {
        HomeFolders {
            project_root: "/x y".to_owned(),
            source_folders: vec!["/a".to_owned(), "b: c".to_owned()],
            additional_folders: Vec::new(),
        }
    }

    const WRITTEN: &str =
        "project_root: /x y\nsource_folders:\n    - /a\n    - 'b: c'\nadditional_folders: []\n";

    #[test]
    fn the_folders_are_read_with_or_without_a_fence() {
        for text in [
            WRITTEN.to_owned(),
            format!("---\n{WRITTEN}---\n# Notes: [\n"),
            format!("---\n{WRITTEN}").replace('\n', "\r\n"),
            format!("{WRITTEN}---\n"),
            "\u{feff}x: 1\nsource_folders: [/a, 'b: c']\nproject_root: /x y\n".to_owned(),
        ] {
            assert_eq!(read(text.as_bytes()), Ok(folders()), "{text}");
        }
        assert_eq!(read(b""), Ok(HomeFolders::default()));
        for text in ["# Notes\n\nprose\n", "- a\n", "project_root: [a]\n", "a: [\n"] {
            read(text.as_bytes()).expect_err(text);
        }
    }

    #[test]
    fn a_rewrite_keeps_other_keys_and_the_text_below() {
        assert_eq!(written(&folders(), None), WRITTEN.as_bytes());
        let previous =
            "# Ours\n---\nowner: me # so\n# here\nproject_root: /old\n---\n# Notes\n\ntext\n";
        let expected =
            format!("---\n# Ours\n# here\n{WRITTEN}owner: me # so\n---\n# Notes\n\ntext\n");
        let rewritten = written(&folders(), Some(previous.as_bytes()));
        assert_eq!(String::from_utf8_lossy(&rewritten), expected);
        assert_eq!(written(&folders(), Some(&rewritten)), rewritten);
        assert_eq!(written(&folders(), Some(b"---\nproject_root: /old\n")), WRITTEN.as_bytes());
    }

    proptest! {
        #[test]
        fn folders_come_back_as_they_were_written(
            project_root in any::<String>(),
            lists in proptest::collection::vec(proptest::collection::vec("[^ \n\r]{1,9}", 0..4), 2),
        ) {
            let mut lists = lists.into_iter().map(|list| {
                list.into_iter().filter(|it| !it.trim().is_empty()).collect::<Vec<_>>()
            });
            let folders = HomeFolders {
                project_root,
                source_folders: lists.next().unwrap_or_default(),
                additional_folders: lists.next().unwrap_or_default(),
            };
            let written = written(&folders, Some(b"x: 1\n---\n"));
            prop_assert!(written.ends_with(b"\nx: 1\n---\n"));
            prop_assert_eq!(read(&written), Ok(folders));
        }
    }
}
