package callboard

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// Scope is what a Follow covers.
type Scope int

const (
	// ScopeBus is one bus.
	ScopeBus Scope = iota
	// ScopeProject is the project's own bus and those of all its tasks. Buses that appear
	// later join by themselves.
	ScopeProject
	// ScopeAll is every bus of the server. Buses that appear later join by themselves.
	ScopeAll
)

// FollowOptions say what to follow, and from where. The zero value means the client's own
// bus, from its present end on.
type FollowOptions struct {
	// Project and Task name the bus, as in Draft. With ScopeProject the task does not
	// matter, with ScopeAll neither does.
	Project, Task string
	// Scope is how much to follow.
	Scope Scope
	// FromEarliest starts at the first message there is.
	FromEarliest bool
	// SinceID starts strictly after the message with this id; only for one bus.
	SinceID string
	// Cursor starts strictly after this position; only for one bus.
	Cursor string
	// SinceTime starts in each bus at the first message that is later.
	SinceTime time.Time
	// Positions, of an earlier Follow, go on in each bus that they name; every other bus
	// starts at its beginning. Only for several buses. At most one of FromEarliest,
	// SinceID, Cursor, SinceTime and Positions may be set.
	Positions []*callboardv1.BusPosition
	// Types are the types of message to give; empty means all.
	Types []string
	// Run is the run whose messages to give; empty means all.
	Run string
	// StopAtTail ends where the past has been read, instead of waiting for more.
	StopAtTail bool
	// Limit ends after so many messages; 0 means never.
	Limit int64
	// HeartbeatInterval is how long the server may have nothing to say before it says so,
	// from 100 ms on; 0 means 15 s. A connection that is silent for three of them counts as
	// broken.
	HeartbeatInterval time.Duration
	// RetryFor is how long to go on trying while the server cannot be reached; 0 means for
	// ever.
	RetryFor time.Duration
	// OnFrame, unless it is nil, is called with every frame of the server, for those who
	// want to see gaps, damage and heartbeats themselves. It is called by Follow and by
	// the loop over Messages, and must not use the Follow.
	OnFrame func(*callboardv1.SubscribeResponse)
}

// heartbeatInterval is what the server takes unless it is told.
const heartbeatInterval = 15 * time.Second

// silenceMax returns after how much silence a connection counts as broken.
func (o FollowOptions) silenceMax() time.Duration {
	interval := o.HeartbeatInterval
	if interval == 0 {
		interval = heartbeatInterval
	}
	return 3 * interval
}

// subscribeRequest returns the options as the server takes them.
func (d defaults) subscribeRequest(options FollowOptions) (*callboardv1.SubscribeRequest, error) {
	if err := atMostOneStart(
		start{"FromEarliest", options.FromEarliest},
		start{"SinceID", options.SinceID != ""},
		start{"Cursor", options.Cursor != ""},
		start{"SinceTime", !options.SinceTime.IsZero()},
		start{"Positions", len(options.Positions) > 0},
	); err != nil {
		return nil, err
	}
	request := &callboardv1.SubscribeRequest{
		Positions:  options.Positions,
		Types:      options.Types,
		RunId:      options.Run,
		StopAtTail: options.StopAtTail,
		Limit:      options.Limit,
	}
	var err error
	switch options.Scope {
	case ScopeBus:
		request.Scope = callboardv1.SubscribeScope_SUBSCRIBE_SCOPE_BUS
		request.ProjectId, request.TaskId, err = d.place(options.Project, options.Task)
	case ScopeProject:
		request.Scope = callboardv1.SubscribeScope_SUBSCRIBE_SCOPE_PROJECT
		request.ProjectId, _, err = d.place(options.Project, None)
	case ScopeAll:
		request.Scope = callboardv1.SubscribeScope_SUBSCRIBE_SCOPE_ALL
	default:
		err = misuse("%d is no Scope", options.Scope)
	}
	if err != nil {
		return nil, err
	}
	if options.HeartbeatInterval != 0 {
		request.HeartbeatInterval = durationpb.New(options.HeartbeatInterval)
	}
	switch {
	case options.FromEarliest:
		request.Start = &callboardv1.SubscribeRequest_Position{
			Position: callboardv1.StartPosition_START_POSITION_EARLIEST,
		}
	case options.SinceID != "":
		request.Start = &callboardv1.SubscribeRequest_SinceId{SinceId: options.SinceID}
	case options.Cursor != "":
		request.Start = &callboardv1.SubscribeRequest_Cursor{Cursor: options.Cursor}
	case !options.SinceTime.IsZero():
		request.Start = &callboardv1.SubscribeRequest_SinceTime{SinceTime: timestamppb.New(options.SinceTime)}
	}
	return request, nil
}
