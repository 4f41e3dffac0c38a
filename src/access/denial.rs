//! Why a caller is turned away.

use crate::error::Reason;

use super::Permission;

/// Why a caller is turned away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum Denial {
    #[error("{who}, and sent no token; set CALLBOARD_TOKEN, or authorization: Bearer TOKEN")]
    TokenRequired { who: String },
    #[error("the token is not valid: {problem}")]
    TokenInvalid { problem: String },
    #[error("this needs {permission} in project {project}, and {caller} {has}")]
    Project { caller: String, permission: Permission, project: String, has: String },
    #[error("this needs {permission}, and {caller} {has}")]
    Anywhere { caller: String, permission: Permission, has: String },
    #[error("{caller} is limited to the projects {projects}: name the project as well")]
    Unnamed { caller: String, permission: Permission, projects: String },
}

impl Denial {
    /// Returns the reason clients branch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::TokenRequired { .. } => Reason::TokenRequired,
            Self::TokenInvalid { .. } => Reason::TokenInvalid,
            Self::Project { .. } | Self::Anywhere { .. } | Self::Unnamed { .. } => {
                Reason::NotAllowed
            }
        }
    }

    /// Returns its variables, for the metadata of an `ErrorInfo`.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TokenRequired { .. } | Self::TokenInvalid { .. } => Vec::new(),
            Self::Project { permission, project, .. } => {
                vec![("permission", permission.to_string()), ("project_id", project.clone())]
            }
            Self::Anywhere { permission, .. } | Self::Unnamed { permission, .. } => {
                vec![("permission", permission.to_string())]
            }
        }
    }
}
