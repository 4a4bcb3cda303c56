package tickets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"jiban"
	"jiban/calendar"
)

// A simulated quarter of a province: requests from all cities to all departments,
// led through their lives by the room's own decisions, the timers at their times.
// The same seed gives the same quarter.

// quarter makes the lives.
type quarter struct {
	t        testing.TB
	rand     *rand.Rand
	index    *index
	rules    *Rules
	calendar *calendar.Calendar
	ids      jiban.IDs
	people   []jiban.Conversation
	matters  []jiban.Matter
	places   []string // counties, else cities
	from     time.Time
	to       time.Time
	serials  map[string]int64
}

func newQuarter(h *house, people []jiban.Conversation) *quarter {
	rules := h.Rules()
	q := &quarter{
		t: h.t, rand: rand.New(rand.NewPCG(12345, 2026)), index: h.Service.index.Load(), rules: &rules, calendar: h.deps.Calendar, ids: h.deps.IDs,
		people: people, from: at(h.t, "2026-07-01 00:00"), to: at(h.t, "2026-09-30 18:00"), serials: map[string]int64{},
	}
	c := h.Catalogue()
	q.matters = c.Offered()
	for _, r := range c.Regions {
		if r.Parent != "" {
			q.places = append(q.places, r.Code)
		}
	}
	return q
}

// life is one ticket from its opening to where it stands at the end of the
// quarter.
func (q *quarter) life(i, n int) (jiban.TicketChange, error) {
	opened := q.from.Add(time.Duration(float64(q.to.Sub(q.from)) * float64(i) / float64(n))).Truncate(time.Millisecond)
	c, m := q.people[q.rand.IntN(len(q.people))], q.matters[q.rand.IntN(len(q.matters))]
	draft := jiban.TicketDraft{
		Kind: kindRequest, Type: m.Types[q.rand.IntN(len(m.Types))], Matter: m.Code, Region: q.places[q.rand.IntN(len(q.places))],
		ContactID: c.ContactID, ConversationID: c.ID, Channel: c.Channel,
		Fields: map[string]string{"place": fmt.Sprintf("第%d号", i), "description": "反映的问题一直没有解决，希望尽快处理。", "phone": "13800001234"},
	}
	q.doubt(&draft)
	day := dayOf(opened)
	q.serials[day]++
	number, err := Number(opened, q.serials[day])
	if err != nil {
		return jiban.TicketChange{}, err
	}
	to, hold := q.index.route(&draft, q.rules)
	plan := jiban.TicketPlan{Number: number, Department: to.ID, DepartmentName: to.Name, Hold: hold, Limit: q.index.limit(m.Code, draft.Type)}
	plan.DueAt, _ = q.calendar.Due(opened, plan.Limit)
	d := &decision{index: q.index, rules: q.rules, calendar: q.calendar, ids: q.ids, now: opened,
		action: jiban.TicketAction{Kind: jiban.EventOpened, Draft: &draft, Plan: &plan, Actor: "bot"}}
	d.calendarOf = func(string) *calendar.Calendar { return q.calendar }
	if err := d.open(); err != nil {
		return jiban.TicketChange{}, err
	}
	q.lead(d)
	d.events, d.log = d.log, nil
	d.ticket.Version, d.notices = 0, nil
	return d.change(), nil
}

// doubt has the classifier be unsure of some requests, which a dispatcher then sees,
// and some complaints name whom they are about.
func (q *quarter) doubt(d *jiban.TicketDraft) {
	if q.rand.IntN(10) == 0 {
		d.Guesses = []jiban.MatterGuess{{Code: d.Matter, Confidence: q.rules.AutoDispatch / 2}}
	}
	if (d.Type == jiban.Complaint || d.Type == jiban.Report) && q.rand.IntN(20) == 0 {
		all := q.index.catalogue.Departments
		d.Fields["unit"] = all[q.rand.IntN(len(all))].Name
	}
}

