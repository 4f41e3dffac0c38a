//! What holds of any bytes in the files that whoever runs a server writes: settings and tokens.

use callboard::access::{self, Token, TokenHash};
use callboard::config;
use callboard::config::settings;

/// Checks the bytes as a file of settings: it is refused, or names settings that there are.
pub(crate) fn check_settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match config::read_file(text, "FILE") {
        Ok(found) => {
            for (key, values) in found {
                assert!(settings::find(key).is_some(), "{key} is no setting");
                assert!(values.iter().all(|value| value.len() <= text.len()), "{text:?}");
            }
        }
        Err(error) => assert!(error.to_string().contains("FILE"), "{error}"),
    }
}

/// Checks the bytes as a file of tokens: what is taken is written as a file that means the
/// same; and as a token, and as a hash of one.
pub(crate) fn check_tokens(bytes: &[u8]) {
    if let Ok(grants) = access::read(bytes) {
        let written = access::write(&grants).expect("what was read is written");
        assert_eq!(access::read(&written).as_ref(), Ok(&grants), "{}", super::shown(bytes));
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some(token) = Token::parse(&text) {
        assert_eq!(token.reveal(), text);
        assert!(token.hash().fits(&token));
    }
    if let Some(hash) = TokenHash::parse(&text) {
        assert!(hash.to_string().eq_ignore_ascii_case(&text));
    }
}
