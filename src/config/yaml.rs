//! The file of settings: YAML, one key for each.

use std::collections::BTreeMap;

use serde_yaml::Value;

use super::resolved::SettingError;
use super::settings::{self, Form};

/// What a file sets: the texts of each key.
pub type FileSettings = BTreeMap<&'static str, Vec<String>>;

/// Reads the text of a file.
///
/// # Errors
/// When it is no YAML mapping, has a key that is none, or a value of another form.
pub fn read_file(text: &str, file: &str) -> Result<FileSettings, SettingError> {
    let refused = |problem: String| SettingError::File { file: file.to_owned(), problem };
    let document: Value =
        serde_yaml::from_str(text).map_err(|error| refused(format!("it is no YAML: {error}")))?;
    let mapping = match document {
        Value::Null => return Ok(FileSettings::new()),
        Value::Mapping(mapping) => mapping,
        _ => return Err(refused("it holds no settings: write one key: value a line".into())),
    };
    let mut found = FileSettings::new();
    for (key, value) in mapping {
        let Value::String(key) = key else {
            return Err(refused(format!("{} is no key", shown(&key))));
        };
        let Some(setting) = settings::find(&key) else {
            let nearest = settings::nearest(&key);
            let nearest = nearest.map(|nearest| format!("; did you mean {nearest}?"));
            return Err(refused(format!("{key} is no setting{}", nearest.unwrap_or_default())));
        };
        let texts = match value {
            Value::Null => continue,
            Value::Sequence(values) if setting.form == Form::List => {
                values.iter().map(scalar).collect::<Option<Vec<_>>>()
            }
            value => scalar(&value).map(|text| vec![text]),
        };
        let texts = texts.ok_or_else(|| {
            refused(match setting.form {
                Form::List => format!("{key} is no list of texts"),
                _ => format!("{key} is no single value"),
            })
        })?;
        found.insert(setting.key, texts);
    }
    Ok(found)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn shown(value: &Value) -> String {
    scalar(value).unwrap_or_else(|| "a list or mapping".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read_file(text, "the file").expect_err("refused").to_string()
    }

    #[test]
    fn a_file_has_a_key_for_each_setting_and_lists_for_some() {
        let text = "listen: 127.0.0.1:1\nno_uds: true\ncalls_max: 7\nweb_origin:\n  - http://a\n  - http://b\nhttp:\n";
        let found = read_file(text, "f").expect("settings");
        let texts = |key| found.get(key).map(|texts| texts.join(" ")).unwrap_or_default();
        assert_eq!(texts("listen"), "127.0.0.1:1");
        assert_eq!(texts("no_uds"), "true");
        assert_eq!(texts("calls_max"), "7");
        assert_eq!(texts("web_origin"), "http://a http://b");
        assert_eq!(texts("http"), "", "null is as good as not there");
        assert!(read_file("# nothing\n", "f").expect("none").is_empty());
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
        assert_eq!(
            refused("lisen: a:1"),
            "the settings in the file are not valid: lisen is no setting; did you mean listen?"
        );
        assert!(refused("colour: red").ends_with("colour is no setting"));
    }

    #[test]
    fn what_is_no_mapping_or_has_values_of_another_form_is_refused() {
        for (text, problem) in [
            ("- a", "it holds no settings"),
            ("a: [", "no YAML"),
            ("listen: [a, b]", "listen is no single value"),
            ("web_origin: {a: b}", "web_origin is no list"),
            ("1: 2", "1 is no "),
            ("listen: a\nlisten: b", "duplicate"),
        ] {
            assert!(refused(text).contains(problem), "{text}: {}", refused(text));
        }
    }
}
