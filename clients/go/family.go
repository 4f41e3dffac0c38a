package callboard

import "google.golang.org/grpc/codes"

// Family is the kind of an error, for those who need not know the reason. It is an error
// itself, to compare with:
//
//	if errors.Is(err, callboard.FamilyNotFound) { … }
type Family string

// The families, each with its gRPC code.
const (
	// FamilyInvalidArgument: the call cannot be right (INVALID_ARGUMENT).
	FamilyInvalidArgument Family = "InvalidArgument"
	// FamilyNotFound: what the call names does not exist (NOT_FOUND).
	FamilyNotFound Family = "NotFound"
	// FamilyAlreadyExists: it is there already, or a request id came with other content
	// before (ALREADY_EXISTS).
	FamilyAlreadyExists Family = "AlreadyExists"
	// FamilyConflict: something moved in between: read again, then decide (ABORTED).
	FamilyConflict Family = "Conflict"
	// FamilyPrecondition: the state does not allow it (FAILED_PRECONDITION).
	FamilyPrecondition Family = "Precondition"
	// FamilyCursor: where to start cannot be honoured (OUT_OF_RANGE).
	FamilyCursor Family = "Cursor"
	// FamilyExhausted: something is full (RESOURCE_EXHAUSTED).
	FamilyExhausted Family = "Exhausted"
	// FamilyUnavailable: the server cannot be reached or cannot answer now (UNAVAILABLE).
	FamilyUnavailable Family = "Unavailable"
	// FamilyDeadline: no answer came in time, and whether a write was done is not known
	// (DEADLINE_EXCEEDED).
	FamilyDeadline Family = "Deadline"
	// FamilyDenied: not signed in, or not allowed (UNAUTHENTICATED, PERMISSION_DENIED).
	FamilyDenied Family = "Denied"
	// FamilyDataLoss: what is stored cannot be read (DATA_LOSS).
	FamilyDataLoss Family = "DataLoss"
	// FamilyInternal: the server or its disk failed (INTERNAL).
	FamilyInternal Family = "Internal"
	// FamilyOther: every other code.
	FamilyOther Family = "Other"
)

// Error returns the family's name.
func (f Family) Error() string {
	return string(f)
}

func familyOf(code codes.Code) Family {
	switch code {
	case codes.InvalidArgument:
		return FamilyInvalidArgument
	case codes.NotFound:
		return FamilyNotFound
	case codes.AlreadyExists:
		return FamilyAlreadyExists
	case codes.Aborted:
		return FamilyConflict
	case codes.FailedPrecondition:
		return FamilyPrecondition
	case codes.OutOfRange:
		return FamilyCursor
	case codes.ResourceExhausted:
		return FamilyExhausted
	case codes.Unavailable:
		return FamilyUnavailable
	case codes.DeadlineExceeded:
		return FamilyDeadline
	case codes.Unauthenticated, codes.PermissionDenied:
		return FamilyDenied
	case codes.DataLoss:
		return FamilyDataLoss
	case codes.Internal:
		return FamilyInternal
	default:
		return FamilyOther
	}
}
