package shared

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"jiban"
)

// Memory shares within one process. Its methods never fail.
type Memory struct {
	clock jiban.Clock
	hub   *hub

	mu        sync.Mutex
	leases    map[string]entry[string]
	counts    map[string]entry[int64]
	values    map[string]entry[string]
	members   map[string]map[string]entry[struct{}]
	nextSweep time.Time
}

// entry is a value that ends at a time.
type entry[T any] struct {
	value T
	until time.Time
}

func (e entry[T]) alive(now time.Time) bool { return now.Before(e.until) }

// How often what has ended is thrown away.
const sweepEvery = time.Minute

// NewMemory returns an empty Memory.
func NewMemory(clock jiban.Clock) *Memory {
	return &Memory{clock: clock, hub: newHub(), leases: map[string]entry[string]{}, counts: map[string]entry[int64]{},
		values: map[string]entry[string]{}, members: map[string]map[string]entry[struct{}]{}}
}

// Publish hands data to all subscribers of a topic; who is too far behind loses
// it. The data must not be changed afterwards.
func (m *Memory) Publish(_ context.Context, topic string, data []byte) error {
	m.hub.publish(topic, data)
	return nil
}

// Subscribe returns what is published to a topic from now on. The function ends
// it and closes the channel.
func (m *Memory) Subscribe(_ context.Context, topic string) (<-chan []byte, func(), error) {
	ch, _ := m.hub.subscribe(topic)
	return ch, func() { m.hub.leave(topic, ch) }, nil
}

// Acquire takes a lease for ttl, or extends the owner's own; false when somebody
// else has it.
func (m *Memory) Acquire(_ context.Context, key, owner string, ttl time.Duration) (bool, error) {
	now, unlock := m.lock()
	defer unlock()
	if l, ok := m.leases[key]; ok && l.alive(now) && l.value != owner {
		return false, nil
	}
	m.leases[key] = entry[string]{owner, now.Add(ttl)}
	return true, nil
}

// Release gives a lease back; one that is not the owner's stays.
func (m *Memory) Release(_ context.Context, key, owner string) error {
	_, unlock := m.lock()
	defer unlock()
	if m.leases[key].value == owner {
		delete(m.leases, key)
	}
	return nil
}

// Count adds n to a counter and returns it; the counter ends ttl after its first
// count.
func (m *Memory) Count(_ context.Context, key string, n int64, ttl time.Duration) (int64, error) {
	now, unlock := m.lock()
	defer unlock()
	c, ok := m.counts[key]
	if !ok || !c.alive(now) {
		c = entry[int64]{0, now.Add(ttl)}
	}
	c.value += n
	m.counts[key] = c
	return c.value, nil
}

// Touch makes member one of the set for ttl.
func (m *Memory) Touch(_ context.Context, set, member string, ttl time.Duration) error {
	now, unlock := m.lock()
	defer unlock()
	if m.members[set] == nil {
		m.members[set] = map[string]entry[struct{}]{}
	}
	m.members[set][member] = entry[struct{}]{until: now.Add(ttl)}
	return nil
}

// Remove takes member out of the set.
func (m *Memory) Remove(_ context.Context, set, member string) error {
	_, unlock := m.lock()
	defer unlock()
	delete(m.members[set], member)
	return nil
}

// Members lists the members of a set, sorted.
func (m *Memory) Members(_ context.Context, set string) ([]string, error) {
	now, unlock := m.lock()
	defer unlock()
	var alive []string
	for member, e := range m.members[set] {
		if e.alive(now) {
			alive = append(alive, member)
		}
	}
	slices.Sort(alive)
	return alive, nil
}

// Get returns a value that was set and has not ended.
func (m *Memory) Get(_ context.Context, key string) (string, bool, error) {
	now, unlock := m.lock()
	defer unlock()
	if v, ok := m.values[key]; ok && v.alive(now) {
		return v.value, true, nil
	}
	return "", false, nil
}

// Set keeps a value for ttl.
func (m *Memory) Set(_ context.Context, key, value string, ttl time.Duration) error {
	now, unlock := m.lock()
	defer unlock()
	m.values[key] = entry[string]{value, now.Add(ttl)}
	return nil
}

// Healthy is always true.
func (m *Memory) Healthy(context.Context) error { return nil }

// Close ends all subscriptions.
func (m *Memory) Close() error {
	m.hub.close()
	return nil
}

// lock locks the maps and returns the time and the function that unlocks.
func (m *Memory) lock() (time.Time, func()) {
	now := m.clock.Now()
	m.mu.Lock()
	if now.After(m.nextSweep) {
		m.nextSweep = now.Add(sweepEvery)
		m.sweep(now)
	}
	return now, m.mu.Unlock
}

func (m *Memory) sweep(now time.Time) {
	maps.DeleteFunc(m.leases, func(_ string, e entry[string]) bool { return !e.alive(now) })
	maps.DeleteFunc(m.counts, func(_ string, e entry[int64]) bool { return !e.alive(now) })
	maps.DeleteFunc(m.values, func(_ string, e entry[string]) bool { return !e.alive(now) })
	maps.DeleteFunc(m.members, func(_ string, set map[string]entry[struct{}]) bool {
		maps.DeleteFunc(set, func(_ string, e entry[struct{}]) bool { return !e.alive(now) })
		return len(set) == 0
	})
}
