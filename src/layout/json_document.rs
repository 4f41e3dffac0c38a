//! A JSON object that we read part of and rewrite whole: the order of its keys and the
//! text of every number and string that we do not set are kept.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer as _};
use serde_json::value::RawValue;

use crate::domain::{JsonObject, end_of_string};

use super::{Damage, document_time};

/// Below this many levels a value stays on the line it is on: margins would outgrow it.
const INDENTED_LEVELS_MAX: usize = 32;

/// An object, its values as they were written.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<'a> {
    /// The text of the document that it was read from.
    text: &'a str,
    /// Where in the document it is, such as `steps[2]`; empty for the document itself.
    path: String,
    /// The keys that we know, in the order in which new ones take their places.
    order: &'static [&'static str],
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
        let entries = read_entries(text).map_err(|error| Damage::new(error.to_string()))?;
        Ok(Self { text, entries, ..Self::default() })
    }

    /// Makes keys that are new to it take their places in this order: behind the nearest
    /// one before that is there, else first. Other keys go to the end.
    pub(super) fn ordered(self, order: &'static [&'static str]) -> Self {
        Self { order, ..self }
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

    fn read_as<'b, T: Deserialize<'b>>(
        &'b self,
        key: &str,
        what: &str,
    ) -> Result<Option<T>, Damage> {
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

    /// Returns a list of texts; empty when it is missing or null.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Damage> {
        Ok(self.read_as(key, "no list of texts")?.unwrap_or_default())
    }

    /// Returns a whole number; 0 when it is missing or null.
    pub(super) fn integer(&self, key: &str) -> Result<i64, Damage> {
        Ok(self.read_as(key, "no whole number")?.unwrap_or_default())
    }

    /// Returns true or false; none when it is missing or null.
    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>, Damage> {
        self.read_as(key, "neither true nor false")
    }

    /// Returns a time; none when it is missing, null or the zero time.
    pub(super) fn time(&self, key: &str) -> Result<Option<Timestamp>, Damage> {
        let Some(text) = self.read_as::<String>(key, "no time")? else {
            return Ok(None);
        };
        document_time::read(&text).ok_or_else(|| self.wrong(key, "no time"))
    }

    /// Returns the object under a key; none when it is missing or null.
    pub(super) fn object(&self, key: &str) -> Result<Option<Object<'_>>, Damage> {
        self.value(key).map(|value| self.part(self.path_of(key), value)).transpose()
    }

    /// Returns the objects of a list, where a null is an empty one; none when the list is
    /// missing or null.
    pub(super) fn objects(&self, key: &str) -> Result<Vec<Object<'_>>, Damage> {
        let items: Option<Vec<&RawValue>> = self.read_as(key, "no list")?;
        let items = items.unwrap_or_default().into_iter().enumerate();
        let path = self.path_of(key);
        items.map(|(place, item)| self.part(format!("{path}[{place}]"), item.get())).collect()
    }

    /// Returns the length of a list, without reading what is in it; 0 when it is missing
    /// or null.
    pub(super) fn length(&self, key: &str) -> Result<usize, Damage> {
        Ok(self.read_as::<Vec<IgnoredAny>>(key, "no list")?.unwrap_or_default().len())
    }

    /// Returns the object under a key as text, without the space between its parts; none
    /// when it is missing or null.
    pub(super) fn json_object(&self, key: &str) -> Result<Option<JsonObject>, Damage> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        JsonObject::of_another(&compact(value)).map(Some).map_err(|_| self.wrong(key, "no object"))
    }

    fn part<'b>(&'b self, path: String, value: &'b str) -> Result<Object<'b>, Damage> {
        let entries = match value {
            "null" => Vec::new(),
            _ => read_entries(value).map_err(|_| self.wrong_at(&path, value, "no object"))?,
        };
        Ok(Object { text: self.text, path, order: &[], entries })
    }

    /// Sets a value, in its place when the key is there.
    pub(super) fn set(&mut self, key: &str, value: impl Into<serde_json::Value>) {
        let value: serde_json::Value = value.into();
        self.set_written(key, value.to_string());
    }

    /// Sets a value that is JSON already.
    pub(super) fn set_written(&mut self, key: &str, value: String) {
        match self.entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = Cow::Owned(value),
            None => {
                let place = self.place_of_new(key);
                self.entries.insert(place, (key.to_owned(), Cow::Owned(value)));
            }
        }
    }

    fn place_of_new(&self, key: &str) -> usize {
        let Some(place) = self.order.iter().position(|name| *name == key) else {
            return self.entries.len();
        };
        let place_of = |key: &&str| self.entries.iter().position(|(name, _)| name == key);
        self.order[..place].iter().rev().find_map(place_of).map_or(0, |place| place + 1)
    }

    /// Sets a time; none as the zero time.
    pub(super) fn set_time(&mut self, key: &str, time: Option<Timestamp>) {
        self.set(key, document_time::write(time));
    }

    /// Sets a value, or removes the key when there is none.
    pub(super) fn set_or_remove(&mut self, key: &str, value: Option<impl Into<serde_json::Value>>) {
        match value {
            Some(value) => self.set(key, value),
            None => self.remove(key),
        }
    }

    /// Sets a text, or removes the key when it is empty.
    pub(super) fn set_text_or_remove(&mut self, key: &str, text: &str) {
        self.set_or_remove(key, (!text.is_empty()).then_some(text));
    }

    /// Sets a list of texts, or removes the key when it is empty.
    pub(super) fn set_texts_or_remove(&mut self, key: &str, texts: &[String]) {
        self.set_or_remove(key, (!texts.is_empty()).then_some(texts));
    }

    /// Sets a number, or removes the key when it is 0.
    pub(super) fn set_integer_or_remove(&mut self, key: &str, number: i64) {
        self.set_or_remove(key, (number != 0).then_some(number));
    }

    /// Sets a time, or removes the key when there is none.
    pub(super) fn set_time_or_remove(&mut self, key: &str, time: Option<Timestamp>) {
        self.set_or_remove(key, time.map(|time| document_time::write(Some(time))));
    }

    /// Sets the object under a key, or removes the key when it holds none.
    pub(super) fn set_object_or_remove(&mut self, key: &str, written: Option<String>) {
        match written {
            Some(written) if written != "{}" => self.set_written(key, written),
            _ => self.remove(key),
        }
    }

    /// Appends a value that is JSON already to a list, and begins the list when it is
    /// missing or null. The text of what is in it stays.
    ///
    /// # Errors
    /// When there is something else than a list.
    pub(super) fn append_written(&mut self, key: &str, value: &str) -> Result<(), Damage> {
        let written = match self.value(key) {
            None => format!("[{value}]"),
            Some(list) => {
                let items = list.strip_prefix('[').and_then(|items| items.strip_suffix(']'));
                match items.map(str::trim).ok_or_else(|| self.wrong(key, "no list"))? {
                    "" => format!("[{value}]"),
                    items => format!("[{items},{value}]"),
                }
            }
        };
        self.set_written(key, written);
        Ok(())
    }

    /// Sets every key of another object, or removes it where the value there is null.
    pub(super) fn merge(&mut self, changes: &Object<'_>) {
        let mut new: HashMap<&str, &str> =
            changes.entries.iter().map(|(key, value)| (key.as_str(), value.as_ref())).collect();
        self.entries.retain_mut(|(key, value)| match new.remove(key.as_str()) {
            Some("null") => false,
            Some(changed) => {
                *value = Cow::Owned(changed.to_owned());
                true
            }
            None => true,
        });
        for (key, value) in &changes.entries {
            if value != "null" && new.contains_key(key.as_str()) {
                self.entries.push((key.clone(), Cow::Owned(value.clone().into_owned())));
            }
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

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn wrong(&self, key: &str, what: &str) -> Damage {
        self.wrong_at(&self.path_of(key), self.value(key).unwrap_or_default(), what)
    }

    fn wrong_at(&self, path: &str, value: &str, what: &str) -> Damage {
        // A value that was read is a part of the text.
        let offset = (value.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let place = match self.text.as_bytes().get(..offset).map(place) {
            Some((line, column)) => format!(" at line {line} column {column}"),
            None => String::new(),
        };
        Damage::new(format!("`{path}` is {what}{place}"))
    }
}

fn read_entries(text: &str) -> Result<Vec<(String, Cow<'_, str>)>, serde_json::Error> {
    let mut from = serde_json::Deserializer::from_str(text);
    let entries = from.deserialize_map(Entries)?;
    from.end()?;
    Ok(entries)
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
        let mut places = HashMap::new();
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

/// Removes what stands between the parts of valid JSON.
fn compact(json: &str) -> String {
    let bytes = json.as_bytes();
    let mut out = String::with_capacity(json.len());
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let end = if byte == b'"' { end_of_string(bytes, place) } else { place + 1 };
        if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            out.push_str(&json[place..end]);
        }
        place = end;
    }
    out
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
    fn new_keys_take_their_places() {
        let order = &["a", "b", "c", "d"];
        let keys_with = |text: &str, keys: &[&str]| {
            let mut object = Object::read(text.as_bytes()).expect("an object").ordered(order);
            keys.iter().for_each(|key| object.set(key, 1));
            object.entries.into_iter().map(|(key, _)| key).collect::<String>()
        };
        assert_eq!(keys_with("{}", &["d", "b", "x", "a", "c"]), "abcdx");
        assert_eq!(keys_with("{\"x\":1,\"b\":1,\"y\":1}", &["d", "c", "a", "z"]), "axbcdyz");
        assert_eq!(keys_with("{\"d\":1,\"a\":1}", &["c", "b"]), "dabc");
    }

    #[test]
    fn a_list_grows_at_its_end_and_keeps_its_text() {
        for (before, after) in [
            ("{}", "{\"a\":[2]}"),
            ("{\"a\":null}", "{\"a\":[2]}"),
            ("{\"a\":[ \n]}", "{\"a\":[2]}"),
            ("{\"a\":[1.0 ,\"\\u00e9\" ]}", "{\"a\":[1.0 ,\"\\u00e9\",2]}"),
        ] {
            let mut object = Object::read(before.as_bytes()).expect("an object");
            object.append_written("a", "2").expect("a list");
            assert_eq!(object.write_compact(), after);
        }
        let mut object = Object::read(b"{\n \"a\": {}}").expect("an object");
        let damage = object.append_written("a", "2").expect_err("damage");
        assert_eq!(damage.to_string(), "`a` is no list at line 2 column 7");
    }

    #[test]
    fn parts_know_where_they_are() {
        let text = "{\"a\":[{},null,\n{\"b\":\n{\"c\": 5}}],\"d\":[1]}";
        let object = Object::read(text.as_bytes()).expect("an object");
        assert_eq!(object.length("a"), Ok(3));
        assert_eq!(object.length("d"), Ok(1));
        assert_eq!(object.length("e"), Ok(0));
        let parts = object.objects("a").expect("objects");
        assert_eq!(parts[1].text("b"), Ok(String::new()));
        let part = parts[2].object("b").expect("an object").expect("it is there");
        for (damage, sentence) in [
            (part.text("c").expect_err("damage"), "`a[2].b.c` is no text at line 3 column 7"),
            (
                part.boolean("c").expect_err("damage"),
                "`a[2].b.c` is neither true nor false at line 3 column 7",
            ),
            (
                parts[2].texts("b").expect_err("damage"),
                "`a[2].b` is no list of texts at line 3 column 1",
            ),
            (object.objects("d").expect_err("damage"), "`d[0]` is no object at line 3 column 17"),
            (
                part.json_object("c").expect_err("damage"),
                "`a[2].b.c` is no object at line 3 column 7",
            ),
        ] {
            assert_eq!(damage.to_string(), sentence);
        }
    }

    #[test]
    fn an_object_as_text_keeps_everything_but_the_space_between_its_parts() {
        let text = "{\"a\": {\n  \"b \\\" c\" : [ 1.10 , 9007199254740993,\t1e400 ],\r\n \"é \\u00e9\":{ }} }";
        let object = Object::read(text.as_bytes()).expect("an object");
        let found = object.json_object("a").expect("an object").expect("it is there");
        assert_eq!(found.as_str(), "{\"b \\\" c\":[1.10,9007199254740993,1e400],\"é \\u00e9\":{}}");
    }

    #[test]
    fn a_merge_sets_keys_in_place_removes_nulls_and_adds_the_rest() {
        let read = |text: &'static str| Object::read(text.as_bytes()).expect("an object");
        let mut object = read("{\"a\":1.10,\"b\":2,\"c\":null,\"d\":{\"x\":1}}");
        object.merge(&read(
            "{\"n\":1e400,\"b\":null,\"a\":9007199254740993,\"z\":null,\"d\":{},\"n\":5}",
        ));
        assert_eq!(object.write_compact(), "{\"a\":9007199254740993,\"c\":null,\"d\":{},\"n\":5}");
    }

    #[test]
    fn deep_values_overflow_nothing() {
        let deep = format!("{{\"a\":{}[ ]{}}}", "[".repeat(300_000), "]".repeat(300_000));
        let written = Object::read(deep.as_bytes()).expect("an object").write();
        assert!(written.len() < deep.len() + 4096, "{}", written.len());
        assert_eq!(Object::read(&written).expect("an object").write(), written);
        let object = Object::read(deep.as_bytes()).expect("an object");
        object.text("a").expect_err("damage");
        object.object("a").expect_err("damage");
    }
}
