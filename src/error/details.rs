//! What an error says beside its reason, for the details of a status: its variables, and the
//! field that is at fault.

use super::Error;

impl Error {
    /// Returns the variables of the error, for the metadata of its `ErrorInfo`.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::InvalidId { field, value, .. } | Self::PathTraversal { field, value } => {
                vec![("field", (*field).into()), ("value", value.clone())]
            }
            Self::RequiredField { field } | Self::InvalidField { field, .. } => {
                vec![("field", (*field).into())]
            }
            Self::TooLarge { field, limit_name, limit, actual } => vec![
                ("field", (*field).into()),
                ("limit_name", (*limit_name).into()),
                ("limit", limit.to_string()),
                ("actual", actual.to_string()),
            ],
            Self::MixedBuses { first, other, index } => vec![
                ("first", first.clone()),
                ("other", other.clone()),
                ("index", index.to_string()),
            ],
            Self::DocumentTooLarge { path, limit_name, limit, actual } => vec![
                ("path", path.clone()),
                ("limit_name", (*limit_name).into()),
                ("limit", limit.to_string()),
                ("actual", actual.to_string()),
            ],
            Self::ProjectNotFound { project } | Self::ProjectExists { project } => {
                vec![("project_id", project.clone())]
            }
            Self::BusNotFound { bus } | Self::BusEmpty { bus } | Self::BusPoisoned { bus } => {
                vec![("bus", bus.clone())]
            }
            Self::MessageNotFound { bus, msg_id } | Self::AmbiguousId { bus, msg_id } => {
                vec![("bus", bus.clone()), ("msg_id", msg_id.clone())]
            }
            Self::RequestIdReused { place, request_id } => {
                vec![("place", place.clone()), ("request_id", request_id.clone())]
            }
            Self::CreatedAndRemoved { path, request_id } => {
                vec![("place", path.clone()), ("request_id", request_id.clone())]
            }
            Self::TaskNotFound { task } | Self::TaskExists { task, .. } => {
                vec![("task", task.clone())]
            }
            Self::RunExists { run } => {
                vec![("run", run.clone()), ("code", "E_RUN_DIR_EXISTS".to_owned())]
            }
            Self::RunNotFound { run } | Self::RunMetaNotFound { run } | Self::RunActive { run } => {
                vec![("run", run.clone())]
            }
            Self::RunFileNotFound { run, file } => {
                vec![("run", run.clone()), ("file", file.clone())]
            }
            Self::RunAmbiguous { run, places } => {
                vec![("run", run.clone()), ("places", places.join(" "))]
            }
            Self::NotEmpty { project, .. } => vec![("project_id", project.clone())],
            Self::InvalidRunTransition { run, from, to } => {
                vec![("run", run.clone()), ("from", from.clone()), ("to", to.clone())]
            }
            Self::InvalidTaskTransition { task, from, to, allowed } => vec![
                ("task", task.clone()),
                ("from", from.clone()),
                ("to", to.clone()),
                ("allowed", allowed.join(" ")),
            ],
            Self::WorktreeMissing { path } => vec![("worktree_path", path.clone())],
            Self::ChecksumMismatch { name, expected, actual } => vec![
                ("name", name.clone()),
                ("expected", expected.clone()),
                ("sha256", actual.clone()),
            ],
            Self::SizeMismatch { name, expected, actual } => vec![
                ("name", name.clone()),
                ("expected", expected.to_string()),
                ("size", actual.to_string()),
            ],
            Self::TooManyVersions { name, limit } => {
                vec![("name", name.clone()), ("limit", limit.to_string())]
            }
            Self::Coded { code, source } => {
                let mut pairs = source.metadata();
                pairs.push(("code", (*code).to_owned()));
                pairs
            }
            Self::ArtifactNotFound { task, path } => {
                vec![("task", task.clone()), ("path", path.clone())]
            }
            Self::FactNotFound { scope, fact_id } => {
                vec![("scope", scope.clone()), ("fact_id", fact_id.clone())]
            }
            Self::EtagMismatch { path, expected, actual } => vec![
                ("path", path.clone()),
                ("expected", expected.clone()),
                ("etag", actual.clone()),
            ],
            Self::OffsetMismatch { path, offset, size } => vec![
                ("path", path.clone()),
                ("offset", offset.to_string()),
                ("size", size.to_string()),
            ],
            Self::BusMoved { bus, expected, actual } => vec![
                ("bus", bus.clone()),
                ("expected_last_msg_id", expected.clone()),
                ("last_msg_id", actual.clone()),
            ],
            Self::CursorExpired { bus, cursor, oldest, newest }
            | Self::CursorAhead { bus, cursor, oldest, newest } => vec![
                ("bus", bus.clone()),
                ("cursor", cursor.clone()),
                ("oldest", oldest.clone()),
                ("newest", newest.clone()),
            ],
            Self::CursorUnknown { cursor, .. } => vec![("cursor", cursor.clone())],
            Self::LockTimeout { path, holder, .. } => {
                let mut pairs = vec![("path", path.clone())];
                pairs.extend(holder.0.map(|pid| ("holder_pid", pid.to_string())));
                pairs
            }
            Self::RootLocked { holder } => {
                holder.0.map(|pid| ("holder_pid", pid.to_string())).into_iter().collect()
            }
            Self::UploadStalled { idle_seconds } => {
                vec![("idle_seconds", idle_seconds.to_string())]
            }
            Self::RequestStalled { seconds } => vec![("seconds", seconds.to_string())],
            Self::SubscriberLimit { limit } => vec![("limit", limit.to_string())],
            Self::Busy { limit_name, limit, .. } => {
                vec![("limit_name", (*limit_name).into()), ("limit", limit.to_string())]
            }
            Self::NotRegular { path, .. }
            | Self::Io { path, .. }
            | Self::ArchiveGone { path }
            | Self::ForeignWrite { path }
            | Self::CorruptDocument { path, .. } => vec![("path", path.clone())],
            Self::Denied(denial) => denial.metadata(),
            Self::QuotaExceeded { project, quota_bytes, used_bytes } => vec![
                ("project_id", project.clone()),
                ("quota_bytes", quota_bytes.to_string()),
                ("used_bytes", used_bytes.to_string()),
            ],
            Self::LowSpace { free_bytes, free_bytes_min } => vec![
                ("free_bytes", free_bytes.to_string()),
                ("free_bytes_min", free_bytes_min.to_string()),
            ],
            Self::CallTimedOut { seconds } => vec![("seconds", seconds.to_string())],
            Self::InvalidPageToken | Self::ShuttingDown | Self::Bug(_) => Vec::new(),
        }
    }

    /// Returns the request field that is at fault, when one is.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::InvalidId { field, .. }
            | Self::PathTraversal { field, .. }
            | Self::RequiredField { field }
            | Self::TooLarge { field, .. }
            | Self::InvalidField { field, .. } => Some(field),
            Self::InvalidPageToken => Some("page_token"),
            Self::MixedBuses { .. } => Some("messages"),
            Self::ChecksumMismatch { .. } => Some("sha256"),
            Self::SizeMismatch { .. } => Some("size"),
            Self::Coded { source, .. } => source.field(),
            _ => None,
        }
    }
}
