package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPercentilesAreByNearestRank(t *testing.T) {
	var found Found
	found.setTimes(nil)
	if found.P50 != nil || found.P99 != nil {
		t.Fatal("there are percentiles of nothing")
	}
	var took []time.Duration
	for milliseconds := 200; milliseconds > 0; milliseconds-- {
		took = append(took, time.Duration(milliseconds)*time.Millisecond)
	}
	found.setTimes(took)
	if *found.P50 != 100_000 || *found.P99 != 198_000 {
		t.Fatalf("the p50 is %v, the p99 %v", *found.P50, *found.P99)
	}
}

func TestAMessageCarriesItsNumber(t *testing.T) {
	number, err := numberOf(message(4711))
	if err != nil || number != 4711 {
		t.Fatalf("%d, %v", number, err)
	}
	if _, err := numberOf(message(1)[1:]); err == nil {
		t.Fatal("a message that was cut off is none")
	}
}

func TestWhatDoesNotArriveInOrderIsAFailure(t *testing.T) {
	now := time.Now()
	arrivals := make(chan arrival, 2)
	arrivals <- arrival{number: 1, at: now}
	if _, err := collect(arrivals, []time.Time{now, now}); err == nil {
		t.Fatal("message 1 was taken for message 0")
	}
}

func TestWhatWaitsForTheMessageBeforeCountsFromWhenItWasDue(t *testing.T) {
	const interval = 20 * time.Millisecond
	calls := 0
	appendOne := func(context.Context, []byte) error {
		if calls++; calls == 1 {
			time.Sleep(4 * interval)
		}
		return nil
	}
	begun, err := appendPaced(context.Background(), appendOne, 4, interval)
	if err != nil || calls != 4 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	for number := 2; number < 4; number++ {
		if apart := begun[number].Sub(begun[number-1]); apart != interval {
			t.Fatalf("messages %d and %d count from %v apart", number-1, number, apart)
		}
	}
}

func TestHowLateTheTimerIsDoesNotCount(t *testing.T) {
	const interval = 5 * time.Millisecond
	due := time.Now()
	free, sent := due.Add(-time.Millisecond), due.Add(time.Millisecond)
	if from := countsFrom(due, free, sent, interval); !from.Equal(sent) {
		t.Fatal("the lateness of the timer counts")
	}
	if from := countsFrom(due, due.Add(time.Microsecond), sent, interval); !from.Equal(due) {
		t.Fatal("to wait for the message before does not count")
	}
	if from := countsFrom(due, free, due.Add(2*interval), interval); !from.Equal(due) {
		t.Fatal("to be late by more than an interval does not count")
	}
}

func TestTheAlgorithmsKeepEveryMessageThatTheyAcknowledge(t *testing.T) {
	for _, name := range []string{"plain", "batch"} {
		chosen := settings{peer: name, dir: t.TempDir(), inFlight: 8, seconds: 0.05}
		peer, err := open(context.Background(), chosen)
		if err != nil {
			t.Fatal(err)
		}
		found, err := appendAtOnce(context.Background(), peer, chosen)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file, err := os.Stat(filepath.Join(chosen.dir, place))
		if err != nil {
			t.Fatal(err)
		}
		acknowledged := int64(math.Round(found.Rate * chosen.seconds))
		if kept := file.Size() / int64(len(record)); acknowledged == 0 || kept < acknowledged {
			t.Fatalf("%s: %d of %d are there", name, kept, acknowledged)
		}
		peer.Close()
	}
}
