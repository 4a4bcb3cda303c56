package tickets

import (
	"testing"

	"jiban"
)

// logOf is the log of one ticket, given as time, kind and data by turns.
func logOf(t *testing.T, number string, steps ...any) []jiban.TicketEvent {
	t.Helper()
	var all []jiban.TicketEvent
	for i := 0; i+2 < len(steps); i += 3 {
		when, _ := steps[i].(string)
		kind, _ := steps[i+1].(jiban.TicketEventKind)
		d, _ := steps[i+2].(map[string]string)
		all = append(all, jiban.TicketEvent{Number: number, Seq: int64(len(all) + 1), Kind: kind, At: at(t, when), Data: d})
	}
	return all
}

// Two weeks of a department: what counts where, and what does not count.
func TestWeeklyFigures(t *testing.T) {
	stamped := func(s string) string { return stamp(at(t, s)) }
	opened, to := data("kind", "request"), data("department", "water")
	var events []jiban.TicketEvent
	// Received in the first week, handed in by the due time and told after it, in the second.
	events = append(events, logOf(t, "1", "2026-11-06 09:00", jiban.EventOpened, opened, "2026-11-06 09:00", jiban.EventDispatched, to,
		"2026-11-06 12:00", jiban.EventSigned, data("limit", stamped("2026-11-06 13:00")),
		"2026-11-09 10:00", jiban.EventSubmitted, data("text", "x"),
		"2026-11-09 15:00", jiban.EventReplied, data("due", stamped("2026-11-09 12:00")),
		"2026-11-10 09:00", jiban.EventSurveyed, data("solved", "yes", "satisfied", "no"))...)
	// Signed late, overdue, answered late.
	events = append(events, logOf(t, "2", "2026-11-02 09:00", jiban.EventOpened, opened, "2026-11-02 09:00", jiban.EventDispatched, to,
		"2026-11-02 15:00", jiban.EventSigned, data("limit", stamped("2026-11-02 13:00")), "2026-11-04 09:00", jiban.EventOverdue, data(),
		"2026-11-04 10:00", jiban.EventReplied, data("due", stamped("2026-11-04 09:00")))...)
	// Sent back and answered by another: not this department's answer, nor its survey.
	events = append(events, logOf(t, "3", "2026-11-03 09:00", jiban.EventOpened, opened, "2026-11-03 09:00", jiban.EventDispatched, to,
		"2026-11-03 10:00", jiban.EventReturned, data("department", "water", "why", "returned"), "2026-11-03 10:00", jiban.EventDispatched, data("department", "city"),
		"2026-11-04 10:00", jiban.EventReplied, data(), "2026-11-05 10:00", jiban.EventSurveyed, data("solved", "no"))...)
	// A task, a call-back and what came before these weeks.
	events = append(events, logOf(t, "4", "2026-11-03 09:00", jiban.EventOpened, data("kind", "task"), "2026-11-03 09:00", jiban.EventDispatched, to)...)
	events = append(events, logOf(t, "5", "2026-10-30 09:00", jiban.EventOpened, opened, "2026-10-30 09:00", jiban.EventDispatched, to,
		"2026-11-03 09:00", jiban.EventOverdue, data())...)
	weeks := Weekly(events, "water", Monday(at(t, "2026-11-08 23:00")), 2)
	first, second := weeks[0], weeks[1]
	if first.Monday.Format("2006-01-02") != "2026-11-02" || second.Monday.Format("2006-01-02") != "2026-11-09" {
		t.Errorf("weeks of %s and %s", first.Monday, second.Monday)
	}
	for name, c := range map[string]struct{ got, want Figure }{
		"received and answered": {Figure{float64(first.Received), float64(first.Answered)}, Figure{3, 1}},
		"signed in time":        {first.SignedInTime, Figure{1, 3}},
		"returned":              {first.Returned, Figure{1, 3}},
		"overdue":               {first.Overdue, Figure{1, 3}},
		"answered late":         {first.OnTime, Figure{0, 1}},
		"hours":                 {first.Hours, Figure{49, 1}},
		"another's survey":      {first.Solved, Figure{0, 0}},
		"handed in in time":     {second.OnTime, Figure{1, 1}},
		"solved":                {second.Solved, Figure{1, 1}},
		"satisfied":             {second.Satisfied, Figure{0, 1}},
		"dissatisfied":          {second.Dissatisfied, Figure{1, 1}},
		"nobody was asked":      {second.Contacted, Figure{0, 0}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}
