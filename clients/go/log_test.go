package callboard_test

import (
	"errors"
	"strings"
	"testing"

	callboard "github.com/callboard-dev/callboard/clients/go"
)

func TestALogIsReadBackFromWhereItIsTold(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	type step struct {
		Number int    `json:"number"`
		Text   string `json:"text"`
	}
	entries := []any{step{1, "a < b\nc"}, map[string]any{"number": 2}}
	first := must(client.AppendLog(ctx, entries, callboard.AppendLogOptions{}))(t)
	must(client.AppendLog(ctx, []any{step{3, "three"}}, callboard.AppendLogOptions{}))(t)
	for name, test := range map[string]struct {
		options callboard.ReadLogOptions
		want    []int
	}{
		"all":    {callboard.ReadLogOptions{}, []int{1, 2, 3}},
		"offset": {callboard.ReadLogOptions{Offset: first.GetNextOffset()}, []int{3}},
		"tail":   {callboard.ReadLogOptions{Tail: 2}, []int{2, 3}},
	} {
		var got []int
		for entry, err := range client.ReadLog(ctx, test.options) {
			if err != nil {
				t.Fatal(err)
			}
			var one step
			if err := entry.Decode(&one); err != nil || entry.Damaged {
				t.Errorf("%s: %+v: %v", name, entry, err)
			}
			if one.Number == 1 && (one.Text != "a < b\nc" || !strings.Contains(entry.Text, "a < b")) {
				t.Errorf("%s: got %s", name, entry.Text)
			}
			got = append(got, one.Number)
		}
		if len(got) != len(test.want) || got[0] != test.want[0] {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestALogEntryThatIsNoObjectIsRefused(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	if _, err := client.AppendLog(ctx, []any{"text"}, callboard.AppendLogOptions{}); !errors.Is(err, callboard.ReasonInvalidField) {
		t.Errorf("got %v", err)
	}
	_, err := client.AppendLog(ctx, []any{func() {}}, callboard.AppendLogOptions{})
	if _, ok := errors.AsType[*callboard.MisuseError](err); !ok {
		t.Errorf("got %v", err)
	}
}

func TestAFollowedLogGivesEachEntryOnceThroughBreaks(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	network := newNetwork(t, serverAddress(t))
	broken := connect(t, callboard.Options{Addr: network.address, Project: client.Project(), Task: client.Task()})
	log := func(number int) {
		entry := map[string]int{"number": number}
		must(client.AppendLog(ctx, []any{entry}, callboard.AppendLogOptions{}))(t)
	}
	log(0)
	want := 0
	for entry, err := range broken.ReadLog(ctx, callboard.ReadLogOptions{Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Number int }
		if err := entry.Decode(&got); err != nil || got.Number != want {
			t.Fatalf("got %s, want %d", entry.Text, want)
		}
		if want == 6 {
			break
		}
		want++
		if want%2 == 0 {
			network.cut()
			log(want)
			network.mend(t)
		} else {
			log(want)
		}
	}
}
