#![doc = include_str!("../README.md")]

mod address;
mod append;
mod backoff;
mod builder;
mod call;
mod channel;
mod client;
mod content;
mod cuts;
mod error;
mod follow;
mod get_artifact;
mod host;
mod interruption;
mod log;
mod message;
mod new_file;
mod one_start;
mod patience;
mod place;
mod put_artifact;
mod random;
mod read;
mod resume;
mod resuming;
mod run;
mod run_file;
mod run_output;
mod token;
mod watch;

pub use address::{Address, DEFAULT_ADDRESS};
pub use append::{Append, AppendMany, AppendStream, Appended};
pub use backoff::Backoff;
pub use builder::Builder;
pub use call::Call;
pub use client::{Client, Transport};
pub use content::Content;
pub use error::{Error, ErrorKind, code_name};
pub use follow::{Follow, Subscribe};
pub use get_artifact::{ArtifactReader, GetArtifact};
pub use interruption::Interruption;
pub use log::{AppendLog, Log, ReadLog};
pub use put_artifact::{Progress, PutArtifact, SavedArtifact};
pub use random::request_id as new_request_id;
pub use read::{Messages, PollForNew, Read};
pub use run::{Run, StartRun, request_id_of_run};
pub use run_file::{GetRunFile, RunFile};
pub use run_output::RunOutput;
pub use token::Authorize;
pub use watch::{Watch, WatchEvent};

pub use v1::ErrorReason;
pub use v1::subscribe_response::Frame;

/// The generated messages and clients of `callboard.v1`.
pub mod v1 {
    #![allow(missing_docs, unreachable_pub, clippy::all, rust_2018_idioms, reason = "generated")]
    // The comments of the proto files are no Markdown.
    #![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls, rustdoc::broken_intra_doc_links)]
    include!("generated/callboard.v1.rs");
}

/// Which request is for which method.
mod calls {
    use tonic::{Response, Status};

    use crate::{Call, Client, v1};

    include!("generated/calls.rs");
}