// lead has people do what they mostly do: sign within hours, contact, answer
// within days, a few return, ask for time or forget it.
func (q *quarter) lead(d *decision) {
	wait := func(hours float64) time.Time {
		return d.now.Add(time.Duration(q.rand.ExpFloat64() * hours * float64(time.Hour)))
	}
	q.do(d, d.now, "", "")
	if d.ticket.Department == "" {
		q.do(d, wait(2), jiban.AsDesk, jiban.EventDispatched, "department", q.index.catalogue.Departments[q.rand.IntN(len(q.index.catalogue.Departments))].ID)
	}
	if q.rand.IntN(20) == 0 {
		q.do(d, wait(4), jiban.AsDepartment, jiban.EventReturned, "reason", "不归我单位", "basis", "三定规定")
		q.do(d, wait(2), jiban.AsManagement, jiban.EventReturned)
	}
	q.do(d, wait(3), jiban.AsDepartment, jiban.EventSigned)
	q.do(d, wait(8), jiban.AsDepartment, jiban.EventContacted, "how", "phone")
	if q.rand.IntN(15) == 0 {
		q.do(d, wait(24), jiban.AsDepartment, jiban.EventExtended, "more", "5d", "reason", "情况复杂")
		q.do(d, wait(4), jiban.AsManagement, jiban.EventExtended)
	}
	q.do(d, wait(70), jiban.AsDepartment, jiban.EventReplied, "text", "已处理完毕，请您放心。", "result", "solved")
	q.do(d, wait(4), jiban.AsDesk, jiban.EventReplied)
	if q.rand.IntN(2) == 0 {
		q.do(d, wait(20), jiban.AsContact, jiban.EventSurveyed, "solved", []string{yes, yes, yes, no}[q.rand.IntN(4)])
	}
	q.until(d, q.to)
}

// do lets time pass and then does something, where the rules and the quarter's end
// allow it.
func (q *quarter) do(d *decision, when time.Time, as jiban.ActingAs, k jiban.TicketEventKind, pairs ...string) {
	if when = when.Truncate(time.Millisecond); when.After(q.to) {
		return
	}
	q.until(d, when)
	d.now = when
	if k != "" {
		d.action = jiban.TicketAction{Kind: k, Number: d.ticket.Number, Actor: string(as), As: as, Data: data(pairs...)}
		if d.decide() != nil {
			d.events = nil
		}
	}
	d.log, d.events = append(d.log, d.events...), nil
}

// until fires the timers up to a moment, each at its time.
func (q *quarter) until(d *decision, when time.Time) {
	d.action = jiban.TicketAction{Kind: "timer", Actor: system, As: jiban.AsSystem}
	for range mostTimers {
		all := d.timers()
		if len(all) == 0 || all[0].at.After(when) {
			return
		}
		if all[0].at.After(d.now) {
			d.now = all[0].at
		}
		if d.run(all[0]) != nil {
			return
		}
		d.log, d.events = append(d.log, d.events...), nil
	}
}

// The province of the quarter: 13 cities, 60 departments.
const (
	quarterCities     = 13
	cityDepartments   = 4
	quarterProvincial = 8
)

