//! What a case remembers, and the special values of its steps.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The variables of a case, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables(BTreeMap<String, Value>);

impl Variables {
    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Puts in what `${name.path}` stands for, and makes what `{$repeat: [text, count]}` and
    /// `{$list: [count, item]}` ask for.
    pub(crate) fn expand(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) => self.expand_text(text),
            Value::Array(items) => items.iter().map(|item| self.expand(item)).collect(),
            Value::Object(pairs) => {
                if let Some(repeat) = pairs.get("$repeat") {
                    return repeated(&self.expand(repeat)?);
                }
                if let Some(list) = pairs.get("$list") {
                    return listed(&self.expand(list)?);
                }
                let pairs = pairs.iter().map(|(key, value)| {
                    let key = self.expand_text(key)?;
                    let key = key.as_str().ok_or("a key must be text")?.to_owned();
                    Ok((key, self.expand(value)?))
                });
                Ok(Value::Object(pairs.collect::<Result<_, String>>()?))
            }
            other => Ok(other.clone()),
        }
    }

    fn expand_text(&self, text: &str) -> Result<Value, String> {
        let mut made = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| format!("no }} behind ${{ in {text:?}"))?;
            let value = self.get(name)?;
            if before.is_empty() && after.is_empty() && made.is_empty() {
                return Ok(value.clone());
            }
            made.push_str(before);
            match value {
                Value::String(value) => made.push_str(value),
                other => made.push_str(&other.to_string()),
            }
            rest = after;
        }
        made.push_str(rest);
        Ok(Value::String(made))
    }

    fn get(&self, path: &str) -> Result<&Value, String> {
        let unknown = || format!("${{{path}}} is not known here");
        let mut parts = path.split('.');
        let first = parts.next().unwrap_or_default();
        let start = self.0.get(first).ok_or_else(unknown)?;
        parts.try_fold(start, |value, part| match part.parse::<usize>() {
            Ok(index) if value.is_array() => value.get(index).ok_or_else(unknown),
            _ => value.get(part).ok_or_else(unknown),
        })
    }
}

fn repeated(operands: &Value) -> Result<Value, String> {
    let text = operands.get(0).and_then(Value::as_str);
    let count =
        operands.get(1).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    match (text, count) {
        (Some(text), Some(count)) => Ok(json!(text.repeat(count))),
        _ => Err("$repeat needs [text, count]".to_owned()),
    }
}

fn listed(operands: &Value) -> Result<Value, String> {
    let count =
        operands.get(0).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    match (count, operands.get(1)) {
        (Some(count), Some(item)) => Ok(json!(vec![item; count])),
        _ => Err("$list needs [count, item]".to_owned()),
    }
}

#[test]
fn variables_are_put_in_whole_or_as_text() {
    let mut variables = Variables::default();
    variables.set("first", json!({"id": "m1", "list": [{"n": 7}]}));
    let expanded = variables.expand(&json!({
        "whole": "${first.list}",
        "text": "<${first.id}-${first.list.0.n}>",
        "long": {"$repeat": ["ab", 3]},
        "list": {"$list": [2, "x"]},
        "${first.id}": 1,
    }));
    let expected = json!({"whole": [{"n": 7}], "text": "<m1-7>", "long": "ababab", "list": ["x", "x"], "m1": 1});
    assert_eq!(expanded, Ok(expected));
    assert!(variables.expand(&json!("${second}")).is_err());
    assert!(variables.expand(&json!("${first.no}")).is_err());
}
