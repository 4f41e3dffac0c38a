package callboard

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// The files of a run that have a name of their own. Others are `logs/<name>`.
const (
	// FilePrompt is what the agent was told.
	FilePrompt = "prompt"
	// FileOutput is the run's result.
	FileOutput = "output"
	// FileStdout is what it wrote to its standard output.
	FileStdout = "stdout"
	// FileStderr is what it wrote to its standard error.
	FileStderr = "stderr"
	// FileEvents is what happened to it, one JSON object a line. It is only read.
	FileEvents = "events"
)

// ReadRunFileOptions say of which run, and which part of the file to read.
type ReadRunFileOptions struct {
	// Project and Task say where the run is, as in Draft; without a task it is found by
	// its id.
	Project, Task string
	// Run is the run; empty means the client's own.
	Run string
	// Offset is where to begin, in bytes from the file's beginning.
	Offset int64
	// TailLines begins so many lines before the end instead, at most 100 000; 0 means at
	// Offset.
	TailLines int
	// Follow goes on with what is appended, until the run has ended or its process is gone.
	Follow bool
}

// RunFileChunk is a part of a file of a run.
type RunFileChunk struct {
	// Bytes are the next bytes. A character of UTF-8 is never split between two chunks.
	Bytes []byte
	// Offset is where they begin, in bytes from the file's beginning.
	Offset int64
	// Restarted tells that the file was replaced or cut while it was followed, and this is
	// its new beginning.
	Restarted bool
}

// ReadRunFile gives a file of a run in chunks, each once. After a break it goes on where it
// was: while it follows, for as long as its context lets it; else until it gets no further
// for Options.Timeout.
func (c *Client) ReadRunFile(
	ctx context.Context, file string, options ReadRunFileOptions,
) iter.Seq2[RunFileChunk, error] {
	return func(yield func(RunFileChunk, error) bool) {
		place, err := c.own.runPlace(options.Project, options.Task, options.Run)
		if err != nil {
			yield(RunFileChunk{}, err)
			return
		}
		request := &callboardv1.ReadRunFileRequest{
			ProjectId: place.project,
			TaskId:    place.task,
			RunId:     place.run,
			File:      file,
			Offset:    options.Offset,
			TailLines: int32(min(options.TailLines, math.MaxInt32)),
			Follow:    options.Follow,
		}
		restarted := false
		take := func(frame *callboardv1.ReadRunFileResponse) bool {
			request.Offset, request.TailLines = frame.GetOffset()+int64(len(frame.GetChunk())), 0
			chunk := RunFileChunk{frame.GetChunk(), frame.GetOffset(), frame.GetRestarted() || restarted}
			restarted = false
			return yield(chunk, nil)
		}
		fromBeginning := func() { request.Offset, restarted = 0, true }
		reading := reading{follow: options.Follow, what: "file of a run", fromBeginning: fromBeginning}
		if err := readThrough(ctx, c, reading, c.Storage.ReadRunFile, request, take); err != nil {
			yield(RunFileChunk{}, err)
		}
	}
}

// GetRunFile writes a file of a run, or the part of it that is asked for, to a writer, and
// returns how many bytes that was. It goes on after breaks as ReadRunFile does.
func (c *Client) GetRunFile(
	ctx context.Context, file string, to io.Writer, options ReadRunFileOptions,
) (int64, error) {
	var size int64
	for chunk, err := range c.ReadRunFile(ctx, file, options) {
		if err != nil {
			return size, err
		}
		count, err := to.Write(chunk.Bytes)
		size += int64(count)
		if err != nil {
			return size, fmt.Errorf("callboard: cannot write what was read of %s: %w", file, err)
		}
	}
	return size, nil
}