// quarterCatalogue is the sample catalogue brought to the size of the province: the
// duties of a region are spread over the departments that are left in it.
func quarterCatalogue(t testing.TB) jiban.Catalogue {
	t.Helper()
	c, all := sampleCatalogue(t), jiban.Catalogue{}
	c.Regions, all.Owners, all.Departments = slices.DeleteFunc(slices.Clone(c.Regions), func(r jiban.Region) bool {
		return r.Parent != "" && r.Parent != c.Regions[0].Code
	}), c.Owners, c.Departments
	c.Owners, c.Departments = nil, nil
	for _, r := range c.Regions {
		left := slices.DeleteFunc(slices.Clone(all.Departments), func(d jiban.Department) bool { return d.Region != r.Code })
		most := cityDepartments
		if r.Parent == "" {
			most = quarterProvincial
		}
		left = left[:most]
		for i := range left {
			if r.Parent != "" {
				left[i].Superior = c.Departments[i].ID
			} else {
				left[i].Superior = ""
			}
		}
		c.Departments = append(c.Departments, left...)
		taken := map[string]bool{}
		for _, o := range all.Owners {
			if o.Region == r.Code && !taken[o.Kind] {
				c.Owners = append(c.Owners, jiban.Owner{Kind: o.Kind, Region: r.Code, Department: left[len(taken)%most].ID})
				taken[o.Kind] = true
			}
		}
	}
	if len(c.Departments) != 60 || len(c.Regions) != quarterCities+1 {
		t.Fatalf("%d departments, %d regions", len(c.Departments), len(c.Regions))
	}
	return c
}

// inQuarter gives the room and its store the catalogue of the province.
func (h *house) inQuarter() {
	h.t.Helper()
	ctx := context.Background()
	if err := h.store.SaveCatalogue(ctx, quarterCatalogue(h.t)); err != nil {
		h.t.Fatal(err)
	}
	if err := h.Load(ctx); err != nil {
		h.t.Fatal(err)
	}
}

// fillQuarter writes a quarter of n tickets and returns how many are open.
func (h *house) fillQuarter(n int) (open int) {
	h.t.Helper()
	h.inQuarter()
	h.moveTo("2026-09-30 18:00")
	people := make([]jiban.Conversation, 0, 500)
	for i := range cap(people) {
		people = append(people, h.person(jiban.Address(fmt.Sprintf("web:%d", i))))
	}
	batches, failed := make(chan jiban.Batch), make(chan error)
	for range quarterWriters {
		go func() { failed <- h.write(batches) }()
	}
	open = newQuarter(h, people).lives(n, batches)
	for range quarterWriters {
		if err := <-failed; err != nil {
			h.t.Fatal(err)
		}
	}
	return open
}

const (
	quarterWriters = 4
	quarterBatch   = 500 // tickets in one transaction
)

// write writes what is led, by the same door and sealed as everywhere.
func (h *house) write(batches <-chan jiban.Batch) (failed error) {
	for b := range batches {
		if failed == nil { // else the rest is only taken away
			_, failed = h.store.Apply(context.Background(), b)
		}
	}
	return failed
}

// lives leads n lives and hands them on; open is how many are not over.
func (q *quarter) lives(n int, to chan<- jiban.Batch) (open int) {
	defer close(to)
	var batch jiban.Batch
	for i := range n {
		change, err := q.life(i, n)
		if err != nil {
			q.t.Error(err)
			return open
		}
		if isOpen(change.Ticket.Status) {
			open++
		}
		if batch.Tickets = append(batch.Tickets, change); len(batch.Tickets) == quarterBatch || i == n-1 {
			to <- batch
			batch = jiban.Batch{}
		}
	}
	return open
}

// TestQuarterIsSound goes through a small quarter: every row is what its log says,
// and nothing that should have happened is left.
func TestQuarterIsSound(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	const n = 300
	if open := h.fillQuarter(n); open == 0 || open == n {
		t.Errorf("%d of %d are open", open, n)
	}
	h.sweep()
	last, seen := "", 0
	for {
		page, err := h.List(ctx, jiban.TicketFilter{AfterNumber: last, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		for i := range page {
			events, err := h.Events(ctx, page[i].Number)
			if err != nil {
				t.Fatal(err)
			}
			if err := sound(page[i], events); err != nil {
				t.Error(err)
			}
			if next := page[i].NextAt; !next.IsZero() && !next.After(h.now()) {
				t.Errorf("%s has something due", page[i].Number)
			}
			seen, last = seen+1, page[i].Number
		}
		if len(page) < 500 {
			break
		}
	}
	if seen != n {
		t.Errorf("%d tickets, want %d", seen, n)
	}
}
