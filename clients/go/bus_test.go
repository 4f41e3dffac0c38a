package callboard_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	callboard "github.com/callboard-dev/callboard/clients/go"
	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// bodies returns the bodies of all messages that come.
func bodies(t *testing.T, messages iter.Seq2[*callboardv1.Message, error]) []string {
	t.Helper()
	var all []string
	for message, err := range messages {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, message.GetBody())
	}
	return all
}

// numbers returns "0", "1", … up to count.
func numbers(count int) []string {
	all := make([]string, count)
	for i := range all {
		all[i] = strconv.Itoa(i)
	}
	return all
}

func expect(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func info(body string) callboard.Draft { return callboard.Draft{Type: "INFO", Body: body} }

func TestAnAppendedMessageIsReadBackWithEverythingItWasGiven(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	first := must(client.Append(ctx, info("one")))(t)
	sent := must(client.Append(ctx, callboard.Draft{
		Type:    "REVIEW",
		Body:    "two",
		Run:     "run-7",
		Meta:    map[string]string{"schlüssel": "wert: \"x\" # y"},
		Parents: callboard.ParentIDs(first.GetMsgId(), "MSG-else"),
		Links:   append(callboard.LinkURLs("https://example.org/a"), &callboardv1.Link{Url: "x.rs", Kind: "file"}),
		IssueID: "ISSUE-1",
	}))(t)
	got := must(client.Get(ctx, sent.GetMsgId(), callboard.GetOptions{}))(t)
	if got.GetType() != "REVIEW" || got.GetBody() != "two" || got.GetRunId() != "run-7" ||
		got.GetProjectId() != client.Project() || got.GetTaskId() != "work" || got.GetIssueId() != "ISSUE-1" ||
		got.GetMeta()["schlüssel"] != "wert: \"x\" # y" || got.GetParents()[0].GetMsgId() != first.GetMsgId() ||
		got.GetParents()[1].GetMsgId() != "MSG-else" || got.GetLinks()[1].GetKind() != "file" ||
		got.GetIntegrity() != callboardv1.Integrity_INTEGRITY_VERIFIED {
		t.Errorf("got %v", got)
	}
}

func TestReadingStartsWhereItIsTold(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	var sent []*callboardv1.AppendMessageResponse
	for _, body := range numbers(5) {
		sent = append(sent, must(client.Append(ctx, info(body)))(t))
	}
	hour := time.Hour
	for name, test := range map[string]struct {
		options callboard.ReadOptions
		want    []string
	}{
		"everything":   {callboard.ReadOptions{}, numbers(5)},
		"after an id":  {callboard.ReadOptions{SinceID: sent[1].GetMsgId()}, []string{"2", "3", "4"}},
		"cursor":       {callboard.ReadOptions{Cursor: sent[3].GetCursor()}, []string{"4"}},
		"tail":         {callboard.ReadOptions{Tail: 2}, []string{"3", "4"}},
		"limit":        {callboard.ReadOptions{Limit: 2}, []string{"0", "1"}},
		"an hour ago":  {callboard.ReadOptions{SinceTime: time.Now().Add(-hour)}, numbers(5)},
		"in an hour":   {callboard.ReadOptions{SinceTime: time.Now().Add(hour)}, nil},
		"no such type": {callboard.ReadOptions{Types: []string{"FACT"}}, nil},
		"no such run":  {callboard.ReadOptions{Run: "nobody"}, nil},
		"another bus":  {callboard.ReadOptions{Task: "nobody"}, nil},
	} {
		t.Run(name, func(t *testing.T) { expect(t, bodies(t, client.Read(ctx, test.options)), test.want) })
	}
	for _, err := range client.Read(ctx, callboard.ReadOptions{Tail: 1, Cursor: "x"}) {
		if _, ok := errors.AsType[*callboard.MisuseError](err); !ok || !strings.Contains(err.Error(), "exclude each other") {
			t.Errorf("got %v", err)
		}
	}
}

func TestReadingGoesOnOverPages(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	for start := 0; start < 2500; start += 500 {
		drafts := make([]callboard.Draft, 500)
		for i := range drafts {
			drafts[i] = info(strconv.Itoa(start + i))
		}
		must(client.AppendMany(ctx, drafts, callboard.AppendOptions{}))(t)
	}
	expect(t, bodies(t, client.Read(ctx, callboard.ReadOptions{})), numbers(2500))
	expect(t, bodies(t, client.Read(ctx, callboard.ReadOptions{Limit: 1700})), numbers(1700))
}

func TestARequestIDAppendsOnce(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	options := callboard.AppendOptions{RequestID: newID("deploy")}
	first := must(client.AppendWith(ctx, info("once"), options))(t)
	again := must(client.AppendWith(ctx, info("once"), options))(t)
	if first.GetDuplicate() || !again.GetDuplicate() || first.GetMsgId() != again.GetMsgId() {
		t.Errorf("got %v, then %v", first, again)
	}
	_, err := client.AppendWith(ctx, info("other"), options)
	failure, ok := errors.AsType[*callboard.Error](err)
	if !ok || failure.Reason != callboard.ReasonRequestIDReused || failure.RequestID != options.RequestID {
		t.Errorf("got %v", err)
	}
}

func TestAppendComparesBeforeItAppends(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	first := must(client.Append(ctx, info("1")))(t)
	options := callboard.AppendOptions{ExpectedLastMsgID: first.GetMsgId()}
	must(client.AppendWith(ctx, info("2"), options))(t)
	if _, err := client.AppendWith(ctx, info("3"), options); !errors.Is(err, callboard.ReasonBusMoved) {
		t.Errorf("got %v", err)
	}
}

func TestAStreamAnswersEachMessageInOrderAndOnlyOnce(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	drafts := make([]callboard.Draft, 300)
	for i := range drafts {
		drafts[i] = callboard.Draft{Type: "INFO", Body: strconv.Itoa(i), Task: fmt.Sprintf("task-%d", i%3)}
	}
	options := callboard.AppendStreamOptions{RequestID: newID("stream")}
	send := func(duplicates bool) []string {
		var ids []string
		for answer, err := range client.AppendStream(ctx, slices.Values(drafts), options) {
			if err != nil || answer.GetDuplicate() != duplicates {
				t.Fatalf("got %v, %v", answer, err)
			}
			ids = append(ids, answer.GetMsgId())
		}
		return ids
	}
	first := send(false)
	expect(t, send(true), first)
	for i, id := range first {
		message := must(client.Get(ctx, id, callboard.GetOptions{Task: drafts[i].Task}))(t)
		if message.GetBody() != drafts[i].Body {
			t.Fatalf("answer %d is that of message %s", i, message.GetBody())
		}
		if i == 20 {
			break
		}
	}
}

func TestAStreamEndsAtTheFirstRefusedMessage(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	drafts := []callboard.Draft{info("a"), info("b"), {Body: "without a type"}}
	answered := 0
	var last error
	for _, err := range client.AppendStream(ctx, slices.Values(drafts), callboard.AppendStreamOptions{}) {
		if last = err; err == nil {
			answered++
		}
	}
	failure, ok := errors.AsType[*callboard.Error](last)
	if !ok || failure.Reason != callboard.ReasonRequiredField || failure.Metadata["index"] != "2" || failure.RequestID == "" {
		t.Errorf("got %v", last)
	}
	if answered != 2 {
		t.Errorf("%d messages were answered", answered)
	}
}

func TestAStreamTellsOfADraftThatCannotBeSentAfterTheAnswers(t *testing.T) {
	client, ctx := connect(t, callboard.Options{Addr: serverAddress(t)}), limited(t)
	drafts := []callboard.Draft{{Type: "INFO", Project: newID("go")}, {Type: "INFO"}}
	answered := 0
	var last error
	for _, err := range client.AppendStream(ctx, slices.Values(drafts), callboard.AppendStreamOptions{}) {
		if last = err; err == nil {
			answered++
		}
	}
	if _, ok := errors.AsType[*callboard.MisuseError](last); !ok || answered != 1 {
		t.Errorf("%d were answered, then %v", answered, last)
	}
}

func TestAStreamMayBeLeftBeforeItsEnd(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	endless := func(yield func(callboard.Draft) bool) {
		for yield(info("x")) {
		}
	}
	answered := 0
	for _, err := range client.AppendStream(ctx, endless, callboard.AppendStreamOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if answered++; answered == 10 {
			break
		}
	}
	if got := len(bodies(t, client.Read(ctx, callboard.ReadOptions{}))); got < 10 {
		t.Errorf("%d messages are there", got)
	}
}

func TestPollReturnsWhatIsNewAsSoonAsItIsThere(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	first := must(client.Append(ctx, info("old")))(t)
	options := callboard.PollOptions{Cursor: first.GetCursor(), Wait: -1}
	if answer := must(client.Poll(ctx, options))(t); len(answer.GetMessages()) != 0 {
		t.Errorf("got %v", answer)
	}
	options.Wait = testTimeout
	polled := make(chan *callboardv1.PollForNewResponse, 1)
	go func() {
		answer, err := client.Poll(ctx, options)
		if err != nil {
			t.Error(err)
		}
		polled <- answer
	}()
	must(client.Append(ctx, info("new")))(t)
	if answer := <-polled; len(answer.GetMessages()) != 1 || answer.GetMessages()[0].GetBody() != "new" {
		t.Errorf("got %v", answer)
	}
}

func TestManyGoroutinesShareAClient(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	var working sync.WaitGroup
	for worker := range 8 {
		working.Go(func() {
			for i := range 10 {
				if _, err := client.Append(ctx, info(fmt.Sprintf("%d-%d", worker, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	got := bodies(t, client.Read(ctx, callboard.ReadOptions{}))
	slices.Sort(got)
	if got = slices.Compact(got); len(got) != 80 {
		t.Errorf("%d different messages are there", len(got))
	}
}

func TestTheUnixSocketServes(t *testing.T) {
	path := os.Getenv("CALLBOARD_TEST_UDS")
	if path == "" && os.Getenv("CI") != "true" {
		t.Skip("CALLBOARD_TEST_UDS names no socket of the running server")
	}
	// What a proxy from the environment would make of it.
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	client, ctx := connect(t, callboard.Options{Addr: "unix:" + path, Project: newID("go")}), limited(t)
	must(client.Append(ctx, info("over the socket")))(t)
	expect(t, bodies(t, client.Read(ctx, callboard.ReadOptions{})), []string{"over the socket"})
}

func TestAnAppendSurvivesABreakAndIsThereOnce(t *testing.T) {
	network, ctx := newNetwork(t, serverAddress(t)), limited(t)
	client := connect(t, callboard.Options{Addr: network.address, Project: newID("go")})
	must(client.Append(ctx, info("0")))(t)
	network.cut()
	appended := make(chan error, 1)
	go func() {
		_, err := client.Append(ctx, info("1"))
		appended <- err
	}()
	network.mend(t)
	if err := <-appended; err != nil {
		t.Fatal(err)
	}
	expect(t, bodies(t, client.Read(ctx, callboard.ReadOptions{})), numbers(2))
}

func TestAMissingServerIsUnavailableAndTheRequestIDIsTold(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	nobody := listener.Addr().String()
	_ = listener.Close()
	client := connect(t, callboard.Options{Addr: nobody, Project: "p", Timeout: 500 * time.Millisecond})
	_, err := client.Append(t.Context(), info("x"))
	failure, ok := errors.AsType[*callboard.Error](err)
	if !ok || failure.Family() != callboard.FamilyUnavailable || failure.Reason != "" || failure.RequestID == "" {
		t.Errorf("got %v", err)
	}
	_, err = client.Follow(t.Context(), callboard.FollowOptions{RetryFor: 300 * time.Millisecond})
	if !errors.Is(err, callboard.FamilyUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestACallEndsWithItsContextAndWithItsClient(t *testing.T) {
	client := newClient(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Append(cancelled, info("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	short, end := context.WithTimeout(t.Context(), time.Nanosecond)
	defer end()
	if _, err := client.Append(short, info("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	_ = client.Close()
	if _, err := client.Append(t.Context(), info("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoTextIsRefusedAsAMisuse(t *testing.T) {
	client, ctx := newClient(t), limited(t)
	_, err := client.Append(ctx, info("no \xff UTF-8"))
	if _, ok := errors.AsType[*callboard.MisuseError](err); !ok || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("got %v", err)
	}
}

func TestACallIsRepeatedThroughABreakOnlyWhereThatIsSafe(t *testing.T) {
	network, ctx := newNetwork(t, serverAddress(t)), limited(t)
	client := connect(t, callboard.Options{Addr: network.address, Project: newID("go")})
	request := &callboardv1.CreateTaskRequest{ProjectId: client.Project(), TaskId: "t", RequestId: newID("once")}
	must(callboard.Call(ctx, client, client.Storage.CreateTask, request))(t)
	network.cut()
	unsafe := &callboardv1.CreateTaskRequest{ProjectId: client.Project(), TaskId: "u"}
	if _, err := callboard.Call(ctx, client, client.Storage.CreateTask, unsafe); !errors.Is(err, callboard.FamilyUnavailable) {
		t.Errorf("got %v", err)
	}
	created := make(chan bool, 1)
	go func() {
		answer, err := callboard.Call(ctx, client, client.Storage.CreateTask, request)
		if err != nil {
			t.Error(err)
		}
		created <- answer.GetDuplicate()
	}()
	network.mend(t)
	if !<-created {
		t.Error("it was created twice")
	}
}
