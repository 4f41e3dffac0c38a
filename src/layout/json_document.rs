//! A JSON object that we read part of and rewrite whole: the order of its keys and the
//! text of every number and string that we do not set are kept.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::Deserializer as _;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Damage, document_time};

/// Below this many levels a value stays on the line it is on: margins would outgrow it.
const INDENTED_LEVELS_MAX: usize = 32;

/// An object, its values as they were written.
#[derive(Debug, Default)]
pub(super) struct Object<'a> {
    /// The text that it was read from.
    text: &'a str,
    entries: Vec<(String, Cow<'a, str>)>,
}

impl<'a> Object<'a> {
    /// Reads an object. Of a key that stands twice the last value counts.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Damage> {
        let text = str::from_utf8(bytes).map_err(|error| {
            let (line, column) = place(&bytes[..error.valid_up_to()]);
            Damage::new(format!("not UTF-8 at line {line} column {column}"))
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::of(text).map_err(|error| Damage::new(error.to_string()))
    }

    fn of(text: &'a str) -> Result<Self, serde_json::Error> {
        let mut from = serde_json::Deserializer::from_str(text);
        let entries = from.deserialize_map(Entries)?;
        from.end()?;
        Ok(Self { text, entries })
    }

    /// Returns a value as it was written; none when it is missing or null.
    fn value(&self, key: &str) -> Option<&str> {
        let (_, value) = self.entries.iter().find(|(name, _)| name == key)?;
        (value != "null").then_some(value)
    }

    /// Tells whether the key is there, be it null.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    fn read_as<T: DeserializeOwned>(&self, key: &str, what: &str) -> Result<Option<T>, Damage> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let read = serde_json::from_str(value);
        read.map(Some).map_err(|_| self.wrong(key, what))
    }

    /// Returns a text; empty when it is missing or null.
    pub(super) fn text(&self, key: &str) -> Result<String, Damage> {
        Ok(self.read_as(key, "no text")?.unwrap_or_default())
    }

    /// Returns a whole number; 0 when it is missing or null.
    pub(super) fn integer(&self, key: &str) -> Result<i64, Damage> {
        Ok(self.read_as(key, "no whole number")?.unwrap_or_default())
    }

    /// Returns a time; none when it is missing, null or the zero time.
    pub(super) fn time(&self, key: &str) -> Result<Option<Timestamp>, Damage> {
        let Some(text) = self.read_as::<String>(key, "no time")? else {
            return Ok(None);
        };
        document_time::read(&text).ok_or_else(|| self.wrong(key, "no time"))
    }

    /// Returns the object under a key; none when there is something else or nothing.
    pub(super) fn object(&self, key: &str) -> Option<Object<'_>> {
        Object::of(self.value(key)?).ok()
    }

    /// Sets a value, in its place when the key is there.
    pub(super) fn set(&mut self, key: &str, value: &serde_json::Value) {
        self.set_written(key, value.to_string());
    }

    /// Sets a value that is JSON already.
    pub(super) fn set_written(&mut self, key: &str, value: String) {
        match self.entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = Cow::Owned(value),
            None => self.entries.push((key.to_owned(), Cow::Owned(value))),
        }
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, key: &str) {
        self.entries.retain(|(name, _)| name != key);
    }

    /// Writes it on one line.
    pub(super) fn write_compact(&self) -> String {
        let pairs = self
            .entries
            .iter()
            .map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key.as_str())));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    }

    /// Writes it with two spaces of margin a level, and a final newline.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = indent(&self.write_compact());
        out.push(b'\n');
        out
    }

    fn wrong(&self, key: &str, what: &str) -> Damage {
        let value = self.value(key).unwrap_or_default();
        // A value that was read is a part of the text.
        let offset = (value.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let place = match self.text.as_bytes().get(..offset).map(place) {
            Some((line, column)) => format!(" at line {line} column {column}"),
            None => String::new(),
        };
        Damage::new(format!("`{key}` is {what}{place}"))
    }
}

