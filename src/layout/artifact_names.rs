//! The numbers in the names of versioned artifacts.

/// Returns the name of a version of an artifact: `<stem>.<number><ext>`, where the
/// extension begins at the last dot of the last component, as for Go's `filepath.Ext`.
pub fn versioned(name: &str, number: u32) -> String {
    let (stem, extension) = split(name);
    format!("{stem}.{number}{extension}")
}

/// Returns which version of a base name another name is. Both are names of files.
pub fn version_of(base: &str, name: &str) -> Option<u32> {
    let (stem, extension) = split(base);
    read_number(name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(extension)?)
}

/// Returns the number in a name of the form `<stem>.<number><ext>`: what [`versioned`]
/// makes of some name.
pub fn number_in(name: &str) -> Option<u32> {
    let (before, extension) = split(name);
    let (stem, number) = split(before);
    if !number.is_empty() {
        return read_number(&number[1..]);
    }
    // Without an extension the number comes last.
    if is_component(stem) { read_number(extension.strip_prefix('.')?) } else { None }
}

/// Splits a name before the last dot of its last component; the second part is empty when
/// there is none.
fn split(name: &str) -> (&str, &str) {
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let dot = name[last..].rfind('.').map_or(name.len(), |dot| last + dot);
    name.split_at(dot)
}

/// Whether the path ends with a component.
fn is_component(path: &str) -> bool {
    !path.is_empty() && !path.ends_with('/')
}

/// Reads a number from 1 on, as it is written in names: digits without leading zeros.
fn read_number(digits: &str) -> Option<u32> {
    if digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_number_stands_before_the_last_extension() {
        for (name, expected) in [
            ("validation.json", "validation.1.json"),
            ("report.md", "report.1.md"),
            ("sdd/spec.md", "sdd/spec.1.md"),
            ("v1.2/spec", "v1.2/spec.1"),
            ("archive.tar.gz", "archive.tar.1.gz"),
            (".env", ".1.env"),
            ("a/.env", "a/.1.env"),
            ("noext", "noext.1"),
            ("a.", "a.1."),
            ("notes..txt", "notes..1.txt"),
        ] {
            assert_eq!(versioned(name, 1), expected);
            assert_eq!(version_of(name, expected), Some(1), "{name}");
            assert_eq!(number_in(expected), Some(1), "{expected}");
        }
    }

    #[test]
    fn only_plain_numbers_from_1_on_are_versions() {
        assert_eq!(version_of("report.md", "report.3.md"), Some(3));
        assert_eq!(version_of("report.md", "report.4294967295.md"), Some(u32::MAX));
        for name in [
            "report.md",
            "report.0.md",
            "report.03.md",
            "report.+3.md",
            "report.-3.md",
            "report. 3.md",
            "report.٣.md",
            "report..md",
            "report.3",
            "report.3.txt",
            "report.3.md.md",
            "report.a.3.md",
            "xreport.3.md",
            "report.4294967296.md",
            "report.3md",
            "",
        ] {
            assert_eq!(version_of("report.md", name), None, "{name}");
        }
        assert_eq!(version_of("noext", "noext"), None);
        assert_eq!(version_of(".env", ".env"), None);
        assert_eq!(version_of("a.", "a."), None);
        assert_eq!(version_of("a", "a.1.b"), None);
    }

    #[test]
    fn the_number_in_a_name_is_told_without_its_base() {
        for (name, number) in [
            ("report.3.md", Some(3)),
            ("noext.1", Some(1)),
            ("archive.tar.1.gz", Some(1)),
            (".1.env", Some(1)),
            ("d.7/.1.env", Some(1)),
            ("a.5.", Some(5)),
            ("a.3.2", Some(3)),
            ("notes.txt", None),
            ("d.7/notes.txt", None),
            ("d.7/notes", None),
            ("noext", None),
            ("noext.01", None),
            ("a.0.md", None),
            ("report.v2.1", None),
            (".1", None),
            ("d/.1", None),
            ("a.", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(number_in(name), number, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_version_is_one_of_its_base(
            base in "([a-c./é]{0,6}/)?[a-c.0-9é]{1,6}",
            number in 1..=u32::MAX,
        ) {
            let name = versioned(&base, number);
            prop_assert_eq!(version_of(&base, &name), Some(number));
            prop_assert_eq!(number_in(&name), Some(number));
        }

        #[test]
        fn two_versions_have_two_names(base in "[a-b.1]{1,5}", number in 1..50_u32, other in 1..50_u32) {
            prop_assert_eq!(versioned(&base, number) == versioned(&base, other), number == other);
        }

        #[test]
        fn what_is_a_version_of_a_base_is_what_the_base_makes(base in "[a1.]{1,4}", name in "[a1.]{1,7}") {
            if let Some(number) = version_of(&base, &name) {
                prop_assert_eq!(versioned(&base, number), name);
            }
        }

        #[test]
        fn no_name_makes_it_panic(base in any::<String>(), name in any::<String>()) {
            version_of(&base, &name);
            number_in(&name);
        }
    }
}
