//! Names that are made up for what its creator gave none.

use std::hash::{BuildHasher as _, Hasher as _};

/// Characters of a name that are made from a description.
const SLUG_CHARS: usize = 40;

/// Makes a part of a name from a description: its words in lower case, as many as fit.
pub(super) fn slug(description: &str) -> String {
    let mut slug = String::new();
    let words = description.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    for word in words {
        let needed = word.len() + usize::from(!slug.is_empty());
        if slug.len() + needed > SLUG_CHARS {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_ascii_lowercase());
    }
    slug
}

/// Makes up six letters and digits. The standard library's hash keys are seeded from
/// the system's randomness.
pub(super) fn random_word() -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = std::hash::RandomState::new().build_hasher().finish();
    std::iter::repeat_with(|| {
        let letter = LETTERS[(number % 36) as usize];
        number /= 36;
        char::from(letter)
    })
    .take(6)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_becomes_words_in_lower_case_that_fit() {
        assert_eq!(slug("Fix the login bug!"), "fix-the-login-bug");
        assert_eq!(slug("  --  "), "");
        assert_eq!(slug("Größe ändern"), "gr-e-ndern");
        assert!(slug(&"word ".repeat(100)).len() <= SLUG_CHARS);
        assert_eq!(slug(&"x".repeat(100)), "");
    }

    #[test]
    fn random_words_differ() {
        let words: std::collections::HashSet<String> = (0..1000).map(|_| random_word()).collect();
        assert_eq!(words.len(), 1000);
        assert!(words.iter().all(|word| word.len() == 6));
    }
}
