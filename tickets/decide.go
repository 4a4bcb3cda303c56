package tickets

import (
	"strings"
	"time"

	"jiban"
	"jiban/calendar"
)

// decision is one action on one ticket being decided: a pure function of what it
// was given. It collects the events and notices that the action leads to and
// keeps the ticket as they leave it.
type decision struct {
	index    *index
	calendar *calendar.Calendar
	ids      jiban.IDs
	now      time.Time
	action   jiban.TicketAction

	ticket  jiban.Ticket
	log     []jiban.TicketEvent // what happened before
	events  []jiban.TicketEvent // what happens now
	notices []jiban.Notice
}

// from lists the states in which an event may happen to a ticket.
func from(k jiban.TicketEventKind) []jiban.TicketStatus {
	switch k {
	case jiban.EventSigned:
		return []jiban.TicketStatus{jiban.TicketDispatched}
	case jiban.EventReturned:
		return []jiban.TicketStatus{jiban.TicketDispatched, jiban.TicketHandling}
	case jiban.EventSurveyed, jiban.EventReopened:
		return []jiban.TicketStatus{jiban.TicketAnswered, jiban.TicketClosed}
	case jiban.EventClosed:
		return []jiban.TicketStatus{jiban.TicketAnswered, jiban.TicketAccepted}
	case jiban.EventDispatched, jiban.EventReplied, jiban.EventExtended, jiban.EventOverdue,
		jiban.EventWithdrawn, jiban.EventSupplemented, jiban.EventUrged:
		return []jiban.TicketStatus{jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling}
	default:
		return nil
	}
}

// decide makes the step or says why it cannot be: CodeConflict when the ticket's
// state forbids it, CodeInvalid when something is missing or wrong.
func (d *decision) decide() error {
	if err := d.allowed(); err != nil {
		return err
	}
	switch d.action.Kind {
	case jiban.EventDispatched:
		return d.dispatch()
	case jiban.EventSigned:
		d.add(jiban.EventSigned, nil)
		d.tell(jiban.NoticeTicketSigned, jiban.UrgencyLow, d.department())
		return nil
	case jiban.EventReturned:
		return d.giveBack()
	case jiban.EventExtended:
		return d.extend()
	case jiban.EventReplied:
		return d.reply()
	case jiban.EventSurveyed:
		return d.survey()
	case jiban.EventReopened:
		return d.reopen()
	case jiban.EventClosed:
		return d.close()
	case jiban.EventSupplemented:
		return d.supplement()
	case jiban.EventOverdue:
		return d.overdue()
	default: // urged, withdrawn: nothing beside the record
		d.add(d.action.Kind, data("reason", d.given("reason")))
		return nil
	}
}

func (d *decision) allowed() error {
	states := from(d.action.Kind)
	if states == nil {
		return d.invalid("%q is nothing that can be done to a ticket", d.action.Kind)
	}
	for _, s := range states {
		if d.ticket.Status == s {
			return nil
		}
	}
	return d.conflict("a ticket that is %s cannot be %s: load it anew", d.ticket.Status, d.action.Kind)
}

func (d *decision) dispatch() error {
	to, ok := d.index.departments[d.given("department")]
	if !ok {
		return d.invalid("there is no department %q: choose one of the catalogue", d.given("department"))
	}
	if to.ID == d.ticket.Department {
		return d.conflict("the ticket is already with %s", to.ID)
	}
	if d.ticket.Kind == kindCallback {
		return d.invalid("a call-back task stays with the desk: answer it there")
	}
	d.hand(to)
	return nil
}

// hand gives the ticket to a department and tells the person.
func (d *decision) hand(to jiban.Department) {
	d.add(jiban.EventDispatched, data("department", to.ID, "name", to.Name))
	d.tell(jiban.NoticeTicketDispatched, jiban.UrgencyLow, d.department(), d.due())
}

// giveBack is a department saying that the request is not its own. The first
// time it goes to another owner where there is one; a second return, and all
// else, is for the dispatcher to decide.
func (d *decision) giveBack() error {
	reason := d.given("reason")
	if reason == "" {
		return d.invalid("say why the ticket is returned, with the rule it rests on")
	}
	from, first := d.ticket.Department, d.ticket.Returned == 0
	d.add(jiban.EventReturned, data("reason", reason, "department", from))
	if first {
		if to := d.another(from); to.ID != "" {
			d.hand(to)
			return nil
		}
	}
	d.tell(jiban.NoticeTicketReturned, jiban.UrgencyLow)
	return nil
}

