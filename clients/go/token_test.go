package callboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestATokenIsOnlySentWhereNobodyListens(t *testing.T) {
	for text, wanted := range map[string]bool{
		"https://example.org:1": true,
		"localhost:1":           true,
		"unix:/x":               true,
		"example.org:1":         false,
		"http://10.0.0.1:1":     false,
		"127.example.org:1":     false,
	} {
		client, err := Connect(Options{Addr: text, Token: "hidden-secret"})
		if wanted {
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			_ = client.Close()
			continue
		}
		if _, ok := errors.AsType[*MisuseError](err); !ok {
			t.Errorf("%s: got %v", text, err)
		} else if strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: the token is told: %v", text, err)
		}
	}
}

func TestATokenThatNoHeaderCanHoldIsRefusedWithoutTellingIt(t *testing.T) {
	_, err := Connect(Options{Addr: "localhost:1", Token: "hidden\nsecret"})
	if _, ok := errors.AsType[*MisuseError](err); !ok || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v", err)
	}
}

func TestATokenOfTheEnvironmentIsNotSentWhenNoneIsWanted(t *testing.T) {
	t.Setenv("CALLBOARD_TOKEN", "outer")
	local := address{hostPort: "localhost:1"}
	for given, want := range map[Token]Token{"": "outer", "own": "own", None: ""} {
		if got, err := findToken(given, local); err != nil || string(got) != string(want) {
			t.Errorf("%q: got %q, %v", string(given), string(got), err)
		}
	}
}

func TestATokenIsNeverPrinted(t *testing.T) {
	client, err := Connect(Options{Addr: "localhost:1", Token: "hidden-secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	options := Options{Token: "hidden-secret"}
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		_, _ = fmt.Fprintf(&printed, verb+verb+verb, options, client, newBearer("hidden-secret"))
	}
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	printed.Write(text)
	slog.New(slog.NewTextHandler(&printed, nil)).Info("x", "options", options, "token", options.Token)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("x", "token", options.Token)
	hexadecimal := fmt.Sprintf("%x", "hidden")
	if strings.Contains(printed.String(), "hidden") || strings.Contains(printed.String(), hexadecimal) {
		t.Errorf("printed: %s", printed.String())
	}
}
