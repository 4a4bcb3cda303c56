package tickets

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
)

// The life of a ticket as the rules say it, written down a second time: who may do
// what when, and where the ticket is then. Random commands, most of them illegal,
// are given to tickets and each is compared with it.

// try is one command with what it finds.
type try struct {
	kind jiban.TicketEventKind
	as   jiban.ActingAs
	data map[string]string
	row  jiban.Ticket
	now  time.Time
	tied bool // departments that take part have not answered

	taking bool // the one that is to take part does so already
}

const (
	accusedBody = "230100.water"
	otherBody   = "230100.government"
	thirdBody   = "230100.housing"
)

// who lists for each command the capacities: c the person, d the department, h the
// hotline, m the management.
var who = map[jiban.TicketEventKind]string{
	jiban.EventDispatched: "hm", jiban.EventSigned: "d", jiban.EventContacted: "dhm", jiban.EventWritten: "dhm",
	jiban.EventReturned: "dhm", jiban.EventReturnRefused: "hm", jiban.EventExtended: "dm", jiban.EventExtensionRefused: "m",
	jiban.EventPaused: "dhm", jiban.EventResumed: "dhm", jiban.EventReplied: "dhm", jiban.EventReplyRefused: "hm",
	jiban.EventAssigned: "dhm", jiban.EventSurveyed: "chm", jiban.EventReopened: "chm", jiban.EventClosed: "hm",
	jiban.EventWithdrawn: "chm", jiban.EventSupplemented: "cdhm", jiban.EventUrged: "cdhm", jiban.EventUnreached: "hm",
}

var letters = map[string]jiban.ActingAs{"c": jiban.AsContact, "d": jiban.AsDepartment, "h": jiban.AsDesk, "m": jiban.AsManagement}

func (x *try) mayAct() bool {
	for _, letter := range who[x.kind] {
		if letters[string(letter)] == x.as {
			return true
		}
	}
	return false
}

// allowed says whether the rules allow it.
func (x *try) allowed() bool {
	t := &x.row
	open := t.Status == "accepted" || t.Status == "dispatched" || t.Status == "handling"
	with := t.Status == "dispatched" || t.Status == "handling"
	over := t.Status == "answered" || t.Status == "closed"
	asks := x.as == jiban.AsDepartment
	if !x.mayAct() {
		return false
	}
	switch x.kind {
	case jiban.EventDispatched:
		return open && x.data["department"] != t.Department && !x.forbidden() && t.Pending != "reply"
	case jiban.EventSigned:
		return t.Status == "dispatched"
	case jiban.EventContacted:
		return with
	case jiban.EventWritten:
		return with && t.ConversationID != ""
	case jiban.EventReturned:
		if asks {
			return with && t.Pending == "" && !x.now.After(t.Life.ReturnBy)
		}
		return with && (t.Pending != "return" || t.Life.Decider != "management" || x.as == "management")
	case jiban.EventReturnRefused:
		return with && t.Pending == "return" && (t.Life.Decider != "management" || x.as == "management")
	case jiban.EventReplyRefused:
		return with && t.Pending == "reply"
	case jiban.EventExtensionRefused:
		return open && t.Pending == "extension"
	case jiban.EventExtended:
		return open && x.extendable(asks)
	case jiban.EventPaused:
		return t.Status == "handling" && t.Life.Paused == "" && t.Pending == "" && x.now.Before(t.DueAt) &&
			(x.data["reason"] == "authority" || t.ConversationID != "")
	case jiban.EventResumed:
		return with && t.Life.Paused != ""
	case jiban.EventReplied:
		return open && !x.tied && (!asks || t.Pending == "")
	case jiban.EventAssigned:
		return with && t.Kind == "request" && x.data["department"] != t.Department && !x.forbidden() && !x.taking
	case jiban.EventSurveyed:
		return over && t.Solved == "" && t.Satisfied == "" && t.Reply != ""
	case jiban.EventReopened:
		return over && t.Kind == "request" && t.Reopened == 0 && t.Reply != ""
	case jiban.EventClosed:
		return t.Status == "answered" || t.Status == "accepted"
	case jiban.EventUnreached:
		return over && t.Life.FollowUp != ""
	default: // supplemented, urged, withdrawn
		return open
	}
}

func (x *try) forbidden() bool {
	return slices.Contains(x.row.Life.Accused, x.data["department"])
}

func (x *try) extendable(asks bool) bool {
	t, due := &x.row, moment(x.data["due"])
	granted := !asks && t.Pending == "extension"
	return due.After(t.DueAt) && due.After(x.now) && due.Sub(x.now) <= 180*24*time.Hour && t.Life.Paused == "" && t.Life.Extended < 2 &&
		(t.Pending == "" || granted) && (granted || x.now.Before(t.DueAt))
}

