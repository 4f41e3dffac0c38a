package callboard

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// Token is what a client signs in with. Printing it in any way shows that there is one,
// and not which.
type Token string

const shownToken = "(token)"

// Format shows that there is a token.
func (t Token) Format(state fmt.State, _ rune) {
	if t != "" {
		_, _ = io.WriteString(state, shownToken)
	}
}

// MarshalText shows that there is a token, to logs that are written as JSON.
func (t Token) MarshalText() ([]byte, error) {
	if t == "" {
		return nil, nil
	}
	return []byte(shownToken), nil
}

// findToken returns the token to send to the server, empty for none.
func findToken(given Token, server address) (Token, error) {
	token := given
	if token == "" {
		token = Token(os.Getenv("CALLBOARD_TOKEN"))
	}
	if token == "" || token == None {
		return "", nil
	}
	if strings.ContainsFunc(string(token), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", misuse("the token has characters that no header can hold")
	}
	if !server.secure && !server.isLocal() {
		return "", misuse("a token is only sent over TLS, a Unix socket, or to this machine")
	}
	return token, nil
}

// bearer adds a token to every call. It is a function so that printing the connection that
// holds it does not show the token.
type bearer func() Token

func newBearer(token Token) bearer {
	return func() Token { return token }
}

// GetRequestMetadata returns the header that holds the token.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b())}, nil
}

// RequireTransportSecurity says nothing about the transport, because findToken has seen to
// that, and a Unix socket counts as an insecure one.
func (bearer) RequireTransportSecurity() bool { return false }
