package main

import (
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// etcdKeys appends each message as a new key below one prefix. The server syncs its log before it
// answers unless it was told not to.
type etcdKeys struct {
	address string
	clients []*clientv3.Client
}

func openEtcd(_ context.Context, chosen settings) (Peer, error) {
	peer := &etcdKeys{address: chosen.address}
	for range min(chosen.inFlight, connectionsMax) {
		if _, err := peer.connect(); err != nil {
			peer.Close()
			return nil, err
		}
	}
	return peer, nil
}

func (e *etcdKeys) connect() (*clientv3.Client, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{"http://" + e.address},
		DialTimeout: 2 * time.Second,
		Logger:      zap.NewNop(),
	})
	if err == nil {
		e.clients = append(e.clients, client)
	}
	return client, err
}

func (e *etcdKeys) Prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := e.clients[0].Delete(ctx, place+"/", clientv3.WithPrefix())
	return err
}

func (e *etcdKeys) Appender(_ context.Context, worker int) (Append, error) {
	client := e.clients[worker%len(e.clients)]
	number := 0
	return func(ctx context.Context, body []byte) error {
		number++
		_, err := client.Put(ctx, fmt.Sprintf("%s/%03d-%010d", place, worker, number), string(body))
		return err
	}, nil
}

func (e *etcdKeys) Follow(ctx context.Context, arrived func([]byte)) error {
	client, err := e.connect()
	if err != nil {
		return err
	}
	watch := client.Watch(ctx, place+"/", clientv3.WithPrefix(), clientv3.WithCreatedNotify())
	if created := <-watch; created.Err() != nil {
		return created.Err()
	}
	go func() {
		for answer := range watch {
			for _, event := range answer.Events {
				arrived(event.Kv.Value)
			}
		}
	}()
	return nil
}

func (e *etcdKeys) Close() {
	for _, client := range e.clients {
		client.Close()
	}
}
