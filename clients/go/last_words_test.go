package callboard

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// gone is a connection whose other end closed it, with this left to read.
type gone struct {
	net.Conn
	left string
}

func (g *gone) Read(buffer []byte) (int, error) {
	if g.left == "" {
		return 0, errors.New("certificate required")
	}
	count := copy(buffer, g.left)
	g.left = g.left[count:]
	return count, nil
}

func (*gone) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestAConnectionThatIsRefusedFailsByWhatTheServerSaid(t *testing.T) {
	connection := &lastWordsConn{Conn: &gone{}}
	if count, err := connection.Write([]byte("hello")); count != 5 || err != nil {
		t.Errorf("the write: got %d, %v", count, err)
	}
	if _, err := connection.Read(make([]byte, 9)); err == nil || err.Error() != "certificate required" {
		t.Errorf("the read: got %v", err)
	}
}

func TestAConnectionThatServedFailsByTheWriteAsEver(t *testing.T) {
	connection := &lastWordsConn{Conn: &gone{left: "settings"}}
	if count, err := connection.Read(make([]byte, 9)); count != 8 || err != nil {
		t.Errorf("the read: got %d, %v", count, err)
	}
	if _, err := connection.Write([]byte("hello")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the write: got %v", err)
	}
}
