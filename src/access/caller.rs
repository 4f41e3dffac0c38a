//! Who makes a call.

use std::fmt;

use crate::domain::Reach;

use super::{Denial, Grant, Holder, Permission, Permissions};

/// Who makes a call, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub who: Who,
    /// What they may do.
    pub permissions: Permissions,
    /// In which projects.
    pub reach: Reach,
}

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A user of this machine, by their number; none when the system does not tell.
    User(Option<u32>),
    /// Who has this token.
    Token {
        /// The token's name.
        name: String,
        /// The part of it that is no secret.
        id: String,
    },
    /// Who has a certificate with this name.
    Certificate(String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(Some(uid)) => write!(f, "user {uid}"),
            Self::User(None) => f.write_str("a user of this machine"),
            Self::Token { name, .. } => write!(f, "token {name}"),
            Self::Certificate(name) => write!(f, "certificate {name}"),
        }
    }
}

impl Caller {
    /// A user of this machine who needs no token, and may do everything.
    pub fn user(uid: Option<u32>) -> Self {
        Self { who: Who::User(uid), permissions: Permissions::ALL, reach: Reach::All }
    }

    /// Who holds a grant. `certificate` is the name by which it was found, if it is one of
    /// certificates.
    pub fn holder(grant: &Grant, certificate: Option<&str>) -> Self {
        let who = match (&grant.holder, certificate) {
            (Holder::Certificate(pattern), name) => {
                Who::Certificate(name.unwrap_or(pattern).to_owned())
            }
            (Holder::Token { id, .. }, _) => {
                Who::Token { name: grant.name.clone(), id: id.clone() }
            }
        };
        Self { who, permissions: grant.permissions, reach: grant.reach() }
    }

    /// Refuses what the caller may nowhere do.
    ///
    /// # Errors
    /// NOT_ALLOWED.
    pub fn check(&self, permission: Permission) -> Result<(), Denial> {
        if self.permissions.allow(permission) {
            return Ok(());
        }
        let caller = self.who.to_string();
        let has = format!("may only {}", self.permissions);
        Err(Denial::Anywhere { caller, permission, has })
    }

    /// Refuses what the caller may not do in a project, whether there is such a project or not.
    /// An empty name is that of no project: only who reaches all of them may leave it out.
    ///
    /// # Errors
    /// NOT_ALLOWED.
    pub fn check_in(&self, permission: Permission, project: &str) -> Result<(), Denial> {
        self.check(permission)?;
        if self.reach.covers_name(project) {
            return Ok(());
        }
        let (caller, projects) = (self.who.to_string(), self.reach.to_string());
        if project.is_empty() {
            return Err(Denial::Unnamed { caller, permission, projects });
        }
        let has = format!("is limited to the projects {projects}");
        Err(Denial::Project { caller, permission, project: shown(project), has })
    }
}

/// Cuts a long name, so that a refusal never carries a megabyte back.
fn shown(name: &str) -> String {
    name.chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ProjectPattern;

    fn limited() -> Caller {
        Caller {
            who: Who::Token { name: "ci".into(), id: "0a1b2c3d".into() },
            permissions: [Permission::Read].into_iter().collect(),
            reach: Reach::of([ProjectPattern::parse("swarm*").expect("a pattern")]),
        }
    }

    #[test]
    fn a_caller_does_what_it_may_in_the_projects_that_it_reaches() {
        assert_eq!(limited().check_in(Permission::Read, "swarm-1"), Ok(()));
        let refused = |permission, project| {
            limited().check_in(permission, project).expect_err("refused").to_string()
        };
        assert_eq!(
            refused(Permission::Write, "swarm-1"),
            "this needs write, and token ci may only read"
        );
        assert_eq!(
            refused(Permission::Read, "other"),
            "this needs read in project other, and token ci is limited to the projects swarm*"
        );
        assert_eq!(
            refused(Permission::Read, ""),
            "token ci is limited to the projects swarm*: name the project as well"
        );
    }

    #[test]
    fn a_user_without_a_token_may_do_everything() {
        for permission in Permission::ALL {
            assert_eq!(Caller::user(Some(7)).check_in(permission, ""), Ok(()));
        }
    }
}
