//! JSON objects on the command line.

use crate::domain::JsonObject;

/// Reads a JSON object; its text is kept, so that no digit is lost.
pub(super) fn parse(text: &str) -> Result<JsonObject, String> {
    JsonObject::parse(text).map_err(|problem| format!("expected a JSON object: {problem}"))
}

/// Returns the text of an object that may be missing.
pub(super) fn text(object: Option<&JsonObject>) -> String {
    object.map(JsonObject::to_string).unwrap_or_default()
}
