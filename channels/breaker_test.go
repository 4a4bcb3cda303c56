package channels

import (
	"testing"
	"time"
)

func TestBreakerRestsLongerEachTimeAndTriesWithOne(t *testing.T) {
	b := newBreaker()
	now := time.Unix(1000, 0)
	for i := range breakAfter {
		if !b.resting("a", now).IsZero() {
			t.Fatalf("rests after %d failures", i)
		}
		b.failed("a", now)
	}
	if until := b.resting("a", now); until.Sub(now) != restFirst {
		t.Errorf("rests until %v", until)
	}
	if !b.resting("b", now).IsZero() {
		t.Error("another channel rests too")
	}
	now = now.Add(restFirst)
	if !b.resting("a", now).IsZero() {
		t.Error("no trial after the rest")
	}
	if b.resting("a", now).IsZero() {
		t.Error("a second trial beside the first")
	}
	b.failed("a", now)
	if until := b.resting("a", now); until.Sub(now) != 2*restFirst {
		t.Errorf("after a failed trial rests until %v", until)
	}
	b.worked("a")
	if !b.resting("a", now).IsZero() {
		t.Error("rests although it works")
	}
}
