package main

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsStream is a JetStream stream in files. Whether its server syncs before it acknowledges is in
// the server's configuration; a client cannot ask for it.
type natsStream struct {
	address     string
	connections []*nats.Conn
	streams     []jetstream.JetStream
}

func openNATS(_ context.Context, chosen settings) (Peer, error) {
	peer := &natsStream{address: chosen.address}
	for range min(chosen.inFlight, connectionsMax) {
		if _, err := peer.connect(); err != nil {
			peer.Close()
			return nil, err
		}
	}
	return peer, nil
}

func (n *natsStream) connect() (jetstream.JetStream, error) {
	connection, err := nats.Connect("nats://" + n.address)
	if err != nil {
		return nil, err
	}
	n.connections = append(n.connections, connection)
	stream, err := jetstream.New(connection)
	n.streams = append(n.streams, stream)
	return stream, err
}

func (n *natsStream) Prepare(ctx context.Context) error {
	err := n.streams[0].DeleteStream(ctx, place)
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	_, err = n.streams[0].CreateStream(ctx, jetstream.StreamConfig{
		Name: place, Subjects: []string{place}, Storage: jetstream.FileStorage,
	})
	return err
}

func (n *natsStream) Appender(_ context.Context, worker int) (Append, error) {
	stream := n.streams[worker%len(n.streams)]
	return func(ctx context.Context, body []byte) error {
		_, err := stream.Publish(ctx, place, body)
		return err
	}, nil
}

func (n *natsStream) Follow(ctx context.Context, arrived func([]byte)) error {
	stream, err := n.connect()
	if err != nil {
		return err
	}
	consumer, err := stream.CreatePushConsumer(ctx, place, jetstream.ConsumerConfig{
		DeliverSubject: nats.NewInbox(),
		DeliverPolicy:  jetstream.DeliverNewPolicy,
		AckPolicy:      jetstream.AckNonePolicy,
	})
	if err != nil {
		return err
	}
	_, err = consumer.Consume(func(message jetstream.Msg) { arrived(message.Data()) })
	return err
}

func (n *natsStream) Close() {
	for _, connection := range n.connections {
		connection.Close()
	}
}
