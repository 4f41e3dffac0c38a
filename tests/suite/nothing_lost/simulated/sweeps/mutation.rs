//! What a mutation is to a sweep: how the ground is prepared for it, the call, and what may
//! be seen of it when it was cut off.

use std::future::Future;
use std::pin::Pin;

use callboard::disk::Disk;
use callboard::error::{Reason, Result};
use callboard::files::Files;

use super::dump::About;

/// The answer of a call, in a form that can be compared.
pub(super) type Answer<'a> = Pin<Box<dyn Future<Output = Result<String>> + 'a>>;
/// A call on a backend.
pub(super) type Call = for<'a> fn(&'a Files) -> Answer<'a>;

/// One mutation of one of the services, in one situation.
pub(super) struct Mutation {
    pub(super) name: &'static str,
    /// The methods of the services that do this.
    pub(super) methods: &'static [&'static str],
    /// Comes before, on a disk that works, and is on disk.
    pub(super) prepare: Call,
    /// What another program did then.
    pub(super) tamper: fn(&dyn Disk),
    /// Comes before on the backend itself, which then knows more than a new one.
    pub(super) first: Option<Call>,
    pub(super) call: Call,
    pub(super) again: Again,
    /// It is several appends: when the first fails, the others come before it.
    pub(super) any_order: bool,
    pub(super) allowed: Vec<Allowed>,
}

/// What a repetition of a call does once the call has done its work.
#[derive(Debug, Clone, Copy)]
pub(super) enum Again {
    /// It gives the same answer, and changes nothing.
    Same,
    /// It is refused for one of these reasons, and changes nothing.
    Refused(&'static [Reason]),
    /// It does it once more.
    Adds,
}

/// What else may be seen after a call that was not acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    /// Where: what the place begins with.
    pub(super) place: &'static str,
    pub(super) form: Form,
    #[allow(dead_code, reason = "said where it is allowed, for whoever reads the list")]
    pub(super) because: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// The old or the new, whatever the other places are.
    ByItself,
    /// New, and with nothing in it yet: it says this.
    Begun(&'static str),
    /// Some of the new lines, each of them whole, in their order.
    SomeLines,
    /// What was there, and of what is appended a part.
    Longer,
}

impl Allowed {
    pub(super) const fn by_itself(place: &'static str, because: &'static str) -> Self {
        Self { place, form: Form::ByItself, because }
    }

    pub(super) const fn begun(
        place: &'static str,
        says: &'static str,
        because: &'static str,
    ) -> Self {
        Self { place, form: Form::Begun(says), because }
    }

    pub(super) const fn some_lines(place: &'static str, because: &'static str) -> Self {
        Self { place, form: Form::SomeLines, because }
    }

    pub(super) const fn longer(place: &'static str, because: &'static str) -> Self {
        Self { place, form: Form::Longer, because }
    }

    /// Whether this is about a place.
    pub(super) fn covers(&self, place: &str) -> bool {
        place.starts_with(self.place)
    }
}

fn nothing(_: &Files) -> Answer<'_> {
    Box::pin(async { Ok(String::new()) })
}

impl Mutation {
    pub(super) fn new(name: &'static str, methods: &'static [&'static str], call: Call) -> Self {
        Self {
            name,
            methods,
            prepare: nothing,
            tamper: |_| {},
            first: None,
            call,
            again: Again::Adds,
            any_order: false,
            allowed: Vec::new(),
        }
    }

    pub(super) fn prepared(self, prepare: Call) -> Self {
        Self { prepare, ..self }
    }

    pub(super) fn tampered(self, tamper: fn(&dyn Disk)) -> Self {
        Self { tamper, ..self }
    }

    pub(super) fn after(self, first: Call) -> Self {
        Self { first: Some(first), ..self }
    }

    pub(super) fn in_any_order(self) -> Self {
        Self { any_order: true, ..self }
    }

    pub(super) fn about(&self) -> About {
        let is_of_bus = self.methods.iter().any(|method| method.starts_with("MessageBus."));
        if is_of_bus { About::Buses } else { About::Tree }
    }

    /// Does what comes before it on the backend itself.
    pub(super) async fn begin(&self, files: &Files) {
        if let Some(first) = self.first {
            first(files).await.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        }
    }

    /// Repeating it is safe.
    pub(super) fn repeatable(self) -> Self {
        Self { again: Again::Same, ..self }
    }

    pub(super) fn then_refused(self, reasons: &'static [Reason]) -> Self {
        Self { again: Again::Refused(reasons), ..self }
    }

    pub(super) fn allowing(self, allowed: impl Into<Vec<Allowed>>) -> Self {
        Self { allowed: allowed.into(), ..self }
    }
}
