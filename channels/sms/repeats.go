package sms

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// repeats tells the same message delivered twice from the same words said twice.
type repeats struct {
	mu   sync.Mutex
	seen map[string]*said
}

type said struct {
	times    int
	answered bool
	at       time.Time
}

func newRepeats() *repeats { return &repeats{seen: map[string]*said{}} }

// fingerprint is the id that stands for what SMPP does not give.
func fingerprint(d deliver, text string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00%d\x00%s", d.From, d.To, d.Part.Ref, d.Reference, text)
	return "smpp:" + hex.EncodeToString(h.Sum(nil)[:16])
}

// id returns the external id of a message: the one it had when the answer to its
// first delivery could not be written, else a new one.
func (r *repeats) id(print string, now time.Time) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.seen[print]
	if !ok || now.Sub(s.at) >= repeatWithin {
		s = &said{times: 1}
		r.seen[print] = s
	} else if s.answered {
		s.times, s.answered = s.times+1, false
	}
	s.at = now
	if s.times == 1 {
		return print
	}
	return print + "#" + strconv.Itoa(s.times)
}

// answered notes that the SMSC was told.
func (r *repeats) answered(print string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.seen[print]; ok {
		s.answered = true
	}
}

func (r *repeats) forget(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, s := range r.seen {
		if now.Sub(s.at) >= repeatWithin {
			delete(r.seen, k)
		}
	}
}
