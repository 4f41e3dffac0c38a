package callboard

import (
	"context"
	"errors"
	"io"
	"iter"
	"strconv"

	"google.golang.org/grpc"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// AppendStreamOptions say how a stream of messages is appended.
type AppendStreamOptions struct {
	// RequestID is what the request ids of the messages begin with: `<RequestID>-<index>`.
	// Empty means a new one.
	RequestID string
}

// AppendStream appends messages, of any buses, as they come, and gives their answers in the
// order of the messages. Many are in flight at a time, which is the fastest way to append.
//
// It ends with an error at the first message that is refused, whose zero-based number is
// its Metadata["index"], and at a break of the connection. Repeating it with the same
// messages and the RequestID of the error appends only what is missing.
//
// The stream begins when the answers are asked for, and ends when they no longer are. The
// drafts are asked for in another goroutine, for the last time soon after that end.
func (c *Client) AppendStream(
	ctx context.Context, drafts iter.Seq[Draft], options AppendStreamOptions,
) iter.Seq2[*callboardv1.AppendStreamResponse, error] {
	return func(yield func(*callboardv1.AppendStreamResponse, error) bool) {
		ctx, cancel := c.while(ctx)
		defer cancel()
		prefix := requestIDOr(options.RequestID)
		stream, err := c.Bus.AppendStream(ctx)
		if err != nil {
			yield(nil, asError(err, prefix))
			return
		}
		sent := make(chan error, 1)
		go func() { sent <- c.sendDrafts(stream, drafts, prefix) }()
		for {
			answer, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				// What was sent is answered. A draft that was not even sent is told last.
				if err := <-sent; err != nil {
					yield(nil, err)
				}
				return
			}
			if err != nil {
				yield(nil, asError(err, prefix))
				return
			}
			if !yield(answer, nil) {
				return
			}
		}
	}
}

// sendDrafts sends until the drafts or the stream end. It only returns the errors of a
// draft: why the stream ended is told to the receiver.
func (c *Client) sendDrafts(
	stream grpc.BidiStreamingClient[callboardv1.AppendStreamRequest, callboardv1.AppendStreamResponse],
	drafts iter.Seq[Draft],
	prefix string,
) error {
	// There is nobody to tell that the stream could not be closed but the receiver.
	defer func() { _ = stream.CloseSend() }()
	index := 0
	for draft := range drafts {
		message, err := c.own.message(draft)
		if err != nil {
			return err
		}
		request := &callboardv1.AppendStreamRequest{
			Message:   message,
			RequestId: prefix + "-" + strconv.Itoa(index),
		}
		if err := stream.Send(request); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return asError(err, prefix)
		}
		index++
	}
	return nil
}
