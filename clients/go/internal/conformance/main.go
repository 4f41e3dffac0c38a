// Command conformance is the driver of this client for the conformance suite, which
// tests/conformance/README.md describes: it does what it is told on its standard input,
// line by line, and answers on its standard output.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"

	callboard "github.com/callboard-dev/callboard/clients/go"
)

// driver holds what was made so far, by the names that it was given.
type driver struct {
	clients map[string]*callboard.Client
	follows map[string]*callboard.Follow
	streams map[string]*stream
	runs    map[string]*callboard.Run
}

func main() {
	d := &driver{
		clients: map[string]*callboard.Client{},
		follows: map[string]*callboard.Follow{},
		streams: map[string]*stream{},
		runs:    map[string]*callboard.Run{},
	}
	lines := bufio.NewReader(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = answers.Encode(d.answer(line))
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

// answer does what a line says.
func (d *driver) answer(line []byte) (answer object) {
	defer func() {
		if trouble := recover(); trouble != nil {
			answer = object{"failure": fmt.Sprintf("%v\n%s", trouble, debug.Stack())}
		}
	}()
	command := decode[struct {
		Do   string
		With with
	}](line)
	done, err := actions[command.Do](d, command.With)
	if err == nil {
		return object{"ok": done}
	}
	answer = problem(err)
	if answers, ok := done.([]any); ok {
		// Those of a stream of messages that ended with an error.
		answer["answers"] = answers
	}
	return answer
}

// client returns the client that a command is for.
func (d *driver) client(w with) *callboard.Client {
	return d.clients[clientName(w)]
}

func clientName(w with) string {
	if name := w.text("client"); name != "" {
		return name
	}
	return "main"
}
