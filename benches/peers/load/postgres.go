package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// The channel that tells those who listen about messages.
const channel = "arrivals"

// postgresTable appends each message as a row in a transaction of its own, over a connection for
// each worker: a connection of PostgreSQL does one transaction at a time.
type postgresTable struct {
	url         string
	connections []*pgx.Conn
	// Whether somebody listens, who must be told.
	followed bool
}

func openPostgres(ctx context.Context, chosen settings) (Peer, error) {
	peer := &postgresTable{
		url: "postgres://postgres@" + chosen.address + "/postgres?sslmode=disable",
	}
	_, err := peer.connect(ctx)
	return peer, err
}

func (p *postgresTable) connect(ctx context.Context) (*pgx.Conn, error) {
	connection, err := pgx.Connect(ctx, p.url)
	if err == nil {
		p.connections = append(p.connections, connection)
	}
	return connection, err
}

func (p *postgresTable) Prepare(ctx context.Context) error {
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		err := p.connections[0].QueryRow(ctx, "select current_setting($1)", setting).Scan(&value)
		if err != nil {
			return err
		}
		if value != "on" {
			return fmt.Errorf("the server has %s %s", setting, value)
		}
	}
	_, err := p.connections[0].Exec(ctx, fmt.Sprintf(
		"drop table if exists %[1]s; create table %[1]s (id bigserial primary key, body text not null)",
		place,
	))
	return err
}

func (p *postgresTable) Appender(ctx context.Context, _ int) (Append, error) {
	connection, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	statement := "insert into " + place + " (body) values ($1)"
	if p.followed {
		// The notification carries the message, so that nobody has to ask for it again.
		statement = "with kept as (" + statement + " returning body) select pg_notify('" + channel + "', body) from kept"
	}
	return func(ctx context.Context, body []byte) error {
		_, err := connection.Exec(ctx, statement, string(body))
		return err
	}, nil
}

func (p *postgresTable) Follow(ctx context.Context, arrived func([]byte)) error {
	connection, err := p.connect(ctx)
	if err != nil {
		return err
	}
	if _, err := connection.Exec(ctx, "listen "+channel); err != nil {
		return err
	}
	p.followed = true
	go func() {
		for {
			notification, err := connection.WaitForNotification(ctx)
			if err != nil {
				return
			}
			arrived([]byte(notification.Payload))
		}
	}()
	return nil
}

func (p *postgresTable) Close() {
	// Those that wait for a notification end with the program.
	if !p.followed {
		for _, connection := range p.connections {
			connection.Close(context.Background())
		}
	}
}
