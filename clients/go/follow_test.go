package callboard_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	callboard "github.com/callboard-dev/callboard/clients/go"
	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// take returns the bodies of the next messages.
func take(t *testing.T, follow *callboard.Follow, count int) []string {
	t.Helper()
	var got []string
	if count == 0 {
		return got
	}
	for message, err := range follow.Messages() {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, message.GetBody()); len(got) == count {
			break
		}
	}
	return got
}

// subscribe follows until the end of the test.
func subscribe(t *testing.T, client *callboard.Client, options callboard.FollowOptions) *callboard.Follow {
	t.Helper()
	follow := must(client.Follow(limited(t), options))(t)
	t.Cleanup(follow.Close)
	return follow
}

func TestFollowReplaysFromTheEarliestAndGoesOn(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	for _, body := range numbers(3) {
		must(client.Append(ctx, info(body)))(t)
	}
	follow := subscribe(t, client, callboard.FollowOptions{FromEarliest: true})
	expect(t, take(t, follow, 3), numbers(3))
	sent := must(client.Append(ctx, info("3")))(t)
	expect(t, take(t, follow, 1), []string{"3"})
	if follow.Cursor() != sent.GetCursor() || follow.Last().GetCursor() != sent.GetCursor() {
		t.Errorf("it is at %s, the message ends at %s", follow.Cursor(), sent.GetCursor())
	}
}

func TestFollowFromTheEndGetsWhatComesAfterItReturned(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	must(client.Append(ctx, info("old")))(t)
	follow := subscribe(t, client, callboard.FollowOptions{})
	must(client.Append(ctx, info("new")))(t)
	expect(t, take(t, follow, 1), []string{"new"})
}

func TestFollowNeverRunsAheadOfWhatItGave(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	var cursors []string
	for _, body := range numbers(4) {
		cursors = append(cursors, must(client.Append(ctx, info(body)))(t).GetCursor())
	}
	follow := subscribe(t, client, callboard.FollowOptions{FromEarliest: true})
	for i := range cursors {
		if slices.Contains(cursors[i:], follow.Cursor()) {
			t.Errorf("before message %d it is at %s", i, follow.Cursor())
		}
		take(t, follow, 1)
	}
	rest := subscribe(t, client, callboard.FollowOptions{Cursor: cursors[1], StopAtTail: true})
	expect(t, bodies(t, rest.Messages()), []string{"2", "3"})
}

func TestFollowEndsAtTheTailOrTheLimitAndStaysEnded(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	for i := range 10 {
		draft := info(strconv.Itoa(i))
		if i%2 == 1 {
			draft.Type = "FACT"
		}
		must(client.Append(ctx, draft))(t)
	}
	facts := callboard.FollowOptions{FromEarliest: true, Types: []string{"FACT"}, StopAtTail: true}
	expect(t, bodies(t, subscribe(t, client, facts).Messages()), []string{"1", "3", "5", "7", "9"})
	limited := subscribe(t, client, callboard.FollowOptions{FromEarliest: true, Limit: 4})
	expect(t, bodies(t, limited.Messages()), numbers(4))
	expect(t, bodies(t, limited.Messages()), nil)
	empty := subscribe(t, client, callboard.FollowOptions{Task: "nobody", FromEarliest: true, StopAtTail: true})
	expect(t, bodies(t, empty.Messages()), nil)
}

func TestAProjectIsFollowedWithTasksThatAppearAndGoneOnFromPositions(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	follow := subscribe(t, client, callboard.FollowOptions{Scope: callboard.ScopeProject})
	for _, task := range []string{"", "a", "b"} {
		must(client.Append(ctx, callboard.Draft{Type: "INFO", Body: "to " + task, Task: task}))(t)
	}
	got := take(t, follow, 3)
	slices.Sort(got)
	expect(t, got, []string{"to ", "to a", "to b"})
	positions := follow.Positions()
	if len(positions) != 3 || follow.Cursor() != "" {
		t.Errorf("got %v, %q", positions, follow.Cursor())
	}
	must(client.Append(ctx, callboard.Draft{Type: "INFO", Body: "to c", Task: "c"}))(t)
	rest := subscribe(t, client, callboard.FollowOptions{Scope: callboard.ScopeProject, Positions: positions})
	expect(t, take(t, rest, 1), []string{"to c"})
}

func TestFollowGoesOnAfterBreaksWithoutLossOrRepetition(t *testing.T) {
	for name, options := range map[string]callboard.FollowOptions{
		"one bus": {FromEarliest: true},
		"wide":    {Scope: callboard.ScopeProject},
	} {
		t.Run(name, func(t *testing.T) {
			client, ctx := newClient(t), limited(t)
			network := newNetwork(t, serverAddress(t))
			broken := connect(t, callboard.Options{Addr: network.address, Project: client.Project()})
			follow := subscribe(t, broken, options)
			for round := range 4 {
				must(client.Append(ctx, info(strconv.Itoa(3*round))))(t)
				network.cut()
				must(client.Append(ctx, info(strconv.Itoa(3*round+1))))(t)
				network.mend(t)
				must(client.Append(ctx, info(strconv.Itoa(3*round+2))))(t)
				expect(t, take(t, follow, 3), numbers(12)[3*round:3*round+3])
			}
		})
	}
}

func TestFollowIsClosedByAnotherGoroutineAndByItsClient(t *testing.T) {
	client := connect(t, callboard.Options{Addr: serverAddress(t), Project: newID("go")})
	ended := func(follow *callboard.Follow) <-chan error {
		end := make(chan error, 1)
		go func() {
			var last error
			for _, err := range follow.Messages() {
				last = err
			}
			end <- last
		}()
		return end
	}
	one := must(client.Follow(limited(t), callboard.FollowOptions{}))(t)
	first := ended(one)
	one.Close()
	if err := <-first; err != nil {
		t.Errorf("closing it: %v", err)
	}
	second := ended(must(client.Follow(limited(t), callboard.FollowOptions{}))(t))
	_ = client.Close()
	if err := <-second; err != nil {
		t.Errorf("closing the client: %v", err)
	}
}

func TestFollowFailsWhenItsContextEnds(t *testing.T) {
	client := newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	follow := must(client.Follow(ctx, callboard.FollowOptions{}))(t)
	cancel()
	var last error
	for _, err := range follow.Messages() {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("got %v", last)
	}
}

func TestACursorThatCannotBeHonouredIsRefused(t *testing.T) {
	client := newClient(t)
	_, err := client.Follow(limited(t), callboard.FollowOptions{Cursor: "not a cursor"})
	if !errors.Is(err, callboard.ReasonCursorUnknown) || !errors.Is(err, callboard.FamilyCursor) {
		t.Errorf("got %v", err)
	}
}

func TestEveryFrameIsSeenByWhoWantsTo(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	must(client.Append(ctx, info("x")))(t)
	heartbeat := make(chan struct{}, 1)
	follow := subscribe(t, client, callboard.FollowOptions{
		FromEarliest:      true,
		HeartbeatInterval: 100 * time.Millisecond,
		OnFrame: func(frame *callboardv1.SubscribeResponse) {
			if frame.GetHeartbeat() != nil {
				select {
				case heartbeat <- struct{}{}:
				default:
				}
			}
		},
	})
	expect(t, take(t, follow, 1), []string{"x"})
	appended := make(chan error, 1)
	go func() {
		<-heartbeat
		_, err := client.Append(ctx, info("after a heartbeat"))
		appended <- err
	}()
	expect(t, take(t, follow, 1), []string{"after a heartbeat"})
	if err := <-appended; err != nil {
		t.Error(err)
	}
}
