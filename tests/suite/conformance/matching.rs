//! Whether what a driver answered is what a case expects.
//!
//! Expected objects name some keys, and the others may be anything; what is expected to be
//! empty, zero or false may be left out of the answer. Lists match as a whole. Objects with
//! a `$` stand for more than one value; the README of the suite lists them.

use serde_json::Value;

/// Compares, and says where the two differ.
pub(crate) fn check(expected: &Value, actual: &Value) -> Result<(), String> {
    at("", expected, actual)
}

fn at(path: &str, expected: &Value, actual: &Value) -> Result<(), String> {
    let differs = || {
        let place = if path.is_empty() { "the answer" } else { path };
        Err(format!("{place} is {}, not {}", shown(actual), shown(expected)))
    };
    match expected {
        Value::Object(pairs) => match pairs.iter().next() {
            Some((rule, operand)) if rule.starts_with('$') => {
                if holds(rule, operand, actual)? {
                    Ok(())
                } else {
                    differs()
                }
            }
            _ => pairs.iter().try_for_each(|(key, value)| {
                at(&format!("{path}.{key}"), value, actual.get(key).unwrap_or(&Value::Null))
            }),
        },
        Value::Array(items) => {
            let actual_items = match actual {
                Value::Array(actual_items) => actual_items.as_slice(),
                Value::Null => &[],
                _ => return differs(),
            };
            if items.len() != actual_items.len() {
                let (want, got) = (items.len(), actual_items.len());
                return Err(format!("{path} has {got} items, not {want}: {}", shown(actual)));
            }
            let mut pairs = items.iter().zip(actual_items).enumerate();
            pairs.try_for_each(|(index, (one, other))| at(&format!("{path}[{index}]"), one, other))
        }
        Value::String(text) if text == "$any" => {
            if is_default(actual) {
                differs()
            } else {
                Ok(())
            }
        }
        _ if is_same(expected, actual) => Ok(()),
        _ => differs(),
    }
}

/// Whether a scalar is the same; 64-bit numbers may have come as text.
fn is_same(expected: &Value, actual: &Value) -> bool {
    let number_as_text = match (expected, actual) {
        (Value::Number(number), Value::String(text)) => number.to_string() == *text,
        (Value::String(text), Value::Number(number)) => number.to_string() == *text,
        _ => false,
    };
    expected == actual || number_as_text || (is_default(expected) && is_default(actual))
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "0",
        Value::Array(items) => items.is_empty(),
        Value::Object(pairs) => pairs.is_empty(),
    }
}

fn holds(rule: &str, operand: &Value, actual: &Value) -> Result<bool, String> {
    let text = actual.as_str().unwrap_or("");
    let word = operand.as_str().unwrap_or("");
    match rule {
        "$length" => {
            let length = actual.as_array().map_or(text.len(), Vec::len);
            Ok(operand.as_u64() == u64::try_from(length).ok())
        }
        "$prefix" => Ok(!word.is_empty() && text.starts_with(word)),
        "$contains" => Ok(!word.is_empty() && text.contains(word)),
        "$not" => Ok(at("", operand, actual).is_err()),
        "$one_of" => {
            let options = operand.as_array().ok_or("$one_of needs a list")?;
            Ok(options.iter().any(|option| at("", option, actual).is_ok()))
        }
        _ => Err(format!("{rule} is no rule")),
    }
}

/// A value in short.
fn shown(value: &Value) -> String {
    const SHOWN_CHARS_MAX: usize = 300;
    let text = value.to_string();
    let count = text.chars().count();
    if count <= SHOWN_CHARS_MAX {
        return text;
    }
    let beginning: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{beginning}… ({count} characters)")
}

#[test]
fn expected_answers_name_what_matters() {
    use serde_json::json;

    let actual = json!({"a": "text", "n": "12", "list": [{"b": 1, "c": true}], "more": 1});
    for same in [
        json!({"a": "text"}),
        json!({"n": 12, "absent": 0, "gone": "", "no": false, "none": []}),
        json!({"a": "$any", "list": [{"b": 1}]}),
        json!({"a": {"$length": 4}, "list": {"$length": 1}}),
        json!({"a": {"$prefix": "te"}, "n": {"$not": "13"}}),
        json!({"a": {"$contains": "ex"}, "more": {"$one_of": [1, 2]}}),
    ] {
        assert_eq!(check(&same, &actual), Ok(()), "{same}");
    }
    for other in [
        json!({"a": "other"}),
        json!({"n": 13}),
        json!({"absent": "$any"}),
        json!({"list": []}),
        json!({"list": [{"b": 1}, {"b": 2}]}),
        json!({"list": [{"b": 2}]}),
        json!({"a": {"$length": 5}}),
        json!({"a": {"$prefix": ""}}),
        json!({"a": {"$not": "text"}}),
        json!({"more": {"$one_of": [2, 3]}}),
        json!({"a": {"$unknown": 1}}),
    ] {
        assert!(check(&other, &actual).is_err(), "{other}");
    }
}