// after says where the ticket is then; "" where the rules leave that open.
func (x *try) after() (status jiban.TicketStatus, pending jiban.TicketPending) {
	t, asks := &x.row, x.as == jiban.AsDepartment
	checked := t.Kind == "request" && (t.Type == jiban.Complaint || t.Type == jiban.Report || t.Reopened > 0)
	switch x.kind {
	case jiban.EventDispatched:
		return "dispatched", ""
	case jiban.EventSigned:
		return "handling", t.Pending
	case jiban.EventReturned:
		if asks {
			return t.Status, "return"
		}
		return "", "" // to another, or to the dispatcher
	case jiban.EventExtended:
		if asks {
			return t.Status, "extension"
		}
		return t.Status, ""
	case jiban.EventReturnRefused, jiban.EventExtensionRefused, jiban.EventReplyRefused:
		return t.Status, ""
	case jiban.EventReplied:
		if asks && checked {
			return "handling", "reply"
		}
		if t.Kind == "request" && t.ConversationID != "" {
			return "answered", ""
		}
		return "closed", ""
	case jiban.EventWithdrawn:
		return "withdrawn", ""
	case jiban.EventClosed:
		return "closed", ""
	case jiban.EventSurveyed, jiban.EventReopened:
		return "", t.Pending
	default:
		return t.Status, t.Pending
	}
}

func TestLifeCycle(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		person := h.person("web:1")
		rapid.Check(t, func(rt *rapid.T) { randomLife(rt, h, person) })
	})
}

// randomLife leads one request and its tasks through random commands.
func randomLife(rt *rapid.T, h *house, person jiban.Conversation) {
	draft := h.draft(person)
	if rapid.Bool().Draw(rt, "a complaint about the water bureau") {
		draft.Type, draft.Fields["unit"] = jiban.Complaint, "哈尔滨市水务局"
	}
	family := []string{h.open(draft).Number}
	seen := map[string][]jiban.TicketEvent{}
	for range rapid.IntRange(1, 30).Draw(rt, "steps") {
		h.clock.Advance(time.Duration(rapid.IntRange(0, 30*60).Draw(rt, "minutes")) * time.Minute)
		number := rapid.SampledFrom(family).Draw(rt, "ticket")
		before := h.ticket(number)
		if rapid.IntRange(0, 4).Draw(rt, "sweep") == 0 {
			if err := h.Sweep(context.Background()); err != nil {
				rt.Fatal(err)
			}
			swept(rt, h, family)
		} else {
			x := randomTry(rt, h, before)
			_, err := h.Act(context.Background(), jiban.TicketAction{Kind: x.kind, Number: number, Actor: "one of " + string(x.as), As: x.as, Data: x.data})
			judge(rt, h, x, err)
		}
		family = members(rt, h, family[0])
		for _, n := range family {
			examine(rt, h, n, seen)
		}
	}
	// What is open would burden the sweeps of all lives after this one.
	for _, n := range family {
		if _, err := h.by(hot, jiban.EventWithdrawn, n); err != nil && jiban.CodeOf(err) != jiban.CodeConflict {
			rt.Fatal(err)
		}
	}
}

func randomTry(rt *rapid.T, h *house, row jiban.Ticket) *try {
	kinds := make([]jiban.TicketEventKind, 0, len(who))
	for k := range who {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	x := &try{kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), row: row, now: h.now(), tied: len(row.Life.OpenTasks) > 0}
	x.as = letters[rapid.SampledFrom([]string{"c", "d", "d", "h", "m", "m"}).Draw(rt, "as")]
	hours := rapid.IntRange(-5, 100).Draw(rt, "later")
	x.data = map[string]string{
		"text": "t", "basis": "三定规定", "solved": rapid.SampledFrom([]string{"yes", "no"}).Draw(rt, "solved"),
		"due": stamp(row.DueAt.Add(time.Duration(hours) * time.Hour)), "reason": "authority",
	}
	if x.kind == jiban.EventDispatched || x.kind == jiban.EventAssigned {
		x.data["department"] = rapid.SampledFrom([]string{accusedBody, otherBody, thirdBody}).Draw(rt, "to")
		x.taking = takes(h, row, x.data["department"])
	}
	if x.now.Before(row.UpdatedAt) {
		x.now = row.UpdatedAt
	}
	return x
}

// takes reports whether a department was asked to take part and has not answered.
func takes(h *house, row jiban.Ticket, department string) bool {
	h.t.Helper()
	log, err := h.Events(context.Background(), row.Number)
	if err != nil {
		h.t.Fatal(err)
	}
	return slices.ContainsFunc(log, func(e jiban.TicketEvent) bool {
		return e.Kind == jiban.EventAssigned && e.Data["department"] == department && slices.Contains(row.Life.OpenTasks, e.Data["task"])
	})
}

