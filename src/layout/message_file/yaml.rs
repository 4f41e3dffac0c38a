//! A header's fields out of YAML, leniently.
//!
//! Scalars keep the text they were written with: `1.50` stays `1.50` and `007` stays
//! `007`. The parser gives that text only to who asks for a string, and tells what is a
//! list or a mapping only to who asks for anything. So a header is read twice: for its
//! shape, and then for its text along that shape.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use crate::domain::{Link, Parent};

use super::super::yaml_document::may_be_tagged;
use super::header::{Field, Header};
use super::work;

/// How many values are looked at. More than a header can hold; aliases can make more.
const NODES_MAX: usize = 100_000;

/// Reads a mapping without duplicate keys; none when the text is something else.
pub(super) fn read(text: &str) -> Option<Header> {
    if nests_too_deep(text) {
        return None;
    }
    let nodes = Cell::new(0);
    work::parsed(text.len());
    let shapes = Shapes(&nodes).deserialize(serde_yaml::Deserializer::from_str(text)).ok()?;
    work::parsed(text.len());
    let fields = Fields { shapes };
    let mut header = fields.deserialize(serde_yaml::Deserializer::from_str(text)).ok()?;
    header.is_lax |= may_be_tagged(text);
    Some(header)
}

/// The parser takes quadratic time for brackets in brackets.
fn nests_too_deep(text: &str) -> bool {
    const DEPTH_MAX: usize = 64;
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEPTH_MAX
    })
}

/// What a value is made of.
enum Shape {
    Null,
    Text,
    /// A scalar that the parser takes for a number or the like.
    Other,
    List(Vec<Shape>),
    Map(Vec<(Shape, Shape)>),
}

impl Shape {
    fn is_scalar(&self) -> bool {
        matches!(self, Self::Null | Self::Text | Self::Other)
    }
}