// another is an owner of the matter at the place that had not yet had the
// ticket: one beside the department, else the next above, else its superior.
func (d *decision) another(from string) jiban.Department {
	avoid := map[string]bool{from: true}
	for _, e := range d.log {
		if e.Kind == jiban.EventDispatched {
			avoid[e.Data["department"]] = true
		}
	}
	owner := d.index.matters[d.ticket.Matter].Owner
	if to := d.index.dispatch(owner, d.ticket.Region, "", avoid); to.ID != "" {
		return to
	}
	if superior := d.index.departments[from].Superior; !avoid[superior] {
		return d.index.departments[superior]
	}
	return jiban.Department{}
}

// extend moves the due time, which must be asked for before it has passed, at
// most twice.
func (d *decision) extend() error {
	reason, due := d.given("reason"), moment(d.given("due"))
	switch {
	case reason == "":
		return d.invalid("say why more time is needed: the person is told")
	case due.IsZero():
		return d.invalid("the new due time must be written like 2026-11-30T17:30:00+08:00")
	case !due.After(d.ticket.DueAt):
		return d.invalid("the new due time must be later than the present one")
	case due.Sub(d.now) > longestExtension:
		return d.invalid("a limit cannot be extended by more than %d days", int(longestExtension.Hours()/24))
	case !d.now.Before(d.ticket.DueAt):
		return d.conflict("the ticket is overdue: an extension must be asked before the limit")
	case d.count(jiban.EventExtended) >= extensions:
		return d.conflict("the limit was extended %d times already", extensions)
	}
	d.add(jiban.EventExtended, data("due", stamp(due), "reason", reason))
	d.tell(jiban.NoticeTicketExtended, jiban.UrgencyLow, d.due(), param{"reason", reason})
	return nil
}

// Extensions (domain C5): once or twice, asked before the limit.
const (
	extensions       = 2
	longestExtension = 180 * 24 * time.Hour
)

// reply is the answer of the department, or of the dispatcher who can give it at
// once. Where the person is to be asked whether it helped, the question follows
// it; else the ticket is closed with it.
func (d *decision) reply() error {
	text := d.given("text")
	if text == "" {
		return d.invalid("write what the person is told")
	}
	if d.ticket.Status == jiban.TicketDispatched {
		d.add(jiban.EventSigned, nil)
	}
	switch {
	case d.ticket.Kind == kindCallback:
		d.add(jiban.EventReplied, data("text", text))
		d.add(jiban.EventClosed, data("reason", "called back"))
		d.tell(jiban.NoticeCallbackDone, jiban.UrgencyNormal, param{"reply", text})
	case d.followedUp():
		until := d.now.Add(surveyTime)
		d.add(jiban.EventReplied, data("text", text, "survey_until", stamp(until)))
		d.tell(jiban.NoticeTicketAnswered, jiban.UrgencyNormal, d.department(), param{"reply", text})
		d.tellUntil(jiban.NoticeTicketSurvey, until)
	default:
		d.add(jiban.EventReplied, data("text", text))
		d.add(jiban.EventClosed, data("reason", "no follow-up"))
		d.tell(jiban.NoticeTicketAnswered, jiban.UrgencyNormal, d.department(), param{"reply", text})
	}
	return nil
}

// surveyTime is how long the person may take to say whether it helped.
const surveyTime = 3 * 24 * time.Hour

// followedUp says whether the person is asked afterwards: not for praise, not
// when anonymous or confidential (domain C6), and only where they can be reached.
func (d *decision) followedUp() bool {
	t := &d.ticket
	return t.Type != jiban.Praise && !t.Anonymous && !t.Confidential && t.ConversationID != ""
}

// survey takes in what the person says of the answer. Who is not helped, or not
// content, gets the ticket reopened, once; after that it is closed on record.
func (d *decision) survey() error {
	solved, satisfied := d.given("solved"), d.given("satisfied")
	if !answer(solved) || !answer(satisfied) || solved == "" && satisfied == "" {
		return d.invalid("solved and satisfied are yes or no, and one of them must be said")
	}
	if d.ticket.Kind == kindCallback || d.ticket.Reply == "" || d.ticket.Solved != "" || d.ticket.Satisfied != "" {
		return d.conflict("there is no open question about this ticket")
	}
	d.add(jiban.EventSurveyed, data("solved", solved, "satisfied", satisfied, "reason", d.given("reason")))
	if (solved == no || satisfied == no) && d.ticket.Reopened < reopenings {
		return d.reopen()
	}
	if d.ticket.Status != jiban.TicketClosed {
		d.add(jiban.EventClosed, data("reason", "surveyed"))
	}
	return nil
}

