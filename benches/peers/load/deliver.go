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
// the call that appends a message to its arrival.
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
	sent, err := appendPaced(ctx, appendOne, count, chosen.interval())
	if err != nil {
		return Found{}, err
	}
	elapsed := time.Since(sent[0])
	took, err := collect(arrivals, sent)
	load := ownTime() - own
	found := Found{
		Rate:      float64(count) / elapsed.Seconds(),
		ServerCPU: between(server, serverTime(chosen.pid)),
		LoadCPU:   &load,
	}
	found.setTimes(took)
	return found, err
}

// appendPaced returns when each message was sent. Who is late does not catch up.
func appendPaced(
	ctx context.Context, appendOne Append, count int, interval time.Duration,
) ([]time.Time, error) {
	sent := make([]time.Time, 0, count)
	next := time.Now()
	for number := range count {
		next = later(next.Add(interval), time.Now())
		time.Sleep(time.Until(next))
		body := message(number)
		sent = append(sent, time.Now())
		if err := appendOne(ctx, body); err != nil {
			return nil, err
		}
	}
	return sent, nil
}

func later(one, other time.Time) time.Time {
	if one.After(other) {
		return one
	}
	return other
}

// collect waits until all that was sent has arrived, in order, and returns how long each took.
func collect(arrivals <-chan arrival, sent []time.Time) ([]time.Duration, error) {
	took := make([]time.Duration, 0, len(sent))
	timeout := time.After(arrivalTimeout)
	for number, at := range sent {
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
			return nil, fmt.Errorf("message %d of %d has not arrived", number, len(sent))
		}
	}
	return took, nil
}
