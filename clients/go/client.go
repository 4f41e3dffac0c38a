package callboard

import (
	"context"
	"log/slog"
	"os"
	"time"

	"google.golang.org/grpc"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// DefaultTimeout is how long a call may take with all its attempts, unless the client or
// the call's context says otherwise.
const DefaultTimeout = 30 * time.Second

// Options say which server to use, and what the methods of a client take when they are
// not told. The zero value takes everything from the environment.
type Options struct {
	// Addr is where the server is: host:port, http://host:port, https://host:port or
	// unix:PATH. Empty means what CALLBOARD_ADDR says, else DefaultAddress.
	Addr string
	// Token is sent with every call. Empty means what CALLBOARD_TOKEN says, else none,
	// and None means none. It is only sent over TLS, a Unix socket, or to this machine.
	Token Token
	// CAFile is a file of certificates in PEM form, for https: only those are trusted.
	// Empty means what CALLBOARD_CA says, else those of the system.
	CAFile string
	// CertFile and KeyFile are the certificate that this side shows to the server, for
	// https, and its key: files in PEM form. One needs the other. Both empty means what
	// CALLBOARD_CERT and CALLBOARD_KEY say, else none.
	CertFile, KeyFile string
	// Project is the project that is meant when none is named. Empty means what
	// JRUN_PROJECT_ID says, None that there is none.
	Project string
	// Task is the task that is meant when neither a project nor a task is named. Empty
	// means what JRUN_TASK_ID says, if the project is the environment's as well; None
	// means the project's own bus.
	Task string
	// Run is the run that speaks when none is named. Empty means what JRUN_ID says; None
	// means that no run speaks.
	Run string
	// Timeout bounds a call with all its attempts, where the call's context has no
	// deadline; 0 means DefaultTimeout.
	Timeout time.Duration
	// Logger is told of interruptions, and of messages that are lost or damaged; nil means
	// slog.Default().
	Logger *slog.Logger
}

// Client is a connection to a Callboard server. Its methods may be called from any
// goroutine.
//
// A call that is safe to repeat is repeated while the server cannot be reached or asks to
// come back: until the deadline of its context, or for Options.Timeout without one.
//
// Methods return an *Error when a call did not succeed, and a *MisuseError when it could
// not even be made.
type Client struct {
	// Bus is the generated client of the message bus; see Call.
	Bus callboardv1.MessageBusClient
	// Storage is the generated client of projects, tasks, runs and what they keep; see
	// Call.
	Storage callboardv1.StorageClient

	connection *grpc.ClientConn
	own        defaults
	timeout    time.Duration
	logger     *slog.Logger
	// Done once the client is closed.
	open  context.Context
	close context.CancelFunc
}

// Connect returns a client of a server. The connection itself is made by the first call,
// and again after every break. Close the client when it is no longer needed.
//
// It returns a *MisuseError for an address that is not understood, a token that would be
// sent in the clear, a certificate without its key, or a file that does not hold what it
// should, and an error of package os for a file that cannot be read.
func Connect(options Options) (*Client, error) {
	server, err := findAddress(options.Addr)
	if err != nil {
		return nil, err
	}
	token, err := findToken(options.Token, server)
	if err != nil {
		return nil, err
	}
	files := tlsFiles{ca: options.CAFile, cert: options.CertFile, key: options.KeyFile}
	connection, err := openConnection(server, files, token)
	if err != nil {
		return nil, err
	}
	client := &Client{
		Bus:        callboardv1.NewMessageBusClient(connection),
		Storage:    callboardv1.NewStorageClient(connection),
		connection: connection,
		own:        findDefaults(options, os.Getenv),
		timeout:    options.Timeout,
		logger:     options.Logger,
	}
	if client.timeout == 0 {
		client.timeout = DefaultTimeout
	}
	if client.logger == nil {
		client.logger = slog.Default()
	}
	client.open, client.close = context.WithCancel(context.Background())
	return client, nil
}

// Close closes the connection and ends what still runs over it: a Follow without an error,
// everything else with one that is context.Canceled.
func (c *Client) Close() error {
	c.close()
	return c.connection.Close()
}

// Project returns the project that is meant when none is named; empty when there is none.
func (c *Client) Project() string { return c.own.project }

// Task returns the task that is meant when neither a project nor a task is named; empty
// for the project's own bus.
func (c *Client) Task() string { return c.own.task }

// RunID returns the run that speaks when none is named; empty when there is none.
func (c *Client) RunID() string { return c.own.run }

// while returns a context that is done when the given one is, or the client is closed.
func (c *Client) while(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.open, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// bounded is while, with the client's timeout for a context that has no deadline.
func (c *Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	open, cancel := c.while(ctx)
	if _, has := open.Deadline(); has {
		return open, cancel
	}
	bounded, end := context.WithTimeout(open, c.timeout)
	return bounded, func() {
		end()
		cancel()
	}
}
