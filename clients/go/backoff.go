package callboard

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// delayFirst is the first delay before trying again; each further one is twice as
	// long.
	delayFirst = 50 * time.Millisecond
	// delayMax is the longest delay that this side chooses.
	delayMax = 2 * time.Second
)

// delays grow with every failure in a row, and are spread so that many clients do not
// return as one. The zero value has seen no failure.
type delays struct {
	next time.Duration
}

// afterFailure counts a failure and returns how long to wait: at least what the server
// wanted.
func (d *delays) afterFailure(wanted time.Duration) time.Duration {
	delay := max(d.next, delayFirst)
	d.next = min(2*delay, delayMax)
	spread := time.Duration(float64(delay) * (0.5 + rand.Float64()/2))
	return max(spread, wanted)
}

// reset forgets the failures: something worked.
func (d *delays) reset() {
	d.next = 0
}

// wait returns after the delay, or as soon as the context is done.
func wait(ctx context.Context, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
