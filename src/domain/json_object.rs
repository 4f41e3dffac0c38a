//! JSON that callers give us to keep.

use std::fmt;

use serde_json::value::RawValue;

/// A JSON object as its owner wrote it, on one line: the text of every number and
/// string is kept, so that no digit is lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JsonObject(String);

impl JsonObject {
    /// Takes an object's text. Line breaks between its parts become spaces.
    ///
    /// # Errors
    /// Why it is none: a lowercase sentence with the place.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        let value: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !value.get().starts_with('{') {
            return Err("it is JSON, but no object".to_owned());
        }
        // A line break in a string is written `\n`: one in the text stands between parts.
        Ok(Self(value.get().replace(['\n', '\r'], " ")))
    }

    /// Returns the object's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_keeps_its_text_on_one_line() {
        let text = " {\"a\":\r\n 1.10, \"b\":\"x\\ny\",\"n\":9007199254740993, \"a\":1e400}\n";
        let object = JsonObject::parse(text).expect("an object");
        assert_eq!(
            object.as_str(),
            "{\"a\":   1.10, \"b\":\"x\\ny\",\"n\":9007199254740993, \"a\":1e400}"
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "1", "[]", "\"{}\"", "null", "{", "{}{}", "{\"a\":\"\n\"}", "\u{feff}{}"] {
            JsonObject::parse(text).expect_err(text);
        }
    }
}
