package tickets

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"jiban"
)

// Derive is the state of a ticket that follows from its events, in order. What
// the person said (Fields) is kept in the row alone, so that deleting it there
// deletes it; Version belongs to the row too, and so does NextAt, which follows
// from the state, the rules and the calendar.
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
		dispatched(t, e)
	case jiban.EventReturned:
		returned(t, e)
	case jiban.EventReplied:
		t.Reply, t.Status = e.Data["text"], jiban.TicketAnswered
		t.Pending, t.Life.Paused, t.Life.PausedUntil = "", "", time.Time{}
		t.Life.SurveyBy = moment(e.Data["survey_until"])
		halt(&t.Life, e.At)
	case jiban.EventReopened:
		reopened(t, e)
	case jiban.EventClosed:
		t.Status = jiban.TicketClosed
	case jiban.EventWithdrawn:
		t.Status, t.Pending = jiban.TicketWithdrawn, ""
		halt(&t.Life, e.At)
	case jiban.EventMerged:
		t.Status, t.Pending, t.Life.MergedInto = jiban.TicketClosed, "", e.Data["into"]
		halt(&t.Life, e.At)
	default:
		applyToLife(t, e)
	}
}

// applyToLife moves a ticket on by an event that leaves it where it is.
func applyToLife(t *jiban.Ticket, e *jiban.TicketEvent) {
	l, d := &t.Life, e.Data
	switch e.Kind {
	case jiban.EventSigned:
		t.Status, l.SignedAt = jiban.TicketHandling, e.At
	case jiban.EventContacted:
		if d["result"] != "unreached" {
			l.ContactedAt = e.At
		}
	case jiban.EventReturnAsked, jiban.EventExtensionAsked, jiban.EventSubmitted:
		ask(t, e)
	case jiban.EventReturnRefused, jiban.EventExtensionRefused, jiban.EventReplyRefused:
		settle(t)
		t.DueAt = laterDue(t, d)
		if e.Kind == jiban.EventReplyRefused {
			goOn(l, e.At)
		}
	case jiban.EventExtended:
		if t.Pending == jiban.PendingExtension {
			settle(t)
		}
		t.DueAt, l.Extended, l.Light = moment(d["due"]), l.Extended+1, jiban.LightNone
		l.Fired = unfireTerm(l.Fired)
	case jiban.EventPaused:
		l.Paused, l.PausedUntil = d["reason"], moment(d["until"])
		stand(t, e.At)
	case jiban.EventResumed:
		l.Paused, l.PausedUntil = "", time.Time{}
		t.DueAt = laterDue(t, d)
		goOn(l, e.At)
	case jiban.EventRecalculated:
		t.DueAt = laterDue(t, d)
	case jiban.EventOverdue:
		l.Fired, l.Light = append(l.Fired, timerOverdue), jiban.LightRed
	case jiban.EventReminded:
		l.Fired = append(l.Fired, d["step"])
		if light := jiban.Light(d["light"]); light != "" && l.Light != jiban.LightRed {
			l.Light = light
		}
	case jiban.EventSurveyed, jiban.EventFollowUp, jiban.EventUnreached:
		followed(t, e)
	default:
		applyLinks(t, e)
	}
}

// applyLinks moves a ticket on by what ties it to others.
func applyLinks(t *jiban.Ticket, e *jiban.TicketEvent) {
	l, d := &t.Life, e.Data
	switch e.Kind {
	case jiban.EventUrged:
		t.Urged++
		if d["again"] != yes {
			l.UrgedAt = e.At
		}
	case jiban.EventVoice:
		l.Voices++
	case jiban.EventAssigned:
		l.OpenTasks = append(l.OpenTasks, d["task"])
		if l.TakePart = slices.DeleteFunc(l.TakePart, func(id string) bool { return id == d["department"] }); len(l.TakePart) == 0 {
			l.TakePart = nil
		}
	case jiban.EventTaskDone:
		l.OpenTasks = slices.DeleteFunc(l.OpenTasks, func(n string) bool { return n == d["task"] })
		if len(l.OpenTasks) == 0 {
			l.OpenTasks = nil
		}
	case jiban.EventLinked:
		t.Incident = d["incident"]
	case jiban.EventTransferred:
		l.Handler = d["handler"]
	case jiban.EventClassified:
		classified(t, d)
	}
	// Supplemented and written are on record in the log; the state stays.
}

