package main

import (
	"iter"
	"strings"
	"time"
)

// nextTimeout is how long `next` waits unless it is told.
const nextTimeout = 30 * time.Second

// stream asks an iterator for its items one by one, so that it is ahead of what the suite
// has asked for by no more than the one item that came too late.
type stream struct {
	stop  func()
	more  chan struct{}
	items chan item
	// Whether an item was asked for and has not come.
	asked bool
	ended bool
	// What `next_bytes` has got and not given.
	text []byte
}

// item is what comes: a value, an error, or neither at the end.
type item struct {
	value any
	err   error
}

func startStream(stop func(), values iter.Seq2[any, error]) *stream {
	s := &stream{stop: stop, more: make(chan struct{}, 1), items: make(chan item, 1)}
	go func() {
		defer func() { s.items <- item{} }()
		<-s.more
		for value, err := range values {
			s.items <- item{value, err}
			<-s.more
		}
	}()
	return s
}

// next returns the next value, nil when there is none; the answer then says why.
func (s *stream) next(timeout <-chan time.Time, answer object) any {
	if !s.asked && !s.ended {
		s.asked = true
		s.more <- struct{}{}
	}
	if s.ended {
		answer["ended"] = true
		return nil
	}
	select {
	case got := <-s.items:
		s.asked = false
		s.ended = got.err != nil || got.value == nil
		if got.err != nil {
			answer["error"] = problem(got.err)["error"]
			return nil
		}
		if got.value == nil {
			answer["ended"] = true
		}
		return got.value
	case <-timeout:
		answer["timed_out"] = true
		return nil
	}
}

func count(w with) int {
	if w["count"] == nil {
		return 1
	}
	return decode[int](w["count"])
}

func next(d *driver, w with) (any, error) {
	items, answer := []any{}, object{}
	timeout := time.After(w.duration("timeout", nextTimeout))
	for len(items) < count(w) {
		value := d.streams[w.text("name")].next(timeout, answer)
		if value == nil {
			break
		}
		items = append(items, value)
	}
	answer["items"] = items
	return answer, nil
}

func nextBytes(d *driver, w with) (any, error) {
	s, answer := d.streams[w.text("name")], object{}
	timeout := time.After(w.duration("timeout", nextTimeout))
	for len(s.text) < count(w) {
		value := s.next(timeout, answer)
		if value == nil {
			break
		}
		s.text = append(s.text, value.([]byte)...)
	}
	answer["text"] = strings.ToValidUTF8(string(s.text), "\uFFFD")
	s.text = nil
	return answer, nil
}

func stop(d *driver, w with) (any, error) {
	s := d.streams[w.text("name")]
	s.stop()
	s.ended = true
	return object{}, nil
}