// judge compares what the room did with what the rules say.
func judge(rt *rapid.T, h *house, x *try, err error) {
	if allowed := x.allowed(); allowed != (err == nil) {
		rt.Fatalf("%s as %s on %+v: the rules allow it: %v; the room: %v", x.kind, x.as, x.row, allowed, err)
	}
	now := h.ticket(x.row.Number)
	if err != nil {
		if !reflect.DeepEqual(now, x.row) {
			rt.Fatalf("%s was refused and yet the ticket changed: %+v, %+v", x.kind, x.row, now)
		}
		return
	}
	status, pending := x.after()
	if status != "" && now.Status != status || pending != now.Pending {
		rt.Fatalf("%s as %s on %+v: the rules say %s %q, the room %s %q", x.kind, x.as, x.row, status, pending, now.Status, now.Pending)
	}
	earlier := now.DueAt.Before(x.row.DueAt)
	if earlier && x.kind != jiban.EventReopened && x.kind != jiban.EventSurveyed {
		rt.Fatalf("%s turned the clock back: due %v, was %v", x.kind, now.DueAt, x.row.DueAt)
	}
	if now.UpdatedAt.Before(x.row.UpdatedAt) || now.Version != x.row.Version+1 {
		rt.Fatalf("%s: updated %v, was %v; version %d, was %d", x.kind, now.UpdatedAt, x.row.UpdatedAt, now.Version, x.row.Version)
	}
}

// swept checks that nothing that was due is left.
func swept(rt *rapid.T, h *house, family []string) {
	for _, n := range family {
		if t := h.ticket(n); !t.NextAt.IsZero() && !t.NextAt.After(h.now()) {
			rt.Fatalf("a sweep left %s with something due: %+v", n, t)
		}
	}
}

// members are a request and its tasks.
func members(rt *rapid.T, h *house, number string) []string {
	tasks, err := h.List(context.Background(), jiban.TicketFilter{Parent: number, Limit: 500})
	if err != nil {
		rt.Fatal(err)
	}
	family := []string{number}
	open := map[string]bool{}
	for _, t := range tasks {
		family = append(family, t.Number)
		open[t.Number] = isOpen(t.Status)
	}
	parent := h.ticket(number)
	for n, isOpen := range open {
		if isOpen != slices.Contains(parent.Life.OpenTasks, n) {
			rt.Fatalf("task %s is open: %v, and the request says %v", n, isOpen, parent.Life.OpenTasks)
		}
	}
	return family
}

// examine compares a row with its log, and the log with what it was.
func examine(rt *rapid.T, h *house, number string, seen map[string][]jiban.TicketEvent) {
	row := h.ticket(number)
	events, err := h.Events(context.Background(), number)
	if err != nil {
		rt.Fatal(err)
	}
	derived := Derive(events)
	derived.Fields, derived.Version, derived.NextAt = row.Fields, row.Version, row.NextAt
	if !reflect.DeepEqual(derived, row) {
		rt.Fatalf("the log says\n%+v\nthe row says\n%+v", derived, row)
	}
	before := seen[number]
	if len(events) < len(before) || len(before) > 0 && !reflect.DeepEqual(events[:len(before)], before) {
		rt.Fatalf("the log lost or changed events: %v, then %v", before, events)
	}
	seen[number] = events
	d := h.decision(context.Background(), jiban.TicketAction{Number: number})
	if err := h.read(context.Background(), d); err != nil {
		rt.Fatal(err)
	}
	if next := d.next(); !next.Equal(row.NextAt) {
		rt.Fatalf("the earliest timer runs out at %v, the row says %v: %+v", next, row.NextAt, row)
	}
	if err := sound(row, events); err != nil {
		rt.Fatal(err)
	}
	if err := keepsFigures(row, events); err != nil {
		rt.Fatal(err)
	}
}

// sound checks a log by itself.
func sound(row jiban.Ticket, events []jiban.TicketEvent) error {
	due, fired := time.Time{}, map[string]bool{}
	for i := range events {
		e := &events[i]
		if e.Seq != int64(i)+1 || i > 0 && e.At.Before(events[i-1].At) {
			return fmt.Errorf("event %d of the log is out of order: %+v", i, *e)
		}
		if e.Kind == jiban.EventDispatched && slices.Contains(row.Life.Accused, e.Data["department"]) {
			return fmt.Errorf("%s was given to %s, which it is directed against", row.Number, e.Data["department"])
		}
		step := e.Data["step"]
		if e.Kind == jiban.EventOverdue {
			step = timerOverdue
		}
		if e.Kind == jiban.EventExtended || e.Kind == jiban.EventReopened {
			for _, name := range []string{timerOverdue, "reminder", "urging", "supervision", "interview"} {
				delete(fired, name)
			}
		}
		if step == timerOverdue || step == "urging" || step == "supervision" || step == "interview" || step == "reminder" {
			if fired[step] {
				return fmt.Errorf("%s was on record twice in one term", step)
			}
			fired[step] = true
		}
		if said := moment(e.Data["due"]); !said.IsZero() && (e.Kind == jiban.EventResumed || e.Kind == jiban.EventExtended) {
			if said.Before(due) {
				return fmt.Errorf("event %d turned the clock back: %+v", i, *e)
			}
			due = said
		}
		if e.Kind == jiban.EventReopened {
			due = time.Time{}
		}
	}
	if row.Against(row.Department) {
		return fmt.Errorf("%s is with %s, which it is directed against", row.Number, row.Department)
	}
	return nil
}
