package tickets

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"jiban"
	"jiban/store"
	"jiban/store/storetest"
)

// quarterSize is how many tickets the benchmark has; JIBAN_QUARTER changes it.
func quarterSize(t testing.TB) int {
	n := 100_000
	if s := os.Getenv("JIBAN_QUARTER"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// BenchmarkQuarter prints what a province's quarter costs: the start of the room,
// a sweep with nothing due, a sweep for each ticket that is due, the slowest
// twentieth of each list of the console and of a department's figures.
func BenchmarkQuarter(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkQuarter(b, newHouse(b)) })
	b.Run("postgres", func(b *testing.B) { benchmarkQuarter(b, houseOn(b, storetest.Postgres(b))) })
}

func benchmarkQuarter(b *testing.B, h *house) {
	m := &measured{b: b, h: h}
	began := time.Now()
	m.add("open", float64(h.fillQuarter(quarterSize(b))))
	m.add("s/filling", time.Since(began).Seconds())
	m.quarter()
	for b.Loop() {
		h.sweep()
	}
	for _, f := range m.found {
		b.ReportMetric(f.n, f.unit)
	}
}

// measured is what a benchmark found. Each figure is printed at once, so that a
// run which is broken off has not been for nothing.
type measured struct {
	b     testing.TB
	h     *house
	found []figure
}

type figure struct {
	unit string
	n    float64
}

func (m *measured) add(unit string, n float64) {
	m.found = append(m.found, figure{unit, n})
	fmt.Fprintf(os.Stderr, "%-40s %12.2f\n", unit, n)
}

// took notes the 95th percentile and the longest of some times.
func (m *measured) took(what string, all []time.Duration) {
	slices.Sort(all)
	m.add("ms/p95-"+what, milliseconds(all[len(all)*95/100]))
	m.add("ms/max-"+what, milliseconds(all[len(all)-1]))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// quarter measures a house that is full: first what changes nothing.
func (m *measured) quarter() {
	m.start()
	m.idle()
	m.reads()
	m.sweeps()
}

func (m *measured) reads() {
	lists := m.h.lists()
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		m.list(name, lists[name])
	}
	m.tasks()
	m.counts()
	m.figures()
}

// start is another node beginning on the same store: it loads and catches up.
func (m *measured) start() {
	began := time.Now()
	fresh := *m.h
	fresh.store = storetest.Open(m.b, m.h.dsn, store.Deps{Clock: m.h.clock, IDs: m.h.deps.IDs, Log: m.h.deps.Log})
	fresh.Service = fresh.node(&jiban.SerialIDs{Prefix: "n"})
	if err := fresh.Load(context.Background()); err != nil {
		m.b.Fatal(err)
	}
	fresh.sweep()
	m.add("ms/start", milliseconds(time.Since(began)))
}

func (m *measured) idle() {
	const times = 20
	began := time.Now()
	for range times {
		m.h.sweep()
	}
	m.add("ms/idle-sweep", milliseconds(time.Since(began))/times)
}

// sweeps lets time pass again and again and notes what each due ticket costs when
// few and when many are due.
func (m *measured) sweeps() {
	for _, step := range []time.Duration{5 * time.Minute, time.Hour, 24 * time.Hour} {
		m.h.clock.Advance(step)
		due := m.h.due(m.b)
		began := time.Now()
		m.h.sweep()
		m.add("due-after-"+step.String(), float64(due))
		m.add("ms/due-after-"+step.String(), milliseconds(time.Since(began))/float64(max(due, 1)))
	}
}

// due counts what a sweep would find.
func (h *house) due(t testing.TB) (n int) {
	var last jiban.Ticket
	for {
		page, err := h.store.TicketsDue(context.Background(), h.now(), last, sweepPage)
		if err != nil {
			t.Fatal(err)
		}
		if n += len(page); len(page) < sweepPage {
			return n
		}
		last = page[len(page)-1]
	}
}

// rounds is how often each list and figure is read.
const rounds = 3

// list reads lists as the console does: the first page, the second, and a later
// one where a list is by number.
func (m *measured) list(name string, filters []jiban.TicketFilter) {
	var took []time.Duration
	rows := 0
	for range rounds {
		for _, f := range filters {
			page := m.page(f, &took)
			rows += len(page)
			if len(page) < f.Limit {
				continue
			}
			last := page[len(page)-1]
			f.AfterNumber, f.AfterDue = last.Number, last.DueAt
			m.page(f, &took)
		}
	}
	m.add("rows-"+name, float64(rows)/float64(rounds*len(filters)))
	m.took(name, took)
}

func (m *measured) page(f jiban.TicketFilter, took *[]time.Duration) []jiban.Ticket {
	began := time.Now()
	page, err := m.h.List(context.Background(), f)
	if err != nil {
		m.b.Fatal(err)
	}
	*took = append(*took, time.Since(began))
	return page
}

