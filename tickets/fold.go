package tickets

import (
	"time"

	"jiban"
)

// Derive is the state of a ticket that follows from its events, in order. What
// the person said (Fields) is kept in the row alone, so that deleting it there
// deletes it; Version belongs to the row too.
func Derive(events []jiban.TicketEvent) jiban.Ticket {
	var t jiban.Ticket
	for i := range events {
		apply(&t, &events[i])
	}
	return t
}

// apply moves a ticket on by one event. It asks no questions: whether the event
// was allowed was decided when it was written.
func apply(t *jiban.Ticket, e *jiban.TicketEvent) {
	t.UpdatedAt = e.At
	switch e.Kind {
	case jiban.EventOpened:
		opened(t, e)
	case jiban.EventDispatched:
		t.Department, t.DepartmentName = e.Data["department"], e.Data["name"]
		t.Status = waiting(t)
	case jiban.EventSigned:
		t.Status = jiban.TicketHandling
	case jiban.EventReturned:
		t.Returned++
		t.Department, t.DepartmentName = "", ""
		t.Status = waiting(t)
	case jiban.EventExtended:
		t.DueAt = moment(e.Data["due"])
	case jiban.EventReplied:
		t.Reply, t.Status = e.Data["text"], jiban.TicketAnswered
	case jiban.EventSurveyed:
		t.Solved, t.Satisfied = e.Data["solved"], e.Data["satisfied"]
	case jiban.EventReopened:
		t.Reopened++
		t.Solved, t.Satisfied = "", ""
		t.DueAt = moment(e.Data["due"])
		t.Status = waiting(t)
	case jiban.EventClosed:
		t.Status = jiban.TicketClosed
	case jiban.EventWithdrawn:
		t.Status = jiban.TicketWithdrawn
	case jiban.EventUrged:
		t.Urged++
	case jiban.EventSupplemented, jiban.EventOverdue:
		// On record in the log; the state stays.
	}
}

func opened(t *jiban.Ticket, e *jiban.TicketEvent) {
	d := e.Data
	*t = jiban.Ticket{
		Number: e.Number, Kind: d["kind"], Type: jiban.RequestType(d["type"]), Matter: d["matter"], Title: d["title"],
		Region: d["region"], Status: jiban.TicketAccepted, Confidential: d["confidential"] == yes, Anonymous: d["anonymous"] == yes,
		Urgent: d["urgent"] == yes, ContactID: d["contact"], ConversationID: d["conversation"], Channel: d["channel"],
		DueAt: moment(d["due"]), CreatedAt: e.At, UpdatedAt: e.At,
	}
}

// waiting is the state of a ticket nobody signed for: with its department, or
// with the dispatcher while it has none.
func waiting(t *jiban.Ticket) jiban.TicketStatus {
	if t.Department == "" {
		return jiban.TicketAccepted
	}
	return jiban.TicketDispatched
}

// The values of a yes-or-no entry in an event's data.
const (
	yes = "yes"
	no  = "no"
)

func flag(b bool) string {
	if b {
		return yes
	}
	return ""
}

// stamp and moment write and read the times in an event's data.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{} // the house writes these itself; absent means none
	}
	return t.UTC()
}
