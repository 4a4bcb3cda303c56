package channels

import (
	"sync"
	"time"
)

const (
	// breakAfter is how many sends in a row must fail before a channel is left
	// alone for a while.
	breakAfter = 5
	// restFirst and restMost bound that while; it doubles with each trial that fails.
	restFirst = 10 * time.Second
	restMost  = 2 * time.Minute
)

// breaker leaves a provider that is down in peace: after several failures in a row
// its channel rests, then one trial decides.
type breaker struct {
	mu       sync.Mutex
	channels map[string]*condition
}

type condition struct {
	failures int
	rest     time.Duration
	until    time.Time
}

func newBreaker() *breaker { return &breaker{channels: map[string]*condition{}} }

// resting returns until when the channel rests, the zero time when it does not.
// Asking after the rest is over starts a trial: until its result is known the
// others wait.
func (b *breaker) resting(channel string, now time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.channels[channel]
	if c == nil || c.until.IsZero() {
		return time.Time{}
	}
	if now.Before(c.until) {
		return c.until
	}
	c.until = now.Add(sendLimit)
	return time.Time{}
}

// worked notes that the provider answered, whatever it said.
func (b *breaker) worked(channel string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.channels, channel)
}

// failed notes that the provider did not answer or is out of order. It reports
// whether the channel now rests.
func (b *breaker) failed(channel string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.channels[channel]
	if c == nil {
		c = &condition{}
		b.channels[channel] = c
	}
	c.failures++
	if c.failures < breakAfter {
		return false
	}
	c.rest = min(max(2*c.rest, restFirst), restMost)
	c.until = now.Add(c.rest)
	return true
}
