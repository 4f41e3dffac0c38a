package callboard

import (
	"context"
	"encoding/json"
	"iter"
	"math"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// LogEntry is a line of a task's log.
type LogEntry struct {
	// Text is the line: a JSON object, unless it is Damaged.
	Text string
	// Offset is where it begins, in bytes from the log's beginning.
	Offset int64
	// Damaged tells that it is no JSON object: the rest of a write that was cut off, or
	// what another program wrote.
	Damaged bool
}

// Decode parses the entry into a value, as json.Unmarshal does.
func (e LogEntry) Decode(value any) error {
	return json.Unmarshal([]byte(e.Text), value)
}

// AppendLogOptions say to which log entries are appended, and how.
type AppendLogOptions struct {
	// Project and Task name the task, as in Draft.
	Project, Task string
	// RequestID makes the call safe to repeat, also in another process: a second call with
	// it appends nothing. Empty means a new one.
	RequestID string
}

// AppendLog appends entries to a task's log, all of them with one write: each a value that
// json.Marshal makes an object of, with less than 64 KiB of text. At most 1000 and 3 MiB
// are taken at once.
func (c *Client) AppendLog(
	ctx context.Context, entries []any, options AppendLogOptions,
) (*callboardv1.AppendTaskLogResponse, error) {
	project, task, err := c.own.place(options.Project, options.Task)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(entries))
	for i, entry := range entries {
		text, err := jsonText(entry)
		if err != nil {
			return nil, misuse("entry %d cannot be written as JSON: %s", i, err)
		}
		texts[i] = text
	}
	return Call(ctx, c, c.Storage.AppendTaskLog, &callboardv1.AppendTaskLogRequest{
		ProjectId: project,
		TaskId:    task,
		Entries:   texts,
		RequestId: requestIDOr(options.RequestID),
	})
}

// ReadLogOptions say what to read of which log.
type ReadLogOptions struct {
	// Project and Task name the task, as in Draft.
	Project, Task string
	// Offset is where to begin, in bytes from the log's beginning: 0, or where entries that
	// were appended end.
	Offset int64
	// Tail begins so many entries before the end instead, at most 100 000; 0 means at
	// Offset.
	Tail int
	// Follow goes on with what is appended, until the loop or the context ends.
	Follow bool
}

// ReadLog gives the entries of a task's log, each once. After a break it goes on where it
// was: while it follows, for as long as its context lets it; else until it gets no further
// for Options.Timeout. A log that is replaced while it is followed is given from its new
// beginning, and offsets start anew.
func (c *Client) ReadLog(ctx context.Context, options ReadLogOptions) iter.Seq2[LogEntry, error] {
	return func(yield func(LogEntry, error) bool) {
		project, task, err := c.own.place(options.Project, options.Task)
		if err != nil {
			yield(LogEntry{}, err)
			return
		}
		request := &callboardv1.ReadTaskLogRequest{
			ProjectId:   project,
			TaskId:      task,
			Offset:      options.Offset,
			TailEntries: int32(min(options.Tail, math.MaxInt32)),
			Follow:      options.Follow,
		}
		take := func(frame *callboardv1.ReadTaskLogResponse) bool {
			request.Offset, request.TailEntries = frame.GetNextOffset(), 0
			for _, entry := range frame.GetEntries() {
				if !yield(LogEntry{entry.GetEntry(), entry.GetOffset(), entry.GetDamaged()}, nil) {
					return false
				}
			}
			return true
		}
		fromBeginning := func() { request.Offset = 0 }
		reading := reading{follow: options.Follow, what: "log", fromBeginning: fromBeginning}
		if err := readThrough(ctx, c, reading, c.Storage.ReadTaskLog, request, take); err != nil {
			yield(LogEntry{}, err)
		}
	}
}
