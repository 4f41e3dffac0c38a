package callboard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// errSilent is why a receiver ends a stream by itself.
var errSilent = errors.New("silent for too long")

// receiver is a stream of the server's, which counts as broken when it is silent for too
// long.
type receiver[Frame any] struct {
	ctx    context.Context
	end    context.CancelCauseFunc
	frames grpc.ServerStreamingClient[Frame]
}

// receive opens a stream. It is to be closed.
func receive[Request, Frame any](
	ctx context.Context,
	method func(context.Context, *Request, ...grpc.CallOption) (grpc.ServerStreamingClient[Frame], error),
	request *Request,
) (*receiver[Frame], error) {
	ctx, end := context.WithCancelCause(ctx)
	frames, err := method(ctx, request)
	if err != nil {
		end(nil)
		return nil, asError(err, "")
	}
	return &receiver[Frame]{ctx, end, frames}, nil
}

// next returns the next frame, or io.EOF. It waits for silenceMax, or for ever if that
// is 0.
func (r *receiver[Frame]) next(silenceMax time.Duration) (*Frame, error) {
	if silenceMax > 0 {
		watch := time.AfterFunc(silenceMax, func() { r.end(errSilent) })
		defer watch.Stop()
	}
	frame, err := r.frames.Recv()
	switch {
	case err == nil:
		return frame, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(context.Cause(r.ctx), errSilent):
		return nil, unavailable(fmt.Sprintf("nothing was heard for %s", silenceMax), err)
	default:
		return nil, asError(err, "")
	}
}

func (r *receiver[Frame]) close() {
	r.end(nil)
}

// unavailable is a break that this side has noticed.
func unavailable(message string, cause error) error {
	return &Error{Code: codes.Unavailable, Message: message, cause: cause}
}
