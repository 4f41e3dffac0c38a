//! What a caller may do.

use std::fmt;

/// What a caller may do. [`Permission::Admin`] includes the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Look at things.
    Read,
    /// Add to them and change them.
    Write,
    /// Remove them, and keep them in order.
    Admin,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// Returns the permission with this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == word)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some of the permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions {
    read: bool,
    write: bool,
    admin: bool,
}

impl Permissions {
    /// Every one.
    pub const ALL: Self = Self { read: true, write: true, admin: true };

    /// Whether one of them allows what needs this.
    pub fn allow(self, needed: Permission) -> bool {
        self.admin
            || match needed {
                Permission::Read => self.read,
                Permission::Write => self.write,
                Permission::Admin => false,
            }
    }

    /// Returns those that were given, from the least on.
    pub fn given(self) -> impl Iterator<Item = Permission> {
        let given = [self.read, self.write, self.admin];
        Permission::ALL.into_iter().zip(given).filter_map(|(one, given)| given.then_some(one))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(given: T) -> Self {
        let mut permissions = Self::default();
        for permission in given {
            match permission {
                Permission::Read => permissions.read = true,
                Permission::Write => permissions.write = true,
                Permission::Admin => permissions.admin = true,
            }
        }
        permissions
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.given().map(Permission::as_str).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_includes_the_others_and_these_only_themselves() {
        let of = |given: &[Permission]| given.iter().copied().collect::<Permissions>();
        for needed in Permission::ALL {
            assert!(of(&[Permission::Admin]).allow(needed) && Permissions::ALL.allow(needed));
            assert!(!Permissions::default().allow(needed));
            assert_eq!(of(&[Permission::Read]).allow(needed), needed == Permission::Read);
            assert_eq!(of(&[Permission::Write]).allow(needed), needed == Permission::Write);
            assert_eq!(Permission::of_word(needed.as_str()), Some(needed));
        }
        assert_eq!(of(&[Permission::Write, Permission::Read]).to_string(), "read, write");
        assert_eq!(Permission::of_word("all"), None);
    }
}
