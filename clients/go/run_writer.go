package callboard

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// writerBufferBytes is how much a RunWriter holds back at most.
	writerBufferBytes = 64 << 10
	// writerDelay is how long it holds back at most.
	writerDelay = 200 * time.Millisecond
)

// errRunEnded is returned for what is written to a run that has ended.
var errRunEnded = errors.New("callboard: the run has ended")

// RunWriter writes to a file of a run. What is written is held back until there are 64 KiB
// of it, for 200 ms, or until Flush, and then appended in order, so that it is there once,
// however often the connection breaks. What another program appends to the file meanwhile
// is left as it is, and gone on behind.
type RunWriter struct {
	run *Run
	// Held by the one who sends; taken before the other mutex.
	sending  sync.Mutex
	appender runFileAppender
	// Taken from the buffer, and not known to be on the server's disk. It is sent again as
	// it was, because only then the server sees what of it is there already.
	unsure []byte

	mutex  sync.Mutex
	buffer []byte
	// Set while something is held back.
	timer  *time.Timer
	closed bool
}

func newRunWriter(run *Run, file string) *RunWriter {
	return &RunWriter{
		run:      run,
		appender: runFileAppender{client: run.client, place: run.place, file: file},
	}
}

// Write takes the bytes, and sends what is there when that is a lot. An error means that
// what was there before could not be sent for Options.Timeout. That is not lost: a later
// Write, Flush or the run's end tries again.
func (w *RunWriter) Write(data []byte) (int, error) {
	taken := 0
	for taken < len(data) {
		count, full, err := w.hold(data[taken:])
		taken += count
		if err != nil {
			return taken, err
		}
		if full {
			if err := w.Flush(); err != nil {
				return taken, err
			}
		}
	}
	return taken, nil
}

// WriteString is Write for a string.
func (w *RunWriter) WriteString(text string) (int, error) {
	return w.Write([]byte(text))
}

// Flush returns once everything that was written before is on the server's disk. It tries
// for Options.Timeout.
func (w *RunWriter) Flush() error {
	ctx, cancel := context.WithTimeout(w.run.ctx, w.run.client.timeout)
	defer cancel()
	return w.flush(ctx)
}

// hold takes as much as there is room for, and tells whether there is no more.
func (w *RunWriter) hold(data []byte) (int, bool, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.closed {
		return 0, false, errRunEnded
	}
	count := min(len(data), writerBufferBytes-len(w.buffer))
	w.buffer = append(w.buffer, data[:count]...)
	full := len(w.buffer) >= writerBufferBytes
	if !full {
		w.flushLater()
	}
	return count, full, nil
}

// flushLater makes sure that what is held back is sent. The mutex is held.
func (w *RunWriter) flushLater() {
	if w.timer != nil {
		return
	}
	w.timer = time.AfterFunc(writerDelay, func() {
		w.mutex.Lock()
		w.timer = nil
		w.mutex.Unlock()
		err := w.Flush()
		if err == nil {
			return
		}
		w.run.client.logger.Warn("callboard: output of a run could not be sent",
			"run", w.run.ID(), "file", w.appender.file, "error", err)
		if errors.Is(err, FamilyUnavailable) || errors.Is(err, FamilyDeadline) {
			w.mutex.Lock()
			defer w.mutex.Unlock()
			if !w.closed {
				w.flushLater()
			}
		}
	})
}

// flush sends what is held back.
func (w *RunWriter) flush(ctx context.Context) error {
	w.sending.Lock()
	defer w.sending.Unlock()
	if err := w.sendUnsure(ctx); err != nil {
		return err
	}
	w.mutex.Lock()
	w.unsure, w.buffer = w.buffer, nil
	w.mutex.Unlock()
	return w.sendUnsure(ctx)
}

// sendUnsure sends what was taken from the buffer. The sender's mutex is held.
func (w *RunWriter) sendUnsure(ctx context.Context) error {
	if len(w.unsure) == 0 {
		return nil
	}
	if err := w.appender.append(ctx, w.unsure); err != nil {
		return err
	}
	w.unsure = nil
	return nil
}

// close sends what is held back, and takes nothing more.
func (w *RunWriter) close(ctx context.Context) error {
	w.mutex.Lock()
	w.closed = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mutex.Unlock()
	return w.flush(ctx)
}
