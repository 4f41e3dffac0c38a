package callboard

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// RunOptions describe a run of an agent. Only AgentType is required.
type RunOptions struct {
	// AgentType is which agent it is, any word of at most 128 bytes.
	AgentType string
	// Project and Task name the task that it works on, as in Draft.
	Project, Task string
	// RunID is the new run's id; empty means one that the server makes.
	RunID string
	// Prompt is what the agent is told; empty means that no prompt is kept.
	Prompt string
	// Commandline is how the agent was started; empty means this program's own.
	Commandline string
	// WorkingDirectory is where the agent works; empty means this program's own.
	WorkingDirectory string
	// ParentRunID is the run that starts it; empty means the client's own run, None that
	// there is none.
	ParentRunID string
	// PreviousRunID is the run that it is a restart of; empty means none.
	PreviousRunID string
	// Meta is what is kept of its worktree and its tools; nil means nothing.
	Meta *callboardv1.RunMeta
}

// Run is a run that this program is, or speaks for. The server sees by the process of this
// program that it lives. Its methods may be called from any goroutine.
type Run struct {
	// Stdout, Stderr and Output write to the run's files of these names.
	Stdout, Stderr, Output *RunWriter

	client *Client
	// Has the values of the context that it was started with, and no end.
	ctx   context.Context
	info  *callboardv1.Run
	place runPlace
	// The id of the RUN_START message.
	startMsgID string
	exitCode   atomic.Int32
	end        sync.Once
}

// WithRun starts a run, calls work, and ends the run as work did: as completed when it
// returned nil, else as failed, with the text of its error, and also when it panicked. The
// end is recorded even when the context is done by then.
//
// It returns the error of work, joined with that of recording the end where that failed,
// too. A panic goes on.
func (c *Client) WithRun(
	ctx context.Context, options RunOptions, work func(context.Context, *Run) error,
) error {
	run, err := c.StartRun(ctx, options)
	if err != nil {
		return err
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		// Nil when work ended its goroutine instead.
		trouble := recover()
		cause := fmt.Errorf("panic: %v", trouble)
		if trouble == nil {
			cause = errGoexit
		}
		if err := run.finish(cause); err != nil {
			c.logger.ErrorContext(ctx, "callboard: cannot record the end of a run", "run", run.ID(), "error", err)
		}
		if trouble != nil {
			panic(trouble)
		}
	}()
	err = work(ctx, run)
	returned = true
	return run.End(err)
}

// StartRun creates a run, which is running from then on, and posts RUN_START to its task's
// bus. It is to be ended with Run.End, which WithRun does by itself.
func (c *Client) StartRun(ctx context.Context, options RunOptions) (*Run, error) {
	request, err := c.createRunRequest(options)
	if err != nil {
		return nil, err
	}
	created, err := Call(ctx, c, c.Storage.CreateRun, request)
	if err != nil {
		return nil, err
	}
	info := created.GetRun()
	run := &Run{
		client: c,
		ctx:    context.WithoutCancel(ctx),
		info:   info,
		place:  runPlace{info.GetProjectId(), info.GetTaskId(), info.GetRunId()},
	}
	run.Stdout = newRunWriter(run, FileStdout)
	run.Stderr = newRunWriter(run, FileStderr)
	run.Output = newRunWriter(run, FileOutput)
	run.startMsgID, err = run.post(ctx, Draft{
		Type: "RUN_START",
		Body: request.GetCommandline(),
		Meta: map[string]string{
			"agent": request.GetAgentType(),
			"pid":   strconv.Itoa(int(request.GetPid())),
		},
	})
	if err != nil {
		// Nobody else would end it.
		return nil, run.End(fmt.Errorf("cannot post RUN_START: %w", err))
	}
	return run, nil
}

func (c *Client) createRunRequest(options RunOptions) (*callboardv1.CreateRunRequest, error) {
	project, task, err := c.own.place(options.Project, options.Task)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("callboard: cannot find the name of this host: %w", err)
	}
	request := &callboardv1.CreateRunRequest{
		ProjectId:     project,
		TaskId:        task,
		AgentType:     options.AgentType,
		RunId:         options.RunID,
		ParentRunId:   c.own.runOf(options.ParentRunID),
		PreviousRunId: options.PreviousRunID,
		Host:          host,
		Pid:           int32(os.Getpid()),
		Cwd:           options.WorkingDirectory,
		Commandline:   options.Commandline,
		Prompt:        options.Prompt,
		RequestId:     newRequestID(),
		Meta:          options.Meta,
	}
	if request.Commandline == "" {
		request.Commandline = commandLine(os.Args)
	}
	if request.Cwd == "" {
		// A program may well work in a folder that was removed.
		folder, _ := os.Getwd()
		request.Cwd = strings.ToValidUTF8(folder, "\uFFFD")
	}
	return request, nil
}

// ID returns the run's id.
func (r *Run) ID() string {
	return r.place.run
}

// Info returns what the server said of the run when it was created.
func (r *Run) Info() *callboardv1.Run {
	return r.info
}

// Append appends one message of this run, to its task's bus unless the draft names another.
func (r *Run) Append(ctx context.Context, draft Draft) (*callboardv1.AppendMessageResponse, error) {
	return r.client.Append(ctx, r.sign(draft))
}

// Event appends an event to the run's events: one word of at most 128 bytes, and more about
// it, a value that json.Marshal makes an object of; nil means nothing.
func (r *Run) Event(ctx context.Context, event string, data any) error {
	request := &callboardv1.AppendRunEventRequest{
		ProjectId: r.place.project,
		TaskId:    r.place.task,
		RunId:     r.place.run,
		Event:     event,
		RequestId: newRequestID(),
	}
	if data != nil {
		text, err := jsonText(data)
		if err != nil {
			return misuse("the data of event %s cannot be written as JSON: %s", event, err)
		}
		request.DataJson = text
	}
	_, err := Call(ctx, r.client, r.client.Storage.AppendRunEvent, request)
	return err
}

// SetExitCode says with which exit code the run ends. Unless it is 0, the run ends as
// failed, whatever else is said.
func (r *Run) SetExitCode(code int) {
	r.exitCode.Store(int32(code))
}

// sign makes a draft one of this run.
func (r *Run) sign(draft Draft) Draft {
	if draft.Project == "" && draft.Task == "" {
		draft.Project, draft.Task = r.place.project, r.place.task
	}
	draft.Run = r.place.run
	return draft
}
