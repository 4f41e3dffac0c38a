//! This process, as the server is told of it.

/// What is kept of a command line at most, in bytes.
const COMMANDLINE_BYTES_MAX: usize = 64 << 10;

/// Returns the name of this host.
#[cfg(unix)]
pub(crate) fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns the name of this host.
#[cfg(not(unix))]
pub(crate) fn name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Returns the id of this process.
pub(crate) fn process_id() -> i32 {
    i32::try_from(std::process::id()).unwrap_or(0)
}

/// Returns the working directory, if there is one.
pub(crate) fn working_directory() -> String {
    std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default()
}

/// Returns the command line of this process, as a shell would take it; what is too long is cut.
pub(crate) fn command_line() -> String {
    joined(std::env::args_os().map(|word| word.to_string_lossy().into_owned()))
}

fn joined(words: impl Iterator<Item = String>) -> String {
    let mut text = words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ");
    text.truncate(text.floor_char_boundary(COMMANDLINE_BYTES_MAX));
    text
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_every_word_of_the_command_line_as_it_was() {
        let words = ["agent", "-v", "", "two words", "it's"].map(str::to_owned);
        assert_eq!(joined(words.into_iter()), "agent -v '' 'two words' 'it'\\''s'");
    }

    #[test]
    fn a_command_line_that_is_too_long_is_cut_between_characters() {
        let cut = joined(std::iter::once("ü".repeat(COMMANDLINE_BYTES_MAX)));
        assert!(cut.len() <= COMMANDLINE_BYTES_MAX && cut.ends_with('ü'));
    }
}
