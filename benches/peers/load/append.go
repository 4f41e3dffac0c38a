package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// How long appends are made before they count: until connections are open and pools are filled.
const warmUp = 300 * time.Millisecond

// appendAtOnce has so many workers append one message after another, and measures what is begun and
// acknowledged within the time.
func appendAtOnce(ctx context.Context, peer Peer, chosen settings) (Found, error) {
	appends := make([]Append, chosen.inFlight)
	for worker := range appends {
		var err error
		if appends[worker], err = peer.Appender(ctx, worker); err != nil {
			return Found{}, fmt.Errorf("connect appender %d: %w", worker, err)
		}
	}
	from := time.Now().Add(warmUp)
	until := from.Add(chosen.duration())
	took := make([][]time.Duration, len(appends))
	failures := make([]error, len(appends))
	var over atomic.Bool
	var workers sync.WaitGroup
	for worker, appendOne := range appends {
		workers.Go(func() {
			took[worker], failures[worker] = work(ctx, appendOne, from, until, &over)
		})
	}
	found := used(chosen, from, until)
	over.Store(true)
	workers.Wait()
	var all []time.Duration
	for _, some := range took {
		all = append(all, some...)
	}
	found.Rate = float64(len(all)) / chosen.duration().Seconds()
	found.setTimes(all)
	return found, errors.Join(failures...)
}

func work(
	ctx context.Context, appendOne Append, from, until time.Time, over *atomic.Bool,
) ([]time.Duration, error) {
	var took []time.Duration
	body := message(0)
	for !over.Load() {
		begin := time.Now()
		if err := appendOne(ctx, body); err != nil {
			return nil, err
		}
		end := time.Now()
		if !begin.Before(from) && !end.After(until) {
			took = append(took, end.Sub(begin))
		}
	}
	return took, nil
}

// used waits until the end, and returns the processor time that was used from the one moment to the
// other.
func used(chosen settings, from, until time.Time) Found {
	time.Sleep(time.Until(from))
	server, own := serverTime(chosen.pid), ownTime()
	time.Sleep(time.Until(until))
	load := ownTime() - own
	return Found{ServerCPU: between(server, serverTime(chosen.pid)), LoadCPU: &load}
}
