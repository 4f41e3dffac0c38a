package callboard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	callboard "github.com/callboard-dev/callboard/clients/go"
	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// runInfo returns what the server knows of a run.
func runInfo(t *testing.T, client *callboard.Client, run *callboard.Run) *callboardv1.Run {
	t.Helper()
	request := &callboardv1.GetRunInfoRequest{RunId: run.ID()}
	return must(callboard.Call(limited(t), client, client.Storage.GetRunInfo, request))(t).GetRun()
}

// runFile returns a file of a run.
func runFile(t *testing.T, client *callboard.Client, run *callboard.Run, file string) string {
	t.Helper()
	var content bytes.Buffer
	must(client.GetRunFile(limited(t), file, &content, callboard.ReadRunFileOptions{Run: run.ID()}))(t)
	return content.String()
}

// told returns the messages of the task's bus.
func told(t *testing.T, client *callboard.Client) []*callboardv1.Message {
	t.Helper()
	var messages []*callboardv1.Message
	for message, err := range client.Read(limited(t), callboard.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, message)
	}
	return messages
}

func TestARunIsRecordedFromItsStartToItsEnd(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	var run *callboard.Run
	err := client.WithRun(ctx, callboard.RunOptions{AgentType: "tester", Prompt: "do it"}, func(ctx context.Context, started *callboard.Run) error {
		run = started
		if got := runInfo(t, client, run); got.GetLiveness() != callboardv1.Liveness_LIVENESS_ALIVE ||
			got.GetPid() != int32(os.Getpid()) || got.GetCommandline() == "" || got.GetCwd() == "" {
			t.Errorf("while it runs: %v", got)
		}
		for number := range 3 {
			if _, err := fmt.Fprintf(run.Stdout, "line %d\n", number); err != nil {
				return err
			}
		}
		if err := run.Stdout.Flush(); err != nil {
			return err
		}
		if got := runFile(t, client, run, callboard.FileStdout); got != "line 0\nline 1\nline 2\n" {
			t.Errorf("after a flush: %q", got)
		}
		_, _ = run.Stderr.WriteString("careful\n")
		_, _ = io.WriteString(run.Output, strings.Repeat("x", 300_000))
		if err := run.Event(ctx, "pushed", map[string]any{"branch": "main"}); err != nil {
			return err
		}
		_, err := run.Append(ctx, callboard.Draft{Type: "PROGRESS", Body: "halfway"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := runInfo(t, client, run); got.GetStatus() != "completed" || got.GetExitCode() != 0 || got.GetErrorSummary() != "" {
		t.Errorf("at its end: %v", got)
	}
	if got := runFile(t, client, run, callboard.FileStderr); got != "careful\n" {
		t.Errorf("stderr is %q", got)
	}
	if got := runFile(t, client, run, callboard.FileOutput); len(got) != 300_000 {
		t.Errorf("output has %d bytes", len(got))
	}
	if got := runFile(t, client, run, callboard.FilePrompt); got != "do it" {
		t.Errorf("prompt is %q", got)
	}
	if got := runFile(t, client, run, callboard.FileEvents); !strings.Contains(got, `"branch":"main"`) {
		t.Errorf("events are %q", got)
	}
	messages := told(t, client)
	var types []string
	for _, message := range messages {
		types = append(types, message.GetType())
		if message.GetRunId() != run.ID() {
			t.Errorf("not of the run: %v", message)
		}
	}
	expect(t, types, []string{"RUN_START", "PROGRESS", "RUN_STOP"})
	start, stop := messages[0], messages[2]
	if start.GetMeta()["agent"] != "tester" || start.GetMeta()["pid"] != strconv.Itoa(os.Getpid()) ||
		stop.GetBody() != "exit code 0" || stop.GetMeta()["exit_code"] != "0" || stop.GetParents()[0].GetMsgId() != start.GetMsgId() ||
		stop.GetParents()[0].GetKind() != "run" {
		t.Errorf("got %v and %v", start, stop)
	}
}

func TestARunFailsAsItsWorkDoes(t *testing.T) {
	exit := exec.Command("sh", "-c", "exit 7").Run()
	for name, test := range map[string]struct {
		work    func(*callboard.Run) error
		code    int32
		summary string
		kind    string
	}{
		"an error":     {func(*callboard.Run) error { return errors.New("no luck") }, 1, "no luck", "RUN_CRASH"},
		"a long error": {func(*callboard.Run) error { return errors.New(strings.Repeat("ü", 4000)) }, 1, strings.Repeat("ü", 2048), "RUN_CRASH"},
		"a command":    {func(*callboard.Run) error { return fmt.Errorf("sh: %w", exit) }, 7, "sh: exit status 7", "RUN_CRASH"},
		"an exit code": {func(run *callboard.Run) error { run.SetExitCode(3); return nil }, 3, "exit code 3", "RUN_CRASH"},
		"both":         {func(run *callboard.Run) error { run.SetExitCode(4); return errors.New("no luck") }, 4, "no luck", "RUN_CRASH"},
	} {
		t.Run(name, func(t *testing.T) {
			client := newTaskClient(t)
			ctx, cancel := context.WithCancel(limited(t))
			var run *callboard.Run
			var failed error
			err := client.WithRun(ctx, callboard.RunOptions{AgentType: "tester"}, func(_ context.Context, started *callboard.Run) error {
				run = started
				// The end is recorded all the same.
				cancel()
				failed = test.work(run)
				return failed
			})
			if err != failed {
				t.Errorf("got %v, want %v", err, failed)
			}
			if got := runInfo(t, client, run); got.GetStatus() != "failed" || got.GetExitCode() != test.code || got.GetErrorSummary() != test.summary {
				t.Errorf("got %v", got)
			}
			last := told(t, client)[1]
			if last.GetType() != test.kind || last.GetBody() != test.summary || last.GetMeta()["exit_code"] != strconv.Itoa(int(test.code)) {
				t.Errorf("got %v", last)
			}
		})
	}
}

func TestAPanicFailsTheRunAndGoesOn(t *testing.T) {
	client := newTaskClient(t)
	var run *callboard.Run
	func() {
		defer func() {
			if trouble := recover(); trouble != "oh no" {
				t.Errorf("recovered %v", trouble)
			}
		}()
		_ = client.WithRun(limited(t), callboard.RunOptions{AgentType: "tester"}, func(_ context.Context, started *callboard.Run) error {
			run = started
			panic("oh no")
		})
	}()
	if got := runInfo(t, client, run); got.GetStatus() != "failed" || got.GetErrorSummary() != "panic: oh no" {
		t.Errorf("got %v", got)
	}
}

func TestTheErrorOfTheWorkIsJoinedWithThatOfRecordingTheEnd(t *testing.T) {
	network := newNetwork(t, serverAddress(t))
	lost := connect(t, callboard.Options{Addr: network.address, Project: newID("go"), Task: "work", Timeout: 1e9})
	failed := errors.New("no luck")
	err := lost.WithRun(limited(t), callboard.RunOptions{AgentType: "tester"}, func(context.Context, *callboard.Run) error {
		network.cut()
		return failed
	})
	if !errors.Is(err, failed) || !errors.Is(err, callboard.FamilyUnavailable) || !strings.HasPrefix(err.Error(), "no luck") {
		t.Errorf("got %v", err)
	}
}

func TestARunThatSomebodyElseEndedStaysAsItIs(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	run := must(client.StartRun(ctx, callboard.RunOptions{AgentType: "tester"}))(t)
	request := &callboardv1.UpdateRunStatusRequest{RunId: run.ID(), Status: "failed", ErrorSummary: "stopped"}
	must(callboard.Call(ctx, client, client.Storage.UpdateRunStatus, request))(t)
	if err := run.End(nil); err != nil {
		t.Fatal(err)
	}
	if got := runInfo(t, client, run); got.GetStatus() != "failed" || got.GetErrorSummary() != "stopped" {
		t.Errorf("got %v", got)
	}
	if _, err := run.Stdout.Write([]byte("late")); err == nil {
		t.Error("a run that has ended takes output")
	}
	if err := run.End(errors.New("again")); err.Error() != "again" || len(told(t, client)) != 2 {
		t.Errorf("ended twice: %v", err)
	}
}

func TestAChildRunHasItsParentFromTheClient(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	inner := connect(t, callboard.Options{Addr: serverAddress(t), Project: client.Project(), Task: "work", Run: "outer"})
	for given, want := range map[string]string{"": "outer", callboard.None: "", "other": "other"} {
		run := must(inner.StartRun(ctx, callboard.RunOptions{AgentType: "tester", ParentRunID: given}))(t)
		if run.Info().GetParentRunId() != want {
			t.Errorf("%q: got %v", given, run.Info())
		}
		if err := run.End(nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOutputIsThereOnceAndInOrderThroughBreaksAndBesideAnotherWriter(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	network := newNetwork(t, serverAddress(t))
	broken := connect(t, callboard.Options{Addr: network.address, Project: client.Project(), Task: client.Task()})
	run := must(broken.StartRun(ctx, callboard.RunOptions{AgentType: "tester"}))(t)
	other := callboard.PutRunFileOptions{Run: run.ID()}
	var want []string
	for round := range 6 {
		line := fmt.Sprintf("own %d\n", round)
		want = append(want, line)
		if _, err := io.WriteString(run.Stdout, line); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 {
			network.cut()
			network.mend(t)
		}
		if err := run.Stdout.Flush(); err != nil {
			t.Fatal(err)
		}
		line = fmt.Sprintf("other %d\n", round)
		want = append(want, line)
		must(client.PutRunFile(ctx, callboard.FileStdout, strings.NewReader(line), other))(t)
	}
	if err := run.End(nil); err != nil {
		t.Fatal(err)
	}
	expect(t, slices.Collect(strings.Lines(runFile(t, client, run, callboard.FileStdout))), want)
}

func TestAFileOfARunIsAppendedToAndReadInParts(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	run := must(client.StartRun(ctx, callboard.RunOptions{AgentType: "tester"}))(t)
	content := strings.Repeat("0123456789abcde\n", 40_000)
	options := callboard.PutRunFileOptions{Run: run.ID()}
	// Twice the same content is there twice.
	for part := range 2 {
		end := must(client.PutRunFile(ctx, "logs/build.log", strings.NewReader(content), options))(t)
		if end != int64((part+1)*len(content)) {
			t.Errorf("it ends at %d", end)
		}
	}
	if got := runFile(t, client, run, "logs/build.log"); got != content+content {
		t.Errorf("%d bytes came back", len(got))
	}
	for name, test := range map[string]struct {
		options callboard.ReadRunFileOptions
		want    int64
	}{
		"offset": {callboard.ReadRunFileOptions{Run: run.ID(), Offset: int64(len(content))}, int64(len(content))},
		"tail":   {callboard.ReadRunFileOptions{Run: run.ID(), TailLines: 3}, 48},
	} {
		if got := must(client.GetRunFile(ctx, "logs/build.log", io.Discard, test.options))(t); got != test.want {
			t.Errorf("%s: got %d", name, got)
		}
	}
	if err := run.End(nil); err != nil {
		t.Fatal(err)
	}
}

func TestAFollowedOutputGoesOnThroughBreaksAndEndsWithTheRun(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	network := newNetwork(t, serverAddress(t))
	broken := connect(t, callboard.Options{Addr: network.address})
	run := must(client.StartRun(ctx, callboard.RunOptions{AgentType: "tester"}))(t)
	say := func(text string) {
		_, _ = run.Stdout.WriteString(text)
		if err := run.Stdout.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	say("one ")
	got := ""
	for chunk, err := range broken.ReadRunFile(ctx, callboard.FileStdout, callboard.ReadRunFileOptions{Run: run.ID(), Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		got += string(chunk.Bytes)
		switch got {
		case "one ":
			network.cut()
			say("two ")
			network.mend(t)
		case "one two ":
			say("three")
			if err := run.End(nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got != "one two three" {
		t.Errorf("got %q", got)
	}
}

func TestAFileThatARunDoesNotHaveIsNotFound(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	run := must(client.StartRun(ctx, callboard.RunOptions{AgentType: "tester"}))(t)
	_, err := client.GetRunFile(ctx, callboard.FileOutput, io.Discard, callboard.ReadRunFileOptions{Run: run.ID()})
	if !errors.Is(err, callboard.ReasonRunFileNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := client.PutRunFile(ctx, "stdout", strings.NewReader("x"), callboard.PutRunFileOptions{}); err == nil {
		t.Error("no run is not refused")
	}
	if err := run.End(nil); err != nil {
		t.Fatal(err)
	}
}
