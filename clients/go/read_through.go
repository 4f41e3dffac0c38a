package callboard

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
)

// reading is how something that only grows is read.
type reading struct {
	// Whether to go on with what is appended, for as long as the context lets it.
	follow bool
	// What is read, for the log.
	what string
	// Sets the request to begin anew.
	fromBeginning func()
}

// readThrough reads a log or a file of a run through breaks: take gets each frame, sets the
// request to go on behind it, and returns false to end.
func readThrough[Request, Frame any](
	ctx context.Context,
	client *Client,
	reading reading,
	method func(context.Context, *Request, ...grpc.CallOption) (grpc.ServerStreamingClient[Frame], error),
	request *Request,
	take func(*Frame) bool,
) error {
	ctx, cancel := client.while(ctx)
	defer cancel()
	retry := retry{patience: client.timeout, logger: client.logger, what: "reading a " + reading.what}
	silenceMax := client.timeout
	if reading.follow {
		// Silence says nothing about what may be silent.
		retry.patience, silenceMax = forEver, 0
	}
	taken := false
	frames := func(frame *Frame) bool {
		taken = true
		retry.progress()
		return take(frame)
	}
	for {
		err := readStream(ctx, silenceMax, method, request, frames)
		if err == nil {
			return nil
		}
		if reading.follow && taken && errors.Is(err, ReasonOffsetMismatch) {
			// It was replaced or cut during a break. Had we been there, the server would
			// have begun anew, too.
			client.logger.WarnContext(ctx, "callboard: a "+reading.what+" was replaced, it is read anew", "error", err)
			reading.fromBeginning()
			taken = false
			continue
		}
		if err := retry.after(ctx, err); err != nil {
			return err
		}
	}
}

// readStream reads one stream, up to its end or that of the caller's interest.
func readStream[Request, Frame any](
	ctx context.Context,
	silenceMax time.Duration,
	method func(context.Context, *Request, ...grpc.CallOption) (grpc.ServerStreamingClient[Frame], error),
	request *Request,
	take func(*Frame) bool,
) error {
	stream, err := receive(ctx, method, request)
	if err != nil {
		return err
	}
	defer stream.close()
	for {
		frame, err := stream.next(silenceMax)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !take(frame) {
			return nil
		}
	}
}