func answer(s string) bool { return s == "" || s == yes || s == no }

// reopenings is how often a ticket may be taken up again (domain C6).
const reopenings = 1

func (d *decision) reopen() error {
	if d.ticket.Kind == kindCallback || d.ticket.Reply == "" {
		return d.conflict("only a request that was answered can be reopened")
	}
	if d.ticket.Reopened >= reopenings {
		return d.conflict("the ticket was reopened once already: open a new one that names it")
	}
	due, warning := d.calendar.Due(d.now, d.index.limit(d.ticket.Matter, d.ticket.Type))
	d.add(jiban.EventReopened, data("due", stamp(due), "reason", d.given("reason"), "warning", string(warning)))
	d.tell(jiban.NoticeTicketReopened, jiban.UrgencyNormal, d.due())
	return nil
}

// close ends a ticket that was answered, or one that a dispatcher does not
// accept, for a reason that is told.
func (d *decision) close() error {
	reason := d.given("reason")
	if reason == "" {
		return d.invalid("say why the ticket is closed")
	}
	if d.ticket.Status == jiban.TicketAccepted {
		d.add(jiban.EventReplied, data("text", reason))
		d.tell(jiban.NoticeTicketAnswered, jiban.UrgencyNormal, d.department(), param{"reply", reason})
	}
	d.add(jiban.EventClosed, data("reason", reason))
	return nil
}

func (d *decision) supplement() error {
	text := d.given("text")
	if text == "" {
		return d.invalid("there is nothing to add")
	}
	d.add(jiban.EventSupplemented, data("text", text))
	fields := make(map[string]string, len(d.ticket.Fields)+1)
	for k, v := range d.ticket.Fields {
		fields[k] = v
	}
	fields["supplement"] = strings.TrimPrefix(fields["supplement"]+"\n"+text, "\n")
	d.ticket.Fields = fields
	return nil
}

func (d *decision) overdue() error {
	if d.now.Before(d.ticket.DueAt) || d.marked() {
		return d.conflict("the ticket is not overdue, or that is on record already")
	}
	d.add(jiban.EventOverdue, data("due", stamp(d.ticket.DueAt)))
	d.tell(jiban.NoticeTicketDelayed, jiban.UrgencyLow, d.due())
	return nil
}

// marked reports whether the passing of the present due time is on record.
func (d *decision) marked() bool {
	for i := len(d.log) - 1; i >= 0; i-- {
		switch d.log[i].Kind {
		case jiban.EventOverdue:
			return true
		case jiban.EventOpened, jiban.EventExtended, jiban.EventReopened:
			return false
		}
	}
	return false
}

func (d *decision) count(k jiban.TicketEventKind) int {
	n := 0
	for i := range d.log {
		if d.log[i].Kind == k {
			n++
		}
	}
	return n
}

// given is an entry of the action's data without the spaces around it.
func (d *decision) given(key string) string { return strings.TrimSpace(d.action.Data[key]) }

// add appends an event to the log and moves the ticket on.
func (d *decision) add(k jiban.TicketEventKind, values map[string]string) {
	e := jiban.TicketEvent{
		ID: d.ids.NewID(), Number: d.ticket.Number, Seq: int64(len(d.log)+len(d.events)) + 1,
		Kind: k, Actor: d.action.Actor, Data: values, At: d.now,
	}
	d.events = append(d.events, e)
	apply(&d.ticket, &e)
}

// data makes an event's data of keys and values, leaving out what is empty.
func data(pairs ...string) map[string]string {
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

func (d *decision) invalid(format string, args ...any) error {
	return jiban.Errorf(jiban.CodeInvalid, d.op(), format, args...)
}

func (d *decision) conflict(format string, args ...any) error {
	return jiban.Errorf(jiban.CodeConflict, d.op(), format, args...)
}

func (d *decision) op() string { return "tickets.Decide " + string(d.action.Kind) }
