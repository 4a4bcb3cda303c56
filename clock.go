package jiban

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// Beijing is the zone in which people and rules read times. Storage is UTC.
var Beijing = time.FixedZone("CST", 8*60*60)

// Clock tells the time. Everything that needs the time is handed one, so that a
// conversation replays to the same bytes.
type Clock interface{ Now() time.Time }

// IDs makes identifiers that are unique within one installation and sort in
// the order in which they were made.
type IDs interface{ NewID() string }

// SystemClock is the real time.
type SystemClock struct{}

// Now returns the current time in UTC.
func (SystemClock) Now() time.Time { return time.Now().UTC() }

// RandomIDs makes 26-character identifiers: 48 bits of milliseconds, then 80
// random bits, in lower-case base 32, so that they sort by time of making.
type RandomIDs struct{ Clock Clock }

// NewID returns a new identifier.
func (r RandomIDs) NewID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(r.Clock.Now().UnixMilli())<<16)
	if _, err := rand.Read(b[6:]); err != nil {
		panic(fmt.Sprintf("jiban: the system gives no randomness: %v", err))
	}
	return idEncoding.EncodeToString(b[:])
}

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ManualClock is a clock that moves only when told to: for replays and tests.
type ManualClock struct {
	mu  sync.Mutex
	now time.Time
}

// NewManualClock returns a clock that stands at the given time.
func NewManualClock(at time.Time) *ManualClock { return &ManualClock{now: at} }

// Now returns the time at which the clock stands.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on by d.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// SerialIDs makes the identifiers prefix000001, prefix000002 …: for replays and
// tests, where the same input must give the same bytes.
type SerialIDs struct {
	Prefix string

	mu sync.Mutex
	n  int
}

// NewID returns the next identifier.
func (s *SerialIDs) NewID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return fmt.Sprintf("%s%06d", s.Prefix, s.n)
}
