package callboard

import (
	"context"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
)

// lastWords are credentials with which a refused connection fails by what the server said,
// and not by the write that found it gone. With TLS 1.3 a server refuses a certificate when
// this side has finished its handshake and writes already; gRPC would take the first of the
// two, and "broken pipe" tells nobody what is wrong.
type lastWords struct {
	credentials.TransportCredentials
}

// ClientHandshake has the connection listen before it fails.
func (l lastWords) ClientHandshake(
	ctx context.Context, authority string, raw net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	connection, info, err := l.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		return nil, nil, err
	}
	return &lastWordsConn{Conn: connection}, info, nil
}

// Clone returns a copy.
func (l lastWords) Clone() credentials.TransportCredentials {
	return lastWords{l.TransportCredentials.Clone()}
}

// lastWordsConn passes over failed writes until something was read. gRPC always reads as
// well, and no read outlasts a connection that can no longer be written to.
type lastWordsConn struct {
	net.Conn
	heard atomic.Bool
}

// Read takes note that the server spoke.
func (c *lastWordsConn) Read(buffer []byte) (int, error) {
	count, err := c.Conn.Read(buffer)
	if count > 0 {
		c.heard.Store(true)
	}
	return count, err
}

// Write leaves it to Read to fail, before the server spoke.
func (c *lastWordsConn) Write(data []byte) (int, error) {
	count, err := c.Conn.Write(data)
	if err != nil && !c.heard.Load() {
		return len(data), nil
	}
	return count, err
}
