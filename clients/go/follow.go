package callboard

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"sync"

	"google.golang.org/grpc/status"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// firstFrameWait is the least that the first frame of a stream is waited for: it may need
// a new connection.
const firstFrameWait = 2 * connectTimeout

// Follow is a subscription: the messages of one bus or of several, as they come. It gives
// each message once, in order within a bus, and goes on where it was when the connection
// breaks or the server restarts. It never runs ahead of what was asked for: its positions
// are those of the message given last.
//
// One goroutine ranges over Messages; every other method may be called from any.
type Follow struct {
	client  *Client
	options FollowOptions
	// The caller's, to tell its end from that of ours.
	asked  context.Context
	ctx    context.Context
	cancel context.CancelFunc

	retry  retry
	stream *receiver[callboardv1.SubscribeResponse]
	// A frame that was received and not looked at.
	ahead *callboardv1.SubscribeResponse
	// How it ended: io.EOF, or an error.
	ended error

	mutex      sync.Mutex
	resumption *resumption
	last       *callboardv1.SubscribeResponse_Delivery
}

// Follow subscribes, and returns once the server has said where reading starts: nothing that
// is appended after that is missed. The context is that of the whole subscription. Close it
// when it is no longer needed.
//
// While the server cannot be reached it tries again, for ever unless FollowOptions.RetryFor
// says otherwise, and tells the client's Logger. When the server refuses it fails: with
// FamilyCursor when the one bus followed cannot honour its start.
func (c *Client) Follow(ctx context.Context, options FollowOptions) (*Follow, error) {
	request, err := c.own.subscribeRequest(options)
	if err != nil {
		return nil, err
	}
	f := &Follow{
		client:     c,
		options:    options,
		asked:      ctx,
		retry:      retry{patience: options.RetryFor, logger: c.logger, what: "subscription"},
		resumption: newResumption(request),
	}
	f.ctx, f.cancel = c.while(ctx)
	for !f.resumption.placed() {
		frame, err := f.receive()
		if errors.Is(err, io.EOF) && f.ctx.Err() != nil {
			err = asError(status.FromContextError(f.ctx.Err()).Err(), "")
		}
		if errors.Is(err, io.EOF) {
			f.ended = err
			break
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		if frame.GetMessage() != nil {
			// The positions must not run ahead of what the caller was given.
			f.ahead = frame
			break
		}
		f.take(frame)
	}
	return f, nil
}

// Messages gives the messages that come, and waits for them. Breaking off the loop leaves
// the subscription as it is: a later loop goes on behind the last message. The loop ends
// with Close, with what FollowOptions asked for, or with an error.
func (f *Follow) Messages() iter.Seq2[*callboardv1.Message, error] {
	return func(yield func(*callboardv1.Message, error) bool) {
		for {
			delivery, err := f.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(delivery.GetMessage(), nil) {
				return
			}
		}
	}
}

// Last returns the message that was given last, with the bus that it stands in and its
// cursor; nil before the first.
func (f *Follow) Last() *callboardv1.SubscribeResponse_Delivery {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.last
}

// Positions returns how far the messages given so far have come in each bus, for the
// FollowOptions.Positions of another Follow.
func (f *Follow) Positions() []*callboardv1.BusPosition {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.resumption.positions()
}

// Cursor returns how far it has come in the one bus followed, for the FollowOptions.Cursor
// of another Follow. It is empty when that bus does not exist yet, and when several are
// followed.
func (f *Follow) Cursor() string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.resumption.cursor()
}

// Close ends the subscription: the loop over Messages ends without an error.
func (f *Follow) Close() {
	f.cancel()
}

// next returns the next message, or how the subscription ended.
func (f *Follow) next() (*callboardv1.SubscribeResponse_Delivery, error) {
	for f.ended == nil {
		frame := f.ahead
		f.ahead = nil
		if frame == nil {
			frame, f.ended = f.receive()
		}
		if frame == nil {
			break
		}
		if delivery := f.take(frame); delivery != nil {
			return delivery, nil
		}
	}
	f.Close()
	return nil, f.ended
}

// take takes note of a frame, and returns its message for the caller.
func (f *Follow) take(frame *callboardv1.SubscribeResponse) *callboardv1.SubscribeResponse_Delivery {
	f.tell(frame)
	if f.options.OnFrame != nil {
		f.options.OnFrame(frame)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	delivery := f.resumption.take(frame)
	if delivery != nil {
		f.last = delivery
	}
	return delivery
}

// tell tells the log what was lost.
func (f *Follow) tell(frame *callboardv1.SubscribeResponse) {
	if gap := frame.GetGap(); gap != nil {
		f.client.logger.LogAttrs(f.ctx, slog.LevelWarn, "callboard: messages of a bus are gone",
			slog.String("project", gap.GetProjectId()), slog.String("task", gap.GetTaskId()),
			slog.String("reason", gap.GetReason()))
	}
	if damaged := frame.GetDamaged(); damaged != nil {
		f.client.logger.LogAttrs(f.ctx, slog.LevelWarn, "callboard: a bus is damaged",
			slog.String("project", damaged.GetProjectId()), slog.String("task", damaged.GetTaskId()),
			slog.Int64("offset", damaged.GetOffset()), slog.Int64("length", damaged.GetLength()),
			slog.String("detail", damaged.GetDetail()))
	}
}

// receive returns the next frame, over a new stream as often as needed, or io.EOF at the
// end of what was asked for.
func (f *Follow) receive() (*callboardv1.SubscribeResponse, error) {
	for {
		if f.resumption.complete() {
			// How the stream ends after the last message does not matter.
			return nil, io.EOF
		}
		frame, err := f.attempt()
		if err == nil {
			f.retry.progress()
			return frame, nil
		}
		if f.stream != nil {
			f.stream.close()
			f.stream = nil
		}
		if errors.Is(err, io.EOF) {
			if f.resumption.finished() {
				return nil, io.EOF
			}
			err = unavailable("the stream ended", err)
		}
		if err := f.retry.after(f.ctx, err); err != nil && f.ctx.Err() == nil {
			return nil, err
		}
		if f.asked.Err() != nil {
			return nil, asError(status.FromContextError(f.asked.Err()).Err(), "")
		}
		if f.ctx.Err() != nil {
			return nil, io.EOF
		}
	}
}

// attempt returns the next frame of the stream, which it opens when there is none.
func (f *Follow) attempt() (*callboardv1.SubscribeResponse, error) {
	silenceMax := f.options.silenceMax()
	if f.stream == nil {
		stream, err := receive(f.ctx, f.client.Bus.Subscribe, f.resumption.request())
		if err != nil {
			return nil, err
		}
		f.stream = stream
		silenceMax = max(silenceMax, firstFrameWait)
	}
	return f.stream.next(silenceMax)
}
