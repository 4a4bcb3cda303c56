package tickets

import (
	"context"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
)

// model is the life of a ticket as the rules say it, written down a second time
// and more simply than in the code.
type model struct {
	status           jiban.TicketStatus
	returned, reopen int
	extended         int
	due              time.Time
	replied, rated   bool
	marked           bool // overdue on record
}

// step says whether an action is allowed and moves the model on.
func (m *model) step(k jiban.TicketEventKind, d map[string]string, now time.Time, next *jiban.Ticket) bool {
	open := m.status == jiban.TicketAccepted || m.status == jiban.TicketDispatched || m.status == jiban.TicketHandling
	over := m.status == jiban.TicketAnswered || m.status == jiban.TicketClosed
	with := m.status == jiban.TicketDispatched || m.status == jiban.TicketHandling
	switch k {
	case jiban.EventSigned:
		if m.status != jiban.TicketDispatched {
			return false
		}
		m.status = jiban.TicketHandling
	case jiban.EventReturned:
		if !with || d["reason"] == "" {
			return false
		}
		m.returned++
		m.status = next.Status // dispatched to another, or with the dispatcher
		if m.returned > 1 && next.Department != "" {
			return false
		}
	case jiban.EventDispatched:
		if !open {
			return false
		}
		m.status = jiban.TicketDispatched
	case jiban.EventExtended:
		due := moment(d["due"])
		if !open || m.extended >= 2 || !now.Before(m.due) || !due.After(m.due) || due.Sub(now) > 180*24*time.Hour {
			return false
		}
		m.extended++
		m.due, m.marked = due, false
	case jiban.EventReplied:
		if !open || d["text"] == "" {
			return false
		}
		m.status, m.replied = jiban.TicketAnswered, true
	case jiban.EventSurveyed:
		if !over || m.rated || !m.replied {
			return false
		}
		if d["solved"] == "no" && m.reopen == 0 {
			m.again(next)
			break
		}
		m.rated, m.status = true, jiban.TicketClosed
	case jiban.EventReopened:
		if !over || m.reopen > 0 || !m.replied {
			return false
		}
		m.again(next)
	case jiban.EventClosed:
		if m.status != jiban.TicketAnswered && m.status != jiban.TicketAccepted {
			return false
		}
		m.status, m.replied = jiban.TicketClosed, true
	case jiban.EventWithdrawn:
		if !open {
			return false
		}
		m.status = jiban.TicketWithdrawn
	case jiban.EventSupplemented, jiban.EventUrged:
		return open
	}
	return true
}

func (m *model) again(next *jiban.Ticket) {
	m.reopen, m.rated, m.marked = m.reopen+1, false, false
	m.status, m.due = next.Status, next.DueAt
}

// sweep is what the passing of time does.
func (m *model) sweep(now, changed time.Time) {
	switch m.status {
	case jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling:
		m.marked = m.marked || m.due.Before(now)
	case jiban.TicketAnswered:
		if !changed.Add(72 * time.Hour).After(now) {
			m.status = jiban.TicketClosed
		}
	}
}

// TestLifeCycle gives tickets random commands, most of them illegal, and compares
// each with the model, the row with what its log says, and the log with itself.
func TestLifeCycle(t *testing.T) {
	h := newHouse(t)
	person := h.person("web:1")
	ctx := context.Background()
	kinds := []jiban.TicketEventKind{
		jiban.EventSigned, jiban.EventReturned, jiban.EventDispatched, jiban.EventExtended, jiban.EventReplied, jiban.EventSurveyed,
		jiban.EventReopened, jiban.EventClosed, jiban.EventWithdrawn, jiban.EventSupplemented, jiban.EventUrged,
	}
	rapid.Check(t, func(rt *rapid.T) {
		k := h.open(h.draft(person))
		m := &model{status: k.Status, due: k.DueAt}
		seen := 2
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			h.clock.Advance(time.Duration(rapid.IntRange(0, 30).Draw(rt, "hours")) * time.Hour)
			now := h.now()
			before := h.ticket(k.Number)
			if rapid.IntRange(0, 3).Draw(rt, "sweep") == 0 {
				if err := h.Sweep(ctx); err != nil {
					rt.Fatal(err)
				}
				m.sweep(now, before.UpdatedAt)
			} else {
				kind := rapid.SampledFrom(kinds).Draw(rt, "kind")
				d := map[string]string{
					"reason": "r", "text": "t", "solved": rapid.SampledFrom([]string{"yes", "no"}).Draw(rt, "solved"),
					"due":        stamp(before.DueAt.Add(time.Duration(rapid.IntRange(-5, 100).Draw(rt, "due")) * time.Hour)),
					"department": "230100.government",
				}
				if before.Department == d["department"] {
					d["department"] = "230100.water"
				}
				after, err := h.Act(ctx, jiban.TicketAction{Kind: kind, Number: k.Number, Actor: "staff", Data: d})
				trial := *m
				allowed := trial.step(kind, d, now, &after)
				if allowed != (err == nil) {
					rt.Fatalf("%s on %+v: the rules allow it: %v; the room: %v", kind, before, allowed, err)
				}
				if allowed {
					*m = trial
				}
			}
			seen = compare(rt, h, k.Number, m, seen)
		}
	})
}

// compare checks the row against the model and the log, and the log itself.
func compare(rt *rapid.T, h *house, number string, m *model, seen int) int {
	row := h.ticket(number)
	events, err := h.Events(context.Background(), number)
	if err != nil {
		rt.Fatal(err)
	}
	derived := Derive(events)
	derived.Fields, derived.Version = row.Fields, row.Version
	if !reflect.DeepEqual(derived, row) {
		rt.Fatalf("the log says\n%+v\nthe row says\n%+v", derived, row)
	}
	if row.Status != m.status || !row.DueAt.Equal(m.due) || row.Reopened != m.reopen || row.Returned != m.returned {
		rt.Fatalf("the rules say %+v, the row %+v", m, row)
	}
	if len(events) < seen {
		rt.Fatalf("the log lost events: %d, then %d", seen, len(events))
	}
	overdue := false
	for i := range events {
		if events[i].Seq != int64(i)+1 || i > 0 && events[i].At.Before(events[i-1].At) {
			rt.Fatalf("event %d of the log is out of order: %+v", i, events[i])
		}
		switch events[i].Kind {
		case jiban.EventOverdue:
			overdue = true
		case jiban.EventExtended, jiban.EventReopened:
			overdue = false
		}
	}
	if overdue != m.marked {
		rt.Fatalf("overdue on record: %v, by the rules %v: %+v", overdue, m.marked, row)
	}
	return len(events)
}
