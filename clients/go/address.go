package callboard

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// DefaultAddress is where the server listens unless something else is said.
const DefaultAddress = "127.0.0.1:50051"

// addressForms is what an address that is not understood is answered with.
const addressForms = "write host:port, http://host:port, https://host:port or unix:PATH"

// address is a server's address, understood. Either hostPort or path is set.
type address struct {
	hostPort string
	path     string
	secure   bool
}

// findAddress understands what was given, else what CALLBOARD_ADDR says, else
// DefaultAddress.
func findAddress(given string) (address, error) {
	if given == "" {
		given = os.Getenv("CALLBOARD_ADDR")
	}
	if given == "" {
		given = DefaultAddress
	}
	return parseAddress(given)
}

func parseAddress(text string) (address, error) {
	if path, isUnix := strings.CutPrefix(text, "unix:"); isUnix {
		path = strings.TrimPrefix(path, "//")
		if path == "" {
			return address{}, misuse("address %q has no path: write unix:PATH", text)
		}
		return address{path: path}, nil
	}
	withScheme := text
	if !strings.Contains(text, "://") {
		withScheme = "http://" + text
	}
	parts, err := url.Parse(withScheme)
	if err != nil || !isPlain(parts) {
		return address{}, misuse("address %q is not understood: %s", text, addressForms)
	}
	return address{
		hostPort: net.JoinHostPort(parts.Hostname(), parts.Port()),
		secure:   parts.Scheme == "https",
	}, nil
}

// isPlain tells whether a URL says where a server is, and nothing else.
func isPlain(parts *url.URL) bool {
	port, err := strconv.ParseUint(parts.Port(), 10, 16)
	rest := *parts
	rest.Scheme, rest.Host, rest.Path = "", "", strings.TrimPrefix(parts.Path, "/")
	return (parts.Scheme == "http" || parts.Scheme == "https") &&
		parts.Hostname() != "" && err == nil && port > 0 && rest == url.URL{}
}

// isLocal tells whether the server is on this machine for certain, so that nobody
// between here and there can listen.
func (a address) isLocal() bool {
	if a.path != "" {
		return true
	}
	host, _, err := net.SplitHostPort(a.hostPort)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}
