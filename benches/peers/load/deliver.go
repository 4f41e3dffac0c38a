package main

import (
	"context"
	"fmt"
	"time"
)

// How long to wait for messages that were acknowledged and have not arrived.
const arrivalTimeout = 10 * time.Second

// An arrival is a message that came to the follower.
type arrival struct {
	number int
	at     time.Time
	err    error
}

// deliverPaced appends at a steady rate that nobody has to hurry for, and measures the time from
// the call that appends a message to its arrival, or from when that call was due.
func deliverPaced(
	ctx context.Context, peer Peer, follower Follower, chosen settings,
) (Found, error) {
	count := max(1, int(chosen.seconds*float64(chosen.rate)))
	arrivals := make(chan arrival, count)
	err := follower.Follow(ctx, func(body []byte) {
		at := time.Now()
		number, err := numberOf(body)
		arrivals <- arrival{number, at, err}
	})
	if err != nil {
		return Found{}, fmt.Errorf("follow: %w", err)
	}
	appendOne, err := peer.Appender(ctx, 0)
	if err != nil {
		return Found{}, err
	}
	server, own := serverTime(chosen.pid), ownTime()
	begun, err := appendPaced(ctx, appendOne, count, chosen.interval())
	if err != nil {
		return Found{}, err
	}
	elapsed := time.Since(begun[0])
	took, err := collect(arrivals, begun)
	load := ownTime() - own
	found := Found{
		Rate:      float64(count) / elapsed.Seconds(),
		ServerCPU: between(server, serverTime(chosen.pid)),
		LoadCPU:   &load,
	}
	found.setTimes(took)
	return found, err
}

// appendPaced appends one message after another, each when it is due or, if the one before still
// waits then, right after that. It returns from when on each counts.
func appendPaced(
	ctx context.Context, appendOne Append, count int, interval time.Duration,
) ([]time.Time, error) {
	begun := make([]time.Time, 0, count)
	due := time.Now()
	for number := range count {
		due = due.Add(interval)
		body := message(number)
		free := time.Now()
		time.Sleep(due.Sub(free))
		begun = append(begun, countsFrom(due, free, time.Now(), interval))
		if err := appendOne(ctx, body); err != nil {
			return nil, err
		}
	}
	return begun, nil
}

// countsFrom returns from when on a message counts. One that had to wait until the publisher was
// free counts from when it was due: else a slow append would hide how late it made those behind it.
// One that was sent on time counts from then, since how late the timer is says nothing of the peer.
func countsFrom(due, free, sent time.Time, interval time.Duration) time.Time {
	if free.After(due) || sent.Sub(due) > interval {
		return due
	}
	return sent
}

// collect waits until all that was sent has arrived, in order, and returns how long each took.
func collect(arrivals <-chan arrival, begun []time.Time) ([]time.Duration, error) {
	took := make([]time.Duration, 0, len(begun))
	timeout := time.After(arrivalTimeout)
	for number, at := range begun {
		select {
		case arrived := <-arrivals:
			if arrived.err != nil {
				return nil, arrived.err
			}
			if arrived.number != number {
				return nil, fmt.Errorf("message %d arrived instead of %d", arrived.number, number)
			}
			took = append(took, arrived.at.Sub(at))
		case <-timeout:
			return nil, fmt.Errorf("message %d of %d has not arrived", number, len(begun))
		}
	}
	return took, nil
}
