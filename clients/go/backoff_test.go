package callboard

import (
	"testing"
	"time"
)

func TestDelaysGrowUpToABoundAndStartAnewAfterSuccess(t *testing.T) {
	var delays delays
	longest := delayFirst
	for range 12 {
		delay := delays.afterFailure(0)
		if delay < longest/2 || delay > longest {
			t.Errorf("got %s, want %s to %s", delay, longest/2, longest)
		}
		longest = min(2*longest, delayMax)
	}
	if longest != delayMax {
		t.Errorf("the bound was not reached: %s", longest)
	}
	delays.reset()
	if delay := delays.afterFailure(0); delay > delayFirst {
		t.Errorf("got %s after a success", delay)
	}
}

func TestADelayIsAtLeastWhatTheServerWants(t *testing.T) {
	var delays delays
	if delay := delays.afterFailure(5 * time.Second); delay != 5*time.Second {
		t.Errorf("got %s", delay)
	}
}
