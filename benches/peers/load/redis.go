package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"
)

// redisStream is a Redis stream, appended to over one connection that everybody shares, or over a
// connection for each worker.
type redisStream struct {
	options   rueidis.ClientOption
	shared    rueidis.Client
	dedicated bool
	release   []func()
}

func openRedisMultiplexed(_ context.Context, chosen settings) (Peer, error) {
	return connectRedis(chosen, false)
}

func openRedis(_ context.Context, chosen settings) (Peer, error) {
	return connectRedis(chosen, true)
}

func connectRedis(chosen settings, dedicated bool) (Peer, error) {
	options := rueidis.ClientOption{
		InitAddress:  []string{chosen.address},
		DisableCache: true,
		// One connection, where 0 would mean the client's default of four.
		PipelineMultiplex: -1,
		BlockingPoolSize:  chosen.inFlight + 1,
	}
	shared, err := rueidis.NewClient(options)
	if err != nil {
		return nil, err
	}
	return &redisStream{options: options, shared: shared, dedicated: dedicated}, nil
}

func (r *redisStream) Prepare(ctx context.Context) error {
	for setting, durable := range map[string]string{"appendonly": "yes", "appendfsync": "always"} {
		answer := r.shared.Do(ctx, r.shared.B().ConfigGet().Parameter(setting).Build())
		values, err := answer.AsStrMap()
		if err != nil {
			return err
		}
		if values[setting] != durable {
			return fmt.Errorf("the server has %s %s, not %s", setting, values[setting], durable)
		}
	}
	return r.shared.Do(ctx, r.shared.B().Del().Key(place).Build()).Error()
}

func (r *redisStream) Appender(context.Context, int) (Append, error) {
	var client rueidis.CoreClient = r.shared
	if r.dedicated {
		connection, release := r.shared.Dedicate()
		r.release = append(r.release, release)
		client = connection
	}
	return func(ctx context.Context, body []byte) error {
		command := client.B().Xadd().Key(place).Id("*").FieldValue().
			FieldValue("body", rueidis.BinaryString(body))
		return client.Do(ctx, command.Build()).Error()
	}, nil
}

func (r *redisStream) Follow(ctx context.Context, arrived func([]byte)) error {
	follower, err := rueidis.NewClient(r.options)
	if err != nil {
		return err
	}
	r.release = append(r.release, follower.Close)
	// The stream is empty, so that reading it from its beginning misses nothing.
	go follow(ctx, follower, "0", arrived)
	return nil
}

// follow ends when its client is closed.
func follow(ctx context.Context, client rueidis.Client, last string, arrived func([]byte)) {
	for {
		command := client.B().Xread().Block(int64(time.Minute / time.Millisecond)).
			Streams().Key(place).Id(last).Build()
		entries, err := client.Do(ctx, command).AsXRead()
		if rueidis.IsRedisNil(err) {
			continue
		}
		if err != nil {
			return
		}
		for _, entry := range entries[place] {
			arrived([]byte(entry.FieldValues["body"]))
			last = entry.ID
		}
	}
}

func (r *redisStream) Close() {
	for _, release := range r.release {
		release()
	}
	r.shared.Close()
}
