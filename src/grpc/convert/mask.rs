//! Which fields an update changes.

use prost_types::FieldMask;

use crate::error::{Error, Result};

use super::fields::invalid;

/// The fields that an update names. Without a mask these are the ones that are not
/// empty.
pub(super) struct Mask {
    paths: Option<Vec<String>>,
    /// What stands before each path in the name of its field.
    prefix: &'static str,
}

impl Mask {
    /// Takes a mask over these fields.
    ///
    /// # Errors
    /// INVALID_FIELD for another field.
    pub(super) fn new(mask: Option<FieldMask>, fields: &[&str]) -> Result<Self> {
        Self::within("", mask, fields)
    }

    /// Takes a mask over these fields of a message inside the request. The name of such
    /// a field begins with `prefix`, its path does not.
    ///
    /// # Errors
    /// INVALID_FIELD for another field.
    pub(super) fn within(
        prefix: &'static str,
        mask: Option<FieldMask>,
        fields: &[&str],
    ) -> Result<Self> {
        let Some(FieldMask { paths }) = mask else {
            return Ok(Self { paths: None, prefix });
        };
        if let Some(path) = paths.iter().find(|path| !fields.contains(&path.as_str())) {
            let path: String = path.chars().take(128).collect();
            let problem = format!("{path:?} is none of {}", fields.join(", "));
            return Err(invalid("update_mask", problem));
        }
        Ok(Self { paths: Some(paths), prefix })
    }

    /// Returns the value of a field that is to change: one that is named itself, or with
    /// the group it stands in. What is not to change is not checked either.
    ///
    /// # Errors
    /// What `check` says.
    pub(super) fn choose<T: Default + PartialEq, U>(
        &self,
        field: &'static str,
        value: T,
        check: impl FnOnce(&'static str, T) -> Result<U>,
    ) -> Result<Option<U>> {
        let chosen = match &self.paths {
            Some(_) => self.names(field),
            None => value != T::default(),
        };
        if chosen { check(field, value).map(Some) } else { Ok(None) }
    }

    /// Whether there is a mask that names a field, itself or with the group it stands in.
    pub(super) fn names(&self, field: &str) -> bool {
        let wanted = field.strip_prefix(self.prefix).unwrap_or(field);
        let covers = |path: &String| {
            let rest = wanted.strip_prefix(path.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.paths.as_ref().is_some_and(|paths| paths.iter().any(covers))
    }
}

/// Builds the error for an update that changes nothing.
pub(super) fn nothing_to_change() -> Error {
    invalid(
        "update_mask",
        "there is nothing to change: name a field in it, or leave it out and set a field",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(paths: &[&str]) -> Option<FieldMask> {
        Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
    }

    fn chosen(mask: Option<FieldMask>, value: &str) -> Option<String> {
        let mask = Mask::new(mask, &["cwd", "pid"]).expect("a mask");
        mask.choose("cwd", value.to_owned(), |_, text| Ok(text)).expect("a value")
    }

    #[test]
    fn a_mask_decides_what_changes_and_without_one_what_is_set() {
        assert_eq!(chosen(None, "/src"), Some("/src".into()));
        assert_eq!(chosen(None, ""), None);
        assert_eq!(chosen(mask(&["cwd"]), ""), Some(String::new()));
        assert_eq!(chosen(mask(&["pid"]), "/src"), None);
        assert_eq!(chosen(mask(&[]), "/src"), None);
        for path in ["", "*", "status", "cwd.x", "CWD"] {
            assert!(Mask::new(mask(&["pid", path]), &["cwd", "pid"]).is_err(), "{path}");
        }
    }

    #[test]
    fn a_group_is_named_as_a_whole_or_by_its_fields() {
        let chosen = |path: &str| {
            let fields = ["flags", "flags.lost", "flagship"];
            let mask = Mask::within("meta.", mask(&[path]), &fields).expect("a mask");
            ["meta.flags.lost", "meta.flags.found", "meta.flagship"].map(|field| {
                mask.choose(field, false, |_, value| Ok(value)).expect("a value").is_some()
            })
        };
        assert_eq!(chosen("flags"), [true, true, false]);
        assert_eq!(chosen("flags.lost"), [true, false, false]);
        assert_eq!(chosen("flagship"), [false, false, true]);
    }

    #[test]
    fn what_is_not_to_change_is_not_checked() {
        let pid_only = Mask::new(mask(&["pid"]), &["cwd", "pid"]).expect("a mask");
        let refuse = |field, _: String| Err::<String, _>(invalid(field, "never"));
        assert!(pid_only.choose("cwd", "x".into(), refuse).is_ok());
        assert!(pid_only.choose("pid", "x".into(), refuse).is_err());
    }
}
