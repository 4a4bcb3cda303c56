package staff_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/staff"
	"jiban/store"
)

// slow is a store whose appends wait for the test.
type slow struct {
	*memory
	begun chan int
	go_   chan error
}

func (s *slow) AppendAudit(ctx context.Context, es []jiban.AuditEntry) error {
	s.begun <- len(es)
	if err := <-s.go_; err != nil {
		return err
	}
	return s.memory.AppendAudit(ctx, es)
}

// Entries that come while one is written are written together.
func TestAuditJoins(t *testing.T) {
	d := &slow{memory: newMemory(), begun: make(chan int), go_: make(chan error)}
	s, err := staff.New(t.Context(), staff.Deps{Store: d, Clock: jiban.SystemClock{}, IDs: &jiban.SerialIDs{Prefix: "x"}, Params: staff.ProductionParams()})
	must(t, err)
	results := make(chan error, 100)
	record := func(ctx context.Context, action string) {
		results <- s.Audit(ctx, jiban.AuditEntry{Actor: "a", Action: action})
	}
	go record(t.Context(), "first")
	if n := <-d.begun; n != 1 {
		t.Fatalf("%d entries at once", n)
	}
	leaving, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	for range 50 {
		go record(t.Context(), "more")
	}
	go func() { left <- s.Audit(leaving, jiban.AuditEntry{Action: "leaves"}) }()
	for s.Waiting() < 51 {
		time.Sleep(time.Millisecond)
	}
	leave()
	wantCode(t, <-left, jiban.CodeUnavailable)
	d.go_ <- nil
	must(t, <-results)
	if n := <-d.begun; n != 50 {
		t.Fatalf("%d entries at once", n)
	}
	d.go_ <- errors.New("disk full")
	for range 50 {
		if err := <-results; err == nil {
			t.Fatal("an entry that was not written is taken for written")
		}
	}
	go record(t.Context(), "later")
	<-d.begun
	d.go_ <- nil
	must(t, <-results)
	if d.appends != 2 {
		t.Fatalf("%d writes", d.appends)
	}
}

func TestAuditVerifyAndExport(t *testing.T) {
	o := newOffice(t)
	ctx := staff.WithActor(t.Context(), "auditor")
	n, err := o.VerifyAudit(ctx)
	must(t, err)
	if n == 0 {
		t.Fatal("nothing is in the record")
	}
	var out bytes.Buffer
	n, last, err := o.ExportAudit(ctx, &out, jiban.AuditFilter{Actor: ""}, 0)
	must(t, err)
	lines, exported := 0, false
	for sc := bufio.NewScanner(&out); sc.Scan(); lines++ {
		var e struct {
			Seq                   int64
			Action, Actor, At, ID string
		}
		must(t, json.Unmarshal(sc.Bytes(), &e))
		if e.Seq != int64(lines+1) || e.At == "" || e.ID == "" {
			t.Fatalf("line %d: %s", lines, sc.Text())
		}
		exported = exported || e.Action == "audit.export" && e.Actor == "auditor"
	}
	if lines != n || last != int64(n) || !exported {
		t.Fatalf("%d lines for %d entries, the export recorded: %v", lines, n, exported)
	}
	if n, last, err := o.ExportAudit(ctx, &out, jiban.AuditFilter{}, 2); err != nil || n != 2 || last != 2 {
		t.Fatalf("%d to %d: %v", n, last, err)
	}
	o.store.broken = true
	_, err = o.VerifyAudit(ctx)
	wantCode(t, err, jiban.CodeConflict)
	if rs := o.store.results("audit.verify"); rs[len(rs)-1] != "failed" {
		t.Fatalf("recorded %v", rs)
	}
}

// The whole room on the real store: everything that happens is in the chain, and
// old entries are taken into it at the start.
func TestOnTheRealStore(t *testing.T) {
	kept, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "jiban.db"), store.Deps{Clock: jiban.SystemClock{}, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}})
	must(t, err)
	t.Cleanup(func() { must(t, kept.Close()) })
	clock := jiban.NewManualClock(time.Now().UTC().Truncate(time.Second))
	o := &office{store: newMemory(), clock: clock}
	o.Service, err = staff.New(t.Context(), staff.Deps{Store: kept, Clock: clock, IDs: jiban.RandomIDs{Clock: clock}, Sealer: sealed{}})
	must(t, err)
	_, err = o.EnsureFirst(t.Context())
	must(t, err)
	a := o.hire(t, "li.na", jiban.RoleAgent)
	secret, recovery := o.enrol(t, a)
	for _, code := range []string{codeAt(t, secret, clock.Now()), recovery[0]} {
		pending, _, _, err := o.Login(t.Context(), "li.na", goodPassword)
		must(t, err)
		cookie, _, _, err := o.LoginSecond(t.Context(), pending, code)
		must(t, err)
		_, _, err = o.Session(t.Context(), cookie)
		must(t, err)
	}
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			must(t, o.Audit(t.Context(), jiban.AuditEntry{Actor: a.ID, Action: "view", Object: fmt.Sprint("ticket:", i)}))
		})
	}
	work.Wait()
	n, err := o.VerifyAudit(t.Context())
	must(t, err)
	views, err := o.SearchAudit(t.Context(), jiban.AuditFilter{Actor: a.ID, Action: "view", Limit: 100})
	must(t, err)
	if n < 30 || len(views) != 20 {
		t.Fatalf("%d entries, %d views", n, len(views))
	}
}

// BenchmarkAudit records as requests do, one at a time and a hundred together.
func BenchmarkAudit(b *testing.B) {
	places := map[string]string{"sqlite": "sqlite:" + filepath.Join(b.TempDir(), "jiban.db")}
	if dsn := os.Getenv("JIBAN_TEST_POSTGRES"); dsn != "" {
		places["postgres"] = dsn
	}
	for name, dsn := range places {
		kept, err := store.Open(b.Context(), dsn, store.Deps{Clock: jiban.SystemClock{}, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}})
		if err != nil {
			b.Fatal(err)
		}
		defer kept.Close()
		s, err := staff.New(b.Context(), staff.Deps{Store: kept, Clock: jiban.SystemClock{}, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}})
		if err != nil {
			b.Fatal(err)
		}
		for _, together := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, together), func(b *testing.B) { recordTogether(b, s, together) })
		}
	}
}

func recordTogether(b *testing.B, s *staff.Service, together int) {
	work := make(chan struct{})
	var done sync.WaitGroup
	for range together {
		done.Go(func() {
			for range work {
				if err := s.Audit(b.Context(), jiban.AuditEntry{Actor: "01hx", Action: "view", Object: "ticket:2611020000018", Result: "ok"}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ResetTimer()
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	done.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
