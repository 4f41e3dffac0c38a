package callboard

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errorDomain is what the server's own errors say that they come from.
const errorDomain = "callboard"

// Error is a call that did not succeed. Branch on its reason or its family, never on the
// text:
//
//	errors.Is(err, callboard.ReasonTaskNotFound)
//	errors.Is(err, callboard.FamilyNotFound)
//
// It also is context.Canceled or context.DeadlineExceeded where the context ended the
// call, and unwraps to the error of gRPC.
type Error struct {
	// Code is the gRPC code.
	Code codes.Code
	// Reason is why the server refused; empty when the error does not come from the
	// server itself, such as for a broken connection.
	Reason Reason
	// Message is one plain sentence: what, where, and what to do.
	Message string
	// Metadata holds the variables of the reason, such as `oldest` and `newest`.
	Metadata map[string]string
	// RetryDelay is after how long the server wants to be asked again; 0 when it did not
	// say.
	RetryDelay time.Duration
	// RequestID is the request id of a failed write: repeating the write with it is safe,
	// also when it is not known whether it was done. Else empty.
	RequestID string

	cause error
}

// Error returns the reason, or the code without one, and the message.
func (e *Error) Error() string {
	if e.Reason != "" {
		return string(e.Reason) + ": " + e.Message
	}
	return e.Code.String() + ": " + e.Message
}

// Unwrap returns the error of gRPC.
func (e *Error) Unwrap() error {
	return e.cause
}

// Is tells whether the target is the error's Reason, its Family, or the error of the
// context that ended the call.
func (e *Error) Is(target error) bool {
	switch target := target.(type) {
	case Reason:
		return target != "" && target == e.Reason
	case Family:
		return target == e.Family()
	}
	switch target {
	case context.Canceled:
		return e.Reason == "" && e.Code == codes.Canceled
	case context.DeadlineExceeded:
		return e.Reason == "" && e.Code == codes.DeadlineExceeded
	}
	return false
}

// Family returns what kind of error it is.
func (e *Error) Family() Family {
	return familyOf(e.Code)
}

// ReasonOf returns the reason of the Error in err's tree; empty when there is none.
func ReasonOf(err error) Reason {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.Reason
	}
	return ""
}

// asError turns an error of gRPC into ours, with the details that the server attached. It
// returns what is no error of gRPC as it is.
func asError(err error, requestID string) error {
	if err == nil {
		return nil
	}
	said, ok := status.FromError(err)
	if !ok {
		return err
	}
	// The runtime has no code of its own for what it cannot send.
	if text, unsendable := strings.CutPrefix(said.Message(), "grpc: error while marshaling: "); unsendable {
		return misuse("the request cannot be sent: %s", text)
	}
	failure := &Error{
		Code:      said.Code(),
		Message:   said.Message(),
		RequestID: requestID,
		cause:     err,
	}
	for _, detail := range said.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == errorDomain {
				failure.Reason, failure.Metadata = Reason(detail.GetReason()), detail.GetMetadata()
			}
		case *errdetails.RetryInfo:
			failure.RetryDelay = detail.GetRetryDelay().AsDuration()
		}
	}
	if failure.isOversize() {
		failure.Code, failure.Reason = codes.InvalidArgument, ReasonTooLarge
	}
	return failure
}

// isOversize tells whether a message was over a limit of a transport, of this one or of
// the server's, neither of which knows our reasons.
func (e *Error) isOversize() bool {
	return e.Reason == "" &&
		(e.Code == codes.ResourceExhausted || e.Code == codes.OutOfRange) &&
		(strings.Contains(e.Message, "larger than max") ||
			strings.Contains(e.Message, "message length too large"))
}

// isBreak tells whether an error is what a stream that was open looks like when its
// connection breaks, or its server is killed.
func isBreak(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	if !ok || failure.Reason != "" {
		return false
	}
	return failure.Code == codes.Internal || failure.Code == codes.Unknown || failure.Code == codes.Canceled
}

// retryDelayOf returns how long the server wants not to be asked.
func retryDelayOf(err error) time.Duration {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.RetryDelay
	}
	return 0
}
