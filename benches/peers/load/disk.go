package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// What is appended for each message where no server decides that: about what a record with a
// message of 300 bytes takes.
var record = bytes.Repeat([]byte("x"), 400)

// diskRate returns L: how many times a second one thread appends a record to one file and syncs
// it. Every rate is given as a ratio to it, since the disk of a shared machine drifts several-fold
// with what its neighbours do.
func diskRate(dir string, duration time.Duration) (Found, error) {
	return appendRecords(dir, duration, func() {})
}

// diskPaced returns how long such an append takes when they come at a rate that leaves the disk idle
// in between, as those that are delivered do.
func diskPaced(dir string, duration, interval time.Duration) (Found, error) {
	next := time.Now()
	return appendRecords(dir, duration, func() {
		next = later(next.Add(interval), time.Now())
		time.Sleep(time.Until(next))
	})
}

func later(one, other time.Time) time.Time {
	if one.After(other) {
		return one
	}
	return other
}

func appendRecords(dir string, duration time.Duration, pause func()) (Found, error) {
	path := filepath.Join(dir, "disk")
	file, err := syscall.Open(path, syscall.O_CREAT|syscall.O_TRUNC|syscall.O_WRONLY|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return Found{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer os.Remove(path)
	defer syscall.Close(file)
	var took []time.Duration
	own, begin := ownTime(), time.Now()
	for time.Since(begin) < duration {
		pause()
		one := time.Now()
		if err := writeAll(file, record); err != nil {
			return Found{}, &os.PathError{Op: "write", Path: path, Err: err}
		}
		if err := syscall.Fdatasync(file); err != nil {
			return Found{}, &os.PathError{Op: "fdatasync", Path: path, Err: err}
		}
		took = append(took, time.Since(one))
	}
	load := ownTime() - own
	found := Found{Rate: float64(len(took)) / time.Since(begin).Seconds(), LoadCPU: &load}
	found.setTimes(took)
	return found, nil
}

func writeAll(file int, data []byte) error {
	for len(data) > 0 {
		written, err := syscall.Write(file, data)
		if err != nil && err != syscall.EINTR {
			return err
		}
		data = data[max(written, 0):]
	}
	return nil
}
