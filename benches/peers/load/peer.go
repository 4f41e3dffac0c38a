package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

const (
	// How long a message is.
	messageBytes = 300
	// How many connections the appends at once share, of peers that put many calls on one
	// connection: as many as `callboard bench` uses.
	connectionsMax = 4
	// The name of the stream, key or table that takes the messages.
	place = "messages"
)

// An Append appends one message, and returns when it is durable.
type Append func(ctx context.Context, body []byte) error

// A Peer is a server or an algorithm that keeps messages.
type Peer interface {
	// Prepare makes an empty place for messages, without what an earlier measurement left.
	// It fails when the peer tells that it would acknowledge what is not durable.
	Prepare(ctx context.Context) error
	// Appender returns how one of several workers appends; each calls it one at a time.
	Appender(ctx context.Context, worker int) (Append, error)
	Close()
}

// A Follower is a peer that brings messages to those who wait for them.
type Follower interface {
	// Follow calls arrived with every message that is appended from its return on, on a
	// connection that is not that of an appender.
	Follow(ctx context.Context, arrived func(body []byte)) error
}

var peers = map[string]func(context.Context, settings) (Peer, error){
	"nats":              openNATS,
	"redis-multiplexed": openRedisMultiplexed,
	"redis":             openRedis,
	"etcd":              openEtcd,
	"postgres":          openPostgres,
	"plain":             openPlain,
	"batch":             openBatch,
}

func peerNames() []string {
	return slices.Sorted(maps.Keys(peers))
}

// message returns one that carries a number. It is text, since not every peer takes bytes.
func message(number int) []byte {
	return fmt.Appendf(nil, "%0*d", messageBytes, number)
}

func numberOf(body []byte) (int, error) {
	if len(body) != messageBytes {
		return 0, fmt.Errorf("a message of %d bytes arrived, not of %d", len(body), messageBytes)
	}
	return strconv.Atoi(string(body))
}
