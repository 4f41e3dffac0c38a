package callboard

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// summaryBytesMax is how much of an error is kept of a run that failed.
const summaryBytesMax = 4 << 10

// errGoexit is the cause of a run whose work did not return.
var errGoexit = errors.New("the goroutine of the run was ended")

// End flushes the run's output and ends the run: as completed when the cause is nil and no
// other exit code than 0 was set, else as failed. It posts RUN_STOP, or for a failed one
// RUN_CRASH, with the text of the cause or else the exit code. A run that somebody else has
// ended stays as it is. Only the first call does something.
//
// The exit code of a failed run is what SetExitCode said, else that of an *exec.ExitError in
// the cause, else 1. It is recorded whatever became of the context that the run was started
// with, for Options.Timeout at most.
//
// End returns the cause, joined with the error of recording the end where that failed.
func (r *Run) End(cause error) error {
	if err := r.finish(cause); err != nil {
		err = fmt.Errorf("callboard: cannot record the end of run %s: %w", r.ID(), err)
		return errors.Join(cause, err)
	}
	return cause
}

// finish records the end, once.
func (r *Run) finish(cause error) (err error) {
	r.end.Do(func() { err = r.recordEnd(cause) })
	return err
}

func (r *Run) recordEnd(cause error) error {
	ctx, cancel := context.WithTimeout(r.ctx, r.client.timeout)
	defer cancel()
	flushed := errors.Join(r.Stdout.close(ctx), r.Stderr.close(ctx), r.Output.close(ctx))

	code := r.codeOf(cause)
	status, kind, body, summary := "completed", "RUN_STOP", "exit code "+strconv.Itoa(code), ""
	if cause != nil {
		body = cut(cause.Error(), summaryBytesMax)
	}
	if code != 0 {
		status, kind, summary = "failed", "RUN_CRASH", body
	}
	request := &callboardv1.UpdateRunStatusRequest{
		ProjectId:    r.place.project,
		TaskId:       r.place.task,
		RunId:        r.place.run,
		Status:       status,
		ExitCode:     proto.Int32(int32(code)),
		ErrorSummary: summary,
	}
	// Ending it again in the same way changes nothing.
	_, ended := Call(ctx, r.client, r.client.Storage.UpdateRunStatus, request, Repeatable(true))
	if errors.Is(ended, ReasonInvalidTransition) {
		ended = nil
	}
	draft := Draft{Type: kind, Body: body, Meta: map[string]string{"exit_code": strconv.Itoa(code)}}
	if r.startMsgID != "" {
		draft.Parents = []*callboardv1.Parent{{MsgId: r.startMsgID, Kind: "run"}}
	}
	_, posted := r.post(ctx, draft)
	return errors.Join(flushed, ended, posted)
}

// codeOf returns the exit code that the run ends with.
func (r *Run) codeOf(cause error) int {
	if code := int(r.exitCode.Load()); code != 0 || cause == nil {
		return code
	}
	if exit, ok := errors.AsType[*exec.ExitError](cause); ok && exit.ExitCode() > 0 {
		return exit.ExitCode()
	}
	return 1
}

// post posts a message that a run has at most one of, and returns its id.
func (r *Run) post(ctx context.Context, draft Draft) (string, error) {
	options := AppendOptions{RequestID: r.requestID(draft.Type)}
	appended, err := r.client.AppendWith(ctx, r.sign(draft), options)
	return appended.GetMsgId(), err
}

// requestID returns the request id of a message that a run has at most one of. A run that
// was removed and created anew under its old id posts anew, too.
func (r *Run) requestID(kind string) string {
	// The id may be as long as a request id by itself.
	id := cut(r.place.run, 64)
	start := r.info.GetStartTime()
	return fmt.Sprintf("%s-%d.%09d-%s", kind, start.GetSeconds(), start.GetNanos(), id)
}

// cut returns the text, or as much of it as fits, between characters. What is no UTF-8 is
// replaced, because the server takes nothing else.
func cut(text string, bytesMax int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= bytesMax {
		return text
	}
	for bytesMax > 0 && !utf8.RuneStart(text[bytesMax]) {
		bytesMax--
	}
	return text[:bytesMax]
}
