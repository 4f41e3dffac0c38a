package callboard

import (
	"context"
	"iter"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// pageMessages is how many messages are asked for at a time. The server's answers are
// bounded in bytes as well.
const pageMessages = 1000

// ReadOptions say which messages to read, of which bus. The zero value means all of the
// client's own bus.
type ReadOptions struct {
	// Project and Task name the bus, as in Draft.
	Project, Task string
	// SinceID starts strictly after the message with this id.
	SinceID string
	// Cursor starts strictly after this position, of an earlier answer.
	Cursor string
	// SinceTime starts at the first message, in the order of the bus, that is later.
	SinceTime time.Time
	// Tail starts so many messages before the end. At most one of SinceID, Cursor,
	// SinceTime and Tail may be set; without one, reading starts at the beginning.
	Tail int
	// Limit is how many messages to give at most; 0 means all up to the present end.
	Limit int
	// Types are the types of message to give; empty means all.
	Types []string
	// Run is the run whose messages to give; empty means all.
	Run string
}

// Read gives the messages of one bus, oldest first, up to its present end. It fetches them
// page by page, and ends with an error when one could not be fetched. A bus that does not
// exist is empty.
func (c *Client) Read(ctx context.Context, options ReadOptions) iter.Seq2[*callboardv1.Message, error] {
	return func(yield func(*callboardv1.Message, error) bool) {
		request, err := c.readRequest(options)
		if err != nil {
			yield(nil, err)
			return
		}
		wanted := options.Limit
		if options.Tail > 0 && (wanted == 0 || options.Tail < wanted) {
			wanted = options.Tail
		}
		for given := 0; wanted <= 0 || given < wanted; {
			request.Limit = pageMessages
			if wanted != 0 {
				request.Limit = int32(min(wanted-given, pageMessages))
			}
			page, err := Call(ctx, c, c.Bus.ReadMessages, request)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, message := range page.GetMessages() {
				if !yield(message, nil) {
					return
				}
			}
			if page.GetEndOfBus() {
				return
			}
			given += len(page.GetMessages())
			request.Start = &callboardv1.ReadMessagesRequest_Cursor{Cursor: page.GetCursor()}
		}
	}
}

func (c *Client) readRequest(options ReadOptions) (*callboardv1.ReadMessagesRequest, error) {
	if err := atMostOneStart(
		start{"SinceID", options.SinceID != ""},
		start{"Cursor", options.Cursor != ""},
		start{"SinceTime", !options.SinceTime.IsZero()},
		start{"Tail", options.Tail != 0},
	); err != nil {
		return nil, err
	}
	project, task, err := c.own.place(options.Project, options.Task)
	if err != nil {
		return nil, err
	}
	request := &callboardv1.ReadMessagesRequest{
		ProjectId: project,
		TaskId:    task,
		Types:     options.Types,
		RunId:     options.Run,
	}
	switch {
	case options.SinceID != "":
		request.Start = &callboardv1.ReadMessagesRequest_SinceId{SinceId: options.SinceID}
	case options.Cursor != "":
		request.Start = &callboardv1.ReadMessagesRequest_Cursor{Cursor: options.Cursor}
	case !options.SinceTime.IsZero():
		request.Start = &callboardv1.ReadMessagesRequest_SinceTime{SinceTime: timestamppb.New(options.SinceTime)}
	case options.Tail != 0:
		request.Start = &callboardv1.ReadMessagesRequest_Tail{Tail: int32(min(options.Tail, math.MaxInt32))}
	}
	return request, nil
}

// GetOptions say in which bus a message is.
type GetOptions struct {
	// Project and Task name the bus, as in Draft.
	Project, Task string
}

// Get returns one message by its id. It fails with ReasonMessageNotFound when the bus has
// no such message.
func (c *Client) Get(ctx context.Context, msgID string, options GetOptions) (*callboardv1.Message, error) {
	project, task, err := c.own.place(options.Project, options.Task)
	if err != nil {
		return nil, err
	}
	request := &callboardv1.GetMessageRequest{ProjectId: project, TaskId: task, MsgId: msgID}
	answer, err := Call(ctx, c, c.Bus.GetMessage, request)
	return answer.GetMessage(), err
}

// start is one way to say where reading starts, and whether it is used.
type start struct {
	name  string
	given bool
}

func atMostOneStart(starts ...start) error {
	var given []string
	for _, one := range starts {
		if one.given {
			given = append(given, one.name)
		}
	}
	if len(given) > 1 {
		return misuse("%s exclude each other: give one start", strings.Join(given, " and "))
	}
	return nil
}
