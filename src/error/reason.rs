//! What clients branch on.

macro_rules! reasons {
    ($($name:ident => $text:literal),* $(,)?) => {
        /// The machine-readable reason of an error. Clients branch on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "error_reason.proto says what they mean")]
        pub enum Reason {
            $($name),*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the reason as it goes over the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

reasons! {
    InvalidId => "INVALID_ID",
    PathTraversal => "PATH_TRAVERSAL",
    RequiredField => "REQUIRED_FIELD",
    TooLarge => "TOO_LARGE",
    InvalidField => "INVALID_FIELD",
    MixedBuses => "MIXED_BUSES",
    InvalidPageToken => "INVALID_PAGE_TOKEN",
    AmbiguousId => "AMBIGUOUS_ID",
    ProjectNotFound => "PROJECT_NOT_FOUND",
    TaskNotFound => "TASK_NOT_FOUND",
    RunNotFound => "RUN_NOT_FOUND",
    RunFileNotFound => "RUN_FILE_NOT_FOUND",
    ArtifactNotFound => "ARTIFACT_NOT_FOUND",
    FactNotFound => "FACT_NOT_FOUND",
    ProjectExists => "PROJECT_EXISTS",
    TaskExists => "TASK_EXISTS",
    RunExists => "RUN_EXISTS",
    RunAmbiguous => "RUN_AMBIGUOUS",
    RunActive => "RUN_ACTIVE",
    NotEmpty => "NOT_EMPTY",
    InvalidTransition => "INVALID_TRANSITION",
    WorktreeMissing => "WORKTREE_MISSING",
    ChecksumMismatch => "CHECKSUM_MISMATCH",
    TooManyVersions => "TOO_MANY_VERSIONS",
    EtagMismatch => "ETAG_MISMATCH",
    ForeignWrite => "FOREIGN_WRITE",
    OffsetMismatch => "OFFSET_MISMATCH",
    CorruptDocument => "CORRUPT_DOCUMENT",
    BusNotFound => "BUS_NOT_FOUND",
    MessageNotFound => "MESSAGE_NOT_FOUND",
    BusEmpty => "BUS_EMPTY",
    RequestIdReused => "REQUEST_ID_REUSED",
    BusMoved => "BUS_MOVED",
    BusPoisoned => "BUS_POISONED",
    CursorExpired => "CURSOR_EXPIRED",
    CursorAhead => "CURSOR_AHEAD",
    CursorUnknown => "CURSOR_UNKNOWN",
    LockTimeout => "LOCK_TIMEOUT",
    RootLocked => "ROOT_LOCKED",
    ShuttingDown => "SHUTTING_DOWN",
    UploadStalled => "UPLOAD_STALLED",
    SubscriberLimit => "SUBSCRIBER_LIMIT",
    NotARegularFile => "NOT_A_REGULAR_FILE",
    DiskFull => "DISK_FULL",
    Io => "IO",
    Bug => "BUG",
    TokenRequired => "TOKEN_REQUIRED",
    TokenInvalid => "TOKEN_INVALID",
    NotAllowed => "NOT_ALLOWED",
    QuotaExceeded => "QUOTA_EXCEEDED",
    CallTimedOut => "CALL_TIMED_OUT",
}
