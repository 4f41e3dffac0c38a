package main

import (
	"slices"
	"time"
)

// Found is what a measurement found.
type Found struct {
	// How many a second.
	Rate float64 `json:"rate"`
	// How long one took, in microseconds: half, and 99 of 100, took no longer.
	P50 *float64 `json:"p50_us"`
	P99 *float64 `json:"p99_us"`
	// Processor time of the peer's server and of this program while it was measured, in seconds.
	ServerCPU *float64 `json:"server_cpu_s"`
	LoadCPU   *float64 `json:"load_cpu_s"`
}

// setTimes notes the percentiles of how long things took.
func (f *Found) setTimes(took []time.Duration) {
	slices.Sort(took)
	f.P50, f.P99 = ranked(took, 50), ranked(took, 99)
}

// ranked returns a percentile by nearest rank, as `callboard bench` does; nil of nothing.
func ranked(sorted []time.Duration, percent int) *float64 {
	rank := (len(sorted)*percent + 99) / 100
	if rank == 0 {
		return nil
	}
	microseconds := float64(sorted[rank-1].Nanoseconds()) / 1000
	return &microseconds
}
