//! Any value with the text of its scalars, out of hostile bytes.
//!
//! The parser gives a scalar's text only to who asks for a string, and tells what is a
//! list or a mapping only to who asks for anything. So a document is read twice: for its
//! shape, and then for its text along that shape.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::layout::Damage;
use crate::limits::DOCUMENT_BYTES_MAX;

/// How many values are looked at. Aliases can make more than the text shows.
const NODES_MAX: usize = 200_000;

/// How many bytes of numbers are looked at, were all of them as long as the longest: how
/// long one is is not told, and each is tried as several kinds.
const NUMBER_BYTES_MAX: usize = 128 << 20;

/// How many bytes of text are looked at and copied. Aliases can repeat a text: not to
/// more than a document without them could hold.
const TEXT_BYTES_MAX: usize = DOCUMENT_BYTES_MAX;

/// How many opening brackets may stand where they may open a list or a mapping: the
/// parser takes quadratic time for brackets in brackets.
const BRACKETS_MAX: usize = 1000;

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    /// A scalar that is text.
    Text(String),
    /// The text of a scalar that YAML takes for a number or a boolean.
    Other(String),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// A value with a tag of its own, such as `!mine`.
    Tagged(String, Box<Value>),
}

/// Reads a document's mapping; no document and a null are an empty one.
pub(super) fn read_mapping(text: &str) -> Result<Vec<(String, Value)>, Damage> {
    if has_many_brackets(text) {
        return Err(Damage::new(format!("more than {BRACKETS_MAX} brackets")));
    }
    let damage = |error: serde_yaml::Error| Damage::new(error.to_string());
    let left = Left {
        nodes: Cell::new(NODES_MAX.min(NUMBER_BYTES_MAX / longest_number(text).max(1))),
        bytes: Cell::new(TEXT_BYTES_MAX),
    };
    let from = serde_yaml::Deserializer::from_str(text);
    let shape = Shape(&left).deserialize(from).map_err(damage)?;
    let pairs = match &shape {
        Value::Null => return Ok(Vec::new()),
        Value::Map(pairs) => pairs,
        Value::List(_) => return Err(no_mapping("a list", text)),
        _ => return Err(no_mapping("a text", text)),
    };
    left.bytes.set(TEXT_BYTES_MAX);
    let from = serde_yaml::Deserializer::from_str(text);
    from.deserialize_map(Entries { pairs, left: &left }).map_err(damage)
}

/// Says that something else is there, and in which line it begins.
fn no_mapping(what: &str, text: &str) -> Damage {
    let is_content = |line: &str| {
        let line = line.trim_end();
        !line.is_empty() && line != "---" && !line.starts_with(['#', '%'])
    };
    let line = text.lines().position(is_content).map_or(1, |line| line + 1);
    Damage::new(format!("{what}, where a mapping belongs, in line {line}"))
}

/// What may still be looked at.
struct Left {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
}

impl Left {
    fn take_node<E: serde::de::Error>(&self) -> Result<(), E> {
        let left = self.nodes.get().checked_sub(1);
        self.nodes.set(left.ok_or_else(|| E::custom("too many values"))?);
        Ok(())
    }

    fn take_text<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        let left = self.bytes.get().checked_sub(text.len());
        self.bytes.set(left.ok_or_else(|| E::custom("too much repeated text"))?);
        Ok(())
    }
}

/// Returns the length of the longest text that may be a number.
fn longest_number(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || b"xob.+-_".contains(byte);
    text.as_bytes().split(|byte| !is_part(byte)).map(<[u8]>::len).max().unwrap_or(0)
}

