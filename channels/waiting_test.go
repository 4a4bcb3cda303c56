package channels

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
)

// machine plays any order of coming, claiming, fulfilling and leaving on one
// conversation.
type machine struct {
	w        *Waiting
	n        int
	present  []*waiter      // in the order of coming
	claimant *waiter        // nil: no claim is open
	told     map[string]int // who took a message along or gave it back
	said     int
}

const room = "c1"

func TestAClaimIsNeverLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{w: NewWaiting(&jiban.SerialIDs{}), told: map[string]int{}}
		t.Repeat(map[string]func(*rapid.T){
			"come":   m.come,
			"claim":  m.claim,
			"fulfil": m.fulfil,
			"leave":  m.leave,
			"":       m.check,
		})
	})
}

func (m *machine) take(said []jiban.Message) {
	for _, s := range said {
		m.told[s.ID]++
	}
}

func (m *machine) come(*rapid.T) {
	until := time.Unix(int64(m.n), 0)
	m.present = append(m.present, m.w.add(room, until, func(_ string, said []jiban.Message) { m.take(said) }))
}

func (m *machine) claim(t *rapid.T) {
	c := m.w.Claim(room)
	if (c == nil) != (len(m.present) == 0 || m.claimant != nil) {
		t.Fatalf("claim %v with %d waiting", c, len(m.present))
	}
	if c == nil {
		return
	}
	for _, x := range m.present {
		if x.by == c.By {
			m.claimant = x
		}
	}
	if m.claimant == nil {
		t.Fatal("somebody was claimed who does not wait")
	}
}

func (m *machine) fulfil(t *rapid.T) {
	if m.claimant == nil {
		t.Skip("nothing is claimed")
	}
	var said []jiban.Message
	for range rapid.IntRange(0, 2).Draw(t, "messages") {
		m.said++
		said = append(said, jiban.Message{ID: fmt.Sprint(m.said)})
	}
	m.w.Fulfil(room, said)
	m.claimant = nil
	for _, x := range m.present {
		if !x.gone && len(x.said) > 0 {
			m.take(m.w.withdraw(room, x))
			m.forget(x)
			return
		}
	}
}

func (m *machine) leave(t *rapid.T) {
	if len(m.present) == 0 {
		t.Skip("nobody waits")
	}
	x := rapid.SampledFrom(m.present).Draw(t, "who")
	m.take(m.w.withdraw(room, x))
	m.forget(x)
}

func (m *machine) forget(x *waiter) {
	for i := range m.present {
		if m.present[i] == x {
			m.present = append(m.present[:i:i], m.present[i+1:]...)
			return
		}
	}
}

func (m *machine) check(t *rapid.T) {
	if len(m.told) != m.said {
		t.Fatalf("%d messages were claimed, %d arrived somewhere", m.said, len(m.told))
	}
	for id, n := range m.told {
		if n != 1 {
			t.Fatalf("message %s arrived %d times", id, n)
		}
	}
	if len(m.present) == 0 && m.claimant == nil && (len(m.w.waiters) > 0 || len(m.w.claimed) > 0) {
		t.Fatal("nobody waits and something is remembered")
	}
}

func TestTheLongestWaitingIsClaimedFirst(t *testing.T) {
	w := NewWaiting(&jiban.SerialIDs{})
	late := func(string, []jiban.Message) { t.Error("nobody was late") }
	until := time.Unix(100, 0)
	first, second := w.add(room, until, late), w.add(room, until.Add(time.Second), late)
	c := w.Claim(room)
	if c.By != first.by || c.Path != jiban.PathPassive || !c.Until.After(until) {
		t.Errorf("claim %+v", c)
	}
	w.Fulfil(room, nil) // the commit lost
	if c := w.Claim(room); c.By != first.by {
		t.Error("who got nothing lost its place")
	}
	w.Fulfil(room, []jiban.Message{{ID: "1"}})
	if len(<-first.said) != 1 {
		t.Error("the claimant was not told")
	}
	select {
	case <-second.nudge:
	default:
		t.Error("the other was not told to look")
	}
}
