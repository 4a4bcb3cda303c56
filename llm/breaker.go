package llm

import (
	"sync"
	"time"

	"jiban"
)

// breaker keeps calls from an endpoint that fails: after limit failures in a row it
// is open for pause; then one call probes, and what becomes of it closes or opens
// it.
type breaker struct {
	clock jiban.Clock
	limit int
	pause time.Duration

	mu      sync.Mutex
	failed  int
	until   time.Time // open until then
	probing bool
}

// ready says whether a call would be let through, without taking the probe.
func (b *breaker) ready() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed < b.limit || !b.probing && !b.clock.Now().Before(b.until)
}

// allow lets a call through. Each allowed call must end in done or release.
func (b *breaker) allow() (probe, allowed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed < b.limit {
		return false, true
	}
	if b.probing || b.clock.Now().Before(b.until) {
		return false, false
	}
	b.probing = true
	return true, true
}

// done tells how a call ended.
func (b *breaker) done(well bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if well {
		b.failed = 0
		return
	}
	if b.failed++; b.failed >= b.limit {
		b.failed = b.limit
		b.until = b.clock.Now().Add(b.pause)
	}
}

// release gives an allowed call back that says nothing about the endpoint.
func (b *breaker) release(probe bool) {
	if !probe {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}
