//! Messages to append, made in one expression.

use crate::v1::{Link, Message, Parent};

impl Message {
    /// Makes a message of a type, such as FACT, PROGRESS or QUESTION: any word.
    ///
    /// Its project, task and run are those of the client that appends it, unless they are set:
    /// their fields are public, as all others are.
    pub fn new(message_type: impl Into<String>, body: impl Into<String>) -> Self {
        Self { r#type: message_type.into(), body: body.into(), ..Self::default() }
    }

    /// Adds a key with its value.
    #[must_use]
    pub fn with_meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.meta.insert(key.into(), value.into());
        self
    }

    /// Adds a message that this one answers, by its id, or with more about it as a [`Parent`].
    #[must_use]
    pub fn with_parent(mut self, parent: impl Into<Parent>) -> Self {
        self.parents.push(parent.into());
        self
    }

    /// Adds a link, by its URL or path, or with more about it as a [`Link`].
    #[must_use]
    pub fn with_link(mut self, link: impl Into<Link>) -> Self {
        self.links.push(link.into());
        self
    }

    /// Says which issue it belongs to.
    #[must_use]
    pub fn with_issue(mut self, issue_id: impl Into<String>) -> Self {
        self.issue_id = issue_id.into();
        self
    }

    /// Points to an attachment, by the `path` of its artifact.
    #[must_use]
    pub fn with_attachment(mut self, path: impl Into<String>) -> Self {
        self.attachment_path = path.into();
        self
    }
}

impl From<&str> for Parent {
    fn from(msg_id: &str) -> Self {
        Self { msg_id: msg_id.to_owned(), ..Self::default() }
    }
}

impl From<String> for Parent {
    fn from(msg_id: String) -> Self {
        Self { msg_id, ..Self::default() }
    }
}

impl From<&String> for Parent {
    fn from(msg_id: &String) -> Self {
        msg_id.as_str().into()
    }
}

impl From<&str> for Link {
    fn from(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }
}

impl From<String> for Link {
    fn from(url: String) -> Self {
        Self { url, ..Self::default() }
    }
}
