package retention_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/retention"
	"jiban/store/shared"
)

// every rule at so many days, the audit record and deletion left out.
func every(days int) retention.Rules {
	r := retention.Rules{}
	for _, k := range retention.Kinds() {
		if k != retention.Audit && k != retention.Deletion {
			r[k] = days
		}
	}
	return r
}

func TestRulesAreCheckedByLawAndSense(t *testing.T) {
	cases := []struct {
		name   string
		change retention.Rules
		want   []string // parts of the error, none for lawful ones
	}{
		{"all at 30 days", nil, nil},
		{"for ever", retention.Rules{retention.Contacts: 0, retention.Intakes: 0}, nil},
		{"audit for ever", retention.Rules{retention.Audit: 0}, nil},
		{"audit at the bound", retention.Rules{retention.Audit: retention.LeastAudit}, nil},
		{"audit too short", retention.Rules{retention.Audit: retention.LeastAudit - 1}, []string{"retention.audit", "184d", "six months by law"}},
		{"codes too short", retention.Rules{retention.Codes: 1}, []string{"retention.codes"}},
		{"negative", retention.Rules{retention.Turns: -1}, []string{"retention.turns"}},
		{"a slip of the pen", retention.Rules{retention.Sessions: 7_310_000}, []string{"retention.sessions", "must be between"}},
		{"unknown", retention.Rules{"weather": 3}, []string{"retention.weather"}},
		{"a ticket shorter than its conversation", retention.Rules{retention.Reports: 29}, []string{"retention.tickets.report", "retention.messages", "would still tell"}},
		{"messages for ever", retention.Rules{retention.Messages: 0}, []string{"retention.tickets.help", "for ever"}},
		{"deletion before anonymising", retention.Rules{retention.Deletion: 29}, []string{"retention.tickets.deletion", "anonymised before"}},
		{"several at once", retention.Rules{retention.Audit: 1, retention.Codes: 1}, []string{"retention.audit", "retention.codes"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rules := every(30)
			for k, d := range c.change {
				rules[k] = d
			}
			err := rules.Check()
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("the error is %v", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %v", part, err)
				}
			}
		})
	}
}

// A year in days is never shorter than one of the calendar.
func TestYear(t *testing.T) {
	for n := 1; n <= 30; n++ {
		for from := 2024; from < 2036; from++ {
			day := time.Date(from, 2, 28, 0, 0, 0, 0, time.UTC)
			if real := int(day.AddDate(n, 0, 0).Sub(day).Hours() / 24); retention.Year(n) < real || retention.Year(n) > real+1 {
				t.Fatalf("%d years from %d have %d days, not %d", n, from, real, retention.Year(n))
			}
		}
	}
}

// full is a world with one person whose records are all over.
func full(t *testing.T, b base) *world {
	w := openWorld(t, b)
	p := w.newPerson()
	w.answer(w.ticket(p, jiban.Help, "water", time.Hour), "yes")
	w.handoff(p, false)
	w.alert(p, true)
	w.clock.Advance(40 * 24 * time.Hour)
	return w
}

// A dry run changes nothing at all, and says what the real one then does.
func TestDryRunChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, b base) {
		w := full(t, b)
		s := w.service(every(30), nil)
		before := w.dump()
		plan, err := s.Plan(t.Context())
		w.ok(err)
		if after := w.dump(); after != before {
			t.Fatal("the dry run changed something")
		}
		done, err := s.Run(t.Context(), "system")
		w.ok(err)
		if w.dump() == before {
			t.Fatal("the real one changed nothing")
		}
		for i := range plan.Lines {
			p, d := &plan.Lines[i], &done.Lines[i]
			// A contact is due only when all else is gone, an intake goes with its ticket.
			if p.Kind != retention.Contacts && p.Kind != retention.Files && (p.Kind != d.Kind || p.Due-p.Held != d.Done || p.Before != d.Before) {
				t.Errorf("planned %+v, done %+v", p, d)
			}
		}
		if plan.Total() != 0 || !plan.DryRun || done.Total() == 0 {
			t.Errorf("planned %d, done %d", plan.Total(), done.Total())
		}
	})
}

