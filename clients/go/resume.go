package callboard

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// busKey names a bus: the project, and the task or nothing.
type busKey struct{ project, task string }

// resumption takes note of the frames of a subscription, and makes the request that goes
// on from there after a break, so that nothing is missed and nothing comes twice. It knows
// frames and requests only, nothing of the network.
type resumption struct {
	asked *callboardv1.SubscribeRequest
	// Whether more than one bus is followed.
	wide    bool
	cursors map[busKey]string

	opened    bool
	caughtUp  bool
	delivered int64

	// Buses that the first stream had not opened yet when it broke, and whose messages up
	// to the `since_time` asked for are passed over here.
	resumed     bool
	passingOver map[busKey]bool
	passedOver  int
}

func newResumption(asked *callboardv1.SubscribeRequest) *resumption {
	scope := asked.GetScope()
	r := &resumption{
		asked: asked,
		wide: scope == callboardv1.SubscribeScope_SUBSCRIBE_SCOPE_PROJECT ||
			scope == callboardv1.SubscribeScope_SUBSCRIBE_SCOPE_ALL,
		cursors:     map[busKey]string{},
		passingOver: map[busKey]bool{},
	}
	for _, position := range asked.GetPositions() {
		r.cursors[busKey{position.GetProjectId(), position.GetTaskId()}] = position.GetCursor()
	}
	return r
}

// placed tells whether the server has said where reading starts, so that nothing later can
// be missed.
func (r *resumption) placed() bool {
	return r.caughtUp || r.opened && !r.wide
}

// positions returns how far reading has come in each bus that has a position, in their
// order.
func (r *resumption) positions() []*callboardv1.BusPosition {
	var positions []*callboardv1.BusPosition
	for bus, cursor := range r.cursors {
		if cursor != "" {
			positions = append(positions, &callboardv1.BusPosition{
				ProjectId: bus.project, TaskId: bus.task, Cursor: cursor,
			})
		}
	}
	slices.SortFunc(positions, func(a, b *callboardv1.BusPosition) int {
		return cmp.Or(cmp.Compare(a.GetProjectId(), b.GetProjectId()), cmp.Compare(a.GetTaskId(), b.GetTaskId()))
	})
	return positions
}

// cursor returns how far reading has come in the one bus followed; empty when there is no
// such bus yet, or several are followed.
func (r *resumption) cursor() string {
	if r.wide {
		return ""
	}
	for _, cursor := range r.cursors {
		return cursor
	}
	return ""
}

// complete tells whether as many messages were delivered as were asked for; never without
// a limit.
func (r *resumption) complete() bool {
	return r.asked.GetLimit() > 0 && r.delivered >= r.asked.GetLimit()
}

// finished tells whether the end of a stream without an error is the end of what was asked
// for.
func (r *resumption) finished() bool {
	if r.complete() {
		return true
	}
	if r.asked.GetLimit() > 0 && r.passedOver > 0 {
		// The server's count includes what was passed over here.
		return false
	}
	return r.asked.GetStopAtTail()
}

// request returns the request for the first stream, or for the next one after a break. It
// is not to be asked once complete: a limit of 0 would mean no limit.
func (r *resumption) request() *callboardv1.SubscribeRequest {
	request := proto.CloneOf(r.asked)
	if request.GetLimit() > 0 {
		request.Limit -= r.delivered
	}
	r.passedOver = 0
	if !r.canGoOn() {
		return request
	}
	r.resumed = true
	request.Start = nil
	request.Positions = nil
	if r.wide {
		request.Positions = r.positions()
	} else if cursor := r.cursor(); cursor != "" {
		request.Start = &callboardv1.SubscribeRequest_Cursor{Cursor: cursor}
	}
	if request.Start == nil && request.Positions == nil {
		// There was no bus yet: all that there is now is new.
		request.Start = &callboardv1.SubscribeRequest_Position{
			Position: callboardv1.StartPosition_START_POSITION_EARLIEST,
		}
	}
	return request
}

// take takes note of a frame and returns its message, if it has one for the caller.
func (r *resumption) take(frame *callboardv1.SubscribeResponse) *callboardv1.SubscribeResponse_Delivery {
	switch frame := frame.GetFrame().(type) {
	case *callboardv1.SubscribeResponse_Opened_:
		r.takeOpened(frame.Opened)
	case *callboardv1.SubscribeResponse_Message:
		return r.takeDelivery(frame.Message)
	case *callboardv1.SubscribeResponse_CaughtUp_:
		r.caughtUp = true
	case *callboardv1.SubscribeResponse_Gap_:
		cursor := frame.Gap.GetOldestCursor()
		if frame.Gap.GetReason() == reasonBusDeleted {
			// A deleted bus that comes back is read from its beginning.
			cursor = ""
		}
		r.cursors[busKey{frame.Gap.GetProjectId(), frame.Gap.GetTaskId()}] = cursor
	case *callboardv1.SubscribeResponse_Closing_:
		for _, position := range frame.Closing.GetPositions() {
			r.cursors[busKey{position.GetProjectId(), position.GetTaskId()}] = position.GetCursor()
		}
	}
	return nil
}

// reasonBusDeleted is the reason of a gap that is no error's.
const reasonBusDeleted = "BUS_DELETED"

// canGoOn tells whether the positions say more than the start that was asked for.
func (r *resumption) canGoOn() bool {
	if !r.wide {
		return r.opened
	}
	if r.startsAtEnd() && !r.caughtUp {
		// A bus that has no position starts at its beginning, and some may not have been
		// opened yet: the end is still to be found.
		return r.delivered > 0
	}
	return r.opened || r.caughtUp
}

func (r *resumption) startsAtEnd() bool {
	if len(r.asked.GetPositions()) > 0 {
		return false
	}
	switch start := r.asked.GetStart().(type) {
	case nil:
		return true
	case *callboardv1.SubscribeRequest_Position:
		return start.Position != callboardv1.StartPosition_START_POSITION_EARLIEST
	default:
		return false
	}
}

func (r *resumption) takeOpened(opened *callboardv1.SubscribeResponse_Opened) {
	bus := busKey{opened.GetProjectId(), opened.GetTaskId()}
	_, known := r.cursors[bus]
	if r.wide && r.asked.GetSinceTime() != nil && r.resumed && !r.caughtUp && !known {
		r.passingOver[bus] = true
	}
	r.opened = true
	r.cursors[bus] = opened.GetCursor()
}

func (r *resumption) takeDelivery(
	delivery *callboardv1.SubscribeResponse_Delivery,
) *callboardv1.SubscribeResponse_Delivery {
	bus := busKey{delivery.GetProjectId(), delivery.GetTaskId()}
	r.opened = true
	r.cursors[bus] = delivery.GetCursor()
	if r.passingOver[bus] {
		// Without a time it is as old as can be.
		ts := delivery.GetMessage().GetTs()
		if ts == nil || !ts.AsTime().After(r.asked.GetSinceTime().AsTime()) {
			r.passedOver++
			return nil
		}
		delete(r.passingOver, bus)
	}
	r.delivered++
	return delivery
}
