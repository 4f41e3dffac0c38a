package callboard

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// receiveBytesMax is what one message of the server may hold. Its unary answers end
	// at 3 MiB and single messages of other programs somewhat above.
	receiveBytesMax = 16 << 20
	// connectTimeout is how long one attempt to connect may take.
	connectTimeout = 5 * time.Second
	// keepaliveInterval and keepaliveTimeout say when a peer that vanished without a word
	// is noticed while a call or a stream is open.
	keepaliveInterval = 30 * time.Second
	keepaliveTimeout  = 10 * time.Second
)

// openConnection makes a connection that connects with the first call, and again after
// every break.
func openConnection(server address, files tlsFiles, token Token) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(receiveBytesMax)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:    keepaliveInterval,
			Timeout: keepaliveTimeout,
		}),
		// Come back soon after a restart: the default would wait up to two minutes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay:  100 * time.Millisecond,
				Multiplier: 1.6,
				Jitter:     0.2,
				MaxDelay:   delayMax,
			},
			MinConnectTimeout: connectTimeout,
		}),
	}
	if token != "" {
		options = append(options, grpc.WithPerRPCCredentials(newBearer(token)))
	}
	if server.isLocal() {
		// A proxy from the environment cannot reach this machine's loopback.
		options = append(options, grpc.WithNoProxy())
	}
	transport := insecure.NewCredentials()
	if server.secure {
		config, err := files.config()
		if err != nil {
			return nil, err
		}
		transport = lastWords{credentials.NewTLS(config)}
	}
	options = append(options, grpc.WithTransportCredentials(transport))

	target := "dns:///" + server.hostPort
	if server.path != "" {
		// With gRPC's own resolver for sockets, a path may hold no `?`, `#` or `%`.
		dial := func(ctx context.Context, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", server.path)
		}
		options = append(options, grpc.WithContextDialer(dial))
		target = "passthrough:///localhost"
	}
	return grpc.NewClient(target, options...)
}
