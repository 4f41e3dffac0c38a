package callboard

import (
	"context"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

const (
	// pollWait is how long a poll waits unless it is told.
	pollWait = 30 * time.Second
	// pollMargin is how long the answer of a poll may take beyond the time it waits.
	pollMargin = 10 * time.Second
)

// PollOptions say what to wait for. The zero value means anything new in the client's own
// bus.
type PollOptions struct {
	// Project and Task name the bus, as in Draft.
	Project, Task string
	// SinceID starts strictly after the message with this id.
	SinceID string
	// Cursor starts strictly after this position. At most one of SinceID and Cursor may be
	// set; without one, only what arrives while waiting is given.
	Cursor string
	// Wait is how long to wait, at most 5 minutes; 0 means 30 s, and less than 0 not at
	// all. It is not bounded by Options.Timeout.
	Wait time.Duration
	// Limit is how many messages to give at most; 0 means 100.
	Limit int
	// Types are the types of message to give; empty means all.
	Types []string
	// Run is the run whose messages to give; empty means all.
	Run string
}

// Poll waits until the bus has something after the start. It returns the messages, none
// when the time is up, and the cursor to poll on from. Where no message may be missed,
// follow, or give the cursor of an earlier answer.
func (c *Client) Poll(ctx context.Context, options PollOptions) (*callboardv1.PollForNewResponse, error) {
	if err := atMostOneStart(
		start{"SinceID", options.SinceID != ""},
		start{"Cursor", options.Cursor != ""},
	); err != nil {
		return nil, err
	}
	project, task, err := c.own.place(options.Project, options.Task)
	if err != nil {
		return nil, err
	}
	request := &callboardv1.PollForNewRequest{
		ProjectId: project,
		TaskId:    task,
		Limit:     int32(min(options.Limit, math.MaxInt32)),
		Types:     options.Types,
		RunId:     options.Run,
	}
	switch {
	case options.SinceID != "":
		request.Start = &callboardv1.PollForNewRequest_SinceId{SinceId: options.SinceID}
	case options.Cursor != "":
		request.Start = &callboardv1.PollForNewRequest_Cursor{Cursor: options.Cursor}
	}
	until := options.Wait
	if until == 0 {
		until = pollWait
	}
	until = max(until, 0)
	deadline := time.Now().Add(until)
	ctx, cancel := c.while(ctx)
	defer cancel()
	ctx, end := context.WithDeadline(ctx, deadline.Add(pollMargin))
	defer end()
	attempt := func() (*callboardv1.PollForNewResponse, error) {
		request.Timeout = durationpb.New(max(time.Until(deadline), 0))
		return c.Bus.PollForNew(ctx, request)
	}
	// A second attempt from "now" would not see what came between the two.
	return persist(ctx, request.Start != nil, "", attempt)
}
