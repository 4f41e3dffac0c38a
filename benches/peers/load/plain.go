package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// plain is the algorithm that any program can append with, without a server: open, lock, write,
// sync, unlock, for each message anew.
type plain struct {
	path string
}

func openPlain(_ context.Context, chosen settings) (Peer, error) {
	return &plain{filepath.Join(chosen.dir, place)}, nil
}

func (p *plain) Prepare(context.Context) error {
	return emptyFile(p.path)
}

func (p *plain) Appender(context.Context, int) (Append, error) {
	return func(context.Context, []byte) error {
		return withLock(p.path, func(file int) error {
			if err := writeAll(file, record); err != nil {
				return err
			}
			return syscall.Fsync(file)
		})
	}, nil
}

func (p *plain) Close() { os.Remove(p.path) }

// batch is the same algorithm as a server would use it: one thread writes and syncs at once all
// messages that came while it synced those before.
type batch struct {
	path    string
	waiting chan chan error
	ended   sync.WaitGroup
}

// How many messages wait or are written at once at most.
const batchMax = 4096

func openBatch(_ context.Context, chosen settings) (Peer, error) {
	return &batch{path: filepath.Join(chosen.dir, place), waiting: make(chan chan error, batchMax)}, nil
}

func (b *batch) Prepare(context.Context) error {
	if err := emptyFile(b.path); err != nil {
		return err
	}
	b.ended.Go(b.commit)
	return nil
}

func (b *batch) Appender(context.Context, int) (Append, error) {
	answer := make(chan error, 1)
	return func(context.Context, []byte) error {
		b.waiting <- answer
		return <-answer
	}, nil
}

func (b *batch) Close() {
	close(b.waiting)
	b.ended.Wait()
	os.Remove(b.path)
}

func (b *batch) commit() {
	for first := range b.waiting {
		answers := []chan error{first}
		data := append([]byte(nil), record...)
		for len(b.waiting) > 0 && len(answers) < batchMax {
			answers = append(answers, <-b.waiting)
			data = append(data, record...)
		}
		err := withLock(b.path, func(file int) error {
			if err := writeAll(file, data); err != nil {
				return err
			}
			return syscall.Fdatasync(file)
		})
		for _, answer := range answers {
			answer <- err
		}
	}
}

func emptyFile(path string) error {
	return os.WriteFile(path, nil, 0o600)
}

// withLock opens the file for appending and does something with it under the lock that all writers
// of the file take.
func withLock(path string, do func(file int) error) error {
	file, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(file)
	for {
		err = syscall.Flock(file, syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return &os.PathError{Op: "lock", Path: path, Err: err}
	}
	if err := do(file); err != nil {
		return &os.PathError{Op: "append to", Path: path, Err: err}
	}
	return syscall.Flock(file, syscall.LOCK_UN)
}
