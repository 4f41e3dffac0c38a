//! The arguments of an action, and what is made of them.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use callboard_client::Content;
use callboard_client::v1::Message;
use serde_json::Value;

use crate::fault::{Fault, failure};

/// Sets with a builder what is given.
macro_rules! set {
    ($builder:ident: $($method:ident($value:expr)),* $(,)?) => {
        $(let $builder = match $value { Some(value) => $builder.$method(value), None => $builder };)*
    };
}
pub(crate) use set;

/// The arguments of an action.
#[derive(Clone, Copy)]
pub(crate) struct With<'a>(pub(crate) &'a Value);

impl<'a> With<'a> {
    pub(crate) fn text(self, key: &str) -> Option<&'a str> {
        self.0[key].as_str()
    }

    pub(crate) fn required(self, key: &str) -> Result<&'a str, Fault> {
        self.text(key).ok_or_else(|| failure(format!("{key} is missing")))
    }

    pub(crate) fn number(self, key: &str) -> Option<i64> {
        let value = &self.0[key];
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    pub(crate) fn small(self, key: &str) -> Option<i32> {
        self.number(key).and_then(|number| number.try_into().ok())
    }

    pub(crate) fn duration(self, key: &str) -> Option<Duration> {
        self.0[key].as_f64().map(Duration::from_secs_f64)
    }

    pub(crate) fn is_set(self, key: &str) -> bool {
        self.0[key].as_bool().unwrap_or(false)
    }

    pub(crate) fn list(self, key: &str) -> impl Iterator<Item = With<'a>> {
        self.0[key].as_array().into_iter().flatten().map(With)
    }

    pub(crate) fn texts(self, key: &str) -> Vec<&'a str> {
        self.list(key).filter_map(|item| item.0.as_str()).collect()
    }

    pub(crate) fn time(self, key: &str) -> Option<prost_types::Timestamp> {
        self.text(key)?.parse().ok()
    }
}

pub(crate) fn new_message(with: With<'_>) -> Result<Message, Fault> {
    let mut message = Message::new(with.required("type")?, with.text("body").unwrap_or_default());
    for (key, value) in with.0["meta"].as_object().into_iter().flatten() {
        message = message.with_meta(key, value.as_str().unwrap_or_default());
    }
    for msg_id in with.texts("parents") {
        message = message.with_parent(msg_id);
    }
    for url in with.texts("links") {
        message = message.with_link(url);
    }
    set!(message: with_issue(with.text("issue_id")),
        with_attachment(with.text("attachment_path")));
    Ok(message)
}

pub(crate) async fn content(with: With<'_>) -> Result<Content, Fault> {
    if let Some(path) = with.text("stream") {
        return Ok(Content::stream(tokio::fs::File::open(path).await.map_err(failure)?));
    }
    if let Some(data) = with.text("data") {
        return Ok(Content::bytes(BASE64_STANDARD.decode(data).map_err(failure)?));
    }
    // With a file of a run, `file` is the name of that.
    Ok(Content::path(with.text("from_file").map_or_else(|| with.required("file"), Ok)?))
}