// A run is in the list of runs and in the audit record, with what it did.
func TestRunIsRecorded(t *testing.T) {
	onBoth(t, func(t *testing.T, b base) {
		w := full(t, b)
		s := w.service(every(30), nil)
		done, err := s.Run(t.Context(), "zhang")
		w.ok(err)
		runs, err := s.Runs(t.Context(), 5)
		w.ok(err)
		want, _ := json.Marshal([]retention.Report{done})
		if got, _ := json.Marshal(runs); string(got) != string(want) {
			t.Errorf("kept   %s\nwanted %s", got, want)
		}
		es, err := w.s.SearchAudit(t.Context(), jiban.AuditFilter{Action: "retention.run"})
		w.ok(err)
		if len(es) != 1 || es[0].Actor != "zhang" || es[0].Object != "retention:"+done.ID || !strings.Contains(es[0].Result, "ok turns=1 messages=2") {
			t.Errorf("the record says %+v", es)
		}
	})
}

// broken fails for one kind.
type broken struct {
	retention.Store
	kind retention.Kind
}

func (b broken) Expire(ctx context.Context, k retention.Kind, before time.Time, after retention.Place, limit int) (retention.Step, error) {
	if k == b.kind {
		return retention.Step{}, jiban.Errorf(jiban.CodeUnavailable, "test", "the disk is full")
	}
	return b.Store.Expire(ctx, k, before, after, limit)
}

// counted hears of metrics.
type counted struct{ gone, failed map[string]int }

func (c counted) Expired(k string, n int)  { c.gone[k] += n }
func (c counted) ExpiryFailed(kind string) { c.failed[kind]++ }

// One kind that fails keeps none of the others back, and is named.
func TestFailureOfOneKind(t *testing.T) {
	w := full(t, sqliteBase(t))
	heard := counted{map[string]int{}, map[string]int{}}
	s := w.service(every(30), func(d *retention.Deps) { d.Store, d.Metrics = broken{w.s, retention.Messages}, heard })
	r, err := s.Run(t.Context(), "system")
	w.ok(err)
	if f := r.Failed(); len(f) != 1 || f[0] != "messages" || !r.Complete {
		t.Errorf("failed are %v, complete %v", f, r.Complete)
	}
	if heard.failed["messages"] != 1 || len(heard.failed) != 1 || heard.gone["turns"] != 1 || heard.gone["tickets.help"] != 1 || heard.gone["messages"] != 0 {
		t.Errorf("heard %+v", heard)
	}
	es, err := w.s.SearchAudit(t.Context(), jiban.AuditFilter{Action: "retention.run"})
	w.ok(err)
	if len(es) != 1 || !strings.HasPrefix(es[0].Result, "failed messages") {
		t.Errorf("the record says %+v", es)
	}
}

// gate holds a run at its first step until the test lets it go on.
type gate struct {
	retention.Store
	in, out chan struct{}
	first   *sync.Once
}

func newGate(s retention.Store) gate {
	return gate{s, make(chan struct{}), make(chan struct{}), new(sync.Once)}
}

func (g gate) Expire(ctx context.Context, k retention.Kind, before time.Time, after retention.Place, limit int) (retention.Step, error) {
	g.first.Do(func() {
		close(g.in)
		<-g.out
	})
	return g.Store.Expire(ctx, k, before, after, limit)
}

// Of two nodes that hear of each other one does it.
func TestOneNodeRuns(t *testing.T) {
	w := full(t, sqliteBase(t))
	leases := shared.NewMemory(w.clock)
	g := newGate(w.s)
	first := w.service(every(30), func(d *retention.Deps) { d.Leases, d.Store = leases, g })
	other := w.service(every(30), func(d *retention.Deps) { d.Leases, d.Node = leases, "other" })
	var wait sync.WaitGroup
	wait.Go(func() {
		if r, err := first.Run(t.Context(), "system", retention.Turns); err != nil || r.Total() != 1 {
			t.Errorf("%+v %v", r, err)
		}
	})
	<-g.in
	_, err := other.Run(t.Context(), "system")
	if jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("the other node: %v", err)
	}
	close(g.out)
	wait.Wait()
	if _, err := other.Run(t.Context(), "system"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// taken loses its lease in the middle.
type taken struct {
	retention.Leases
	n *int
}

func (l taken) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	*l.n++
	if *l.n > 1 {
		return false, nil
	}
	return l.Leases.Acquire(ctx, key, owner, ttl)
}

