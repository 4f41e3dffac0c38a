package callboard

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// CallOption changes how Call makes a call.
type CallOption func(*callOptions)

type callOptions struct {
	repeatable bool
}

// Repeatable says whether the call is safe to repeat, where Call does not see it by itself:
// true for one that sets something as a whole.
func Repeatable(safe bool) CallOption {
	return func(options *callOptions) { options.repeatable = safe }
}

// Call calls a unary method of Client.Storage or Client.Bus:
//
//	callboard.Call(ctx, client, client.Storage.GetTask, &callboardv1.GetTaskRequest{…})
//
// Different from the method itself it returns an *Error, is bounded by the client's timeout
// when the context has no deadline, and is repeated while the server is unavailable where
// that is safe: when the request is one to get, list or read something, or carries a
// request id or an etag. See Repeatable for others.
func Call[Request, Response proto.Message](
	ctx context.Context,
	client *Client,
	method func(context.Context, Request, ...grpc.CallOption) (Response, error),
	request Request,
	options ...CallOption,
) (Response, error) {
	chosen := callOptions{repeatable: isRepeatable(request)}
	for _, option := range options {
		option(&chosen)
	}
	ctx, cancel := client.bounded(ctx)
	defer cancel()
	attempt := func() (Response, error) { return method(ctx, request) }
	return persist(ctx, chosen.repeatable, requestIDOf(request), attempt)
}

// persist makes a call, again while the server is unavailable and the context has time
// left.
func persist[Response any](
	ctx context.Context, repeatable bool, requestID string, attempt func() (Response, error),
) (Response, error) {
	var delays delays
	var away error
	for {
		response, err := attempt()
		if err == nil {
			return response, nil
		}
		err = asError(err, requestID)
		if away != nil && errors.Is(err, FamilyDeadline) && ReasonOf(err) == "" {
			// The time was up while the server was still being tried again: that it was away
			// says more.
			return response, away
		}
		if !repeatable || !errors.Is(err, FamilyUnavailable) {
			return response, err
		}
		away = err
		delay := delays.afterFailure(retryDelayOf(err))
		if deadline, has := ctx.Deadline(); has && time.Until(deadline) <= delay {
			return response, err
		}
		wait(ctx, delay)
	}
}

func isRepeatable(request proto.Message) bool {
	if requestIDOf(request) != "" {
		return true
	}
	if tagged, ok := request.(interface{ GetEtag() string }); ok && tagged.GetEtag() != "" {
		return true
	}
	name := string(request.ProtoReflect().Descriptor().Name())
	return strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Read")
}

func requestIDOf(request proto.Message) string {
	if named, ok := request.(interface{ GetRequestId() string }); ok {
		return named.GetRequestId()
	}
	return ""
}

// newRequestID returns a request id that nobody else has.
func newRequestID() string {
	return rand.Text()
}

// requestIDOr returns the given request id, or a new one when it is empty.
func requestIDOr(given string) string {
	if given == "" {
		return newRequestID()
	}
	return given
}
