package callboard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"google.golang.org/protobuf/proto"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// PutRunFileOptions say of which run the file is.
type PutRunFileOptions struct {
	// Project and Task say where the run is, as in Draft; without a task it is found by
	// its id.
	Project, Task string
	// Run is the run; empty means the client's own.
	Run string
}

// PutRunFile appends what content gives, up to its end, to a file of a run: FileStdout and
// its like, or `logs/<name>`. It returns where the file ends then, in bytes.
//
// Content is sent as it is read and never held as a whole. Each part of it is repeated, for
// Options.Timeout, while the server cannot be reached, and is there once. What another
// program appends meanwhile is left as it is, and gone on behind.
func (c *Client) PutRunFile(
	ctx context.Context, file string, content io.Reader, options PutRunFileOptions,
) (int64, error) {
	place, err := c.own.runPlace(options.Project, options.Task, options.Run)
	if err != nil {
		return 0, err
	}
	end, err := c.runFileEnd(ctx, place, file)
	if err != nil {
		return 0, err
	}
	appender := &runFileAppender{client: c, place: place, file: file, end: end}
	for {
		chunk, err := nextChunk(content)
		if errors.Is(err, io.EOF) {
			return appender.end, nil
		}
		if err != nil {
			return appender.end, fmt.Errorf("callboard: cannot read what belongs to %s: %w", file, err)
		}
		if err := appender.append(ctx, chunk); err != nil {
			return appender.end, err
		}
	}
}

// runFileEnd returns where a file ends; one that does not exist ends at 0.
func (c *Client) runFileEnd(ctx context.Context, place runPlace, file string) (int64, error) {
	request := &callboardv1.ListRunFilesRequest{
		ProjectId: place.project,
		TaskId:    place.task,
		RunId:     place.run,
	}
	for {
		page, err := Call(ctx, c, c.Storage.ListRunFiles, request)
		if err != nil {
			return 0, err
		}
		for _, found := range page.GetFiles() {
			if found.GetFile() == file {
				return found.GetSize(), nil
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return 0, nil
		}
	}
}

// runFileAppender appends to a file of a run, so that nothing is there twice.
type runFileAppender struct {
	client *Client
	place  runPlace
	file   string
	// Where the next chunk belongs, in bytes from the file's beginning.
	end int64
}

// append returns once the chunk is on the server's disk. The context's deadline, or else
// the client's timeout, bounds how long it is tried.
func (a *runFileAppender) append(ctx context.Context, chunk []byte) error {
	ctx, cancel := a.client.bounded(ctx)
	defer cancel()
	var delays delays
	for {
		request := &callboardv1.AppendRunOutputRequest{
			ProjectId: a.place.project,
			TaskId:    a.place.task,
			RunId:     a.place.run,
			File:      a.file,
			Offset:    proto.Int64(a.end),
			Chunk:     chunk,
		}
		// The offset makes it safe to repeat.
		appended, err := Call(ctx, a.client, a.client.Storage.AppendRunOutput, request, Repeatable(true))
		if err == nil {
			a.end = appended.GetNextOffset()
			return nil
		}
		end, moved := endOf(err)
		if !moved || ctx.Err() != nil {
			return err
		}
		// Another program wrote to the file, too: this chunk belongs behind that.
		a.end = end
		wait(ctx, delays.afterFailure(0))
	}
}

// endOf returns where a file ends, when a chunk did not fit for that.
func endOf(err error) (int64, bool) {
	failure, ok := errors.AsType[*Error](err)
	if !ok || failure.Reason != ReasonOffsetMismatch {
		return 0, false
	}
	end, err := strconv.ParseInt(failure.Metadata["size"], 10, 64)
	return end, err == nil
}

// runPlace says where a run is; project and task are either both empty or both not.
type runPlace struct{ project, task, run string }

func (d defaults) runPlace(project, task, run string) (runPlace, error) {
	run = d.runOf(run)
	if run == "" {
		return runPlace{}, misuse("no run: set Run, here or in Connect, or JRUN_ID")
	}
	if project == "" && task == "" && d.task == "" {
		return runPlace{run: run}, nil
	}
	project, task, err := d.place(project, task)
	if err != nil || task == "" {
		return runPlace{run: run}, err
	}
	return runPlace{project, task, run}, nil
}
