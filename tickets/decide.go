package tickets

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"jiban"
	"jiban/calendar"
)

// decision is one action on one ticket being decided: a function of what it was
// given. It collects the events, tasks and notices that the action leads to and
// keeps the ticket as they leave it. Where an action moves other tickets too, they
// are decisions of their own, in also.
type decision struct {
	index    *index
	rules    *Rules
	calendar *calendar.Calendar // of the department that has it
	ids      jiban.IDs
	now      time.Time
	action   jiban.TicketAction
	hush     bool   // the person hears of it with another ticket
	others   string // how many others this notice speaks for

	ticket  jiban.Ticket
	log     []jiban.TicketEvent // what happened before
	events  []jiban.TicketEvent // what happens now
	tasks   []jiban.TicketTask
	notices []jiban.Notice
	files   []jiban.File // that are attached now

	repeat     string // number of the open ticket that a draft says again
	same       bool   // of the same place too
	number     func() (string, error)
	read       func(number string) (jiban.Ticket, []jiban.TicketEvent, error)
	calendarOf func(department string) *calendar.Calendar
	also       []*decision
}

// command is one kind of action: in which states it may happen, who may do it,
// and what it does.
type command struct {
	from states
	by   capacities
	do   func() error
}

type (
	states     []jiban.TicketStatus
	capacities []jiban.ActingAs
)

// command finds what is asked for; from is nil for nothing that can be done.
func (d *decision) command() command {
	const (
		person, dept, hotline, boss = jiban.AsContact, jiban.AsDepartment, jiban.AsDesk, jiban.AsManagement
		accepted, sent, handling    = jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling
		answered, closed            = jiban.TicketAnswered, jiban.TicketClosed
	)
	open, with, over := states{accepted, sent, handling}, states{sent, handling}, states{answered, closed}
	anybody, staff, desk := capacities{person, dept, hotline, boss}, capacities{dept, hotline, boss}, capacities{hotline, boss}
	switch d.action.Kind {
	case jiban.EventDispatched:
		return command{open, desk, d.dispatch}
	case jiban.EventClassified:
		return command{open, desk, d.classify}
	case jiban.EventSigned:
		return command{states{sent}, capacities{dept}, d.sign}
	case jiban.EventContacted:
		return command{with, staff, d.contact}
	case jiban.EventWritten:
		return command{with, staff, d.write}
	case jiban.EventTransferred:
		return command{with, staff, d.transfer}
	case jiban.EventAttached:
		return command{open, staff, d.attach}
	case jiban.EventReturned, jiban.EventReturnAsked:
		return command{with, staff, d.giveBack}
	case jiban.EventReturnRefused, jiban.EventReplyRefused:
		return command{with, desk, d.refuse}
	case jiban.EventExtensionRefused:
		return command{open, capacities{boss}, d.refuse}
	case jiban.EventExtended, jiban.EventExtensionAsked:
		return command{open, capacities{dept, boss}, d.extend}
	case jiban.EventPaused:
		return command{states{handling}, staff, d.pause}
	case jiban.EventResumed:
		return command{with, staff, func() error { return d.resume(d.given("reason")) }}
	case jiban.EventReplied, jiban.EventSubmitted:
		return command{open, staff, d.reply}
	case jiban.EventAssigned:
		return command{with, staff, d.assign}
	case jiban.EventMerged:
		return command{open, desk, d.mergeInto}
	case jiban.EventLinked:
		return command{append(open, over...), desk, d.link}
	case jiban.EventSurveyed:
		return command{over, capacities{person, hotline, boss}, d.survey}
	case jiban.EventUnreached:
		return command{over, desk, d.unreached}
	case jiban.EventReopened:
		return command{over, capacities{person, hotline, boss}, d.reopen}
	case jiban.EventClosed:
		return command{states{answered, accepted}, desk, d.close}
	case jiban.EventSupplemented:
		return command{open, anybody, d.supplement}
	case jiban.EventUrged:
		return command{open, anybody, d.urge}
	case jiban.EventWithdrawn:
		return command{open, capacities{person, hotline, boss}, d.withdraw}
	default:
		return command{}
	}
}