/// Counts brackets, but not in lines that say `key: text` and what is indented below
/// them, as long as no bracket has been counted. Where the parser sees lines that end
/// without a newline, all of them count.
fn has_many_brackets(text: &str) -> bool {
    let is_bracket = |byte: &u8| matches!(byte, b'[' | b'{');
    if has_other_breaks(text) {
        return text.bytes().filter(is_bracket).count() > BRACKETS_MAX;
    }
    let mut brackets = 0;
    let mut in_text = false;
    for line in text.split_inclusive('\n') {
        if !line.starts_with([' ', '\n', '\r']) {
            in_text = super::rewrite::key_of(line).is_some_and(|(_, value)| {
                let value = value.trim_start_matches(' ');
                !value.is_empty()
                    && !value.starts_with(['[', '{', '&', '*', '!', '?', '-', '#', '\t', '\r'])
            });
        }
        if !in_text || brackets > 0 {
            brackets += line.bytes().filter(is_bracket).count();
        }
    }
    brackets > BRACKETS_MAX
}

/// Tells whether a line ends with something that only YAML takes for its end.
fn has_other_breaks(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\r', bytes).any(|place| bytes.get(place + 1) != Some(&b'\n'))
        || text.contains(['\u{85}', '\u{2028}', '\u{2029}'])
}

/// Reads what a value is made of: scalars without their text.
#[derive(Clone, Copy)]
struct Shape<'a>(&'a Left);

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.0.take_node()?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other(String::new()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other(String::new()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other(String::new()))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Other(String::new()))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Other(String::new()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other(String::new()))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.0.take_text(text)?;
        Ok(Value::Text(String::new()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key_seed(self)? {
            pairs.push((key, map.next_value_seed(self)?));
        }
        Ok(Value::Map(pairs))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (tag, value) = tagged.variant::<String>()?;
        self.0.take_text(&tag)?;
        Ok(Value::Tagged(tag, Box::new(value.newtype_variant_seed(self)?)))
    }
}

/// Reads the text of a scalar as it was written.
struct Text<'a>(&'a Left);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        self.0.take_text(text)?;
        Ok(text.to_owned())
    }
}

/// Reads a document's top level along its shape. Its keys are scalars.
struct Entries<'a> {
    pairs: &'a [(Value, Value)],
    left: &'a Left,
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::with_capacity(self.pairs.len());
        for (_, shape) in self.pairs {
            if let Some(key) = map.next_key_seed(Text(self.left))? {
                entries.push((key, map.next_value_seed(Node { shape, left: self.left })?));
            }
        }
        Ok(entries)
    }
}

/// Reads a value along its shape.
#[derive(Clone, Copy)]
struct Node<'a> {
    shape: &'a Value,
    left: &'a Left,
}

