//! Projects by a pattern of their names.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits::ID_BYTES_MAX;

use super::ProjectId;

/// A pattern of project ids, in which `*` stands for any characters, also none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectPattern(Arc<str>);

impl ProjectPattern {
    /// Takes a pattern.
    ///
    /// # Errors
    /// REQUIRED_FIELD when it is empty, TOO_LARGE, INVALID_ID when no project can have such a name.
    pub fn parse(text: &str) -> Result<Self> {
        const FIELD: &str = "projects";
        if text.is_empty() {
            return Err(Error::RequiredField { field: FIELD });
        }
        if text.len() > ID_BYTES_MAX {
            let (limit_name, limit, actual) = ("ID_BYTES_MAX", ID_BYTES_MAX, text.len());
            return Err(Error::TooLarge { field: FIELD, limit_name, limit, actual });
        }
        if text.starts_with('.')
            || text.contains(['/', '\0', ',', '='])
            || text.contains(char::is_whitespace)
        {
            return Err(Error::invalid(
                FIELD,
                text,
                "it is a project's id, in which * stands for any characters",
            ));
        }
        Ok(Self(text.into()))
    }

    /// Whether it is met by every project.
    pub fn is_any(&self) -> bool {
        self.0.bytes().all(|c| c == b'*')
    }

    /// Whether a project meets it.
    pub fn covers(&self, project: &ProjectId) -> bool {
        matches(self.0.as_bytes(), project.as_str().as_bytes())
    }
}

impl fmt::Display for ProjectPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The projects that a caller reaches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// All of them, also those to come.
    #[default]
    All,
    /// Those that meet one of these patterns.
    Only(Arc<[ProjectPattern]>),
}

impl Reach {
    /// Takes patterns; one that every project meets means all.
    pub fn of(patterns: impl IntoIterator<Item = ProjectPattern>) -> Self {
        let patterns: Arc<[ProjectPattern]> = patterns.into_iter().collect();
        if patterns.iter().any(ProjectPattern::is_any) { Self::All } else { Self::Only(patterns) }
    }

    /// Returns the patterns that it is made of, as texts.
    pub fn patterns(&self) -> Vec<String> {
        match self {
            Self::All => vec!["*".to_owned()],
            Self::Only(patterns) => patterns.iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether a project is within it.
    pub fn covers(&self, project: &ProjectId) -> bool {
        self.covers_name(project.as_str())
    }

    /// Whether a project of this name would be within it; no project has an empty one.
    pub fn covers_name(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(patterns) => {
                patterns.iter().any(|pattern| matches(pattern.0.as_bytes(), name.as_bytes()))
            }
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.patterns().join(", "))
    }
}

/// Matches with one place to go back to, the last star: time in proportion to the product of the
/// lengths at worst.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut last_star = None;
    while from < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                last_star = Some((at, from));
                at += 1;
            }
            Some(c) if *c == name[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((star, taken)) = last_star else { return false };
                last_star = Some((star, taken + 1));
                at = star + 1;
                from = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_everything_else_for_itself() {
        let covers = |pattern: &str, project: &str| {
            let project = ProjectId::parse(project).expect("a project");
            ProjectPattern::parse(pattern).expect("a pattern").covers(&project)
        };
        for (pattern, project) in [
            ("*", "a"),
            ("a", "a"),
            ("swarm*", "swarm"),
            ("swarm*", "swarm-7"),
            ("*-x", "a-x-x"),
            ("a*b*c", "axxbyybzc"),
            ("**", "a"),
        ] {
            assert!(covers(pattern, project), "{pattern} {project}");
        }
        for (pattern, project) in
            [("a", "ab"), ("swarm*", "a-swarm"), ("*-x", "a-xy"), ("a*b*c", "acb"), ("a?", "ab")]
        {
            assert!(!covers(pattern, project), "{pattern} {project}");
        }
    }

    #[test]
    fn a_reach_covers_what_meets_one_of_its_patterns() {
        let reach = |patterns: &[&str]| {
            Reach::of(patterns.iter().map(|text| ProjectPattern::parse(text).expect(text)))
        };
        assert_eq!(reach(&["a", "*"]), Reach::All);
        assert!(reach(&["a", "b*"]).covers_name("b7") && !reach(&["a", "b*"]).covers_name("ab"));
        assert!(!reach(&[]).covers_name("a"), "no pattern means no project");
        assert!(!reach(&["a"]).covers_name("") && Reach::All.covers_name(""));
        assert_eq!(reach(&["a", "b*"]).to_string(), "a, b*");
    }

    #[test]
    fn a_pattern_that_no_project_can_meet_is_refused() {
        for pattern in ["", ".a", "a/b", "a b", "a,b", &"x".repeat(129)] {
            assert!(ProjectPattern::parse(pattern).is_err(), "{pattern}");
        }
        assert!(ProjectPattern::parse("*").expect("a pattern").is_any());
        assert!(!ProjectPattern::parse("a*").expect("a pattern").is_any());
    }
}
