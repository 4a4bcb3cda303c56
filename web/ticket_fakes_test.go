package web_test

import (
	"context"
	"time"

	"jiban"
	"jiban/calendar"
	"jiban/tickets"
)

// record keeps the entries that a room writes with what they tell of.
func (b *books) record(number string, entries []jiban.AuditEntry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range entries {
		if e.Object == "" {
			e.Object = "ticket:" + number
		}
		b.entries = append(b.entries, e)
	}
}

func (d *desk) Try(_ context.Context, _ string, actions []jiban.TicketAction) ([]bool, error) {
	return make([]bool, len(actions)), nil
}
func (d *desk) Used(*jiban.Ticket) float64                                  { return 0 }
func (d *desk) Propose(context.Context, string) ([]tickets.Proposal, error) { return nil, nil }
func (d *desk) Tasks(context.Context, jiban.TaskFilter) ([]jiban.TicketTask, error) {
	return []jiban.TicketTask{{ID: "h1", Number: "2611020000018", Kind: "reminder", To: jiban.ToHandler, Department: "water"}}, nil
}
func (d *desk) Task(_ context.Context, id string) (jiban.TicketTask, error) {
	return jiban.TicketTask{ID: id, Number: "2611020000018", Department: "water"}, nil
}
func (d *desk) FinishTask(_ context.Context, _ jiban.TicketTask, _, _ string, entries ...jiban.AuditEntry) error {
	d.books.record("", entries)
	return d.err
}

// clerk stands for incidents, rules, the calendar, figures and templates where a
// test is not about them.
type clerk struct{}

func (clerk) Incident(_ context.Context, id string) (jiban.Incident, error) {
	return jiban.Incident{ID: id, State: jiban.IncidentOpen, Region: "230100"}, nil
}
func (clerk) Incidents(context.Context, ...jiban.IncidentState) ([]jiban.Incident, error) {
	return nil, nil
}
func (clerk) Announce(_ context.Context, i jiban.Incident, _ string, _ ...jiban.AuditEntry) (jiban.Incident, error) {
	return i, nil
}
func (clerk) Attach(context.Context, string, time.Time, string, ...jiban.AuditEntry) (int, error) {
	return 0, nil
}
func (clerk) AnswerIncident(context.Context, string, string, string, ...jiban.AuditEntry) error {
	return nil
}
func (clerk) DismissIncident(context.Context, string, ...jiban.AuditEntry) error { return nil }
func (clerk) Rules() tickets.Rules {
	r := tickets.DefaultRules()
	r.NeedBasis = false
	return r
}
func (clerk) SaveRules(context.Context, tickets.Rules, ...jiban.AuditEntry) error { return nil }
func (clerk) Years() []calendar.Year                                              { return nil }
func (clerk) ImportYears(context.Context, []calendar.Year, ...jiban.AuditEntry) (int, error) {
	return 0, nil
}
func (clerk) CalendarWarning() string                                               { return "" }
func (clerk) ReplyTemplates(context.Context, string) ([]jiban.ReplyTemplate, error) { return nil, nil }
func (clerk) ReplyTemplate(_ context.Context, id string) (jiban.ReplyTemplate, error) {
	return jiban.ReplyTemplate{ID: id, Department: "water", Version: 1}, nil
}
func (clerk) SaveReplyTemplate(context.Context, jiban.ReplyTemplate, []jiban.AuditEntry) error {
	return nil
}
func (clerk) DropReplyTemplate(context.Context, string, []jiban.AuditEntry) error { return nil }
func (clerk) CountTickets(_ context.Context, of []jiban.TicketFilter, tasks []jiban.TaskFilter, _ int) ([]int, error) {
	return make([]int, len(of)+len(tasks)), nil
}
func (clerk) DepartmentEvents(context.Context, string, time.Time) ([]jiban.TicketEvent, error) {
	return nil, nil
}
