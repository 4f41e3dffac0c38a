//! Which fields an update changes.

use super::failure::Failure;

/// Returns the names of the fields to change: those that have a flag of their own and
/// those to clear.
///
/// # Errors
/// When there is none, or one is both set and cleared.
pub(super) fn changed<F: Copy + PartialEq>(
    fields: &[(F, &str, bool)],
    clear: &[F],
) -> Result<Vec<String>, Failure> {
    let mut paths = Vec::new();
    for &(field, name, given) in fields {
        let cleared = clear.contains(&field);
        if given && cleared {
            let flag = name.replace('_', "-");
            return Err(Failure::usage(format!("--clear {flag}, and a new value for it, too")));
        }
        if given || cleared {
            paths.push(name.to_owned());
        }
    }
    if paths.is_empty() {
        return Err(Failure::usage("there is nothing to change: give a field, or --clear FIELD"));
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_or_cleared_is_changed_and_nothing_else() {
        let fields = [(1, "one", true), (2, "two_folders", false), (3, "three", false)];
        assert_eq!(changed(&fields, &[3]), Ok(vec!["one".into(), "three".into()]));
        assert!(changed(&fields, &[1]).is_err());
        assert!(changed(&fields[1..], &[]).is_err());
    }
}
