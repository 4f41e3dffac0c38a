//! What callers may take, as far as it can be set. What the formats on disk rest on cannot:
//! that stands in [`crate::limits`] alone.

use std::time::Duration;

use crate::limits as standard;

use super::resolved::{Resolved, SettingError};
use super::settings::{Form, Setting};

/// Makes a value of what a setting says.
trait Take: Sized {
    /// Takes the value of a setting.
    fn take(resolved: &Resolved, key: &str) -> Result<Self, SettingError>;
}

impl Take for usize {
    fn take(resolved: &Resolved, key: &str) -> Result<Self, SettingError> {
        resolved.number(key).map(|number| Self::try_from(number).unwrap_or(Self::MAX))
    }
}

impl Take for u32 {
    fn take(resolved: &Resolved, key: &str) -> Result<Self, SettingError> {
        resolved.number(key).map(|number| Self::try_from(number).unwrap_or(Self::MAX))
    }
}

impl Take for Duration {
    fn take(resolved: &Resolved, key: &str) -> Result<Self, SettingError> {
        resolved.time(key)
    }
}

macro_rules! service_limits {
    ($(
        $(#[doc = $doc:literal])+
        $key:ident: $type:ty = $standard:expr, $written:literal, $form:expr, $value:literal;
    )*) => {
        /// What callers may take together, and how long they may take for it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct ServiceLimits {
            $($(#[doc = $doc])+ pub $key: $type,)*
        }

        impl Default for ServiceLimits {
            fn default() -> Self {
                Self { $($key: $standard,)* }
            }
        }

        impl ServiceLimits {
            /// Takes them from what was set.
            pub(super) fn take(resolved: &Resolved) -> Result<Self, SettingError> {
                Ok(Self { $($key: Take::take(resolved, stringify!($key))?,)* })
            }
        }

        /// Their rows of the table of settings.
        pub(super) const SETTINGS: [Setting; [$(stringify!($key)),*].len()] = [$(Setting {
            key: stringify!($key),
            form: $form,
            default: $written,
            value_name: $value,
            // A line of documentation begins with a space.
            help: concat!($($doc),+),
            heading: "Limits",
        }),*];
    };
}

const COUNT: Form = Form::Count(1, 1_000_000);
const HOUR: u64 = 3_600_000;
const TIME: Form = Form::Time(1, 24 * HOUR);

service_limits! {
    /// Connections at one time; a further one takes the place of the idlest
    connections_max: usize = standard::CONNECTIONS_MAX, "12000", COUNT, "N";
    /// Calls at one time on one connection
    connection_streams_max: u32 = standard::CONNECTION_STREAMS_MAX, "1024", Form::Count(1, 1024), "N";
    /// Calls at one time, of all connections
    calls_max: usize = standard::CALLS_MAX, "16384", COUNT, "N";
    /// Of these, calls that may wait for long and are no subscription, watch or followed file
    waiting_calls_max: usize = standard::WAITING_CALLS_MAX, "3072", COUNT, "N";
    /// Subscriptions at one time; watches and followed files have as many again
    subscribers_max: usize = standard::SUBSCRIBERS_MAX, "4096", COUNT, "N";
    /// Appends of one stream that may be unanswered at one time
    append_stream_in_flight: usize = standard::APPEND_STREAM_IN_FLIGHT, "1024", Form::Count(1, 65_536), "N";
    /// The body of an appended message
    message_body_bytes_max: usize = standard::MESSAGE_BODY_BYTES_MAX, "1MiB", Form::Bytes(1, standard::MESSAGE_BODY_BYTES_MAX as u64), "SIZE";
    /// One request message
    request_bytes_max: usize = standard::REQUEST_BYTES_MAX, "4MiB", Form::Bytes(64 << 10, 16 << 20), "SIZE";
    /// Long requests that are received or carried out at one time; more wait
    requests_bytes_max: usize = standard::REQUESTS_BYTES_MAX, "256MiB", Form::Bytes(16 << 20, 1 << 40), "SIZE";
    /// Long answers that their clients have not taken; further ones are refused
    answers_bytes_max: usize = standard::ANSWERS_BYTES_MAX, "512MiB", Form::Bytes(4 << 20, 1 << 40), "SIZE";
    /// The headers of one request
    request_header_bytes_max: u32 = standard::REQUEST_HEADER_BYTES_MAX, "16KiB", Form::Bytes(4 << 10, 1 << 20), "SIZE";
    /// How long a client that has connected may take for TLS and its first words
    handshake_timeout: Duration = standard::HANDSHAKE_TIMEOUT, "10s", TIME, "TIME";
    /// How long the message of a request may be on its way; long ones have more
    request_timeout: Duration = standard::REQUEST_TIMEOUT, "30s", TIME, "TIME";
    /// How long a call may take that is no stream; what it has begun to write is written
    call_timeout: Duration = standard::CALL_TIMEOUT, "10m", TIME, "TIME";
    /// How long a client may take nothing of a single answer
    answer_timeout: Duration = standard::ANSWER_TIMEOUT, "1m", TIME, "TIME";
    /// How long an upload may be silent
    upload_idle_timeout: Duration = standard::UPLOAD_IDLE, "1m", TIME, "TIME";
    /// How long a connection may be without a call; a subscription is one
    connection_idle_timeout: Duration = standard::CONNECTION_IDLE_TIMEOUT, "1h", TIME, "TIME";
    /// How often a silent connection is pinged
    keepalive_interval: Duration = standard::KEEPALIVE_INTERVAL, "1m", Form::Time(1000, 24 * HOUR), "TIME";
    /// How long a ping may stay unanswered
    keepalive_timeout: Duration = standard::KEEPALIVE_TIMEOUT, "20s", Form::Time(1000, 24 * HOUR), "TIME";
}

impl ServiceLimits {
    /// Whether there are places and calls left when everything is open that may last.
    pub fn leave_places(&self) -> bool {
        let lasting = 2 * self.subscribers_max + self.waiting_calls_max + standard::OPEN_CALLS_MAX;
        lasting < self.connections_max && lasting < self.calls_max
    }

    /// Returns those of them that clients meet, by their names in [`crate::limits`].
    pub fn announced(&self) -> [(&'static str, usize); 11] {
        [
            ("CONNECTIONS_MAX", self.connections_max),
            ("CONNECTION_STREAMS_MAX", self.connection_streams_max as usize),
            ("CALLS_MAX", self.calls_max),
            ("WAITING_CALLS_MAX", self.waiting_calls_max),
            ("SUBSCRIBERS_MAX", self.subscribers_max),
            ("APPEND_STREAM_IN_FLIGHT", self.append_stream_in_flight),
            ("MESSAGE_BODY_BYTES_MAX", self.message_body_bytes_max),
            ("REQUEST_BYTES_MAX", self.request_bytes_max),
            ("REQUESTS_BYTES_MAX", self.requests_bytes_max),
            ("ANSWERS_BYTES_MAX", self.answers_bytes_max),
            ("REQUEST_HEADER_BYTES_MAX", self.request_header_bytes_max as usize),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_that_are_written_are_those_that_hold() {
        let resolved = Resolved::of_defaults();
        assert_eq!(
            ServiceLimits::take(&resolved).expect("valid defaults"),
            ServiceLimits::default()
        );
    }
}
