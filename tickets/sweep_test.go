package tickets

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"jiban"
)

func TestSweep(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	c := h.person("web:1")
	late, answered, fine := h.open(h.draft(c)), h.open(h.draft(c)), h.open(h.draft(c))
	h.must(jiban.EventReplied, answered.Number, "text", "好了")
	h.must(jiban.EventExtended, fine.Number, "due", "2026-11-20T17:30:00+08:00", "reason", "x")
	sweep := func() {
		t.Helper()
		if err := h.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if got := h.kinds(late.Number); len(got) != 2 {
		t.Errorf("nothing is due yet: %v", got)
	}
	h.clock.Advance(24*time.Hour + time.Minute)
	sweep()
	sweep()
	count := func(number string, k jiban.TicketEventKind) (n int) {
		for _, e := range h.kinds(number) {
			if e == k {
				n++
			}
		}
		return n
	}
	if n := count(late.Number, jiban.EventOverdue); n != 1 {
		t.Errorf("marked %d times", n)
	}
	other := h.node(&jiban.SerialIDs{Prefix: "other"})
	if err := other.Sweep(ctx); err != nil || count(late.Number, jiban.EventOverdue) != 1 {
		t.Errorf("another node marked it again: %v, %v", h.kinds(late.Number), err)
	}
	h.clock.Advance(48*time.Hour + time.Minute)
	sweep()
	if k := h.ticket(answered.Number); k.Status != jiban.TicketClosed {
		t.Errorf("nobody objected, and yet it is %s", k.Status)
	}
	if k := h.ticket(fine.Number); k.Status != jiban.TicketDispatched || count(fine.Number, jiban.EventOverdue) != 0 {
		t.Errorf("an extended ticket is not due: %v", h.kinds(fine.Number))
	}
	h.must(jiban.EventReplied, late.Number, "text", "好了")
	h.must(jiban.EventSurveyed, late.Number, "solved", "no")
	h.clock.Advance(25 * time.Hour)
	sweep()
	if n := count(late.Number, jiban.EventOverdue); n != 2 {
		t.Errorf("a reopened ticket has a limit of its own: marked %d times", n)
	}
	delayed := 0
	for _, k := range h.told(c.ID) {
		if k == jiban.NoticeTicketDelayed {
			delayed++
		}
	}
	if delayed != 2 {
		t.Errorf("told of the delay %d times", delayed)
	}
}

// Several nodes sweep and handlers act at the same time: every event is there
// once, and nothing deadlocks.
func TestManyNodesAtOnce(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	c := h.person("web:1")
	var numbers []string
	for range 20 {
		numbers = append(numbers, h.open(h.draft(c)).Number)
	}
	h.clock.Advance(25 * time.Hour)
	var wg sync.WaitGroup
	for i := range 4 {
		node := h.node(&jiban.SerialIDs{Prefix: fmt.Sprintf("n%d-", i)})
		wg.Go(func() {
			if err := node.Sweep(ctx); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			for _, n := range numbers {
				_, err := node.Act(ctx, jiban.TicketAction{Kind: jiban.EventUrged, Number: n, Actor: "contact"})
				if err != nil && jiban.CodeOf(err) != jiban.CodeConflict {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := h.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	for _, n := range numbers {
		events, err := h.Events(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		overdue := 0
		for i, e := range events {
			if e.Seq != int64(i)+1 {
				t.Errorf("%s: event %d has sequence %d", n, i, e.Seq)
			}
			if e.Kind == jiban.EventOverdue {
				overdue++
			}
		}
		if overdue != 1 {
			t.Errorf("%s was marked %d times", n, overdue)
		}
	}
}

// A sweep that read a ticket before it was reopened and answered again must not
// close it on the strength of the first answer.
func TestSweepLeavesWhatMovedOn(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.draft(h.person("web:1")))
	read := h.must(jiban.EventReplied, k.Number, "text", "好了")
	h.clock.Advance(surveyTime)
	h.must(jiban.EventReopened, k.Number)
	h.must(jiban.EventReplied, k.Number, "text", "这次真好了")
	if err := h.fire(context.Background(), &read, map[string]int{}); err != nil || h.ticket(k.Number).Status != jiban.TicketAnswered {
		t.Errorf("%v, now %s", err, h.ticket(k.Number).Status)
	}
}

func TestSlowClockDoesNotTurnTimeBack(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.draft(h.person("web:1")))
	slow := h.node(&jiban.SerialIDs{Prefix: "slow"})
	slow.deps.Clock = jiban.NewManualClock(h.clock.Now().Add(-time.Hour))
	urged, err := slow.Act(context.Background(), jiban.TicketAction{Kind: jiban.EventUrged, Number: k.Number, Actor: "contact"})
	if err != nil || urged.UpdatedAt.Before(k.UpdatedAt) {
		t.Errorf("changed at %v, before it was opened at %v: %v", urged.UpdatedAt, k.UpdatedAt, err)
	}
}
