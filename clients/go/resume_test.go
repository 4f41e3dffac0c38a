package callboard

import (
	"maps"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

func openedFrame(task, cursor string) *callboardv1.SubscribeResponse {
	return &callboardv1.SubscribeResponse{Frame: &callboardv1.SubscribeResponse_Opened_{
		Opened: &callboardv1.SubscribeResponse_Opened{ProjectId: "p", TaskId: task, Cursor: cursor},
	}}
}

func messageFrame(task, cursor string, second int64) *callboardv1.SubscribeResponse {
	return &callboardv1.SubscribeResponse{Frame: &callboardv1.SubscribeResponse_Message{
		Message: &callboardv1.SubscribeResponse_Delivery{
			ProjectId: "p", TaskId: task, Cursor: cursor,
			Message: &callboardv1.Message{Body: cursor, Ts: &timestamppb.Timestamp{Seconds: second}},
		},
	}}
}

func gapFrame(task, reason, oldest string) *callboardv1.SubscribeResponse {
	return &callboardv1.SubscribeResponse{Frame: &callboardv1.SubscribeResponse_Gap_{
		Gap: &callboardv1.SubscribeResponse_Gap{ProjectId: "p", TaskId: task, Reason: reason, OldestCursor: oldest},
	}}
}

var caughtUpFrame = &callboardv1.SubscribeResponse{Frame: &callboardv1.SubscribeResponse_CaughtUp_{}}

func oneBus() *callboardv1.SubscribeRequest {
	return &callboardv1.SubscribeRequest{
		ProjectId: "p", Scope: callboardv1.SubscribeScope_SUBSCRIBE_SCOPE_BUS,
	}
}

func wideFrom(position callboardv1.StartPosition) *callboardv1.SubscribeRequest {
	return &callboardv1.SubscribeRequest{
		ProjectId: "p",
		Scope:     callboardv1.SubscribeScope_SUBSCRIBE_SCOPE_PROJECT,
		Start:     &callboardv1.SubscribeRequest_Position{Position: position},
	}
}

const (
	earliest = callboardv1.StartPosition_START_POSITION_EARLIEST
	latest   = callboardv1.StartPosition_START_POSITION_LATEST
)

func expectPositions(t *testing.T, request *callboardv1.SubscribeRequest, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, position := range request.GetPositions() {
		got[position.GetTaskId()] = position.GetCursor()
	}
	if !maps.Equal(got, want) {
		t.Errorf("got positions %v, want %v", got, want)
	}
}

func TestOneBusGoesOnFromItsCursor(t *testing.T) {
	asked := oneBus()
	asked.Start = &callboardv1.SubscribeRequest_SinceId{SinceId: "MSG-1"}
	asked.Limit, asked.Types = 5, []string{"FACT"}
	resumption := newResumption(asked)
	if got := resumption.request(); !proto.Equal(got, asked) {
		t.Errorf("got %v at first", got)
	}
	resumption.take(openedFrame("", "c0"))
	resumption.take(messageFrame("", "c1", 0))
	got := resumption.request()
	if got.GetCursor() != "c1" || got.GetSinceId() != "" || got.GetLimit() != 4 || len(got.GetTypes()) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestABusThatDidNotExistGoesOnFromItsBeginning(t *testing.T) {
	resumption := newResumption(oneBus())
	resumption.take(openedFrame("", ""))
	if got := resumption.request(); got.GetPosition() != earliest {
		t.Errorf("got %v", got)
	}
}

func TestAWideFollowWithoutAnyBusGoesOnFromTheBeginning(t *testing.T) {
	resumption := newResumption(wideFrom(latest))
	resumption.take(caughtUpFrame)
	if got := resumption.request(); got.GetPosition() != earliest || len(got.GetPositions()) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestAWideFollowGoesOnWithPositions(t *testing.T) {
	resumption := newResumption(wideFrom(earliest))
	for _, frame := range []*callboardv1.SubscribeResponse{
		openedFrame("a", "a0"), openedFrame("b", "b0"), messageFrame("a", "a1", 0),
	} {
		resumption.take(frame)
	}
	got := resumption.request()
	expectPositions(t, got, map[string]string{"a": "a1", "b": "b0"})
	if got.GetStart() != nil {
		t.Errorf("got %v", got)
	}
}

func TestTheEndIsFoundAnewUntilEveryBusWasOpened(t *testing.T) {
	resumption := newResumption(wideFrom(latest))
	resumption.take(openedFrame("a", "a0"))
	if got := resumption.request(); !proto.Equal(got, wideFrom(latest)) || resumption.placed() {
		t.Errorf("got %v, placed %v", got, resumption.placed())
	}
	resumption.take(openedFrame("a", "a0"))
	resumption.take(caughtUpFrame)
	if !resumption.placed() {
		t.Error("not placed")
	}
	expectPositions(t, resumption.request(), map[string]string{"a": "a0"})
}

func TestABusNotOpenedBeforeTheBreakIsStillReadFromTheTimeAskedFor(t *testing.T) {
	asked := wideFrom(latest)
	asked.Start = &callboardv1.SubscribeRequest_SinceTime{SinceTime: &timestamppb.Timestamp{Seconds: 100}}
	asked.Limit = 3
	resumption := newResumption(asked)
	resumption.take(openedFrame("a", "a0"))
	if resumption.take(messageFrame("a", "a1", 101)) == nil {
		t.Error("a1 is lost")
	}
	expectPositions(t, resumption.request(), map[string]string{"a": "a1"})

	resumption.take(openedFrame("a", "a1"))
	resumption.take(openedFrame("b", ""))
	if resumption.take(messageFrame("b", "b1", 99)) != nil {
		t.Error("b1 is too old")
	}
	if resumption.finished() {
		t.Error("the server's limit counted what was passed over")
	}
	if resumption.take(messageFrame("b", "b2", 101)) == nil {
		t.Error("b2 is lost")
	}
	// In the order of the bus: only what comes before the first later one is passed over.
	if resumption.take(messageFrame("b", "b3", 98)) == nil {
		t.Error("b3 is lost")
	}
	if !resumption.finished() {
		t.Error("not finished")
	}
}

func TestAGapMovesThePositionAndADeletedBusLosesIt(t *testing.T) {
	resumption := newResumption(wideFrom(earliest))
	for _, frame := range []*callboardv1.SubscribeResponse{
		openedFrame("a", "a0"), openedFrame("b", "b0"),
		gapFrame("a", "CURSOR_EXPIRED", "a7"), gapFrame("b", "BUS_DELETED", ""),
	} {
		resumption.take(frame)
	}
	expectPositions(t, resumption.request(), map[string]string{"a": "a7"})
}

func TestTheLastWordsOfAServerMoveThePositions(t *testing.T) {
	resumption := newResumption(wideFrom(earliest))
	resumption.take(openedFrame("a", "a0"))
	resumption.take(&callboardv1.SubscribeResponse{Frame: &callboardv1.SubscribeResponse_Closing_{
		Closing: &callboardv1.SubscribeResponse_Closing{
			Positions: []*callboardv1.BusPosition{{ProjectId: "p", TaskId: "a", Cursor: "a9"}},
		},
	}})
	expectPositions(t, resumption.request(), map[string]string{"a": "a9"})
}
