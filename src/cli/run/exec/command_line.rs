//! The command line as text, for the run's record.

use std::ffi::OsString;

use crate::cli::shell_word::quoted;
use crate::limits::TEXT_BYTES_MAX;

/// Returns the command line as a shell would take it. What is no UTF-8 is replaced, and
/// a text that is too long for the record is cut, and ends with `…`.
pub(super) fn text(command: &[OsString]) -> String {
    const CUT: &str = " …";
    let mut text = String::new();
    for word in command {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&quoted(&word.to_string_lossy()));
        if text.len() > TEXT_BYTES_MAX {
            let end = text.floor_char_boundary(TEXT_BYTES_MAX - CUT.len());
            text.truncate(end);
            text.push_str(CUT);
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(words: &[&str]) -> String {
        text(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_shell_takes_every_word_as_it_was() {
        assert_eq!(text_of(&["make", "-j2", "a=b"]), "make -j2 a=b");
        assert_eq!(text_of(&["echo", "", "two words"]), "echo '' 'two words'");
        assert_eq!(text_of(&["it's", "$x", "a\nb", "*", "~"]), "'it'\\''s' '$x' 'a\nb' '*' '~'");
    }

    #[test]
    fn a_shell_itself_takes_it_so() {
        let words = ["printf", "%s|", "", "it's", "a \"b\" $HOME `x` \\ \n", "ü", "-e", "#", "!"];
        let shell = std::process::Command::new("sh").arg("-c").arg(text_of(&words)).output();
        let printed = shell.expect("a shell").stdout;
        let expected: String = words[2..].iter().map(|word| format!("{word}|")).collect();
        assert_eq!(String::from_utf8(printed).expect("text"), expected);
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let long = "ü".repeat(TEXT_BYTES_MAX);
        let cut = text_of(&["agent", &long, "more"]);
        assert!(cut.len() <= TEXT_BYTES_MAX && cut.len() > TEXT_BYTES_MAX - 8, "{}", cut.len());
        assert!(cut.starts_with("agent 'üü") && cut.ends_with("ü …"));
    }
}
