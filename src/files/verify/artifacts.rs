//! Artifacts: that each can be asked for and opened. What is in them may be anything.

use crate::disk::Kind as Thing;
use crate::domain::{ArtifactId, TreePath};
use crate::files::tree::ARTIFACT_DEPTH_MAX;
use crate::layout::{artifact_names, paths};
use crate::limits::ARTIFACT_VERSIONS_MAX;

use super::finding::{Finding, Kind};
use super::look::Look;

impl Look<'_> {
    pub(super) fn look_at_artifacts(&mut self, artifacts: &TreePath) {
        let mut folders = vec![(artifacts.clone(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            for entry in self.list(&folder) {
                let path = folder.join(&entry.name);
                let name = format!("{prefix}{}", entry.name);
                if entry.kind == Thing::Folder && depth < ARTIFACT_DEPTH_MAX {
                    folders.push((path, format!("{name}/"), depth + 1));
                } else if entry.kind == Thing::Folder {
                    let message = format!(
                        "what lies below more than {ARTIFACT_DEPTH_MAX} folders is not shown"
                    );
                    self.report(Finding::new(&path, Kind::UnreachableName, message));
                } else if !paths::is_temporary(&entry.name) {
                    self.look_at_artifact(&path, &name);
                }
            }
        }
    }

    fn look_at_artifact(&mut self, path: &TreePath, name: &str) {
        if let Err(error) = ArtifactId::of_name(name) {
            self.report(Finding::new(path, Kind::UnreachableName, error.to_string()));
        }
        let number = artifact_names::number_in(path.name());
        let is_last = number.is_some_and(|it| it as usize >= ARTIFACT_VERSIONS_MAX);
        if is_last {
            let message = format!(
                "it has the last number there is, {ARTIFACT_VERSIONS_MAX}, or a higher one"
            );
            self.report(Finding::new(path, Kind::VersionsFull, message));
        }
        self.look_at_file(path);
    }
}
