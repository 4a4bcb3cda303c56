package store_test

import (
	"testing"
	"time"

	"jiban"
)

// ticketRow is a batch with one ticket of a contact's conversation.
func ticketRow(number string, conv jiban.Conversation, change func(*jiban.Ticket), events ...jiban.TicketEvent) jiban.Batch {
	b := ticketOf(number, conv)
	change(&b.Tickets[0].Ticket)
	for i := range events {
		events[i].Number, events[i].Seq = number, int64(i+1)
	}
	b.Tickets[0].Events = events
	return b
}

// The lists of staff: by due time page after page, by mark, by what waits, by whom
// it is against; and the logs that a department's figures rest on.
func TestTicketListsOfStaff(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		day := func(n int) time.Time { return monday.AddDate(0, 0, n) }
		sent := func(department string, at time.Time) jiban.TicketEvent {
			return jiban.TicketEvent{Kind: jiban.EventDispatched, At: at, Data: map[string]string{"department": department, "reason": "王芳说的"}}
		}
		due := func(at time.Time) func(*jiban.Ticket) {
			return func(t *jiban.Ticket) { t.Department, t.DueAt, t.UpdatedAt = "water", at, day(1) }
		}
		apply(t, h.store, ticketRow("1", conv, due(day(3)), sent("water", day(1))))
		apply(t, h.store, ticketRow("2", conv, due(day(2)), sent("water", day(1))))
		apply(t, h.store, ticketRow("3", conv, due(time.Time{}), sent("water", day(1))))
		apply(t, h.store, ticketRow("4", conv, func(t *jiban.Ticket) {
			due(day(2))(t)
			t.Department, t.Pending, t.Life.Light, t.Life.Accused = "city", jiban.PendingReply, jiban.LightRed, []string{"water"}
		}, sent("water", day(1)), sent("city", day(1))))
		apply(t, h.store, ticketRow("5", conv, func(t *jiban.Ticket) { due(day(9))(t); t.Department = "city" }, sent("water", day(1)), sent("city", day(2))))
		for name, c := range map[string]struct {
			f    jiban.TicketFilter
			want string
		}{
			"all by due":          {jiban.TicketFilter{ByDue: true}, "24153"},
			"after the first two": {jiban.TicketFilter{ByDue: true, AfterDue: day(2), AfterNumber: "4"}, "153"},
			"between equal times": {jiban.TicketFilter{ByDue: true, AfterDue: day(2), AfterNumber: "2"}, "4153"},
			"after the last":      {jiban.TicketFilter{ByDue: true, AfterNumber: "3"}, ""},
			"red":                 {jiban.TicketFilter{Light: jiban.LightRed}, "4"},
			"green":               {jiban.TicketFilter{Light: jiban.LightGreen}, "1235"},
			"yellow":              {jiban.TicketFilter{Light: jiban.LightYellow}, ""},
			"to be decided":       {jiban.TicketFilter{AnyPending: true}, "4"},
			"against somebody":    {jiban.TicketFilter{Accused: true}, "4"},
			"not against water":   {jiban.TicketFilter{NotAgainst: "water"}, "1235"},
		} {
			got := ""
			for _, t := range must[[]jiban.Ticket](t)(h.store.Tickets(t.Context(), c.f)) {
				got += t.Number
			}
			if got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		got := ""
		for _, e := range must[[]jiban.TicketEvent](t)(h.store.DepartmentEvents(t.Context(), "water", day(0))) {
			got += e.Number
			if e.Data["reason"] != "" || e.Data["department"] == "" || e.At.IsZero() {
				t.Errorf("more or less than figures: %+v", e)
			}
		}
		if got != "12355" { // not the one against it; the one that went elsewhere whole
			t.Errorf("the logs of %q", got)
		}
		if later := must[[]jiban.TicketEvent](t)(h.store.DepartmentEvents(t.Context(), "water", day(5))); len(later) != 0 {
			t.Errorf("%d events of tickets that did not move", len(later))
		}
	})
}

func TestReplyTemplates(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		entry := []jiban.AuditEntry{{Actor: "a", Action: "template.save", Object: "template:t1", Result: "ok", At: monday}}
		row := jiban.ReplyTemplate{ID: "t1", Department: "water", Title: "已修复", Text: "管道已修复", UpdatedBy: "a", UpdatedAt: monday}
		wantCode(t, s.SaveReplyTemplate(t.Context(), row, entry), "")
		row.Version, row.Text = 1, "供水已恢复"
		wantCode(t, s.SaveReplyTemplate(t.Context(), row, entry), "")
		wantCode(t, s.SaveReplyTemplate(t.Context(), row, entry), jiban.CodeConflict)
		all := must[[]jiban.ReplyTemplate](t)(s.ReplyTemplates(t.Context(), "water"))
		if len(all) != 1 || all[0].Text != "供水已恢复" || all[0].Version != 2 || !all[0].UpdatedAt.Equal(monday) {
			t.Errorf("%+v", all)
		}
		if len(must[[]jiban.ReplyTemplate](t)(s.ReplyTemplates(t.Context(), "city"))) != 0 {
			t.Error("another department has it too")
		}
		wantCode(t, s.DropReplyTemplate(t.Context(), "t1", entry), "")
		_, err := s.ReplyTemplate(t.Context(), "t1")
		wantCode(t, err, jiban.CodeNotFound)
		if n := len(must[[]jiban.AuditEntry](t)(s.Audit(t.Context(), "", 10))); n != 3 {
			t.Errorf("%d entries of the record: a refused change left one", n)
		}
	})
}
