package retention_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
	"jiban/retention"
	"jiban/store"
	"jiban/store/storetest"
)

// drawRules draws lawful rules that fit together.
func drawRules(t *rapid.T) retention.Rules {
	days := func(name string, least int) int {
		if rapid.IntRange(0, 5).Draw(t, name+" for ever") == 0 && least == 0 {
			return 0
		}
		return least + rapid.IntRange(1, 40).Draw(t, name)
	}
	r := retention.Rules{}
	for _, k := range []retention.Kind{retention.Intakes, retention.Alerts, retention.Contacts} {
		r[k] = days(string(k), 0)
	}
	least := 0
	for _, k := range []retention.Kind{retention.Messages, retention.Turns, retention.Handoffs, retention.Conversations} {
		r[k] = rapid.IntRange(1, 40).Draw(t, string(k))
		least = max(least, r[k])
	}
	for _, k := range retention.TicketKinds() {
		r[k] = rapid.SampledFrom([]int{0, least, least + 10, least + 40}).Draw(t, string(k))
	}
	return r
}

// live draws a history of a few weeks.
func (w *world) live(t *rapid.T) {
	types := []jiban.RequestType{jiban.Help, jiban.Report, jiban.Complaint}
	var open []*record
	w.newPerson()
	for range rapid.IntRange(5, 40).Draw(t, "steps") {
		w.clock.Advance(time.Duration(rapid.IntRange(0, 96).Draw(t, "hours"))*time.Hour + time.Microsecond)
		p := rapid.SampledFrom(w.people).Draw(t, "person")
		yes := rapid.Bool()
		switch rapid.SampledFrom([]string{"new", "say", "say", "ticket", "ticket", "answer", "answer", "handoff", "alert", "request"}).Draw(t, "what") {
		case "new":
			w.newPerson()
		case "say":
			w.say(p, rapid.IntRange(0, 9).Draw(t, "under way") == 0)
		case "ticket":
			limit := time.Duration(rapid.IntRange(1, 200).Draw(t, "limit")) * time.Hour
			open = append(open, w.ticket(p, rapid.SampledFrom(types).Draw(t, "type"), rapid.SampledFrom([]string{"water", "gas"}).Draw(t, "department"), limit))
		case "answer":
			if len(open) > 0 {
				w.answer(open[0], rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "satisfied"))
				open = open[1:]
			}
		case "handoff":
			w.handoff(p, rapid.IntRange(0, 4).Draw(t, "waits") == 0)
		case "alert":
			w.alert(p, yes.Draw(t, "seen"))
		case "request":
			if rapid.IntRange(0, 4).Draw(t, "asks") == 0 {
				w.request(p)
			}
		}
	}
	for _, r := range open {
		if rapid.Bool().Draw(t, "comes to an end") {
			w.answer(r, "yes")
		}
	}
	w.clock.Advance(time.Duration(rapid.IntRange(0, 60).Draw(t, "days after")) * 24 * time.Hour)
}

// keys of the tables of records.
func keyColumn(table string) string {
	if table == "tickets" {
		return "number"
	}
	return "id"
}

// judge compares the database with what the rules say alone.
func (w *world) judge(rules retention.Rules, before map[*record]string) {
	w.t.Helper()
	for _, r := range w.records {
		row := w.row(r.table, keyColumn(r.table), r.key)
		gone := row == "" || strings.Contains(row, "anonymised=true") || strings.Contains(row, "anonymised=1")
		switch must := w.goes(r, rules); {
		case must != gone:
			w.t.Errorf("%s %s of %s: gone %v, must go %v (held %v, open %v)\n%s", r.kind, r.key, r.at, gone, must, r.p.held(), r.open, row)
		case !must && row != before[r]:
			w.t.Errorf("%s %s was touched:\n%s\n%s", r.kind, r.key, before[r], row)
		case strings.Contains(row, "张三") || strings.Contains(row, "停水"):
			w.t.Errorf("%s %s is in the clear: %s", r.kind, r.key, row)
		case must && row != "" && !strings.Contains(row, "contact_id=|") && r.table != "alerts":
			w.t.Errorf("%s %s still names the contact: %s", r.kind, r.key, row)
		}
	}
	for _, p := range w.people {
		gone := w.row("contacts", "id", p.conv.ContactID) == ""
		if must := w.vanishes(p, rules); must != gone {
			w.t.Errorf("person %s, heard of at %s: gone %v, must go %v", p.name, p.heard, gone, must)
		}
		if living := w.row("keys", "holder", "contact:"+p.conv.ContactID); strings.Contains(living, "destroyed_at=0|") == gone {
			w.t.Errorf("person %s: gone %v, but the key is %s", p.name, gone, living)
		}
	}
}