// lists are the views of the console, for every department and every region, with
// each mark that the page can ask for.
func (h *house) lists() map[string][]jiban.TicketFilter {
	all := map[string][]jiban.TicketFilter{}
	add := func(name string, f jiban.TicketFilter) {
		f.Limit = 50
		all[name] = append(all[name], f)
		for _, f.Light = range []jiban.Light{jiban.LightGreen, jiban.LightYellow, jiban.LightRed} {
			all[name+"-"+string(f.Light)] = append(all[name+"-"+string(f.Light)], f)
		}
	}
	open := open()
	for _, d := range h.Catalogue().Departments {
		own := jiban.TicketFilter{Department: d.ID, NotAgainst: d.ID}
		add("handler-all", own)
		own.ByDue, own.Statuses = true, open[1:]
		add("handler-mine", own)
		own.Statuses, own.BeforeDue = open, h.now()
		add("handler-overdue", own)
	}
	for _, r := range h.Catalogue().Regions {
		f := jiban.TicketFilter{Region: r.Code}
		add("desk-all", f)
		f.ByDue = true
		pending, accused, unassigned := f, f, f
		pending.AnyPending, accused.Accused = true, true
		unassigned.Unassigned, unassigned.Statuses = true, open[:1]
		add("supervisor-approvals", pending)
		add("supervisor-against", accused)
		add("dispatcher-inbox", unassigned)
		f.Statuses, f.BeforeDue = open, h.now()
		add("supervisor-overdue", f)
	}
	return all
}

// tasks reads whom agents have to ask, what waits for a review, and the papers of
// each department.
func (m *measured) tasks() {
	read := func(name string, filters ...jiban.TaskFilter) {
		var took []time.Duration
		for range rounds {
			for _, f := range filters {
				began := time.Now()
				if _, err := m.h.Tasks(context.Background(), f); err != nil {
					m.b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
		}
		m.took(name, took)
	}
	read("agent-followups", jiban.TaskFilter{Kind: "follow_up", To: jiban.ToAgent, OpenOnly: true, Limit: 50})
	read("supervisor-reviews", jiban.TaskFilter{Kind: "review", To: jiban.ToManagement, OpenOnly: true, Limit: 100})
	var papers []jiban.TaskFilter
	for _, d := range m.h.Catalogue().Departments {
		papers = append(papers, jiban.TaskFilter{To: jiban.ToHandler, Department: d.ID, OpenOnly: true, Limit: 50})
	}
	read("handler-papers", papers...)
}

// counts counts what the views of a department's handlers and of a region's
// supervisors hold, in one query for each as the console does.
func (m *measured) counts() {
	open, now := open(), m.h.now()
	var handlers, supervisors []time.Duration
	for range rounds {
		for _, d := range m.h.Catalogue().Departments {
			f := jiban.TicketFilter{Department: d.ID, NotAgainst: d.ID}
			mine, overdue := f, f
			mine.Statuses, overdue.Statuses, overdue.BeforeDue = open[1:], open, now
			m.count(&handlers, nil, mine, overdue)
		}
		for _, r := range m.h.Catalogue().Regions {
			f := jiban.TicketFilter{Region: r.Code}
			inbox, approvals, overdue := f, f, f
			inbox.Unassigned, inbox.Statuses, approvals.AnyPending = true, open[:1], true
			overdue.Statuses, overdue.BeforeDue = open, now
			m.count(&supervisors, []jiban.TaskFilter{{Kind: "follow_up", To: jiban.ToAgent, OpenOnly: true, Region: r.Code}}, inbox, approvals, overdue)
		}
	}
	m.took("handler-counts", handlers)
	m.took("supervisor-counts", supervisors)
}

func (m *measured) count(took *[]time.Duration, tasks []jiban.TaskFilter, of ...jiban.TicketFilter) {
	const most = 100
	began := time.Now()
	if _, err := m.h.store.CountTickets(context.Background(), of, tasks, most); err != nil {
		m.b.Fatal(err)
	}
	*took = append(*took, time.Since(began))
}

// figures computes a department's figures by week, as the console shows them, and
// then those of all departments.
func (m *measured) figures() {
	departments := m.h.Catalogue().Departments
	for _, weeks := range []int{1, 4, 12} {
		var took []time.Duration
		monday := Monday(m.h.now()).AddDate(0, 0, -7*(weeks-1))
		for i := range departments {
			began := time.Now()
			events, err := m.h.store.DepartmentEvents(context.Background(), departments[i].ID, monday)
			if err != nil {
				m.b.Fatal(err)
			}
			Weekly(events, departments[i].ID, monday, weeks)
			took = append(took, time.Since(began))
		}
		var whole time.Duration
		for _, d := range took {
			whole += d
		}
		m.took(fmt.Sprintf("figures-%dw", weeks), took)
		m.add(fmt.Sprintf("s/figures-%dw-whole", weeks), whole.Seconds())
	}
}