// Who lost the lease stops and says so.
func TestLostLease(t *testing.T) {
	w := full(t, sqliteBase(t))
	s := w.service(every(30), func(d *retention.Deps) { d.Batch, d.Leases = 1, taken{shared.NewMemory(w.clock), new(int)} })
	r, err := s.Run(t.Context(), "system", retention.Messages)
	w.ok(err)
	if len(r.Failed()) != 1 || r.Lines[0].Done != 1 {
		t.Errorf("%+v", r)
	}
}

// The daily run comes once, at its hour in Beijing, on any number of nodes; one
// that was missed or interrupted is made up for, and a new house waits for its
// first hour.
func TestDailyRun(t *testing.T) {
	w := full(t, sqliteBase(t)) // the clock stands at 09:00 in Beijing
	runs := func() int {
		rs, err := w.s.Runs(t.Context(), 100)
		w.ok(err)
		return len(rs)
	}
	leases := shared.NewMemory(w.clock)
	node := func(name string) *retention.Service {
		return w.service(every(30), func(d *retention.Deps) { d.Leases, d.Node = leases, name })
	}
	a, b := node("a"), node("b")
	both := func(want int, what string) {
		t.Helper()
		a.Daily(t.Context())
		b.Daily(t.Context())
		if n := runs(); n != want {
			t.Fatalf("%s: %d runs, want %d", what, n, want)
		}
	}
	both(0, "a new house")
	w.clock.Advance(18*time.Hour + 29*time.Minute)
	both(0, "before its hour")
	w.clock.Advance(time.Minute)
	both(1, "at its hour")
	w.clock.Advance(23*time.Hour + 59*time.Minute)
	both(1, "before the next")
	if _, err := a.Run(t.Context(), "zhang", retention.Turns); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	both(3, "a run of some kinds is no run of the day")
	w.clock.Advance(50 * time.Hour)
	a, b = node("a"), node("b")
	both(4, "missed while nobody was there")
	w.clock.Advance(time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := a.Run(ctx, "system"); err != nil || r.Complete {
		t.Fatalf("interrupted: %+v %v", r, err)
	}
	w.clock.Advance(time.Second)
	both(6, "after an interrupted one")
	both(6, "and not again")
}

// What is asked for is done by the loop, and a second wish waits for nobody.
func TestStart(t *testing.T) {
	w := full(t, sqliteBase(t))
	g := newGate(w.s)
	s := w.service(every(30), func(d *retention.Deps) { d.Store = g })
	w.ok(s.Start("zhang"))
	if err := s.Start("li"); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("a second wish: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Loop(ctx) }()
	<-g.in // the run has begun
	cancel()
	close(g.out)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	rs, err := w.s.Runs(t.Context(), 5)
	w.ok(err)
	if len(rs) != 1 || rs[0].By != "zhang" || rs[0].Complete {
		t.Errorf("%+v", rs)
	}
}

// failing is an archive on a full disk.
type failing struct{}

func (failing) ArchiveAudit(context.Context, time.Time) error { return errors.New("no space") }

// The audit record is cut only behind its archive, and is whole afterwards.
func TestAuditIsArchivedThenCut(t *testing.T) {
	onBoth(t, func(t *testing.T, b base) {
		w := openWorld(t, b)
		for range 20 {
			w.ok(books{w.s}.Audit(t.Context(), jiban.AuditEntry{Actor: "a", Action: "view", Object: "x", At: w.clock.Now()}))
			w.clock.Advance(24 * time.Hour)
		}
		w.clock.Advance(190 * 24 * time.Hour)
		rules := retention.Rules{retention.Audit: 200}
		for name, archive := range map[string]retention.Archive{"none": nil, "failing": failing{}} {
			r, err := w.service(rules, func(d *retention.Deps) { d.Archive = archive }).Run(t.Context(), "system")
			w.ok(err)
			if r.Lines[0].Error == "" || r.Lines[0].Done != 0 {
				t.Errorf("%s archive: %+v", name, r.Lines)
			}
		}
		put := &shelf{}
		r, err := w.service(rules, func(d *retention.Deps) { d.Archive, d.Batch = put, 3 }).Run(t.Context(), "system")
		w.ok(err)
		if r.Lines[0].Done != 10 || len(put.befores) != 1 || !put.befores[0].Equal(r.Lines[0].Before) {
			t.Errorf("%+v, archived before %v", r.Lines, put.befores)
		}
		n, err := w.s.VerifyAudit(t.Context())
		w.ok(err)
		if n != 10+1+3 { // left, the cut, three runs
			t.Errorf("%d entries are in order", n)
		}
	})
}
