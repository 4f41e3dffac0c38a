//! JSON that callers give us to keep.

use std::fmt;

use serde_json::value::RawValue;

use crate::limits::JSON_LEVELS_MAX;

/// A JSON object as its owner wrote it, on one line: the text of every number and
/// string is kept, so that no digit is lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JsonObject(String);

impl JsonObject {
    /// Takes an object's text. Line breaks between its parts become spaces. What other
    /// readers of JSON would choke on is refused: more than 100 levels, and escapes that
    /// are no character.
    ///
    /// # Errors
    /// Why it is none: a lowercase sentence with the place.
    pub fn parse(text: &str) -> Result<Self, String> {
        let object = Self::of_another(text)?;
        check(object.as_str())?;
        Ok(object)
    }

    /// Takes an object out of what another program wrote, as [`JsonObject::parse`] does, but
    /// whatever other readers make of it.
    ///
    /// # Errors
    /// As `parse`.
    pub fn of_another(text: &str) -> Result<Self, String> {
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

/// Checks what the syntax alone does not tell.
fn check(json: &str) -> Result<(), String> {
    let bytes = json.as_bytes();
    let mut levels = 0_usize;
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'{' | b'[' => levels += 1,
            b'}' | b']' => levels -= 1,
            b'"' => {
                let end = end_of_string(bytes, place);
                let string = &json[place..end];
                if string.contains("\\u") && serde_json::from_str::<String>(string).is_err() {
                    return Err(format!("an escape at byte {place} is no character"));
                }
                place = end;
                continue;
            }
            _ => {}
        }
        if levels > JSON_LEVELS_MAX {
            return Err(format!("it has more than JSON_LEVELS_MAX = {JSON_LEVELS_MAX} levels"));
        }
        place += 1;
    }
    Ok(())
}

/// Returns the place behind the string that begins here, in JSON that is valid.
pub(crate) fn end_of_string(bytes: &[u8], begin: usize) -> usize {
    let mut place = begin + 1;
    while let Some(&byte) = bytes.get(place) {
        match byte {
            b'"' => return place + 1,
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
    bytes.len()
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

    #[test]
    fn what_other_readers_would_choke_on_is_refused() {
        for text in [r#"{"\ud800":1}"#, r#"{"a":["\udc00x"]}"#] {
            JsonObject::parse(text).expect_err(text);
        }
        let pair = r#"{"\ud83d\ude00":"[[[{\"\u00e9"}"#;
        assert_eq!(JsonObject::parse(pair).expect("characters").as_str(), pair);
        let nested =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        JsonObject::parse(&nested(JSON_LEVELS_MAX - 1)).expect("so many are allowed");
        JsonObject::parse(&nested(JSON_LEVELS_MAX)).expect_err("one more is not");
    }
}
