//! Artifacts: what a task produces, and what its messages point to.

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::limits;

use super::TaskKey;
use super::ids::{check_ending, check_new_name};

/// Where artifacts are, below the folder of their task.
const FOLDER: &str = "artifacts/";
/// How the names of attachments begin.
const ATTACHMENT: &str = "ATTACH-";

/// Names an artifact of a task that exists, or may exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArtifactId {
    /// An attachment, by the name of its file in the task's folder.
    Attachment(String),
    /// An artifact, by its path below `artifacts`.
    Artifact(String),
}

impl ArtifactId {
    /// Takes the name of an artifact to read: a path below `artifacts`, as other
    /// programs may have made it.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or PATH_TRAVERSAL.
    pub fn of_name(name: &str) -> Result<Self> {
        check_existing("name", name)?;
        Ok(Self::Artifact(name.to_owned()))
    }

    /// Takes a path relative to the task's folder: `artifacts/<name>` or the name of
    /// an attachment's file.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or PATH_TRAVERSAL.
    pub fn of_path(path: &str) -> Result<Self> {
        let name = path.strip_prefix(FOLDER);
        check_existing("path", name.filter(|name| !name.is_empty()).unwrap_or(path))?;
        match name {
            Some(name) if !name.is_empty() => Ok(Self::Artifact(name.to_owned())),
            _ if Self::is_attachment(path) => Ok(Self::Attachment(path.to_owned())),
            _ => Err(Error::invalid(
                "path",
                path,
                "it is neither artifacts/<name> nor ATTACH-<stamp>-<name>",
            )),
        }
    }

    /// Whether a file in a task's folder is an attachment.
    pub fn is_attachment(file_name: &str) -> bool {
        file_name.starts_with(ATTACHMENT) && !file_name.contains('/')
    }

    /// Returns the name: the path below `artifacts`, or the name of the file.
    pub fn name(&self) -> &str {
        match self {
            Self::Attachment(name) | Self::Artifact(name) => name,
        }
    }

    /// Returns the path relative to the task's folder.
    pub fn path(&self) -> String {
        match self {
            Self::Attachment(name) => name.clone(),
            Self::Artifact(name) => format!("{FOLDER}{name}"),
        }
    }
}

/// The name that a new artifact is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArtifactName(String);

impl ArtifactName {
    /// Takes the name of a new artifact: 1 to 8 components of the form
    /// `.?[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, without a reserved ending.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or PATH_TRAVERSAL.
    pub fn parse(name: &str) -> Result<Self> {
        check_existing("name", name)?;
        if name.split('/').count() > limits::ARTIFACT_COMPONENTS_MAX {
            return Err(Error::invalid("name", name, "it has more than 8 components"));
        }
        for component in name.split('/') {
            // `.env` is a name, too.
            let plain = component.strip_prefix('.').unwrap_or(component);
            let checked = check_new_name("name", plain).and(check_ending("name", component));
            checked.map_err(|_| {
                Error::invalid(
                    "name",
                    name,
                    "each component of a new artifact's name is of the form .?[A-Za-z0-9][A-Za-z0-9._-]{0,127}, and does not end in .lock, .tmp, .archived, .torn or .damaged",
                )
            })?;
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has one component.
    pub fn is_single(&self) -> bool {
        !self.0.contains('/')
    }
}

/// An artifact as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Artifact {
    /// The task.
    pub task: TaskKey,
    /// Which of its artifacts.
    pub id: ArtifactId,
    /// The number in its name; none when there is none.
    pub version: Option<u32>,
    /// Its size in bytes.
    pub size: u64,
    /// When its content last changed.
    pub modified_at: Option<Timestamp>,
    /// The SHA-256 of its content in hex; none where it was not asked for.
    pub sha256: Option<String>,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

/// Refuses what is no path below a folder.
fn check_existing(field: &'static str, path: &str) -> Result<()> {
    if path.is_empty() {
        return Err(Error::RequiredField { field });
    }
    let leaves = |component: &str| component == "." || component == "..";
    if path.starts_with('/') || path.split('/').any(leaves) {
        return Err(Error::traversal(field, path));
    }
    if path.len() > limits::ATTACHMENT_PATH_BYTES_MAX {
        return Err(Error::invalid(field, path, "it is longer than 1024 bytes"));
    }
    let is_component = |component: &str| {
        !component.is_empty()
            && component.len() <= limits::NAME_BYTES_MAX
            && !component.chars().any(char::is_control)
    };
    if !path.split('/').all(is_component) {
        return Err(Error::invalid(field, path, "it is no path of plain names"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    #[test]
    fn names_that_climb_out_are_refused_and_odd_ones_are_not() {
        let climbing =
            ["../evil.json", "../../etc/passwd", "foo/../bar/../../evil.json", "/etc/passwd", ".."];
        for name in climbing {
            let refused = ArtifactName::parse(name).expect_err(name);
            assert_eq!(refused.reason(), Reason::PathTraversal, "{name}");
            assert_eq!(ArtifactId::of_name(name).expect_err(name).reason(), Reason::PathTraversal);
            assert_eq!(ArtifactId::of_path(name).expect_err(name).reason(), Reason::PathTraversal);
        }
        for name in ["a", ".env", "sub/file.json", "a/b/c/d.txt", "notes..v2.txt", "archive.tar.gz"]
        {
            assert_eq!(ArtifactName::parse(name).expect(name).as_str(), name);
        }
        let long = "x".repeat(130);
        let deep = ["a"; 9].join("/");
        for name in [
            "",
            "a//b",
            "a/",
            "a b",
            "-x",
            "x.lock",
            "sub/x.tmp",
            ".tmp",
            "a/.lock",
            "a\0",
            "ä",
            &long,
            &deep,
        ] {
            ArtifactName::parse(name).expect_err(name);
        }
    }

    #[test]
    fn a_path_names_an_artifact_or_an_attachment() {
        let artifact = ArtifactId::of_path("artifacts/sdd/spec.1.md").expect("a path");
        assert_eq!(artifact, ArtifactId::of_name("sdd/spec.1.md").expect("a name"));
        assert_eq!(artifact.path(), "artifacts/sdd/spec.1.md");
        let attachment = ArtifactId::of_path("ATTACH-1-plan.md").expect("a path");
        assert_eq!(attachment, ArtifactId::Attachment("ATTACH-1-plan.md".to_owned()));
        assert_eq!(attachment.path(), "ATTACH-1-plan.md");
        for path in ["", "artifacts", "artifacts/", "task.json", "ATTACH-1/x", "runs/x"] {
            ArtifactId::of_path(path).expect_err(path);
        }
    }
}
