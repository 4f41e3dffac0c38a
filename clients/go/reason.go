package callboard

// Reason says why the server refused a call, in UPPER_SNAKE_CASE. It is an error itself, to
// compare with:
//
//	if errors.Is(err, callboard.ReasonTaskNotFound) { … }
//
// The constants are the reasons of proto/callboard/v1/error_reason.proto, which also says
// what Error.Metadata holds for each. Later servers may have further ones: treat one that
// is not known by its family.
type Reason string

// Error returns the reason.
func (r Reason) Error() string {
	return string(r)
}

// The reasons, with their gRPC codes in brackets.
const (
	// ReasonInvalidID: an id is too long, no single path component, or not of the form for new ids (INVALID_ARGUMENT).
	ReasonInvalidID Reason = "INVALID_ID"
	// ReasonPathTraversal: an id, name or path tries to leave its folder (INVALID_ARGUMENT).
	ReasonPathTraversal Reason = "PATH_TRAVERSAL"
	// ReasonRequiredField: a field is empty and must not be (INVALID_ARGUMENT).
	ReasonRequiredField Reason = "REQUIRED_FIELD"
	// ReasonTooLarge: something is over a limit (INVALID_ARGUMENT).
	ReasonTooLarge Reason = "TOO_LARGE"
	// ReasonInvalidField: a number, time or choice is out of its range (INVALID_ARGUMENT).
	ReasonInvalidField Reason = "INVALID_FIELD"
	// ReasonMixedBuses: the messages of one batch name more than one bus (INVALID_ARGUMENT).
	ReasonMixedBuses Reason = "MIXED_BUSES"
	// ReasonInvalidPageToken: a page token is not one that the method gave out (INVALID_ARGUMENT).
	ReasonInvalidPageToken Reason = "INVALID_PAGE_TOKEN"
	// ReasonAmbiguousID: a message id occurs twice in the bus (INVALID_ARGUMENT).
	ReasonAmbiguousID Reason = "AMBIGUOUS_ID"
	// ReasonChecksumMismatch: content has another SHA-256 or size than was said (INVALID_ARGUMENT).
	ReasonChecksumMismatch Reason = "CHECKSUM_MISMATCH"
	// ReasonProjectNotFound: there is no such project (NOT_FOUND).
	ReasonProjectNotFound Reason = "PROJECT_NOT_FOUND"
	// ReasonTaskNotFound: there is no such task (NOT_FOUND).
	ReasonTaskNotFound Reason = "TASK_NOT_FOUND"
	// ReasonRunNotFound: there is no such run, or it has no meta.json (NOT_FOUND).
	ReasonRunNotFound Reason = "RUN_NOT_FOUND"
	// ReasonRunFileNotFound: the run has no such file (NOT_FOUND).
	ReasonRunFileNotFound Reason = "RUN_FILE_NOT_FOUND"
	// ReasonArtifactNotFound: the task has no such artifact (NOT_FOUND).
	ReasonArtifactNotFound Reason = "ARTIFACT_NOT_FOUND"
	// ReasonFactNotFound: there is no such fact (NOT_FOUND).
	ReasonFactNotFound Reason = "FACT_NOT_FOUND"
	// ReasonBusNotFound: there is no such bus (NOT_FOUND).
	ReasonBusNotFound Reason = "BUS_NOT_FOUND"
	// ReasonMessageNotFound: the bus has no such message (NOT_FOUND).
	ReasonMessageNotFound Reason = "MESSAGE_NOT_FOUND"
	// ReasonProjectExists: the project exists (ALREADY_EXISTS).
	ReasonProjectExists Reason = "PROJECT_EXISTS"
	// ReasonTaskExists: the task exists (ALREADY_EXISTS).
	ReasonTaskExists Reason = "TASK_EXISTS"
	// ReasonRunExists: the run exists (ALREADY_EXISTS).
	ReasonRunExists Reason = "RUN_EXISTS"
	// ReasonRequestIDReused: the request id came with other content before, or what it made was removed since (ALREADY_EXISTS).
	ReasonRequestIDReused Reason = "REQUEST_ID_REUSED"
	// ReasonEtagMismatch: the document has another etag: somebody changed it (ABORTED).
	ReasonEtagMismatch Reason = "ETAG_MISMATCH"
	// ReasonOffsetMismatch: a file does not end at, or reach to, the offset (ABORTED).
	ReasonOffsetMismatch Reason = "OFFSET_MISMATCH"
	// ReasonBusMoved: the bus has another last message (ABORTED).
	ReasonBusMoved Reason = "BUS_MOVED"
	// ReasonForeignWrite: a program that does not respect the lock keeps replacing the document (ABORTED).
	ReasonForeignWrite Reason = "FOREIGN_WRITE"
	// ReasonInvalidTransition: the status does not allow this move (FAILED_PRECONDITION).
	ReasonInvalidTransition Reason = "INVALID_TRANSITION"
	// ReasonWorktreeMissing: the worktree is no folder on the server's host (FAILED_PRECONDITION).
	ReasonWorktreeMissing Reason = "WORKTREE_MISSING"
	// ReasonNotEmpty: the project has something in it (FAILED_PRECONDITION).
	ReasonNotEmpty Reason = "NOT_EMPTY"
	// ReasonRunAmbiguous: the run id is in two places (FAILED_PRECONDITION).
	ReasonRunAmbiguous Reason = "RUN_AMBIGUOUS"
	// ReasonRunActive: the run's process is alive (FAILED_PRECONDITION).
	ReasonRunActive Reason = "RUN_ACTIVE"
	// ReasonBusPoisoned: a sync of the bus failed: RotateBus or a restart opens it again (FAILED_PRECONDITION).
	ReasonBusPoisoned Reason = "BUS_POISONED"
	// ReasonBusEmpty: the bus has nothing to archive (FAILED_PRECONDITION).
	ReasonBusEmpty Reason = "BUS_EMPTY"
	// ReasonNotARegularFile: a symlink or something else stands where a file or folder belongs (FAILED_PRECONDITION).
	ReasonNotARegularFile Reason = "NOT_A_REGULAR_FILE"
	// ReasonCursorExpired: what the cursor stands for is gone (OUT_OF_RANGE).
	ReasonCursorExpired Reason = "CURSOR_EXPIRED"
	// ReasonCursorAhead: the cursor is behind the end of the bus (OUT_OF_RANGE).
	ReasonCursorAhead Reason = "CURSOR_AHEAD"
	// ReasonCursorUnknown: the cursor is none of the bus (OUT_OF_RANGE).
	ReasonCursorUnknown Reason = "CURSOR_UNKNOWN"
	// ReasonDiskFull: the disk is full, or too little of it is free, and nothing was written (RESOURCE_EXHAUSTED).
	ReasonDiskFull Reason = "DISK_FULL"
	// ReasonSubscriberLimit: too many streams or uploads are open (RESOURCE_EXHAUSTED).
	ReasonSubscriberLimit Reason = "SUBSCRIBER_LIMIT"
	// ReasonTooManyVersions: the artifact has as many versions as there may be (RESOURCE_EXHAUSTED).
	ReasonTooManyVersions Reason = "TOO_MANY_VERSIONS"
	// ReasonLockTimeout: another program holds a lock (UNAVAILABLE, with RetryInfo).
	ReasonLockTimeout Reason = "LOCK_TIMEOUT"
	// ReasonShuttingDown: the server is about to stop (UNAVAILABLE, with RetryInfo).
	ReasonShuttingDown Reason = "SHUTTING_DOWN"
	// ReasonUploadStalled: nothing more came of an upload (DEADLINE_EXCEEDED).
	ReasonUploadStalled Reason = "UPLOAD_STALLED"
	// ReasonCorruptDocument: a file cannot be read as what it should be (DATA_LOSS).
	ReasonCorruptDocument Reason = "CORRUPT_DOCUMENT"
	// ReasonIO: the disk failed (INTERNAL).
	ReasonIO Reason = "IO"
	// ReasonBug: a bug of the server (INTERNAL).
	ReasonBug Reason = "BUG"
	// ReasonTokenRequired: the server lets nobody in without a token, and none was sent (UNAUTHENTICATED).
	ReasonTokenRequired Reason = "TOKEN_REQUIRED"
	// ReasonTokenInvalid: the token is malformed, not known, revoked or expired (UNAUTHENTICATED).
	ReasonTokenInvalid Reason = "TOKEN_INVALID"
	// ReasonNotAllowed: the caller may not do this, or not in this project (PERMISSION_DENIED).
	ReasonNotAllowed Reason = "NOT_ALLOWED"
	// ReasonQuotaExceeded: the project has as many bytes as it may have, and nothing was written (RESOURCE_EXHAUSTED).
	ReasonQuotaExceeded Reason = "QUOTA_EXCEEDED"
	// ReasonCallTimedOut: the call took longer than the server lets one take; what it had begun to write is written (DEADLINE_EXCEEDED).
	ReasonCallTimedOut Reason = "CALL_TIMED_OUT"
)
