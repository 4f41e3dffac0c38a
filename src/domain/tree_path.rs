//! Paths below the root.

use std::fmt;

/// A path relative to the root, of plain components: never absolute, without
/// `.` and `..`. `layout` makes them from ids; `disk` opens them beneath the root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreePath(String);

impl TreePath {
    /// The root itself.
    pub fn root() -> Self {
        Self(String::new())
    }

    /// Returns the path of `name` in this folder.
    ///
    /// # Panics
    /// When `name` is no plain component: that would be a bug in `layout`.
    pub fn join(&self, name: &str) -> Self {
        assert!(
            !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']),
            "{name:?} is no path component"
        );
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}/{name}", self.0)) }
    }

    /// Returns the folder that holds it; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())))
    }

    /// Returns the folder in which it stands; for the root, itself.
    pub fn folder(&self) -> Self {
        self.parent().unwrap_or_else(Self::root)
    }

    /// Whether it is this folder, or lies below it.
    pub fn is_in(&self, folder: &Self) -> bool {
        let rest = self.0.strip_prefix(folder.0.as_str());
        rest.is_some_and(|rest| folder.0.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns the last component; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// Returns the components from the root down.
    pub fn components(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Returns the text, `.` for the root.
    pub fn as_str(&self) -> &str {
        if self.0.is_empty() { "." } else { &self.0 }
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