/// Reads the shapes of the known fields, in the order of the keys.
struct Shapes<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Shapes<'_> {
    type Value = Vec<(Field, Shape)>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Shapes<'_> {
    type Value = Vec<(Field, Shape)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut keys = std::collections::HashSet::new();
        let mut shapes = Vec::new();
        while let Some(key) = map.next_key_seed(Text)? {
            match Field::named(&key) {
                Some(field) => shapes.push((field, map.next_value_seed(AnyShape(self.0))?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if !keys.insert(key) {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(shapes)
    }
}

/// Reads one shape.
#[derive(Clone, Copy)]
struct AnyShape<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for AnyShape<'_> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Shape, D::Error> {
        self.0.set(self.0.get() + 1);
        if self.0.get() > NODES_MAX {
            return Err(D::Error::custom("too many values"));
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyShape<'_> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::Text)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Shape::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key_seed(self)? {
            pairs.push((key, map.next_value_seed(self)?));
        }
        Ok(Shape::Map(pairs))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Shape, A::Error> {
        let (_, value) = tagged.variant::<IgnoredAny>()?;
        value.newtype_variant_seed(self)
    }
}

/// Reads the text of a scalar as it was written.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// Reads the fields along their shapes.
struct Fields {
    shapes: Vec<(Field, Shape)>,
}

impl<'de> DeserializeSeed<'de> for Fields {
    type Value = Header;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Header, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header::default();
        let mut seen = 0;
        let mut shapes = self.shapes.into_iter();
        while let Some(key) = map.next_key_seed(Text)? {
            header.note_key(&mut seen, &key);
            header.is_lax |= key == "<<";
            let shape = match Field::named(&key) {
                Some(_) => shapes.next(),
                None => None,
            };
            match shape {
                None | Some((_, Shape::Null)) => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some((Field::Parents, shape)) => {
                    let parents = map.next_value_seed(Node(&shape))?;
                    read_parents(parents, &mut header);
                }
                Some((Field::Links, shape)) => {
                    let links = map.next_value_seed(Node(&shape))?;
                    read_links(links, &mut header);
                }
                Some((Field::Meta, shape)) => {
                    let meta = map.next_value_seed(Node(&shape))?;
                    header.meta = read_pairs(meta, Field::Meta, &mut header);
                }
                Some((field, shape)) if shape.is_scalar() => {
                    header.set(field, map.next_value_seed(Text)?);
                }
                Some((field, _)) => {
                    header.leave_out(field);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(header)
    }
}

/// A value with the text of its scalars.
enum Value {
    Null(String),
    /// A scalar's text, and whether YAML takes it for a string.
    Scalar(String, bool),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// Returns a scalar's text; a null's is as it was written.
    fn into_text(self) -> Option<String> {
        match self {
            Self::Null(text) | Self::Scalar(text, _) => Some(text),
            Self::List(_) | Self::Map(_) => None,
        }
    }
}

/// Reads a value along its shape.
struct Node<'a>(&'a Shape);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        match self.0 {
            Shape::Null => Ok(Value::Null(from.deserialize_str(Text)?)),
            Shape::Text => Ok(Value::Scalar(from.deserialize_str(Text)?, true)),
            Shape::Other => Ok(Value::Scalar(from.deserialize_str(Text)?, false)),
            Shape::List(_) => from.deserialize_seq(self),
            Shape::Map(_) => from.deserialize_map(self),
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
        if let Shape::List(items) = self.0 {
            for item in items {
                values.extend(seq.next_element_seed(Node(item))?);
            }
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        if let Shape::Map(pairs) = self.0 {
            for (key, value) in pairs {
                if let Some(key) = map.next_key_seed(Node(key))? {
                    values.push((key, map.next_value_seed(Node(value))?));
                }
            }
        }
        Ok(Value::Map(values))
    }
}

/// Takes parents of any form: a list of ids, of mappings, of both, or one alone.
fn read_parents(value: Value, header: &mut Header) {
    let items = match value {
        Value::List(items) => items,
        single => vec![single],
    };
    for item in items {
        match item {
            Value::Null(_) => {}
            Value::Scalar(msg_id, _) if msg_id.is_empty() => {}
            Value::Scalar(msg_id, _) => header.parents.push(Parent { msg_id, ..Parent::default() }),
            Value::Map(pairs) => {
                let mut parent = Parent::default();
                for (key, value) in pairs {
                    match key.into_text().as_deref() {
                        Some("msg_id") => take(&mut parent.msg_id, value, Field::Parents, header),
                        Some("kind") => take(&mut parent.kind, value, Field::Parents, header),
                        Some("meta") => parent.meta = read_pairs(value, Field::Parents, header),
                        _ => {}
                    }
                }
                header.parents.push(parent);
            }
            Value::List(_) => header.leave_out(Field::Parents),
        }
    }
}

fn read_links(value: Value, header: &mut Header) {
    let Value::List(items) = value else {
        return header.leave_out(Field::Links);
    };
    for item in items {
        let Value::Map(pairs) = item else {
            header.leave_out(Field::Links);
            continue;
        };
        let mut link = Link::default();
        for (key, value) in pairs {
            match key.into_text().as_deref() {
                Some("url") => take(&mut link.url, value, Field::Links, header),
                Some("label") => take(&mut link.label, value, Field::Links, header),
                Some("kind") => take(&mut link.kind, value, Field::Links, header),
                _ => {}
            }
        }
        header.links.push(link);
    }
}

fn read_pairs(value: Value, field: Field, header: &mut Header) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let pairs = match value {
        Value::Map(pairs) => pairs,
        Value::Null(_) => return texts,
        Value::Scalar(..) | Value::List(_) => {
            header.leave_out(field);
            return texts;
        }
    };
    for (key, value) in pairs {
        header.is_lax |= !matches!(key, Value::Scalar(_, true));
        match key.into_text().zip(value.into_text()) {
            Some((key, value)) if !texts.contains_key(&key) => {
                texts.insert(key, value);
            }
            _ => header.leave_out(field),
        }
    }
    texts
}

fn take(into: &mut String, value: Value, field: Field, header: &mut Header) {
    match value {
        Value::Null(_) => {}
        Value::Scalar(text, _) => *into = text,
        Value::List(_) | Value::Map(_) => header.leave_out(field),
    }
}
