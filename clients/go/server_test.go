package callboard_test

import (
	"context"
	"crypto/rand"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	callboard "github.com/callboard-dev/callboard/clients/go"
	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// testTimeout is how long a test may wait for something that is to come.
const testTimeout = time.Minute

func TestMain(m *testing.M) {
	for _, name := range []string{
		"JRUN_PROJECT_ID", "JRUN_TASK_ID", "JRUN_ID",
		"CALLBOARD_TOKEN", "CALLBOARD_CA", "CALLBOARD_CERT", "CALLBOARD_KEY",
	} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// serverAddress returns where the server of the tests is.
func serverAddress(t *testing.T) string {
	t.Helper()
	address := os.Getenv("CALLBOARD_ADDR")
	if address == "" {
		const missing = "set CALLBOARD_ADDR to the host:port of a running `callboard serve`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return address
}

// newID returns an id that nothing else has.
func newID(prefix string) string {
	return prefix + "-" + strings.ToLower(rand.Text())[:12]
}

// connect returns a client that is closed with the test.
func connect(t *testing.T, options callboard.Options) *callboard.Client {
	t.Helper()
	client, err := callboard.Connect(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// newClient returns a client of the server, with a project of the test's own.
func newClient(t *testing.T) *callboard.Client {
	t.Helper()
	return connect(t, callboard.Options{Addr: serverAddress(t), Project: newID("go")})
}

// newTaskClient is newClient, with a task that exists.
func newTaskClient(t *testing.T) *callboard.Client {
	t.Helper()
	client := connect(t, callboard.Options{Addr: serverAddress(t), Project: newID("go"), Task: "work"})
	request := &callboardv1.CreateTaskRequest{
		ProjectId: client.Project(),
		TaskId:    client.Task(),
		Steps:     []*callboardv1.Step{{Name: "only", Type: "ai"}},
	}
	if _, err := callboard.Call(context.Background(), client, client.Storage.CreateTask, request); err != nil {
		t.Fatal(err)
	}
	return client
}

// limited returns a context that ends with the test's patience.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

// must returns the value, of what is not to fail.
func must[Value any](value Value, err error) func(*testing.T) Value {
	return func(t *testing.T) Value {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// network is a way to a server that a test can break: a forwarder with a port of its own.
type network struct {
	target  string
	address string

	mutex       sync.Mutex
	listener    net.Listener
	connections []net.Conn
}

// newNetwork returns a way to the address, which is open.
func newNetwork(t *testing.T, target string) *network {
	t.Helper()
	n := &network{target: target, address: "127.0.0.1:0"}
	n.mend(t)
	n.address = n.listener.Addr().String()
	t.Cleanup(n.cut)
	return n
}

// cut breaks every connection; new ones are refused.
func (n *network) cut() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	_ = n.listener.Close()
	for _, connection := range n.connections {
		_ = connection.Close()
	}
	n.connections = nil
}

// mend lets connections through again.
func (n *network) mend(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", n.address)
	if err != nil {
		t.Fatal(err)
	}
	n.mutex.Lock()
	n.listener = listener
	n.mutex.Unlock()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", n.target)
			if err != nil {
				_ = near.Close()
				continue
			}
			n.mutex.Lock()
			n.connections = append(n.connections, near, far)
			n.mutex.Unlock()
			go forward(near, far)
			go forward(far, near)
		}
	}()
}

func forward(from, to net.Conn) {
	// Whatever ends it ends both.
	_, _ = to.(*net.TCPConn).ReadFrom(from)
	_ = from.Close()
	_ = to.Close()
}