/// Returns the line and the column behind these bytes, from 1.
fn place(before: &[u8]) -> (usize, usize) {
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    (line, column + 1)
}

/// Reads the entries of an object.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, Cow<'de, str>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries: Self::Value = Vec::new();
        let mut places = std::collections::HashMap::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            let value = Cow::Borrowed(value.get());
            match places.get(&key) {
                Some(&place) => {
                    let (_, old): &mut (String, _) = &mut entries[place];
                    *old = value;
                }
                None => {
                    places.insert(key.clone(), entries.len());
                    entries.push((key, value));
                }
            }
        }
        Ok(entries)
    }
}

/// Lays out valid JSON anew. Strings and numbers are copied.
fn indent(json: &str) -> Vec<u8> {
    let bytes = json.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() * 2);
    let mut depth = 0_usize;
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let opens = matches!(byte, b'{' | b'[');
        let next = || bytes[place + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
        match byte {
            b'"' => {
                let end = end_of_string(bytes, place);
                out.extend_from_slice(&bytes[place..end]);
                place = end;
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ if opens && matches!(next(), Some(b'}' | b']')) => {
                out.push(byte);
                out.push(if byte == b'{' { b'}' } else { b']' });
                place += bytes[place..].iter().position(|&it| it == byte + 2).unwrap_or(0);
            }
            b'{' | b'[' | b',' => {
                depth += usize::from(opens);
                out.push(byte);
                break_line(depth, b" ", &mut out);
            }
            b'}' | b']' => {
                if depth <= INDENTED_LEVELS_MAX {
                    break_line(depth - 1, b"", &mut out);
                }
                depth -= 1;
                out.push(byte);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
        place += 1;
    }
    out
}

fn break_line(depth: usize, instead: &[u8], out: &mut Vec<u8>) {
    if depth <= INDENTED_LEVELS_MAX {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    } else if out.ends_with(b",") {
        out.extend_from_slice(instead);
    }
}

/// Returns the place behind the string that begins here.
fn end_of_string(bytes: &[u8], begin: usize) -> usize {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_object_is_laid_out_as_json_usually_is(
            pairs in proptest::collection::vec((any::<String>(), value()), 0..4),
        ) {
            let value = Value::Object(pairs.into_iter().collect());
            let usual = serde_json::to_string_pretty(&value).expect("JSON");
            let mut found = Object::read(value.to_string().as_bytes()).expect("an object").write();
            prop_assert_eq!(found.pop(), Some(b'\n'));
            prop_assert_eq!(String::from_utf8(found.clone()), Ok(usual.clone()));
            let again = Object::read(usual.as_bytes()).expect("an object").write();
            prop_assert_eq!(&again[..again.len() - 1], &found[..]);
        }
    }

    #[test]
    fn numbers_and_strings_keep_their_text() {
        let text = r#"{"a":1.10,"b":[1e400,9007199254740993,-0],"c":"\u00e9\/","a":2.0}"#;
        let written = Object::read(text.as_bytes()).expect("an object").write();
        let expected = "{\n  \"a\": 2.0,\n  \"b\": [\n    1e400,\n    9007199254740993,\n    -0\n  ],\n  \
                        \"c\": \"\\u00e9\\/\"\n}\n";
        assert_eq!(String::from_utf8(written), Ok(expected.to_owned()));
    }

    #[test]
    fn deep_values_overflow_nothing() {
        let deep = format!("{{\"a\":{}[ ]{}}}", "[".repeat(300_000), "]".repeat(300_000));
        let written = Object::read(deep.as_bytes()).expect("an object").write();
        assert!(written.len() < deep.len() + 4096, "{}", written.len());
        assert_eq!(Object::read(&written).expect("an object").write(), written);
        let object = Object::read(deep.as_bytes()).expect("an object");
        object.text("a").expect_err("damage");
        assert!(object.object("a").is_none());
    }
}
