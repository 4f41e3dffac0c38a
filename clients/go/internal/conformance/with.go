package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"

	callboard "github.com/callboard-dev/callboard/clients/go"
)

// with are the arguments of a command, by their names without underscores: encoding/json
// finds the fields of the client's options by these.
type with map[string]json.RawMessage

// UnmarshalJSON turns what the suite says into what the options hold.
func (w *with) UnmarshalJSON(text []byte) error {
	var told map[string]json.RawMessage
	if err := json.Unmarshal(text, &told); err != nil {
		return err
	}
	*w = with{}
	for name, value := range told {
		if string(value) == "null" {
			continue
		}
		switch name {
		case "project", "task", "run", "token":
			// Absent is empty for the client, and empty is None.
			if string(value) == `""` {
				value = encoded(callboard.None)
			}
		case "offset":
			value = bytes.Trim(value, `"`)
		case "timeout", "heartbeat_interval", "retry_for":
			value = encoded(time.Duration(decode[float64](value) * float64(time.Second)))
		case "parents":
			value = encoded(callboard.ParentIDs(decode[[]string](value)...))
		case "links":
			value = encoded(callboard.LinkURLs(decode[[]string](value)...))
		case "scope":
			scopes := map[string]callboard.Scope{"project": callboard.ScopeProject, "all": callboard.ScopeAll}
			value = encoded(scopes[decode[string](value)])
		case "start":
			name, value = "from_earliest", encoded(decode[string](value) == "earliest")
		}
		(*w)[strings.ReplaceAll(name, "_", "")] = value
	}
	return nil
}

// as returns the arguments as options of the client.
func as[Options any](w with) Options {
	return decode[Options](encoded(map[string]json.RawMessage(w)))
}

// text returns an argument; empty when it is absent.
func (w with) text(name string) string {
	if w[name] == nil {
		return ""
	}
	return decode[string](w[name])
}

// duration returns an argument, or another value when it is absent.
func (w with) duration(name string, absent time.Duration) time.Duration {
	if w[name] == nil {
		return absent
	}
	return decode[time.Duration](w[name])
}

// limited returns the context of a call that has a timeout.
func (w with) limited() (context.Context, context.CancelFunc) {
	if w["timeout"] == nil {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), w.duration("timeout", 0))
}

// content returns what is to be sent: of a path, as a stream that cannot be rewound, or
// from memory.
func (w with) content() io.Reader {
	if path := w.text("fromfile"); path != "" {
		return opened(path)
	}
	if path := w.text("stream"); path != "" {
		return struct{ io.Reader }{opened(path)}
	}
	return bytes.NewReader(decode[[]byte](w["data"]))
}

// opened returns a file, which is closed with the driver.
func opened(path string) *os.File {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	return file
}

// decode parses a value; another one is the suite's mistake.
func decode[Value any](text json.RawMessage) Value {
	var value Value
	if err := json.Unmarshal(text, &value); err != nil {
		panic(err)
	}
	return value
}

func encoded(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