impl<'a> Node<'a> {
    fn of(self, shape: &'a Value) -> Self {
        Self { shape, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        match self.shape {
            Value::Null => from.deserialize_str(Text(self.left)).map(|_| Value::Null),
            Value::Text(_) => from.deserialize_str(Text(self.left)).map(Value::Text),
            Value::Other(_) => from.deserialize_str(Text(self.left)).map(Value::Other),
            Value::List(_) => from.deserialize_seq(self),
            Value::Map(_) => from.deserialize_map(self),
            Value::Tagged(tag, shape) => {
                let value = self.of(shape).deserialize(from)?;
                Ok(Value::Tagged(tag.clone(), Box::new(value)))
            }
        }
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a mapping")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        if let Value::List(items) = self.shape {
            for item in items {
                values.extend(seq.next_element_seed(self.of(item))?);
            }
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        if let Value::Map(pairs) = self.shape {
            for (key, value) in pairs {
                if let Some(key) = map.next_key_seed(self.of(key))? {
                    values.push((key, map.next_value_seed(self.of(value))?));
                }
            }
        }
        Ok(Value::Map(values))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    fn other(value: &str) -> Value {
        Value::Other(value.to_owned())
    }

    #[test]
    fn scalars_keep_the_text_they_were_written_with() {
        let entries = read_mapping(
            "a: 1.50\nb: 007\nc: [~, true, 0x1F]\nd: &x {1: 'y', ? [k] : v}\n\
             e: 1000000000000000000000000000000\nf: *x\ng: !mine 5\nh: !mine [1]\ni:\n- a\n",
        )
        .expect("YAML");
        let map =
            Value::Map(vec![(other("1"), text("y")), (Value::List(vec![text("k")]), text("v"))]);
        let tagged = |value| Value::Tagged("mine".to_owned(), Box::new(value));
        let expected = [
            ("a", other("1.50")),
            ("b", text("007")),
            ("c", Value::List(vec![Value::Null, other("true"), other("0x1F")])),
            ("d", map.clone()),
            ("e", other("1000000000000000000000000000000")),
            ("f", map),
            ("g", tagged(other("5"))),
            ("h", tagged(Value::List(vec![other("1")]))),
            ("i", Value::List(vec![text("a")])),
        ];
        let found: Vec<_> =
            entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        assert_eq!(found, expected);
    }

    /// Repeats a text until the document is as large as one may be.
    fn full(head: &str, part: &str, tail: &str) -> String {
        let count = (DOCUMENT_BYTES_MAX - head.len() - tail.len()) / part.len();
        format!("{head}{}{tail}", part.repeat(count))
    }

    fn hostile() -> Vec<String> {
        let long = "x".repeat(DOCUMENT_BYTES_MAX / 2);
        let nested = (0..1000).map(|depth| format!("{}b:\n", " ".repeat(depth + 1)));
        let laughs = (b'b'..b'z').map(|it| {
            let (it, last) = (char::from(it), char::from(it - 1));
            format!("{it}: &{it} [*{last}, *{last}, *{last}, *{last}, *{last}, *{last}]\n")
        });
        let mut documents = vec![
            full("", "[", ""),
            full("a: ", "{a: ", ""),
            full("a: [", "\n\"]\", [", ""),
            full("a: x\n b: ", "[", ""),
            full("", "- ", "a"),
            format!("a:\n{}", nested.collect::<String>()),
            full(&format!("a: &a {long}\nb: ["), "*a, ", "]"),
            full(&format!("a: &a 1.{}\nb: [", "0".repeat(long.len())), "*a,", "]"),
            full(&format!("a: &a 0x{}1\nb: [", "0".repeat(long.len())), "*a,", "]"),
            full(&format!("a: &a 1{}x\nb: [", "0".repeat(long.len())), "*a,", "]"),
            full(&format!("a: &a \"{long}\"\nb: ["), "*a,", "]"),
            full(&format!("a: &a !{long} x\nb: ["), "*a,", "]"),
            format!("a: &a [x, x, x, x, x, x, x, x, x]\n{}", laughs.collect::<String>()),
            full("? ", "? ", ""),
            full("a: ", "!x ", ""),
            full("a: ", "&x ", ""),
        ];
        for line_end in ["\r", "\u{85}", "\u{2028}", "\u{2029}"] {
            documents.push(full(&format!("status: x{line_end}b: "), "[", ""));
            documents.push(full(&format!("status: x\n  y{line_end}b: "), "{a: ", ""));
            documents.push(full(&format!("status: x #{line_end}b: "), "[", ""));
        }
        documents
    }

    #[test]
    fn hostile_documents_end_soon() {
        for document in hostile() {
            let begin = Instant::now();
            read_mapping(&document).expect_err("damage");
            let head: String = document.chars().take(20).collect();
            assert!(begin.elapsed() < Duration::from_secs(5), "{head:?}");
        }
    }

    #[test]
    fn repeated_text_is_no_more_than_a_document_holds() {
        let document = |length: usize| {
            let text = "x".repeat(length);
            format!("a: &a {text}\nb: *a\nc: *a\nd: *a\n")
        };
        let quarter = DOCUMENT_BYTES_MAX / 4;
        assert_eq!(read_mapping(&document(quarter - 1)).expect("YAML").len(), 4);
        read_mapping(&document(quarter)).expect_err("damage");
    }

    #[test]
    fn brackets_in_text_are_no_lists() {
        let brackets = "[{".repeat(2000);
        let document =
            format!("a: x{brackets}\nb: \"{brackets}\"\nc: |\n    {brackets}\nd: '{brackets}'\n");
        assert_eq!(read_mapping(&document).expect("YAML").len(), 4);
        assert!(has_many_brackets(&format!("e: [1]\n{document}")));
        assert!(has_many_brackets(&format!("e:\n  {brackets}\n")));
    }
}