func opened(t *jiban.Ticket, e *jiban.TicketEvent) {
	d := e.Data
	*t = jiban.Ticket{
		Number: e.Number, Kind: d["kind"], Type: jiban.RequestType(d["type"]), Matter: d["matter"], Title: d["title"],
		Region: d["region"], Status: jiban.TicketAccepted, Confidential: d["confidential"] == yes, Anonymous: d["anonymous"] == yes,
		Urgent: d["urgent"] == yes, ContactID: d["contact"], ConversationID: d["conversation"], Channel: d["channel"],
		DueAt: moment(d["due"]), CreatedAt: e.At, UpdatedAt: e.At, Parent: d["parent"], Incident: d["incident"],
		Life: jiban.TicketLife{
			TermAt: e.At, Limit: parseLimit(d["limit"]), Hold: d["hold"], Accused: listed(d["accused"]), DecideBy: moment(d["decide_by"]),
			Guesses: guesses(d["guesses"]), RepeatOf: d["repeat_of"], AutoMerge: d["auto_merge"] == yes,
		},
	}
}

func dispatched(t *jiban.Ticket, e *jiban.TicketEvent) {
	l, d := &t.Life, e.Data
	t.Department, t.DepartmentName = d["department"], d["name"]
	t.Status, t.Pending = waiting(t), ""
	l.Hold, l.DecideBy, l.ReviewBy, l.Decider, l.Handler = "", time.Time{}, time.Time{}, "", ""
	l.DispatchedAt, l.SignedAt, l.ContactedAt = e.At, time.Time{}, time.Time{}
	l.TakePart = listed(d["take_part"])
	l.SignBy, l.ReturnBy, l.ContactBy = moment(d["sign_by"]), moment(d["return_by"]), moment(d["contact_by"])
	l.Fired = unfire(l.Fired, timerDecide, timerSign, timerContact, timerReview)
}

func returned(t *jiban.Ticket, e *jiban.TicketEvent) {
	t.Returned++
	settle(t)
	t.Department, t.DepartmentName = "", ""
	t.Status = waiting(t)
	l := &t.Life
	goOn(l, e.At)
	l.Hold, l.DecideBy, l.Handler, l.TakePart = "returned", moment(e.Data["decide_by"]), "", nil
	l.DispatchedAt, l.SignBy, l.SignedAt, l.ReturnBy, l.ContactBy, l.ContactedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	l.Fired = unfire(l.Fired, timerDecide, timerSign, timerContact)
}

func reopened(t *jiban.Ticket, e *jiban.TicketEvent) {
	t.Reopened++
	t.Solved, t.Satisfied = "", ""
	t.DueAt = moment(e.Data["due"])
	t.Status = waiting(t)
	l := &t.Life
	l.TermAt, l.Limit, l.Stood = e.At, parseLimit(e.Data["limit"]), nil
	l.SurveyBy, l.FollowUp, l.Attempts, l.Fired, l.Light = time.Time{}, "", 0, nil, jiban.LightNone
	l.SignBy, l.ReturnBy, l.ContactBy = moment(e.Data["sign_by"]), moment(e.Data["return_by"]), moment(e.Data["contact_by"])
	l.DecideBy = moment(e.Data["decide_by"])
	l.SignedAt, l.ContactedAt = time.Time{}, time.Time{}
}