// decide makes the step or says why it cannot be: CodeConflict when the ticket's
// state forbids it, CodeForbidden when this one may not, CodeInvalid when
// something is missing or wrong.
func (d *decision) decide() error {
	c := d.command()
	if c.do == nil {
		return d.invalid("%q is nothing that can be done to a ticket", d.action.Kind)
	}
	if d.action.As == "" && d.action.Actor == string(jiban.AsContact) {
		d.action.As = jiban.AsContact
	}
	if as := d.action.As; as != "" && as != jiban.AsSystem && !slices.Contains(c.by, as) {
		return d.forbidden("%s is not for the %s to do", d.action.Kind, as)
	}
	if d.ownRequest() {
		return d.forbidden("who asked for it does not decide on it: somebody else must")
	}
	if !slices.Contains(c.from, d.ticket.Status) {
		return d.conflict("a ticket that is %s cannot be %s: load it anew", d.ticket.Status, d.action.Kind)
	}
	if err := c.do(); err != nil {
		return err
	}
	return d.report()
}

// asks reports whether the actor acts in a capacity that only asks.
func (d *decision) asks() bool { return d.action.As == jiban.AsDepartment }

// ownRequest reports whether one person would decide for the hotline on what that
// same person asked for the department, which holds for who has both roles, too.
func (d *decision) ownRequest() bool {
	switch d.action.Kind {
	case jiban.EventReturned, jiban.EventReturnRefused, jiban.EventExtended, jiban.EventExtensionRefused,
		jiban.EventReplied, jiban.EventReplyRefused:
	default:
		return false
	}
	if d.asks() || d.action.As == "" {
		return false
	}
	asked := map[jiban.TicketPending]jiban.TicketEventKind{jiban.PendingReturn: jiban.EventReturnAsked,
		jiban.PendingExtension: jiban.EventExtensionAsked, jiban.PendingReply: jiban.EventSubmitted}[d.ticket.Pending]
	e := d.last(asked)
	return asked != "" && e != nil && e.Actor == d.action.Actor
}

// report tells the ticket that this one is a task of, once it is over.
func (d *decision) report() error {
	if d.ticket.Parent == "" || isOpen(d.ticket.Status) || len(d.events) == 0 {
		return nil
	}
	lead, err := d.other(d.ticket.Parent)
	if err != nil {
		return err
	}
	if slices.Contains(lead.ticket.Life.OpenTasks, d.ticket.Number) {
		lead.add(jiban.EventTaskDone, data("task", d.ticket.Number, "department", d.ticket.Department, "name", d.ticket.DepartmentName,
			"text", d.ticket.Reply, "result", string(d.ticket.Status)))
	}
	return nil
}

// other opens a decision on another ticket that this action moves too. It is
// written in the same transaction.
func (d *decision) other(number string) (*decision, error) {
	for _, o := range d.also {
		if o.ticket.Number == number {
			return o, nil
		}
	}
	t, log, err := d.read(number)
	if err != nil {
		return nil, err
	}
	o := d.beside()
	o.ticket, o.log, o.calendar = t, log, d.calendarOf(t.Department)
	if o.now.Before(t.UpdatedAt) {
		o.now = t.UpdatedAt
	}
	d.also = append(d.also, o)
	return o, nil
}

// beside is an empty decision of the same action.
func (d *decision) beside() *decision {
	return &decision{index: d.index, rules: d.rules, calendar: d.calendar, ids: d.ids, now: d.now, action: d.action,
		read: d.read, calendarOf: d.calendarOf, number: d.number}
}

// last is the newest event of a kind, nil for none.
func (d *decision) last(k jiban.TicketEventKind) *jiban.TicketEvent {
	for _, events := range [][]jiban.TicketEvent{d.events, d.log} {
		for i := len(events) - 1; i >= 0; i-- {
			if events[i].Kind == k {
				return &events[i]
			}
		}
	}
	return nil
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

// coded reports whether a value is a code or an id, so that it may stand in the
// clear and stay when the ticket is anonymised: nothing that somebody worded.
func coded(s string) bool {
	for _, r := range s {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._:@-", r) {
			return false
		}
	}
	return len(s) <= 64
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

// cannot is a conflict with words for the staff who wanted it: not that somebody
// was faster, but why it is not possible.
func (d *decision) cannot(words, format string, args ...any) error {
	return &jiban.Error{Code: jiban.CodeConflict, Op: d.op(), Msg: words, Err: fmt.Errorf(format, args...)}
}

func (d *decision) forbidden(format string, args ...any) error {
	return jiban.Errorf(jiban.CodeForbidden, d.op(), format, args...)
}

func (d *decision) op() string { return "tickets.Decide " + string(d.action.Kind) }
