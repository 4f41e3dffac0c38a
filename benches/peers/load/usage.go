package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// How many of Linux's ticks, in which it counts processor time, make a second.
const ticksPerSecond = 100

// ownTime returns the processor time of this program so far, in seconds.
func ownTime() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// serverTime returns the processor time of a process and all below it, in seconds; nil where that
// cannot be read. PostgreSQL works in a process per connection.
func serverTime(pid int) *float64 {
	if pid == 0 {
		return nil
	}
	parents, times := processes()
	if _, there := times[pid]; !there {
		return nil
	}
	total := 0.0
	for process, time := range times {
		if isBelow(process, pid, parents) {
			total += time
		}
	}
	return &total
}

func isBelow(process, ancestor int, parents map[int]int) bool {
	for process != 0 && process != ancestor {
		process = parents[process]
	}
	return process == ancestor
}

// processes returns the parent and the processor time of each process.
func processes() (parents map[int]int, times map[int]float64) {
	parents, times = map[int]int{}, map[int]float64{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // It ended meanwhile.
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		// The name before the last parenthesis may hold anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 15 {
			continue
		}
		parents[pid], _ = strconv.Atoi(string(fields[1]))
		// Its own user and system time, and those of its children that ended.
		for _, field := range fields[11:15] {
			ticks, _ := strconv.ParseFloat(string(field), 64)
			times[pid] += ticks / ticksPerSecond
		}
	}
	return parents, times
}

// between returns what was used from a first look to a second one.
func between(before, after *float64) *float64 {
	if before == nil || after == nil {
		return nil
	}
	used := *after - *before
	return &used
}