// ask puts something before the hotline.
func ask(t *jiban.Ticket, e *jiban.TicketEvent) {
	switch e.Kind {
	case jiban.EventReturnAsked:
		t.Pending = jiban.PendingReturn
	case jiban.EventExtensionAsked:
		t.Pending = jiban.PendingExtension
	default:
		t.Pending = jiban.PendingReply
		stand(t, e.At)
	}
	t.Life.ReviewBy, t.Life.Decider = moment(e.Data["review_by"]), jiban.ActingAs(e.Data["decider"])
	t.Life.Fired = unfire(t.Life.Fired, timerReview)
}

// stand stops the clock, as calendar.Clock does: one that ran out goes on, and so
// does one that stands already.
func stand(t *jiban.Ticket, at time.Time) {
	if l := &t.Life; at.Before(t.DueAt) && !standing(l) {
		l.Stood = append(slices.Clone(l.Stood), jiban.Span{From: at})
	}
}

// halt stops the clock for good, or until the ticket is taken up again.
func halt(l *jiban.TicketLife, at time.Time) {
	goOn(l, at)
	l.Stood = append(slices.Clone(l.Stood), jiban.Span{From: at})
}

// goOn ends the time for which the clock stands, if it does.
func goOn(l *jiban.TicketLife, at time.Time) {
	if standing(l) {
		l.Stood = slices.Clone(l.Stood)
		l.Stood[len(l.Stood)-1].To = at
	}
}

func standing(l *jiban.TicketLife) bool {
	n := len(l.Stood)
	return n > 0 && l.Stood[n-1].To.IsZero()
}

// settle takes it away again.
func settle(t *jiban.Ticket) {
	t.Pending, t.Life.ReviewBy, t.Life.Decider = "", time.Time{}, ""
}

func followed(t *jiban.Ticket, e *jiban.TicketEvent) {
	l, d := &t.Life, e.Data
	switch e.Kind {
	case jiban.EventSurveyed:
		t.Solved, t.Satisfied, l.FollowUp = d["solved"], d["satisfied"], ""
	case jiban.EventFollowUp:
		l.FollowUp = e.ID
	default:
		l.Attempts++
		if d["last"] == yes {
			l.FollowUp = ""
		}
	}
}

func classified(t *jiban.Ticket, d map[string]string) {
	t.Matter, t.Type, t.Region, t.Title = d["matter"], jiban.RequestType(d["type"]), d["region"], d["title"]
	t.Urgent, t.Life.Accused = d["urgent"] == yes, listed(d["accused"])
	t.Life.Guesses, t.Confidential = nil, t.Confidential || d["confidential"] == yes
}

// laterDue is the due time that an event names, else the present one.
func laterDue(t *jiban.Ticket, d map[string]string) time.Time {
	if due := moment(d["due"]); !due.IsZero() {
		return due
	}
	return t.DueAt
}

// waiting is the state of a ticket nobody signed for: with its department, or
// with the dispatcher while it has none.
func waiting(t *jiban.Ticket) jiban.TicketStatus {
	if t.Department == "" {
		return jiban.TicketAccepted
	}
	return jiban.TicketDispatched
}

// unfire takes timers off the record, because a new time was set for them.
func unfire(fired []string, names ...string) []string {
	fired = slices.DeleteFunc(fired, func(name string) bool { return slices.Contains(names, name) })
	if len(fired) == 0 {
		return nil
	}
	return fired
}

// unfireTerm takes off the record what hangs on the due time.
func unfireTerm(fired []string) []string {
	fired = slices.DeleteFunc(fired, func(name string) bool { return name == timerOverdue || !slices.Contains(timerNames(), name) })
	return unfire(fired)
}

func listed(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func guesses(s string) []jiban.MatterGuess {
	var all []jiban.MatterGuess
	if s == "" || json.Unmarshal([]byte(s), &all) != nil {
		return nil // the house writes these itself; absent means none
	}
	return all
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

// stampAny writes a time that may be absent.
func stampAny(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{} // the house writes these itself; absent means none
	}
	return t.UTC()
}
