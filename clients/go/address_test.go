package callboard

import (
	"errors"
	"strings"
	"testing"
)

func TestAnAddressIsUnderstood(t *testing.T) {
	for text, want := range map[string]struct {
		address
		local bool
	}{
		"127.0.0.1:50051":            {address{hostPort: "127.0.0.1:50051"}, true},
		"127.9.9.9:1":                {address{hostPort: "127.9.9.9:1"}, true},
		"localhost:1":                {address{hostPort: "localhost:1"}, true},
		"LocalHost:1":                {address{hostPort: "LocalHost:1"}, true},
		"[::1]:50051":                {address{hostPort: "[::1]:50051"}, true},
		"127.0.0.1.example.org:1":    {address{hostPort: "127.0.0.1.example.org:1"}, false},
		"127.example.org:1":          {address{hostPort: "127.example.org:1"}, false},
		"localhost.example.org:1":    {address{hostPort: "localhost.example.org:1"}, false},
		"http://example.org:80":      {address{hostPort: "example.org:80"}, false},
		"http://example.org:80/":     {address{hostPort: "example.org:80"}, false},
		"https://example.org:443":    {address{hostPort: "example.org:443", secure: true}, false},
		"unix:/run/callboard.sock":   {address{path: "/run/callboard.sock"}, true},
		"unix:///run/callboard.sock": {address{path: "/run/callboard.sock"}, true},
		"unix:relative#1.sock":       {address{path: "relative#1.sock"}, true},
	} {
		got, err := parseAddress(text)
		if err != nil || got != want.address || got.isLocal() != want.local {
			t.Errorf("%s: got %+v, local %v, %v", text, got, got.isLocal(), err)
		}
	}
}

func TestWhatIsNoAddressIsRefusedWithWhatToWrite(t *testing.T) {
	for _, text := range []string{
		"localhost", "localhost:", "localhost:x", "localhost:0", ":1", "a:99999", "ftp://a:1",
		"http://a:1/path", "http://a:1?query", "http://user@a:1", "unix:", "unix://",
	} {
		_, err := parseAddress(text)
		if _, ok := errors.AsType[*MisuseError](err); !ok || !strings.Contains(err.Error(), "write ") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestTheEnvironmentIsAskedBeforeTheDefault(t *testing.T) {
	t.Setenv("CALLBOARD_ADDR", "unix:/x")
	if got, err := findAddress(""); err != nil || got.path != "/x" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := findAddress("localhost:1"); err != nil || got.hostPort != "localhost:1" {
		t.Errorf("got %+v, %v", got, err)
	}
	t.Setenv("CALLBOARD_ADDR", "")
	if got, err := findAddress(""); err != nil || got.hostPort != DefaultAddress {
		t.Errorf("got %+v, %v", got, err)
	}
}
