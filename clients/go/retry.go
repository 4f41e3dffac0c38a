package callboard

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// forEver is the patience of what is only ended by its context.
const forEver = time.Duration(0)

// retry decides whether a stream that broke is opened again, and waits before that.
type retry struct {
	// For how long it is tried again without progress, or forEver.
	patience time.Duration
	logger   *slog.Logger
	// What is interrupted, for the log.
	what string

	delays      delays
	brokenSince time.Time
	// Whether the present attempt got anywhere.
	advanced bool
}

// progress takes note that something arrived.
func (r *retry) progress() {
	r.advanced = true
	r.brokenSince = time.Time{}
	r.delays.reset()
}

// after returns nil once it is time for the next attempt, and the error of the last one
// when there is to be none.
func (r *retry) after(ctx context.Context, err error) error {
	broken := errors.Is(err, FamilyUnavailable) || r.advanced && isBreak(err)
	if !broken || ctx.Err() != nil {
		return err
	}
	first := r.brokenSince.IsZero()
	if first {
		r.brokenSince = time.Now()
	}
	delay := r.delays.afterFailure(retryDelayOf(err))
	if r.patience != forEver && time.Since(r.brokenSince)+delay > r.patience {
		return err
	}
	level := slog.LevelDebug
	if first {
		level = slog.LevelWarn
	}
	r.logger.Log(ctx, level, "callboard: "+r.what+" interrupted, trying again", "error", err)
	r.advanced = false
	wait(ctx, delay)
	return nil
}