func (w *world) snapshot() map[*record]string {
	before := map[*record]string{}
	for _, r := range w.records {
		before[r] = w.row(r.table, keyColumn(r.table), r.key)
	}
	return before
}

// After a run nothing is left that is older than its limit, nothing younger or
// open was touched, and the figures are what they were: whatever the history and
// the rules, also when the run was interrupted and begun again, or two nodes are
// at it at once.
func TestRandomHistories(t *testing.T) {
	for name, make := range map[string]func(testing.TB) base{"sqlite": sqliteBase, "postgres": postgresBase} {
		t.Run(name, func(t *testing.T) {
			if name == "postgres" && os.Getenv("JIBAN_TEST_POSTGRES") == "" {
				t.Skip("no PostgreSQL: run this through scripts/services.sh")
			}
			rapid.Check(t, func(rt *rapid.T) {
				b := make(t)
				clock := jiban.NewManualClock(start)
				s, err := storetest.New(context.Background(), b.dsn, store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: clock}})
				if err != nil {
					rt.Fatal(err)
				}
				defer s.Close()
				w := newWorld(rt, b, s, clock)
				w.live(rt)
				rules := drawRules(rt)
				before, figures := w.snapshot(), w.figures()
				rapid.SampledFrom([]func(*world, *rapid.T, retention.Rules){once, interrupted, together}).Draw(rt, "how")(w, rt, rules)
				w.judge(rules, before)
				if after := w.figures(); after != figures {
					rt.Errorf("the figures were\n%sand are\n%s", figures, after)
				}
				r, err := w.service(rules, nil).Run(context.Background(), "system")
				w.ok(err)
				if r.Total() != 0 {
					rt.Errorf("the second run let more go: %+v", r.Lines)
				}
			})
		})
	}
}

func once(w *world, _ *rapid.T, rules retention.Rules) {
	r, err := w.service(rules, nil).Run(context.Background(), "system")
	w.ok(err)
	if len(r.Failed()) > 0 || !r.Complete {
		w.t.Fatalf("the run failed: %+v", r.Lines)
	}
}

// interrupted ends a run after some steps and begins another.
func interrupted(w *world, rt *rapid.T, rules retention.Rules) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	left := rapid.IntRange(0, 12).Draw(rt, "steps before the end")
	s := w.service(rules, func(d *retention.Deps) {
		d.Batch, d.Store = 2, stopping{w.s, func() bool { left--; return left < 0 }, cancel}
	})
	_, err := s.Run(ctx, "system")
	w.ok(err)
	once(w, rt, rules)
}

// stopping ends the context of a run in the middle of it.
type stopping struct {
	*store.Store
	now  func() bool
	stop func()
}

func (s stopping) Expire(ctx context.Context, k retention.Kind, before time.Time, after retention.Place, limit int) (retention.Step, error) {
	if s.now() {
		s.stop()
		return retention.Step{}, errors.New("interrupted")
	}
	return s.Store.Expire(ctx, k, before, after, limit)
}

// together lets two nodes run that do not hear of each other.
func together(w *world, _ *rapid.T, rules retention.Rules) {
	var wait sync.WaitGroup
	results := make([]error, 2)
	for i := range results {
		s := w.service(rules, func(d *retention.Deps) { d.Batch = 3 })
		wait.Go(func() {
			r, err := s.Run(context.Background(), "system")
			if err == nil && len(r.Failed()) > 0 {
				err = errors.New(strings.Join(r.Failed(), ", "))
			}
			results[i] = err
		})
	}
	wait.Wait()
	w.ok(errors.Join(results...))
}
