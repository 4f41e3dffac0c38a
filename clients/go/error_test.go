package callboard

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// refusal is an error as gRPC gives it, with details.
func refusal(t *testing.T, code codes.Code, domain string) error {
	t.Helper()
	said, err := status.New(code, "what and where").WithDetails(
		&errdetails.ErrorInfo{Domain: domain, Reason: "LOCK_TIMEOUT", Metadata: map[string]string{"path": "x"}},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return said.Err()
}

func TestAnErrorHasWhatTheServerSaid(t *testing.T) {
	cause := refusal(t, codes.Unavailable, errorDomain)
	err := fmt.Errorf("wrapped: %w", asError(cause, "request-1"))
	failure, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if failure.Code != codes.Unavailable || failure.Reason != ReasonLockTimeout ||
		failure.Metadata["path"] != "x" || failure.RetryDelay != 1500*time.Millisecond ||
		failure.RequestID != "request-1" || failure.Error() != "LOCK_TIMEOUT: what and where" {
		t.Errorf("got %+v", failure)
	}
	if !errors.Is(err, ReasonLockTimeout) || errors.Is(err, ReasonIO) || errors.Is(err, Reason("")) {
		t.Error("the reason does not compare")
	}
	if !errors.Is(err, FamilyUnavailable) || errors.Is(err, FamilyOther) {
		t.Error("the family does not compare")
	}
	if !errors.Is(err, cause) || status.Code(err) != codes.Unavailable || ReasonOf(err) != ReasonLockTimeout {
		t.Error("the error of gRPC is lost")
	}
}

func TestAnErrorOfSomebodyElseHasNoReason(t *testing.T) {
	err := asError(refusal(t, codes.PermissionDenied, "elsewhere"), "")
	if ReasonOf(err) != "" || !errors.Is(err, FamilyDenied) || err.Error() != "PermissionDenied: what and where" {
		t.Errorf("got %v", err)
	}
	if ReasonOf(errors.New("x")) != "" || ReasonOf(nil) != "" {
		t.Error("a reason out of nothing")
	}
}

func TestEveryCodeHasItsFamily(t *testing.T) {
	families := map[Family]int{}
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		families[familyOf(code)]++
	}
	// OK, CANCELLED, UNKNOWN and UNIMPLEMENTED.
	if len(families) != 13 || families[FamilyDenied] != 2 || families[FamilyOther] != 4 {
		t.Errorf("got %v", families)
	}
}

func TestAnErrorThatTheContextMadeIsTheContexts(t *testing.T) {
	for code, want := range map[codes.Code]error{
		codes.Canceled: context.Canceled, codes.DeadlineExceeded: context.DeadlineExceeded,
	} {
		if err := asError(status.Error(code, "x"), ""); !errors.Is(err, want) {
			t.Errorf("%s is not %v", code, want)
		}
		if err := asError(refusal(t, code, errorDomain), ""); errors.Is(err, want) {
			t.Errorf("the server's %s is %v", code, want)
		}
	}
}

func TestAMessageOverALimitOfATransportIsTooLarge(t *testing.T) {
	for _, cause := range []error{
		status.Error(codes.ResourceExhausted, "grpc: received message larger than max (9 vs. 8)"),
		status.Error(codes.OutOfRange, "Error, decoded message length too large: found 9 bytes, the limit is: 8 bytes"),
	} {
		err := asError(cause, "")
		if !errors.Is(err, ReasonTooLarge) || !errors.Is(err, FamilyInvalidArgument) || !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
	}
	if err := asError(status.Error(codes.ResourceExhausted, "full"), ""); !errors.Is(err, FamilyExhausted) {
		t.Errorf("got %v", err)
	}
}
